"""Gives each visit a number."""

from openviper.middleware.base import BaseMiddleware
from openviper.types import Receive, Scope, Send

from members.visits import counter


class VisitMiddleware(BaseMiddleware):
    """Puts ``visit_number`` into the scope of a page that a person asks for; programs do not count."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(
            name == b"accept" and b"text/html" in value for name, value in scope["headers"]
        ):
            scope["visit_number"] = counter.count()
        await self.app(scope, receive, send)
