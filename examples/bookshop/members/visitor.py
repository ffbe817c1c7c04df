"""Which browser is asking: a random key in a cookie, so that it finds its own orders again.

It tells nothing about who sits in front of it; that takes passwords, which arrive with the framework's auth part.
"""

import re
import secrets
from typing import Annotated, TypeAlias

from openviper import Cookie, Depends, Response
from openviper.conf import settings

COOKIE = "visitor"

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")
_YEAR = 365 * 24 * 60 * 60


def read_visitor(key: Annotated[str, Cookie(alias=COOKIE)] = "") -> str | None:
    """Give the key of the browser; None when it has none, or one that this shop would not make."""
    return key if _KEY.fullmatch(key) else None


#: An argument of a view: the key of the browser.
Visitor: TypeAlias = Annotated[str | None, Depends(read_visitor, blocking=False)]


def make_visitor() -> str:
    """Make a key that nobody can guess: 24 random bytes."""
    return secrets.token_urlsafe(24)


def keep_visitor(response: Response, key: str) -> None:
    """Let the browser keep its key for a year."""
    response.set_cookie(COOKIE, key, max_age=_YEAR, httponly=True, secure=settings.SECURE_COOKIES, samesite="lax")
