"""The lifespan of an ASGI application in this process: one task from startup to shutdown."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final, Literal, Self, TypeAlias

from openviper.testing.exceptions import AppTimeoutError, LifespanFailedError, ProtocolError
from openviper.testing.exchange import cancel_and_wait
from openviper.types import ASGIApp, Message

__all__ = ["LifespanRunner"]

Phase: TypeAlias = Literal["startup", "shutdown"]

# An application may also go on waiting for events after its last answer; a server ends it then, and so do we.
_SECONDS_TO_RETURN: Final = 0.25


class LifespanRunner:
    """One life of one application; made by ``start``, ended by ``stop``.

    The application runs in a task of its own, as it does under a server, so what its hooks set in context
    variables reaches neither the test nor a request.

    Args:
        app: The ASGI application.
        timeout: Seconds for each of the two phases; None waits without an end.
    """

    def __init__(self, app: ASGIApp, timeout: float | None) -> None:
        self.state: dict[str, object] = {}
        self._timeout = timeout
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()  # None: the application has ended
        self._awaited: Phase | None = None
        self._fault: ProtocolError | None = None
        self._task = asyncio.create_task(self._run(app), name="lifespan of the application")

    @classmethod
    async def start(cls, app: ASGIApp, seconds: float | None) -> Self:
        """Run the startup of an application; when it fails, the application has ended.

        Args:
            app: The ASGI application.
            seconds: Time for each of the two phases; None waits without an end.

        Raises:
            LifespanFailedError: The application reported a failure, with its message.
            ProtocolError: It sent something else, or returned without an answer.
            AppTimeoutError: It took too long and has been cancelled.
            BaseException: Whatever the application itself raises, which one without a lifespan does at once.
        """
        runner = cls(app, seconds)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(cancel_and_wait, runner._task)
            await runner._finish("startup")
            undo.pop_all()
        return runner

    async def stop(self) -> None:
        """Run the shutdown and wait for the application to end.

        Raises:
            LifespanFailedError: The application reported a failure, with its message.
            ProtocolError: It sent something else, or returned without an answer.
            AppTimeoutError: It took too long and has been cancelled.
            BaseException: Whatever the application itself raises.
        """
        try:
            await self._finish("shutdown")
        finally:
            await cancel_and_wait(self._task)

    async def _run(self, app: ASGIApp) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await app(scope, self._events.get, self._send)
        finally:
            self._answers.put_nowait(None)

    async def _send(self, message: Message) -> None:
        kind, phase = message.get("type"), self._awaited
        if phase is None or kind not in (f"lifespan.{phase}.complete", f"lifespan.{phase}.failed"):
            # Remembered as well, since the application may catch what its send raises.
            self._fault = ProtocolError(f"the application sent {kind!r} while {_expectation(phase)}")
            raise self._fault
        self._awaited = None
        self._answers.put_nowait(message)

    async def _finish(self, phase: Phase) -> None:
        task, self._awaited = self._task, phase
        self._events.put_nowait({"type": f"lifespan.{phase}"})
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._answers.get()
        except TimeoutError as error:
            raise AppTimeoutError(f"lifespan.{phase}", self._timeout or 0.0) from error
        is_failed = answer is not None and answer["type"] == f"lifespan.{phase}.failed"
        if answer is None or is_failed or phase == "shutdown":
            # The error that an application raises after it has reported a failure is the cause of that failure.
            await asyncio.wait([task], timeout=_SECONDS_TO_RETURN)
        raised = task.exception() if task.done() and not task.cancelled() else None
        if self._fault is not None:
            raise self._fault
        if answer is not None and is_failed:
            raise LifespanFailedError(phase, str(answer.get("message", ""))) from raised
        if raised is not None:
            raise raised
        if answer is None:
            raise ProtocolError(f"the application returned while {_expectation(phase)}")


def _expectation(phase: Phase | None) -> str:
    return "no answer was due" if phase is None else f"lifespan.{phase}.complete or .failed was due"
