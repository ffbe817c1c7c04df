"""Addresses: the URL of a request and the values in its query."""

import re
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from openviper.exceptions import BadRequest
from openviper.http.multidict import MultiDict
from openviper.types import Scope

__all__ = ["URL", "QueryParams"]

T = TypeVar("T")

# RFC 9110 7.2. The name is whatever does not end it; which names are ours is told by ALLOWED_HOSTS.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\x00-\x20\x7f/?#@\\:\[\]]+)(?::(?P<port>[0-9]{0,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class URL:
    """An absolute address, taken apart on demand.

    Args:
        url: The address as text, percent-encoded.
    """

    __slots__ = ("_parts", "_text")

    def __init__(self, url: str) -> None:
        self._text = url
        self._parts = urlsplit(url)

    @classmethod
    def from_scope(cls, scope: Scope) -> "URL":
        """Build the address that the client asked for, from an ASGI scope.

        The host is what the client sent and may be forged; the security middleware checks it.

        Raises:
            BadRequest: The ``Host`` is no host, and would become another part of the address (400).
        """
        scheme = scope.get("scheme", "http")
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), None)
        if host:
            _check_host(host)
        else:
            address, port = scope.get("server") or ("localhost", None)
            host = address if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{address}:{port}"
        raw = scope.get("raw_path")
        path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
        query = scope.get("query_string", b"").decode("latin-1")
        # A server may pass on a target without a slash, "@evil.example", which would become a part of the host.
        slash = "" if path.startswith("/") else "/"
        return cls(f"{scheme}://{host}{slash}{path}{'?' + query if query else ''}")

    @property
    def scheme(self) -> str:
        """``http``, ``https``, ``ws`` or ``wss``."""
        return self._parts.scheme

    @property
    def netloc(self) -> str:
        """Host and port as the client wrote them."""
        return self._parts.netloc

    @property
    def hostname(self) -> str | None:
        """The host in lower case; None when there is none."""
        return self._parts.hostname

    @property
    def port(self) -> int | None:
        """The port; None when the address does not give one."""
        return self._parts.port

    @property
    def path(self) -> str:
        """The path, percent-encoded."""
        return self._parts.path

    @property
    def query(self) -> str:
        """What follows the question mark, percent-encoded."""
        return self._parts.query

    @property
    def is_secure(self) -> bool:
        """Whether the scheme is encrypted."""
        return self._parts.scheme in ("https", "wss")

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"URL({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return self._text == str(other) if isinstance(other, URL | str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)


class QueryParams(MultiDict[str]):
    """The values of a query: a mapping to the last value of a name, with ``getlist`` for all of them.

    Args:
        query: What follows the question mark, as bytes. Undecodable bytes become U+FFFD.
    """

    __slots__ = ("_query",)

    def __init__(self, query: bytes) -> None:
        super().__init__(_parse_query(query))
        self._query = query

    def __repr__(self) -> str:
        return f"QueryParams({self._query!r})"


def _check_host(host: str) -> None:
    found = _HOST.fullmatch(host)
    if found is None or (found["port"] and int(found["port"]) > 65535):
        raise BadRequest("The Host header is malformed.")


def _parse_query(query: bytes) -> dict[str, list[str]]:
    if not query:
        return {}
    text = query.decode("latin-1")
    found: dict[str, list[str]] = {}
    if "%" not in text and "+" not in text and text.isascii():
        # Nothing to decode, which is what most queries look like: 6 times faster than parse_qsl.
        for field in text.split("&"):
            name, _, value = field.partition("=")
            if field:
                found.setdefault(name, []).append(value)
        return found
    for name, value in parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="replace"):
        found.setdefault(name, []).append(value)
    return found
