"""The cookies that a test client keeps between requests, as a browser would (RFC 6265)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from openviper.http.cookies import decode_cookie_value

__all__ = ["CookieJar", "ReceivedCookie", "parse_set_cookie"]

# Only its codec is used: as a parser it drops the whole header at an attribute that it does not know.
# Seconds; a thousand years, which every float and date can hold.
_LONGEST_AGE: Final = 1000 * 366 * 86400
_CODEC: SimpleCookie = SimpleCookie()


@dataclass(frozen=True, slots=True)
class ReceivedCookie:
    """One ``Set-Cookie`` field as it was received.

    Args:
        name: Name of the cookie.
        raw: Its value as it was written, which is how it goes back.
        domain: The ``Domain`` attribute without a leading dot; None means the host that set it.
        path: The ``Path`` attribute; None means the folder of the address that set it.
        secure: Whether it goes over https only.
        expires_at: Unix time in seconds from which it is gone; None means it stays for the whole session.
    """

    name: str
    raw: str
    domain: str | None = None
    path: str | None = None
    secure: bool = False
    expires_at: float | None = None

    @property
    def value(self) -> str:
        """The value without the quotes and escapes that a response puts around unusual characters."""
        return decode_cookie_value(self.raw)


class CookieJar:
    """Cookies by domain, path and name; reads like a mapping from name to value.

    Args:
        host: The host that ``set`` and ``delete`` mean.
        clock: Unix time in seconds.
    """

    def __init__(self, host: str, clock: Callable[[], float] = time.time) -> None:
        self._host = host.lower()
        self._clock = clock
        # The key holds the domain and whether sub-domains get the cookie as well (RFC 6265, 5.3).
        self._cookies: dict[tuple[str, bool, str, str], ReceivedCookie] = {}

    def set(self, name: str, value: str, *, path: str = "/") -> None:
        """Keep a cookie for the client's own host, as if the application had set it."""
        self._cookies[self._host, False, path, name] = ReceivedCookie(name, _quote(value), path=path)

    def delete(self, name: str) -> None:
        """Drop every cookie of a name.

        Raises:
            KeyError: There is none.
        """
        keys = [key for key in self._cookies if key[3] == name]
        if not keys:
            raise KeyError(name)
        for key in keys:
            del self._cookies[key]

    def clear(self) -> None:
        """Drop every cookie."""
        self._cookies.clear()

    def get(self, name: str, default: str | None = None) -> str | None:
        """Give the value of a cookie, or the default; of several the one with the longest path."""
        values = [cookie.value for key, cookie in self._longest_path_first() if key[3] == name]
        return values[0] if values else default

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return any(key[3] == name for key, _ in self._longest_path_first())

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key[3] for key, _ in self._longest_path_first()))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        # Values may be credentials, so only names are shown.
        return f"CookieJar({', '.join(self)})"

    def receive(self, headers: list[str], url: str) -> None:
        """Take over what one response sets.

        Args:
            headers: Its ``Set-Cookie`` fields.
            url: The address that answered; a cookie for a foreign domain is refused, as browsers do.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        for header in headers:
            cookie = parse_set_cookie(header, now=self._clock())
            if cookie is None or not _domain_matches(host, cookie.domain or host):
                continue
            path = cookie.path or _default_path(parts.path)
            key = (cookie.domain or host, cookie.domain is not None, path, cookie.name)
            # Removed first, so that a renewed cookie moves to the end; one that is already over only removes.
            self._cookies.pop(key, None)
            if cookie.expires_at is None or cookie.expires_at > self._clock():
                self._cookies[key] = cookie

    def header_for(self, url: str, extra: dict[str, str] | None = None) -> str | None:
        """Write the ``Cookie`` field of a request.

        Args:
            url: The address that is asked.
            extra: Names and values for this request only; they win over those kept.

        Returns:
            None when there is nothing to send.
        """
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path or "/"
        chosen = {name: _quote(value) for name, value in (extra or {}).items()}
        for (domain, with_subdomains, cookie_path, name), cookie in self._longest_path_first():
            matches = _domain_matches(host, domain) if with_subdomains else host == domain
            if matches and _path_matches(path, cookie_path) and (parts.scheme == "https" or not cookie.secure):
                chosen.setdefault(name, cookie.raw)
        return "; ".join(f"{name}={raw}" for name, raw in chosen.items()) or None

    def _longest_path_first(self) -> list[tuple[tuple[str, bool, str, str], ReceivedCookie]]:
        now = self._clock()
        alive = [item for item in self._cookies.items() if item[1].expires_at is None or item[1].expires_at > now]
        return sorted(alive, key=lambda item: -len(item[0][2]))


def parse_set_cookie(header: str, now: float | None = None) -> ReceivedCookie | None:
    """Read one ``Set-Cookie`` field the way browsers do (RFC 6265, 5.2): unknown attributes are passed over.

    Args:
        header: The value of the field.
        now: Unix time in seconds that ``Max-Age`` counts from; None means the present.

    Returns:
        None when there is no name.
    """
    pair, *rest = header.split(";")
    name, separator, value = pair.partition("=")
    if not separator or not name.strip():
        return None
    attributes: dict[str, str] = {}
    for attribute in rest:
        key, _, content = attribute.partition("=")
        attributes[key.strip().lower()] = content.strip()
    path = attributes.get("path", "")
    return ReceivedCookie(
        name=name.strip(),
        raw=value.strip(),
        domain=attributes.get("domain", "").lstrip(".").lower() or None,
        path=path if path.startswith("/") else None,
        secure="secure" in attributes,
        expires_at=_expiry(attributes, time.time() if now is None else now),
    )


def _quote(value: str) -> str:
    return _CODEC.value_encode(value)[1]


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    # Max-Age wins over Expires, and what cannot be read counts as not there (RFC 6265, 5.2.1 and 5.3).
    try:
        # Browsers take the farthest date that they know for what lies beyond.
        return now + max(-_LONGEST_AGE, min(int(attributes["max-age"]), _LONGEST_AGE))
    except (KeyError, ValueError):
        pass
    if "expires" not in attributes:
        return None
    # The e-mail package is slow to import, and few cookies carry a date.
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(attributes["expires"]).timestamp()
    except (ValueError, OverflowError):
        return None


def _domain_matches(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _path_matches(path: str, cookie_path: str) -> bool:
    if path == cookie_path:
        return True
    return path.startswith(cookie_path if cookie_path.endswith("/") else f"{cookie_path}/")


def _default_path(path: str) -> str:
    # RFC 6265, 5.1.4: up to the last slash, without it.
    folder = path.rpartition("/")[0]
    return folder if folder.startswith("/") else "/"
