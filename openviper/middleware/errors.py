"""From an exception to a response: the only place where that happens.

It stands twice in an application: around the handlers, so that the middleware of a project sees an answer whatever a
handler raised, and around the whole stack, for what a middleware itself raises.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar
from urllib.parse import quote

from openviper.core.context import ensure_request_id
from openviper.exceptions import HTTPException, MethodNotAllowed, NotFound
from openviper.http.coercion import coerce_response
from openviper.http.exceptions import ClientDisconnectedError
from openviper.http.request import DEFAULT_MAX_BODY_BYTES, Request
from openviper.http.response import PlainTextResponse, Response
from openviper.middleware.base import BaseMiddleware
from openviper.primitives.threads import run_in_thread
from openviper.routing.router import Router
from openviper.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from openviper.middleware.answers import ErrorAnswers

__all__ = ["ErrorHandler", "ErrorResponder", "ServerErrorMiddleware", "log_error"]

E = TypeVar("E", bound=Exception)
ErrorHandler: TypeAlias = Callable[[Request, E], object] | Callable[[Request, E], Awaitable[object]]

logger = logging.getLogger("openviper.request")

# These have an answer of their own, which only a handler for them or a class below them replaces: one for ValueError
# is not meant for the framework's 422, nor one for Exception for every 404.
_ANSWERED: Final = frozenset((HTTPException, ClientDisconnectedError))

# nginx's status for a client that went away; it is logged by servers and sent to nobody.
_CLIENT_CLOSED_REQUEST: Final = 499

# Where an exception keeps which request it has been logged for.
_LOGGED: Final = "_openviper_logged"


class ErrorResponder:
    """Chooses and builds the answer to an exception.

    Args:
        handlers: What a project answers, by exception class; the class nearest to that of the exception counts.
            Read at each exception, so that handlers registered later count. Those for classes above
            ``HTTPException`` do not replace its answers.
        debug: Whether an unexpected exception is shown with its traceback.
        router: Its routes are shown in debug where an address leads nowhere; None shows none.
        max_body_bytes: Limit of the body that a handler of the project reads, in bytes.
        problem_json: Whether errors are told as problem documents (RFC 9457) to every client that is no browser;
            otherwise to those that ask for it.
    """

    def __init__(
        self,
        handlers: Mapping[type[Exception], ErrorHandler[Exception]],
        *,
        debug: bool,
        router: Router | None = None,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        problem_json: bool = False,
    ) -> None:
        self._handlers = handlers
        self._max_body_bytes = max_body_bytes
        self._debug = debug
        self._router = router
        self._problem_json = problem_json

    async def respond(self, scope: Scope, receive: Receive, error: Exception) -> Response:
        """Build the answer to an exception; what nobody has an answer to is logged with its traceback.

        A handler of the project that raises the exception it was given leaves the answer to the framework. One that
        fails in its turn is such an exception itself, chained to the first.
        """
        kind, handler = self._find(type(error))
        if handler is not None:
            # The answer for everything that was not foreseen; what it was must be found out all the same.
            request_id = log_error(scope, error) if kind is Exception else None
            try:
                answer = await _ask(handler, Request(scope, receive, self._max_body_bytes), error)
                return answer if request_id is None else _named(answer, request_id)
            except Exception as second:  # noqa: BLE001 - the outermost border: the client gets an answer all the same
                if second is not error:
                    return await self.respond_unexpected(scope, second)
        if isinstance(error, HTTPException):
            try:
                return await self._explain(scope, error)
            except (AttributeError, TypeError, ValueError) as second:  # a header that is no text or cannot be sent
                return await self.respond_unexpected(scope, second)
        if isinstance(error, ClientDisconnectedError):
            logger.info("%s: %s", _title(scope), error)
            return Response(None, _CLIENT_CLOSED_REQUEST)
        return await self.respond_unexpected(scope, error)

    async def respond_unexpected(self, scope: Scope, error: Exception) -> Response:
        """Log an exception and build the answer 500: everything about it in debug, a short text otherwise.

        Either way the answer has the id of the request, which is in the log as well.
        """
        request_id = log_error(scope, error)
        if self._debug:
            # Source files are read and every variable is written, which takes longer than the loop can wait.
            response = await run_in_thread(_show, scope, error)
        else:
            response = self._answers().fail(scope, request_id=request_id)
        response.headers["x-request-id"] = request_id
        return response

    async def _explain(self, scope: Scope, error: HTTPException) -> Response:
        answers, router = self._answers(), self._router
        if self._debug and router is not None and isinstance(error, NotFound | MethodNotAllowed) and _wants_html(scope):
            # Pages for developers read source files and compare texts; the first error loads what that takes.
            from openviper.middleware.debug.page import routes_page

            page = await run_in_thread(_tried, lambda: routes_page(scope, error, router))
            if page is not None:
                return page
        return answers.explain(scope, error)

    def _answers(self) -> "ErrorAnswers":
        # A server that makes no mistakes does not pay for what tells about them.
        from openviper.middleware.answers import ErrorAnswers

        return ErrorAnswers(is_problem=self._problem_json)

    def _find(self, kind: type[Exception]) -> "tuple[type, ErrorHandler[Exception] | None]":
        """Give the handler for a class, and the class that it is registered for."""
        for base in kind.__mro__ if self._handlers else ():
            if base in self._handlers:
                return base, self._handlers[base]
            if base in _ANSWERED:
                break
        return kind, None


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
                # The server closes the connection, so that the client sees that the answer is not whole; what the
                # server logs, if anything, names no request.
                log_error(scope, error)
                raise
            response = await self._responder.respond(scope, receive, error)
            await response(scope, receive, send)


def log_error(scope: Scope, error: Exception) -> str:
    """Write the one line about an exception that nobody has an answer to, and give the id of the request it names.

    A second call for the same request writes nothing: an error that ends an answer in the middle passes every
    application that is mounted in another one.
    """
    request_id = ensure_request_id(scope)
    if isinstance(error, ClientDisconnectedError):
        logger.info("%s: %s", _title(scope), error)
        return request_id
    logged = vars(error).get(_LOGGED)
    if logged is None or not logged.is_of(scope):
        vars(error)[_LOGGED] = _Logged(scope)
        logger.error(
            "%s raised an error (request %s)",
            _title(scope),
            request_id,
            exc_info=error,
            extra={"request_id": request_id},
        )
    return request_id


class _Logged:
    """Which request an exception has been logged for; one exception may be raised for many."""

    __slots__ = ("_headers",)

    def __init__(self, scope: Scope) -> None:
        # The one part of a request that copies of its scope share. In here, where nobody prints them.
        self._headers = scope.get("headers")

    def is_of(self, scope: Scope) -> bool:
        return self._headers is not None and self._headers is scope.get("headers")


def _named(response: Response, request_id: str) -> Response:
    """Give a response with the id of its request; the one that was given may be sent for other requests too."""
    if "x-request-id" in response.headers:
        return response
    response = copy(response)
    response.raw_headers = [*response.raw_headers, (b"x-request-id", request_id.encode("ascii"))]
    return response


def _title(scope: Scope) -> str:
    # Quoted, since a path may hold line breaks, and with them lines of a log that nobody has written.
    return f"{scope.get('method')} {quote(str(scope.get('path')), errors='replace')}"


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


def _wants_html(scope: Scope) -> bool:
    # As above.
    from openviper.middleware.answers import is_page_wanted

    return is_page_wanted(scope)
