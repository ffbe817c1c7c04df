"""From an exception to a response: the only place where that happens.

It stands twice in an application: around the handlers, so that the middleware of a project sees an answer whatever a
handler raised, and around the whole stack, for what a middleware itself raises.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable, iscoroutinefunction
from typing import Final, TypeAlias, TypeVar

from openviper.exceptions import HTTPException, MethodNotAllowed, NotFound
from openviper.http.coercion import coerce_response
from openviper.http.exceptions import ClientDisconnectedError
from openviper.http.request import DEFAULT_MAX_BODY_BYTES, Request
from openviper.http.response import JSONResponse, PlainTextResponse, Response
from openviper.middleware.base import BaseMiddleware
from openviper.primitives.threads import run_in_thread
from openviper.routing.router import Router
from openviper.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ErrorHandler", "ErrorResponder", "ServerErrorMiddleware"]

E = TypeVar("E", bound=Exception)
ErrorHandler: TypeAlias = Callable[[Request, E], object] | Callable[[Request, E], Awaitable[object]]

logger = logging.getLogger("openviper.request")

# These have an answer of their own, which only a handler for them or a class below them replaces: one for ValueError
# is not meant for the framework's 422, nor one for Exception for every 404.
_ANSWERED: Final = frozenset((HTTPException, ClientDisconnectedError))

# nginx's status for a client that went away; it is logged by servers and sent to nobody.
_CLIENT_CLOSED_REQUEST: Final = 499


class ErrorResponder:
    """Chooses and builds the answer to an exception.

    Args:
        handlers: What a project answers, by exception class; the class nearest to that of the exception counts.
            Read at each exception, so that handlers registered later count. Those for classes above
            ``HTTPException`` do not replace its answers.
        debug: Whether an unexpected exception is shown with its traceback.
        router: Its routes are shown in debug where an address leads nowhere; None shows none.
        max_body_bytes: Limit of the body that a handler of the project reads, in bytes.
    """

    def __init__(
        self,
        handlers: Mapping[type[Exception], ErrorHandler[Exception]],
        *,
        debug: bool,
        router: Router | None = None,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    ) -> None:
        self._handlers = handlers
        self._max_body_bytes = max_body_bytes
        self._debug = debug
        self._router = router

    async def respond(self, scope: Scope, receive: Receive, error: Exception) -> Response:
        """Build the answer to an exception; what nobody has an answer to is logged with its traceback.

        A handler of the project that fails in its turn is such an exception itself, chained to the first.
        """
        handler = self._find(type(error))
        if handler is not None:
            if handler is self._handlers.get(Exception):
                # The answer for everything that was not foreseen; what it was must be found out all the same.
                _log(scope, error)
            try:
                return await _ask(handler, Request(scope, receive, self._max_body_bytes), error)
            except Exception as second:  # noqa: BLE001 - the outermost border: the client gets an answer all the same
                return await self.respond_unexpected(scope, second)
        if isinstance(error, HTTPException):
            return await self._explain(scope, error)
        if isinstance(error, ClientDisconnectedError):
            logger.info("%s %s: %s", scope.get("method"), scope.get("path"), error)
            return Response(None, _CLIENT_CLOSED_REQUEST)
        return await self.respond_unexpected(scope, error)

    async def respond_unexpected(self, scope: Scope, error: Exception) -> Response:
        """Log an exception and build the answer 500: everything about it in debug, a short text otherwise."""
        _log(scope, error)
        if self._debug:
            # Source files are read and every variable is written, which takes longer than the loop can wait.
            return await run_in_thread(_show, scope, error)
        if _wants_html(scope):
            return _short_page(500, "Internal Server Error")
        return JSONResponse({"detail": "Internal Server Error"}, 500)

    async def _explain(self, scope: Scope, error: HTTPException) -> Response:
        if not _wants_html(scope):
            return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
        router = self._router
        if self._debug and router is not None and isinstance(error, NotFound | MethodNotAllowed):
            # Pages for developers read source files and compare texts; the first error loads what that takes.
            from openviper.middleware.debug.page import routes_page

            page = await run_in_thread(_tried, lambda: routes_page(scope, error, router))
            if page is not None:
                return page
        detail = error.detail if isinstance(error.detail, str) else str(error.args[0])
        return _short_page(error.status_code, detail, error.headers)

    def _find(self, kind: type[Exception]) -> "ErrorHandler[Exception] | None":
        for base in kind.__mro__ if self._handlers else ():
            if base in self._handlers:
                return self._handlers[base]
            if base in _ANSWERED:
                return None
        return None


class ServerErrorMiddleware(BaseMiddleware):
    """Answers for a stack that raised, so that a client gets 500 instead of a closed connection.

    Args:
        app: The whole stack.
        responder: Builds the answer.
    """

    def __init__(self, app: ASGIApp, *, responder: ErrorResponder) -> None:
        super().__init__(app)
        self._responder = responder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass every scope on; answer exceptions of http scopes, which raise only once an answer has begun."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:  # the outermost border: whatever a middleware raised becomes an answer
            if started:
                raise  # the server closes the connection, so the client sees that the answer is not whole
            response = await self._responder.respond(scope, receive, error)
            await response(scope, receive, send)


def _log(scope: Scope, error: Exception) -> None:
    logger.error("%s %s raised an error", scope.get("method"), scope.get("path"), exc_info=error)


async def _ask(handler: ErrorHandler[Exception], request: Request, error: Exception) -> Response:
    if iscoroutinefunction(handler):
        return coerce_response(await handler(request, error))
    result = await run_in_thread(handler, request, error)
    return coerce_response(await result if isawaitable(result) else result)


def _show(scope: Scope, error: Exception) -> Response:
    """Build the answer 500 for a developer: a page for a browser, the traceback for everything else."""
    # Only an error in debug needs what reads source files and variables.
    from openviper.middleware.debug.text import traceback_text

    text = traceback_text(error)
    if _wants_html(scope):
        # As above.
        from openviper.middleware.debug.page import error_page

        page = _tried(lambda: error_page(scope, error, text=text))
        if page is not None:
            return page
    # Messages may hold halves of characters, which UTF-8 cannot write.
    return PlainTextResponse(text.encode("utf-8", "backslashreplace"), 500)


def _tried(build: Callable[[], Response]) -> Response | None:
    """Build a page for a developer; None where that fails, since there is a plain answer to fall back on."""
    try:
        return build()
    except Exception:  # part of the outermost border: classes of the project and of middleware have a say in the page
        logger.exception("the page of an error cannot be made")
        return None


def _short_page(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    # The table of entities and the digests behind a page are of no use to a server that makes no mistakes.
    from openviper.middleware.pages import short_page

    return short_page(status, text, headers)


def _wants_html(scope: Scope) -> bool:
    """Tell a browser's navigation from everything else: it asks for HTML and does not name JSON."""
    for name, value in scope["headers"]:
        if name == b"accept":
            return b"text/html" in value and b"application/json" not in value
    return False
