"""The life of an application: what starts before the first request, and stops after the last one."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from threading import get_ident
from typing import Literal, TypeAlias

from openviper.app.exceptions import LifespanHandlerError
from openviper.apps.cleanup import note_failures, unwind
from openviper.apps.exceptions import describe_error
from openviper.apps.interruption import contained
from openviper.apps.sequence import SharedSequence, StartSequence, Step
from openviper.exceptions import OpenViperError
from openviper.types import Receive, Scope, Send

__all__ = ["Hook", "Life", "close_request", "describe_failure", "refuse_start"]

Hook: TypeAlias = Callable[[], object] | Callable[[], Awaitable[object]]
Event: TypeAlias = Literal["on_startup", "on_shutdown"]

logger = logging.getLogger("openviper.app")


class Life:
    """Starts and stops an application, for a server that sends the lifespan scope and for one that does not.

    Several lifespans may run at once, as when one application is mounted in two others: the first starts it, the last
    stops it.

    Args:
        steps: Gives the steps anew for each start: the framework's parts, the installed apps, the mounts.
        hook_timeout: Seconds for each async handler of ``on_startup`` and ``on_shutdown``; None waits without an
            end. Read at each start.
    """

    def __init__(self, steps: Callable[[], Iterable[Step]], *, hook_timeout: Callable[[], float | None]) -> None:
        self.on_startup: list[Hook] = []
        self.on_shutdown: list[Hook] = []
        # Where the application runs; a plain attribute, because every request looks at it.
        self.loop: asyncio.AbstractEventLoop | None = None
        #: Whether a request comes where the application runs: in this thread, while this loop is running, of which
        #: there is one a thread. ``get_running_loop`` asks the system for the process as well: 150 ns against 40.
        self.thread = 0
        self.is_loop_running: Callable[[], bool] = bool
        self._steps = steps
        self._hook_timeout = hook_timeout
        self._sequence = StartSequence(())
        self._shared = SharedSequence(StartSequence([Step("the application", self._start, self._stop)]))
        self._late_loop: asyncio.AbstractEventLoop | None = None
        #: The loop in which a stop is under way; what a request started there now would stay when it is over.
        self.stops_in: asyncio.AbstractEventLoop | None = None

    async def start_late(self) -> bool:
        """Start for a request that came before any lifespan; tell whether that was done now and not before.

        Requests that come together wait for one start. The next lifespan takes over what was started.

        Raises:
            Exception: What failed; what had started is stopped again, and errors of that are its notes.
        """
        is_first = await self._shared.acquire_first()
        if is_first:
            self._late_loop = asyncio.get_running_loop()
        return is_first

    async def serve_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the events of one lifespan: one start, one stop, each reported to the server.

        Raises:
            BaseException: The server gave up on the lifespan; everything has been stopped by then.
        """
        await receive()  # lifespan.startup
        try:
            with contained():
                await self._shared.acquire()
        except Exception as error:  # noqa: BLE001 - a lifecycle border: the server is told, and decides
            await refuse_start(send, error)
            return
        try:
            await self._take_over()
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        except GeneratorExit:
            raise  # the coroutine is being thrown away; nothing can be awaited any more
        except BaseException as error:
            cleanup = ("the application", self._shared.release)
            note_failures(error, await unwind([cleanup], shielded=not isinstance(error, Exception)))
            raise
        try:
            with contained():
                await self._shared.release()
        except Exception as error:  # a lifecycle border: the server is told, and decides
            logger.error("shutdown failed", exc_info=error)
            await send({"type": "lifespan.shutdown.failed", "message": describe_failure(error)})
            return
        await send({"type": "lifespan.shutdown.complete"})

    async def _take_over(self) -> None:
        """Let go of a start that a request made, so that the end of this lifespan is the end of it."""
        if self._late_loop is asyncio.get_running_loop():
            self._late_loop = None
            await self._shared.release()

    async def _start(self) -> None:
        handlers = Step("the handlers of the application", self._run_startup, self._run_shutdown)
        self._sequence = StartSequence([*self._steps(), handlers])
        await self._sequence.start()
        self.loop = asyncio.get_running_loop()
        self.thread, self.is_loop_running = get_ident(), self.loop.is_running

    async def _stop(self) -> None:
        self.loop, self.stops_in = None, asyncio.get_running_loop()
        self.thread, self.is_loop_running = 0, bool
        try:
            await self._sequence.stop()
        finally:
            self.stops_in = None

    async def _run_startup(self) -> None:
        for number, handler in enumerate(self.on_startup):
            try:
                await self._run("on_startup", handler)
            except GeneratorExit:
                raise
            except BaseException as error:
                if number:  # what the handlers before this one opened is closed again
                    cleanup = ("the handlers of the application", self._run_shutdown)
                    note_failures(error, await unwind([cleanup], shielded=not isinstance(error, Exception)))
                raise

    async def _run_shutdown(self) -> None:
        errors: list[LifespanHandlerError] = []
        for handler in self.on_shutdown:
            try:
                await self._run("on_shutdown", handler)
            except LifespanHandlerError as error:
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            texts = "; ".join(str(error) for error in errors)
            raise ExceptionGroup(texts, errors)

    async def _run(self, event: Event, handler: Hook) -> None:
        try:
            with contained():
                await self._call(handler)
        except Exception as error:  # a lifecycle border: handlers are foreign code, and the error names them
            raise LifespanHandlerError(event, _name(handler), error) from error

    async def _call(self, handler: Hook) -> None:
        timeout = self._hook_timeout()
        result = handler()
        if inspect.isasyncgen(result) or inspect.isgenerator(result):
            raise TypeError("it is a generator, which would never run; use a plain function")
        if not inspect.isawaitable(result):
            return
        clock = asyncio.timeout(timeout)
        try:
            async with clock:
                await result
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise TimeoutError(f"it did not finish within {timeout:g} s (LIFECYCLE_HOOK_TIMEOUT)") from error


async def refuse_start(send: Send, error: Exception) -> None:
    """Tell the server that the application cannot start, and the log why."""
    logger.error("the application cannot start", exc_info=error)
    await send({"type": "lifespan.startup.failed", "message": describe_failure(error)})


def describe_failure(error: BaseException) -> str:
    """Say what failed, and what failed on the way back; our own errors speak for themselves, others name their type."""
    first = str(error) if isinstance(error, OpenViperError | ExceptionGroup) else describe_error(error)
    return "\n".join([first, *getattr(error, "__notes__", ())])


def _name(handler: Hook) -> str:
    if not hasattr(handler, "__qualname__"):
        return repr(handler)
    return f"{handler.__module__}.{handler.__qualname__}"


async def close_request(closers: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Close what a request has opened, the last one first; one that fails is logged and keeps no other from closing.

    Raises:
        BaseException: A cancellation; everything is closed by then.
    """
    for _, failure in await unwind([("a request", close) for close in closers]):
        logger.error("something that a request had opened cannot be closed", exc_info=failure)
