"""Dependencies that clean up: generators that yield a value and go on when the answer is there.

The exits of a request are left in reverse, each with the error that is on its way, or with none. An error of one goes
on to the others, so every clean-up runs. They are left before the first byte is sent, which lets a commit that fails
become a 500; only where the answer is still being made while it is sent do they wait for its end.
"""

import sys
from asyncio import wrap_future
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from contextvars import Context, copy_context
from functools import partial
from types import TracebackType
from typing import Final, TypeVar, cast

from openviper.core.context import CLOSERS
from openviper.http.response.streaming import StreamingResponse
from openviper.primitives.threads import run_at_once, submit
from openviper.types import Scope

__all__ = ["enter_async", "enter_blocking", "enter_made", "keep_open"]

T = TypeVar("T")

_OVER: Final = object()


async def enter_async(exits: AsyncExitStack, generator: AsyncGenerator[T, None]) -> T:
    """Run an async generator up to its value, and note how to go on.

    Raises:
        RuntimeError: It ends without a value.
        BaseException: Whatever it raises.
    """
    try:
        value = await anext(generator)
    except StopAsyncIteration:
        raise RuntimeError(f"the dependency {generator!r} yields nothing; it must yield once") from None
    exits.push_async_exit(partial(_leave_async, generator))
    return value


async def enter_blocking(exits: AsyncExitStack, size: int, generator: Generator[T, None, None]) -> T:
    """Run a plain generator up to its value, in a thread, and note how to go on there.

    Args:
        exits: Where to note it; before it has come to its value, since the request may be cancelled until then.
        size: Threads of the pool.
        generator: The generator.

    Raises:
        RuntimeError: It ends without a value.
        BaseException: Whatever it raises.
    """
    # One context for all of its steps: a context variable can be reset only where it was set.
    context = copy_context()
    entering = submit(size, context, next, (generator, _OVER), {})
    exits.push_async_exit(partial(_leave_blocking, generator, context, entering))
    value: object = await wrap_future(entering)
    if value is _OVER:
        raise RuntimeError(f"the dependency {generator!r} yields nothing; it must yield once")
    return cast("T", value)


async def enter_made(exits: AsyncExitStack, size: int, made: object) -> object:
    """Enter what a decorated generator function gave: a generator, or the context manager of ``contextlib``.

    Args:
        exits: Where to note how to go on.
        size: Threads of the pool.
        made: What the function gave; anything else is the value itself.

    Raises:
        BaseException: Whatever it raises.
    """
    if isinstance(made, AsyncGenerator):
        return await enter_async(exits, made)
    if isinstance(made, Generator):
        return await enter_blocking(exits, size, made)
    if isinstance(made, AbstractAsyncContextManager):
        return await enter_async(exits, _hold_async(made))
    if isinstance(made, AbstractContextManager):
        return await enter_blocking(exits, size, _hold(made))
    return made


# As generators, since a context manager that keeps an error to itself would make an answer of nothing.
async def _hold_async(manager: AbstractAsyncContextManager[T]) -> AsyncGenerator[T, None]:
    async with manager as value:
        yield value


def _hold(manager: AbstractContextManager[T]) -> Generator[T, None, None]:
    with manager as value:
        yield value


def keep_open(exits: AsyncExitStack, answer: object, scope: Scope) -> None:
    """Leave the exits when an answer has been sent, where it is made while it is sent; others keep their time.

    Args:
        exits: What the request has entered.
        answer: What is to be sent.
        scope: The request; at its end the exits are left that no answer has left, since nobody sent it.
    """
    if not isinstance(answer, StreamingResponse):
        return
    pending = exits.pop_all()
    # Whoever serves the request may be handling an error of its own, which is not one of the answer.
    before = sys.exception()

    async def leave() -> None:
        error = sys.exception()
        if error is None or error is before:
            await pending.aclose()
        else:
            await pending.__aexit__(type(error), error, error.__traceback__)

    answer.closers.append(leave)
    scope.setdefault(CLOSERS, []).append(pending.aclose)


async def _leave_async(
    generator: AsyncGenerator[object, None],
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: TracebackType | None,
) -> bool:
    try:
        if error is None:
            await anext(generator)
        else:
            await generator.athrow(error)
    except StopAsyncIteration:
        # A generator that keeps an error to itself does not undo it: there is no answer to send in its place.
        return False
    await generator.aclose()
    raise RuntimeError(f"the dependency {generator!r} yields twice; what follows its value is clean-up")


async def _leave_blocking(
    generator: Generator[object, None, None],
    context: Context,
    entering: "Future[object]",
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: TracebackType | None,
) -> bool:
    if entering.cancel():
        return False  # it has not begun, and never will
    if entering.done() and (entering.exception() is not None or entering.result() is _OVER):
        return False  # it has ended by itself
    await run_at_once(_finish, generator, context, entering, error)
    return False


def _finish(
    generator: Generator[object, None, None],
    context: Context,
    entering: "Future[object]",
    error: BaseException | None,
) -> None:
    # It may still be on its way to the value of a request that has been cancelled.
    if entering.exception() is None and entering.result() is not _OVER:
        context.run(_end, generator, error)


def _end(generator: Generator[object, None, None], error: BaseException | None) -> None:
    try:
        if error is None:
            next(generator)
        else:
            generator.throw(error)
    except StopIteration:
        return
    generator.close()
    raise RuntimeError(f"the dependency {generator!r} yields twice; what follows its value is clean-up")
