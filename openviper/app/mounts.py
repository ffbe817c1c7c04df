"""Mounted ASGI applications: their place in a path, and a life of their own.

An application that is called with the lifespan scope may run hooks, report a failure, or raise because it knows no
lifespan. The specification leaves the last one to the server: it goes on without (asgi.readthedocs.io, lifespan).
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from openviper.app.exceptions import MountLifespanError
from openviper.core.context import CLOSERS
from openviper.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MountedApp"]

Phase: TypeAlias = Literal["startup", "shutdown"]

logger = logging.getLogger("openviper.app")

# An application that has answered its shutdown has nothing left to do but to return.
_SECONDS_TO_RETURN: Final = 1.0


class MountedApp:
    """One application below one or more paths, with one lifespan.

    Args:
        app: The ASGI application.
        timeout: Seconds for its startup and for its shutdown; None waits without an end.
    """

    def __init__(self, app: ASGIApp, *, timeout: float | None) -> None:
        self._app = app
        self._timeout = timeout
        self._state: dict[str, object] = {}
        self._task: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[Message] | None = None

    async def start(self) -> None:
        """Run the startup of its lifespan, in a task that lives until ``stop``.

        Raises:
            MountLifespanError: The application reports a failure, or does not answer in time.
        """
        self._state.clear()
        self._events = asyncio.Queue()
        self._task = asyncio.create_task(self._live(), name="lifespan of a mounted application")
        try:
            await self._pass("startup", self._task)
        except BaseException:
            await self._end(self._task, grace=0)
            raise

    async def stop(self) -> None:
        """Run the shutdown of its lifespan; nothing happens if it has none.

        Raises:
            MountLifespanError: The application reports a failure, or does not answer in time; its task has ended.
        """
        task = self._task
        if task is None:
            return
        grace = 0.0
        try:
            await self._pass("shutdown", task)
            grace = _SECONDS_TO_RETURN
        finally:
            await self._end(task, grace=grace)

    async def serve(self, prefix: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request or websocket over, with ``root_path`` grown by the prefix."""
        scope.setdefault(CLOSERS, [])  # one list for the copy too
        inner = dict(scope)
        inner["root_path"] = f"{scope.get('root_path', '')}{prefix}"
        outer_state = scope.get("state")
        inner["state"] = {**(outer_state if isinstance(outer_state, Mapping) else {}), **self._state}
        await self._app(inner, receive, send)

    async def _live(self) -> None:
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        await self._app(scope, self._events.get, self._receive_answer)

    async def _receive_answer(self, message: Message) -> None:
        # An application that takes every scope for a request answers with something else: it has no lifespan.
        if self._answer is None or self._answer.done() or not message["type"].startswith("lifespan."):
            raise RuntimeError(f"{message['type']!r} is no answer that is due in a lifespan")
        self._answer.set_result(message)

    async def _pass(self, phase: Phase, task: asyncio.Task[None]) -> None:
        """Send one event and wait for the answer, or for the end of an application that gives none."""
        if task.done():
            return
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._events.put_nowait({"type": f"lifespan.{phase}"})
        waiting: set[asyncio.Future[Any]] = {answer, task}  # one gives a message, the other nothing
        done, _ = await asyncio.wait(waiting, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise MountLifespanError(self._app, phase, f"no answer within {self._timeout:g} s")
        if answer.done():
            message = answer.result()
            if message["type"] == f"lifespan.{phase}.failed":
                raise MountLifespanError(self._app, phase, str(message.get("message", "")) or "no reason given")
            return
        error = None if task.cancelled() else task.exception()
        if phase == "shutdown" and error is not None:
            raise MountLifespanError(self._app, phase, f"{type(error).__name__}: {error}") from error
        logger.debug("mounted application %r has no lifespan: %r", self._app, error)

    async def _end(self, task: asyncio.Task[None], *, grace: float) -> None:
        """Give the task some seconds to return, then cancel it."""
        self._task = None
        if not task.done():
            await asyncio.wait({task}, timeout=grace)
            task.cancel()
            await asyncio.wait({task}, timeout=_SECONDS_TO_RETURN)
        if not task.done():
            logger.error("mounted application %r does not end, although it was cancelled", self._app)
        elif not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("mounted application %r raised at the end of its lifespan", self._app, exc_info=error)
