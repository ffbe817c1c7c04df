"""Cookies: what a client sent, and what a response sets (RFC 6265)."""

import datetime as dt
import re
from typing import Final, Literal, TypeAlias

__all__ = ["SameSite", "decode_cookie_value", "format_cookie", "parse_cookies"]

SameSite: TypeAlias = Literal["lax", "strict", "none"]

# How the standard library, and with it most of the field, writes what a cookie cannot carry: three octal digits, or
# the character itself, after a backslash.
_ESCAPE: Final = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")

# RFC 6265 4.1.1: ASCII without control characters and semicolons; a name of a host has no blanks either.
_ATTRIBUTES: Final = {"path": re.compile(r"[\x20-\x3a\x3c-\x7e]*"), "domain": re.compile(r"[A-Za-z0-9._-]*")}


def parse_cookies(headers: list[bytes]) -> dict[str, str]:
    """Read the cookies of a request.

    A pair without a name is passed over and the others are kept; of two with one name the first counts,
    since clients send the one with the longest path first (RFC 6265, 5.4).

    Args:
        headers: The values of every ``Cookie`` field.
    """
    cookies: dict[str, str] = {}
    for header in headers:
        for pair in header.decode("latin-1").split(";"):
            name, separator, value = pair.partition("=")
            name = name.strip()
            if separator and name and name not in cookies:
                cookies[name] = decode_cookie_value(value.strip())
    return cookies


def decode_cookie_value(value: str) -> str:
    """Undo the quoting of a value, if it is quoted.

    The standard library's own decoder takes time in the square of the length before Python 3.13: 10 s for one header
    of 60 KB, with the event loop blocked.
    """
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    if "\\" not in value:
        return value[1:-1]
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[2], value[1:-1])


def format_cookie(
    key: str,
    value: str = "",
    *,
    max_age: int | None = None,
    expires: dt.datetime | int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
) -> str:
    """Write the value of one ``Set-Cookie`` field.

    Args:
        key: Name of the cookie, a token of RFC 9110.
        value: Text of latin-1; what a cookie cannot carry as it is gets quoted.
        max_age: Seconds until the client drops it; None leaves it out (a session cookie), 0 drops it at once.
        expires: An aware instant, or seconds from now; None leaves it out.
        path: Path below which it is sent, percent-encoded; None leaves it out.
        domain: Domain it is sent to, with sub-domains, in ASCII; None means this host only.
        secure: Send it over encrypted connections only.
        httponly: Hide it from scripts.
        samesite: When it goes along with requests from other sites; None leaves it to the client.

    Raises:
        ValueError: The name is no token, the value has a character outside latin-1 (encode it, as URLs do), an
            attribute holds a character that it cannot carry, the instant is naive or too far away, samesite is unknown
            or ``none`` without ``secure``, or a name that begins with ``__Secure-`` or ``__Host-`` is not what it
            promises (clients refuse both).
    """
    # At the top it would cost every start 4 ms, also where nothing sets a cookie.
    from http.cookies import CookieError, SimpleCookie

    cookie: SimpleCookie = SimpleCookie()
    if any(ord(character) > 0xFF for character in value):
        raise ValueError(f"cookie {key!r}: the value has characters outside latin-1; encode it, for example as base64")
    try:
        cookie[key] = value
    except CookieError as error:
        raise ValueError(f"{key!r} is no cookie name: {error}") from error
    morsel = cookie[key]
    if max_age is not None:
        morsel["max-age"] = str(int(max_age))
    if expires is not None:
        morsel["expires"] = _http_date(expires)
    for attribute, content in (("path", path), ("domain", domain)):
        if content is not None:
            if _ATTRIBUTES[attribute].fullmatch(content) is None:
                raise ValueError(f"cookie {key!r}: {attribute} {content!r} holds a character that it cannot carry")
            morsel[attribute] = content
    if samesite is not None:
        morsel["samesite"] = _checked_samesite(key, samesite, secure=secure)
    _check_prefix(key, path, domain, secure=secure)
    morsel["secure"] = secure
    morsel["httponly"] = httponly
    return morsel.OutputString()


def _checked_samesite(key: str, samesite: str, *, secure: bool) -> str:
    if samesite.lower() not in ("lax", "strict", "none"):
        raise ValueError(f"cookie {key!r}: samesite must be 'lax', 'strict', 'none' or None, not {samesite!r}")
    if samesite.lower() == "none" and not secure:
        raise ValueError(f"cookie {key!r}: samesite 'none' needs secure=True, or clients drop the cookie")
    return samesite.capitalize()


def _check_prefix(key: str, path: str | None, domain: str | None, *, secure: bool) -> None:
    """Refuse a cookie that clients would drop for its name (RFC 6265bis, 4.1.3; in any case of letters)."""
    name = key.lower()
    if name.startswith(("__secure-", "__host-")) and not secure:
        raise ValueError(f"cookie {key!r}: the prefix of the name needs secure=True, or clients drop the cookie")
    if name.startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f"cookie {key!r}: __Host- needs path='/' and no domain, or clients drop the cookie")


def _http_date(moment: dt.datetime | int) -> str:
    try:
        if isinstance(moment, int):
            moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=moment)
        if moment.tzinfo is None:
            raise ValueError(f"cookie expiry {moment!r} has no time zone; give an aware datetime")
        moment = moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(f"cookie expiry {moment!r} is out of range; dates end with the year 9999") from error
    # The e-mail package costs 12 ms to import, a fifth of the framework, and few cookies carry a date.
    from email.utils import format_datetime

    return format_datetime(moment, usegmt=True)
