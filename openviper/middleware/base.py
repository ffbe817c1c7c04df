"""The contract of a middleware: an ASGI application around the next one."""

from abc import ABC, abstractmethod

from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["BaseMiddleware"]


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
