"""Dependencies that live as long as the application: each made on first use, all closed when it stops.

Each has a task of its own, which makes it, waits for the end and closes it there. So its context variables are nobody's
request, what must be left in the task that entered it (a task group, a scope of cancellation) is, and a first request
that goes away takes nothing with it.
"""

import asyncio
import inspect
import itertools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from contextvars import Context
from functools import partial
from typing import Any, Final, cast

from openviper.exceptions import ServiceUnavailable
from openviper.primitives.threads import run_in_pool
from openviper.routing.arguments import Dependency
from openviper.routing.exits import enter_async, enter_blocking, enter_made

__all__ = ["LastingDependencies"]

logger = logging.getLogger("openviper.routing")

# The order in which they are made.
_numbers: Final = itertools.count(1)


class LastingDependencies:
    """What was made for one application, in one run of it.

    Args:
        size: Threads of the pool for those that block.

    Attributes:
        made: What is there already, by the identity of what made it; requests look here first.
    """

    def __init__(self, size: int) -> None:
        self.made: dict[object, object] = {}
        self._size = size
        self._keepers: dict[object, _Keeper] = {}

    async def get(self, dependency: Dependency) -> object:
        """Give what a callable makes, made now if it is not there; requests that come together share it.

        Raises:
            ServiceUnavailable: The application stops while it is made (503).
            BaseException: Whatever making it raises; the next request tries again.
        """
        key = dependency.identity
        if key in self.made:
            return self.made[key]
        keeper = self._keepers.get(key)
        if keeper is None:
            keeper = self._keepers[key] = _Keeper(dependency, self._make)
            keeper.task.add_done_callback(partial(self._let_go, key, keeper))
        # Whoever stops waiting leaves the making to those who wait on, and to the next.
        either: list[asyncio.Future[Any]] = [keeper.task, keeper.value]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not keeper.value.done():
            if keeper.task.cancelled():
                raise ServiceUnavailable("The application is stopping.")
            return keeper.task.result()  # raises what it failed with
        return self.made.setdefault(key, keeper.value.result())

    async def close(self) -> None:
        """Run the clean-up of all, the last one made first; every one runs, whatever another raises.

        Raises:
            BaseException: What a clean-up raised.
        """
        self.made.clear()
        keepers, self._keepers = self._keepers, {}
        async with AsyncExitStack() as stack:
            # Each has waited for those that it needs, which were made before it.
            for keeper in sorted(keepers.values(), key=lambda one: one.made_at):
                stack.push_async_callback(keeper.close)

    def _let_go(self, key: object, keeper: "_Keeper", task: asyncio.Task[None]) -> None:
        """Forget one that was not made, or has ended by itself, as when a task that it runs has failed."""
        error = None if task.cancelled() else task.exception()
        if self._keepers.get(key) is keeper:
            del self._keepers[key]
            self.made.pop(key, None)
            if error is not None and keeper.value.done():
                logger.error("a dependency of the application has ended, and is made anew", exc_info=error)

    async def _make(self, dependency: Dependency, exits: AsyncExitStack) -> object:
        args: list[object] = []
        kwargs: dict[str, object] = {}
        for argument in dependency.signature.arguments:
            # Registration has seen to it that each of them is such a dependency.
            value = await self.get(cast("Dependency", argument.dependency))
            if argument.is_positional:
                args.append(value)
            else:
                kwargs[argument.name] = value
        call, style = dependency.call, dependency.signature.style
        if style == "async generator":
            return await enter_async(exits, cast("AsyncGenerator[object, None]", call(*args, **kwargs)))
        if style == "generator":
            generator = cast("Generator[object, None, None]", call(*args, **kwargs))
            return await enter_blocking(exits, self._size, generator)
        if style == "function" and dependency.marker.blocking:
            result = await run_in_pool(self._size, call, *args, **kwargs)
        else:
            result = call(*args, **kwargs)
        made = await result if inspect.isawaitable(result) else result
        return await enter_made(exits, self._size, made) if dependency.hides_generator else made


class _Keeper:
    """Makes one dependency in a task, and holds it until the end."""

    def __init__(self, dependency: Dependency, make: Callable[[Dependency, AsyncExitStack], Awaitable[object]]) -> None:
        loop = asyncio.get_running_loop()
        self.value: asyncio.Future[object] = loop.create_future()
        self.made_at = 0
        self._end = asyncio.Event()
        name = f"keeper of {dependency.signature.name}"
        # An empty context: the user, the tenant and the language of the first visitor are not those of the others.
        self.task = loop.create_task(self._run(dependency, make), name=name, context=Context())

    async def close(self) -> None:
        """Let it clean up, and wait for that; one that is being made is stopped.

        Raises:
            BaseException: What the clean-up raises.
        """
        if not self.value.done():
            self.task.cancel()
            await asyncio.wait([self.task])
            return
        self._end.set()
        await self.task

    async def _run(
        self, dependency: Dependency, make: Callable[[Dependency, AsyncExitStack], Awaitable[object]]
    ) -> None:
        async with AsyncExitStack() as exits:
            value = await make(dependency, exits)
            self.made_at = next(_numbers)
            self.value.set_result(value)
            await self._end.wait()
