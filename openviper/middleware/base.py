"""The contract of a middleware: an ASGI application around the next one."""

from abc import ABC, abstractmethod
from typing import Protocol

from openviper.exceptions import HTTPException
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["AnsweringMiddleware", "BaseMiddleware", "Responder"]


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


class AnsweringMiddleware(BaseMiddleware):
    """Base of a middleware that adds to every response, the answers to errors of the middleware inside it among them.

    A handler's error has become a response before any middleware sees it. One that a middleware raises, such as the 401
    of an authentication backend, would be answered outside the whole stack, where nothing is added any more.
    """

    _responder: Responder | None = None

    def use_responder(self, responder: Responder) -> None:
        """Take over what builds the answers; called once, when the stack is built."""
        self._responder = responder

    async def answer(self, error: HTTPException, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an error that reached this middleware before any response had begun.

        Raises:
            HTTPException: The error itself, where nothing builds answers: in a stack without an application.
        """
        if self._responder is None:
            raise error
        response = await self._responder.respond(scope, receive, error)
        await response(scope, receive, send)
