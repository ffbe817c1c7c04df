"""The life of an application: what starts before the first request, and stops after the last one."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias, TypeVar

from openviper.apps.sequence import StartSequence, Step
from openviper.types import Receive, Scope, Send

__all__ = ["Hook", "Life"]

Hook: TypeAlias = Callable[[], object] | Callable[[], Awaitable[object]]
HookT = TypeVar("HookT", bound=Hook)

logger = logging.getLogger("openviper.app")


class Life:
    """Starts and stops an application, for a server that sends the lifespan scope and for one that does not.

    Args:
        steps: Gives the steps anew for each start: the framework's parts, the installed apps, the mounts.
        hook_timeout: Seconds for each async handler of ``on_startup`` and ``on_shutdown``; None waits without an
            end. Read at each start.
    """

    def __init__(self, steps: Callable[[], Iterable[Step]], *, hook_timeout: Callable[[], float | None]) -> None:
        self.on_startup: list[Hook] = []
        self.on_shutdown: list[Hook] = []
        self._steps = steps
        self._hook_timeout = hook_timeout
        self._sequence: StartSequence | None = None
        self._turn = asyncio.Lock()

    @property
    def is_running(self) -> bool:
        """Whether everything has started."""
        return self._sequence is not None and self._sequence.is_started

    async def start(self) -> None:
        """Start everything; what had started is stopped again when a step fails. A second call does nothing.

        Raises:
            Exception: What the failing step raised; errors of the clean-up are its notes.
        """
        async with self._turn:  # requests that come first without a lifespan wait here for one start
            if self.is_running:
                return
            handlers = Step("the on_startup handlers", self._run_startup, self._run_shutdown)
            sequence = StartSequence([*self._steps(), handlers])
            await sequence.start()
            self._sequence = sequence

    async def stop(self) -> None:
        """Stop everything in reverse order; all of it, even if some of it fails.

        Raises:
            Exception: What failed to stop; an ExceptionGroup when several did.
        """
        async with self._turn:
            sequence, self._sequence = self._sequence, None
            if sequence is not None:
                await sequence.stop()

    async def serve_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the events of one lifespan: one start, one stop, each reported to the server."""
        while True:
            message = await receive()
            phase = message["type"].removeprefix("lifespan.")
            try:
                await (self.start() if phase == "startup" else self.stop())
            except Exception as error:  # a lifecycle border: the server is told, and decides
                logger.error("%s failed", phase, exc_info=error)
                await send({"type": f"lifespan.{phase}.failed", "message": describe_failure(error)})
                return
            await send({"type": f"lifespan.{phase}.complete"})
            if phase == "shutdown":
                return

    async def _run_startup(self) -> None:
        for handler in self.on_startup:
            await self._run(handler)

    async def _run_shutdown(self) -> None:
        errors: list[Exception] = []
        for handler in self.on_shutdown:
            try:
                await self._run(handler)
            except Exception as error:  # noqa: BLE001 - a lifecycle border: the handlers after this one run as well
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            texts = "; ".join(str(error) for error in errors)
            raise ExceptionGroup(f"{len(errors)} on_shutdown handlers failed: {texts}", errors)

    async def _run(self, handler: Hook) -> None:
        timeout = self._hook_timeout()
        result = handler()
        if not inspect.isawaitable(result):
            return
        clock = asyncio.timeout(timeout)
        try:
            async with clock:
                await result
        except TimeoutError as error:
            if not clock.expired():
                raise
            name = getattr(handler, "__qualname__", repr(handler))
            raise TimeoutError(f"handler {name} did not finish within {timeout:g} s") from error


async def refuse_lifespan(receive: Receive, send: Send, error: Exception) -> None:
    """Report to the server that an application could not be assembled."""
    await receive()
    logger.error("the application cannot start", exc_info=error)
    await send({"type": "lifespan.startup.failed", "message": describe_failure(error)})


def describe_failure(error: BaseException) -> str:
    """Say what failed, and what failed on the way back, in the words of the errors."""
    return "\n".join([str(error) or type(error).__name__, *getattr(error, "__notes__", ())])
