"""The requests that are being answered, for a server that does not keep count itself."""

import asyncio
import logging
from typing import Any, cast

from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

from openviper.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["OpenRequests"]

# uvicorn's names: one configuration of logging fits whichever server is used.
access_logger = logging.getLogger("uvicorn.access")
error_logger = logging.getLogger("uvicorn.error")

# RFC 6455 7.4.1 and its registry: the service restarts.
_RESTART = 1012

# Seconds that a client may take to answer the close of its websocket.
_FAREWELL_TIMEOUT = 0.2

# A product that says nothing (RFC 9110, 10.2.4): without one granian names itself.
_SERVER = (b"server", b"-")


class OpenRequests:
    """An application around another one, which knows what is being answered and can end it.

    Args:
        app: The application.
        access_log: Whether each request is logged, in uvicorn's form.
    """

    def __init__(self, app: ASGIApp, *, access_log: bool) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._logs_access = access_log
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self._none_open = asyncio.Event()
        self._none_open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hold one conversation."""
        # None only outside a loop, and this runs in one.
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._tasks.add(task)
        self._none_open.clear()
        # As the ASGI specification has them: ports are numbers, and the state is a copy for each request.
        scope["client"], scope["server"] = _fit_address(scope.get("client")), _fit_address(scope.get("server"))
        scope["state"] = self.state.copy()
        try:
            if scope["type"] == "websocket":
                receive = self._until_stop(receive)
            await self._answer(scope, receive, send)
            if scope["type"] == "websocket" and self._stopping.is_set():
                await _say_restart(send)
        finally:
            self._tasks.discard(task)
            if not self._tasks:
                self._none_open.set()

    def stop(self) -> None:
        """Let the application see every websocket disconnected, and tell its client that the service restarts."""
        self._stopping.set()

    async def wait_ended(self) -> None:
        """Wait until nothing is being answered any more."""
        await self._none_open.wait()

    def cancel(self) -> int:
        """Cancel whatever is still being answered, and return how many these are."""
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(scope, send, logs_access=self._logs_access)
        try:
            await self._app(scope, receive, answer.send)
        except Exception:  # the border of the outermost ASGI handler: without it the log has no exception
            if answer.is_started:
                raise
            error_logger.exception("Exception in ASGI application\n")
            await answer.fail()

    def _until_stop(self, receive: Receive) -> Receive:
        async def get() -> Message:
            # What granian gives can be awaited, and is no coroutine.
            return await receive()

        async def receive_or_stop() -> Message:
            async with asyncio.TaskGroup() as group:
                getting, stopping = group.create_task(get()), group.create_task(self._stopping.wait())
                await asyncio.wait([getting, stopping], return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    stopping.cancel()
                    return getting.result()
                getting.cancel()
            return {"type": "websocket.disconnect", "code": _RESTART}

        return receive_or_stop


async def _say_restart(send: Send) -> None:
    try:
        async with asyncio.timeout(_FAREWELL_TIMEOUT):
            await send({"type": "websocket.close", "code": _RESTART})
    except (TimeoutError, RuntimeError):
        return  # the client does not answer, or the connection has been closed already


class _Answer:
    """What one request is answered with, on its way out."""

    def __init__(self, scope: Scope, send: Send, *, logs_access: bool) -> None:
        self.is_started = False
        self._scope = scope
        self._send = send
        self._logs_access = logs_access

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.is_started = True
            headers = list(message.get("headers", ()))
            if not any(name.lower() == b"server" for name, _ in headers):
                headers.append(_SERVER)
            message = {**message, "headers": headers}
            self._log(message["status"])
        elif not self.is_started and kind in ("websocket.accept", "websocket.close"):
            self.is_started = True
            self._log_websocket("[accepted]" if kind == "websocket.accept" else "403")
        await self._send(message)

    async def fail(self) -> None:
        """Answer for an application that has raised before it has answered."""
        if self._scope["type"] == "websocket":
            await self.send({"type": "websocket.close", "code": 1011})  # an internal error (RFC 6455, 7.4.1)
            return
        body = b"Internal Server Error"
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _log(self, status: int) -> None:
        if self._logs_access:
            scope: Any = self._scope
            access_logger.info(
                '%s - "%s %s HTTP/%s" %d',
                get_client_addr(scope),
                scope["method"],
                get_path_with_query_string(scope),
                scope["http_version"],
                status,
            )

    def _log_websocket(self, outcome: str) -> None:
        scope: Any = self._scope
        error_logger.info('%s - "WebSocket %s" %s', get_client_addr(scope), get_path_with_query_string(scope), outcome)


def _fit_address(address: Any) -> tuple[str, int] | None:
    """Give host and port; None for a peer at a unix socket, which has none."""
    if not address or not address[0] or not str(address[1]).isdigit():
        return None
    return (str(address[0]), int(address[1]))
