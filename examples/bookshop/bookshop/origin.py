"""Keeps other sites from sending forms in a visitor's name."""

from urllib.parse import urlsplit

from openviper import Request
from openviper.exceptions import PermissionDenied
from openviper.middleware.base import BaseMiddleware
from openviper.types import Receive, Scope, Send

from bookshop.errors import answer_error

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginMiddleware(BaseMiddleware):
    """Refuses a request that changes something and that a browser sent from a page of another site.

    A program sends neither header, and has no cookies of a visitor to misuse.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READING:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        if is_from_elsewhere(request):
            response = await answer_error(request, PermissionDenied("This form was sent from a page of another site."))
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def is_from_elsewhere(request: Request) -> bool:
    """Tell by what browsers say of themselves; a page cannot forge either header."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:
        return True
