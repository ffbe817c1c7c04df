"""Keeps other sites from sending forms in a visitor's name."""

from urllib.parse import urlsplit

from openviper.exceptions import PermissionDenied
from openviper.http.headers import Headers
from openviper.middleware.base import HookedMiddleware
from openviper.types import Scope

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginMiddleware(HookedMiddleware):
    """Refuses a request that changes something and that a browser sent from a page of another site.

    A program sends neither header, and has no cookies of a visitor to misuse.
    """

    def on_request(self, scope: Scope) -> None:
        """Look at what browsers say of themselves.

        Raises:
            PermissionDenied: It came from elsewhere (403).
        """
        if scope["method"] not in _READING and is_from_elsewhere(Headers(scope["headers"])):
            raise PermissionDenied("This form was sent from a page of another site.")


def is_from_elsewhere(headers: Headers) -> bool:
    """Tell by what browsers say of themselves; a page cannot forge either header."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True
