"""The contract of a middleware: an ASGI application around the next one.

Most of what a middleware does falls into a few steps: look at the request, refuse it or let it go on, and add to the
head of the response. One that writes these steps as the hooks of ``HookedMiddleware`` costs a request one plain call a
step: the application runs them itself, without a layer of ASGI, a closure around ``send`` and a copy of each message.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable, iscoroutinefunction
from typing import Any, ClassVar, Protocol

from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

__all__ = ["BaseMiddleware", "HookedMiddleware", "Hooks", "Responder", "settle", "wrap_body", "wrap_send"]


class Responder(Protocol):
    """Builds the answers to exceptions, as the application wants them."""

    async def respond(self, scope: Scope, receive: Receive, error: Exception) -> ASGIApp:
        """Give the answer to an exception, ready to be called."""


class BaseMiddleware(ABC):
    """Base of every middleware: keeps the next application and is called in its place.

    The stack is built before the application starts, so a constructor cannot rely on what ``ready()`` or
    ``startup()`` make; look such things up when a request comes.

    Args:
        app: The next application inwards, an ASGI 3 callable.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    @abstractmethod
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one scope of any type: http, websocket, lifespan, or one that is not known yet.

        What is not meant for this middleware goes on unchanged: ``await self.app(scope, receive, send)``.
        """


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks that a middleware has; None where it has none. See ``HookedMiddleware`` for what each does."""

    on_request: Callable[[Scope], Any] | None  # a response, None, or an awaitable of either
    is_async: bool
    wraps_all: bool
    sets_context: bool
    wrap_receive: Callable[[Scope, Receive], Receive] | None
    wrap_send: Callable[[Scope, Send], Send] | None
    on_body: Callable[[Scope, int, RawHeaders, bytes], Awaitable[bytes]] | None
    on_response: Callable[[Scope, int, RawHeaders], None] | None


class HookedMiddleware(BaseMiddleware):
    """Base of a middleware made of hooks; a subclass overrides those that it needs.

    A run of such middleware at the inner end of the stack is called by the application directly. Further out, or around
    an application of another framework, the class is an ASGI middleware like any other and does the same.

    An error that is raised inside, by this middleware too, is answered inside: the answer passes the hooks of this
    middleware and of all around it, so that a page of an allowed origin can read it.

    Attributes:
        fuses: Set next to a ``__call__`` of one's own, which otherwise keeps the hooks from being called directly: True
            says that nothing of it is missed when only the hooks run.
        sets_context: Whether ``on_request`` sets ``current_user`` or ``request_id``, which an application that fuses it
            clears when the request is over.
        wraps_streams_only: Whether ``wrap_send`` has nothing to do with bodies in memory, which are cheaper without it.
    """

    fuses: ClassVar[bool] = True
    wraps_streams_only: ClassVar[bool] = False
    sets_context: ClassVar[bool] = False
    _responder: Responder | None = None

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.hooks = self._find_hooks()

    def on_request(self, scope: Scope) -> ASGIApp | Awaitable[ASGIApp | None] | None:
        """Look at an http request before anything inside does; plain or ``async def``.

        Returns:
            A response, which is sent instead of going on; None goes on.
        """

    def wrap_receive(self, scope: Scope, receive: Receive) -> Receive:
        """Give what delivers the request's body to everything inside."""
        return receive

    def wrap_send(self, scope: Scope, send: Send) -> Send:
        """Give what takes the messages of a response; where there is ``on_body`` too, those of streams alone."""
        return send

    async def on_body(self, scope: Scope, status: int, headers: RawHeaders, body: bytes) -> bytes:
        """Give what is sent in place of a body that is in memory; the list of headers may be changed.

        Not asked for HEAD, where no body is sent. A class that has ``wrap_send`` as well is given streams there.
        """
        return body

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        """Change the headers of a response, in place, before it starts; the length of its body may be missing yet."""

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a websocket scope; passes it on unless overridden."""
        await self.app(scope, receive, send)

    def use_responder(self, responder: Responder) -> None:
        """Take over what builds the answers to errors; called once, when the stack is built."""
        self._responder = responder

    @classmethod
    def is_fusible(cls) -> bool:
        """Tell whether the hooks may be called directly, without ``__call__``; see ``fuses``."""
        definer = next(kind for kind in cls.__mro__ if "__call__" in vars(kind))
        return bool(vars(definer).get("fuses", False))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the hooks around the next application, as a layer of ASGI."""
        kind = scope["type"]
        if kind != "http":
            await (self.serve_websocket if kind == "websocket" else self.app)(scope, receive, send)
            return
        hooks = self.hooks
        started = False

        async def send_completed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if hooks.on_response is not None:
                    headers = list(message.get("headers", ()))
                    hooks.on_response(scope, message["status"], headers)
                    message = {**message, "headers": headers}
            await send(message)

        send_inside = wrap_body(hooks, scope, send_completed)
        try:
            answer: Any = None if hooks.on_request is None else hooks.on_request(scope)
            if answer is not None:
                answer = await settle(await answer if hooks.is_async else answer)
            await (self.app if answer is None else answer)(scope, self.wrap_receive(scope, receive), send_inside)
        except Exception as error:  # the outermost border, further in: its answer must pass this middleware too
            if started or self._responder is None:
                raise
            response = await self._responder.respond(scope, receive, error)
            await response(scope, receive, send_inside)

    def _find_hooks(self) -> Hooks:
        def own(name: str) -> Any:  # the bound method; its type is that of the field
            return None if getattr(type(self), name) is getattr(HookedMiddleware, name) else getattr(self, name)

        on_request = own("on_request")
        return Hooks(
            on_request=on_request,
            is_async=iscoroutinefunction(on_request),
            sets_context=self.sets_context,
            wraps_all=own("wrap_send") is not None and own("on_body") is None and not self.wraps_streams_only,
            wrap_receive=own("wrap_receive"),
            wrap_send=own("wrap_send"),
            on_body=own("on_body"),
            on_response=own("on_response"),
        )


async def settle(answer: Any) -> Any:
    """Give what an early answer is in the end: a decorator may have made a plain hook of an async one.

    Raises:
        TypeError: It is nothing that can be called to send a response.
    """
    if isawaitable(answer):
        answer = await answer
    if answer is not None and not callable(answer):
        raise TypeError(f"on_request() gave {type(answer).__name__}; it gives a response, or None to go on")
    return answer


def wrap_send(hooks: Hooks, scope: Scope, send: Send) -> Send:
    """Put the hooks of one layer for a response in front of a ``send``."""
    on_response = hooks.on_response
    if on_response is None:
        return wrap_body(hooks, scope, send)

    async def send_completed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            on_response(scope, message["status"], headers)
            message = {**message, "headers": headers}
        await send(message)

    return wrap_body(hooks, scope, send_completed)


def wrap_body(hooks: Hooks, scope: Scope, send: Send) -> Send:
    """Put the hooks of one layer for a body in front of a ``send``.

    Messages do not tell that a body is in memory; one that comes in a single message is.
    """
    if hooks.wrap_send is not None:
        return hooks.wrap_send(scope, send)
    on_body = hooks.on_body
    if on_body is None or scope["method"] == "HEAD":
        return send
    held: Message | None = None

    async def send_replaced(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            held = message  # in place of one that an error has overtaken
            return
        start, held = held, None
        if start is not None and message["type"] == "http.response.body" and not message.get("more_body"):
            headers = [field for field in start.get("headers", ()) if field[0] != b"content-length"]
            body = await on_body(scope, start["status"], headers, message.get("body", b""))
            if start["status"] not in (204, 304):
                headers.append((b"content-length", b"%d" % len(body)))
            start, message = {**start, "headers": headers}, {**message, "body": body}
        if start is not None:
            await send(start)
        await send(message)

    return send_replaced
