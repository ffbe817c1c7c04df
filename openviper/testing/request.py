"""What a test asks for, turned into an ASGI scope and a body."""

import re
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypedDict
from urllib.parse import SplitResult, quote, unquote, urlencode, urljoin, urlsplit

from openviper.http.headers import encode_header
from openviper.primitives import json as jsonlib
from openviper.testing.cookies import CookieJar
from openviper.testing.uploads import Files, encode_form
from openviper.types import RawHeaders, Scope

__all__ = ["Fields", "OutgoingRequest", "RequestOptions", "build_request", "build_scope", "follow_redirect"]

FieldValue: TypeAlias = str | int | float | bool | None
Fields: TypeAlias = Mapping[str, FieldValue | Sequence[FieldValue]] | Iterable[tuple[str, FieldValue]]

_CLIENT_ADDRESS: Final = ("127.0.0.1", 50000)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# RFC 3986: what may stand in a path and in a query as it is; a percent sign only where it starts an escape.
_PATH_SAFE: Final = "/:@!$&'()*+,;=~-._%"
_QUERY_SAFE: Final = _PATH_SAFE + "?"
# What str() would write as Python code, and what would be taken apart letter by letter.
_NO_FIELDS: Final = (str, bytes, bytearray, memoryview, Mapping, AbstractSet, list, tuple)
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class RequestOptions(TypedDict, total=False):
    """What may be given with every request: ``json``, ``content``, or ``data`` and ``files`` alone or together.

    Keys:
        params: Query parameters, added to those in the address; a sequence repeats its name.
        headers: Header fields; they win over those of the client.
        cookies: Cookies for this request only, beside those that the client keeps.
        json: Any value that JSON can carry, None included; sent as ``application/json``.
        data: Form fields, sent as ``application/x-www-form-urlencoded``, or as ``multipart/form-data`` beside
            ``files``; a sequence repeats its name.
        files: Files by the names of their fields, sent as ``multipart/form-data``: bytes, text or an open file, or
            ``(filename, content)`` or ``(filename, content, content_type)``; a list repeats its name.
        content: The body as it is: bytes, text (UTF-8), or an async iterable of bytes, sent piece by piece.
        follow_redirects: True asks the next address until an answer is no redirect; the default is False.
    """

    params: Fields
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    json: object
    data: Fields
    files: Files
    content: bytes | str | AsyncIterable[bytes]
    follow_redirects: bool


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """One request, ready to be sent; cookies are added when it is.

    Args:
        method: In upper case.
        url: Absolute, percent-encoded, without a fragment.
        headers: Encoded fields, names in lower case.
        body: The whole body, or its pieces.
        cookies: Cookies for this request only.
    """

    method: str
    url: str
    headers: RawHeaders
    body: bytes | AsyncIterable[bytes]
    cookies: Mapping[str, str]


def build_request(
    method: str, url: str, base_url: str, default_headers: Mapping[str, str], options: RequestOptions
) -> OutgoingRequest:
    """Turn the arguments of a test into a request.

    Args:
        method: HTTP method in any case.
        url: Path with an optional query, or a whole address. A path goes out as it is written, ``..``
            included; only what an address cannot carry is percent-encoded.
        base_url: Scheme and host for a path.
        default_headers: Header fields of the client.
        options: See ``RequestOptions``.

    Raises:
        TypeError: More than one kind of body was given, or the body is of no kind that can be sent.
        ValueError: The address has another scheme than http or https, or a header cannot be sent.
    """
    address = _absolute(url, base_url)
    params = _encode_fields(options.get("params", ()))
    if params:
        address = address._replace(query=f"{address.query}&{params}" if address.query else params)
    body, content_type = _encode_body(options)
    fields = {"host": address.netloc, "accept": "*/*", "user-agent": "openviper-test-client"}
    if content_type is not None:
        fields["content-type"] = content_type
    if not isinstance(body, bytes):
        fields["transfer-encoding"] = "chunked"
    elif body or method.upper() in ("POST", "PUT", "PATCH"):
        # RFC 9110, 8.6: a method that expects content says so even when there is none.
        fields["content-length"] = str(len(body))
    for given in (default_headers, options.get("headers", {})):
        fields.update({name.lower(): value for name, value in given.items()})
    headers = [encode_header(name, value) for name, value in fields.items()]
    return OutgoingRequest(method.upper(), address.geturl(), headers, body, options.get("cookies", {}))


def build_scope(request: OutgoingRequest, jar: CookieJar, state: Mapping[str, object]) -> Scope:
    """Write the ASGI scope of a request as a server would.

    Args:
        request: What to ask.
        jar: The cookies to send along.
        state: What the lifespan left; copied, so that one request does not see the changes of another.
    """
    parts = urlsplit(request.url)
    cookie = jar.header_for(request.url, dict(request.cookies))
    headers = [*request.headers, encode_header("cookie", cookie)] if cookie else list(request.headers)
    return {
        "type": "http",
        # The version that uvicorn speaks: a newer one would let an application rely on more than it gets there.
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": headers,
        "client": _CLIENT_ADDRESS,
        "server": (parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]),
        "state": dict(state),
    }


def follow_redirect(request: OutgoingRequest, status_code: int, location: str) -> OutgoingRequest:
    """Make the request that a browser would make after a redirect (RFC 9110, 15.4).

    Raises:
        TypeError: The body must be sent again and was given as an iterator.
        ValueError: The location has another scheme than http or https.
    """
    target = _absolute(urljoin(request.url, location), request.url)
    dropped = set()
    method, body, cookies = request.method, request.body, request.cookies
    if (status_code == 303 and method != "HEAD") or (status_code in (301, 302) and method == "POST"):
        method, body = "GET", b""
        dropped |= {b"content-length", b"content-type", b"transfer-encoding"}
    elif not isinstance(body, bytes):
        raise TypeError(f"{status_code} asks for the body once more, and an iterator is read once; give bytes")
    if target.netloc != urlsplit(request.url).netloc:
        # Credentials are for the host that they were given for.
        dropped |= {b"host", b"authorization", b"cookie"}
        cookies = {}
    headers = [field for field in request.headers if field[0] not in dropped]
    if b"host" in dropped:
        headers.insert(0, encode_header("host", target.netloc))
    return replace(request, method=method, url=target.geturl(), headers=headers, body=body, cookies=cookies)


def _absolute(url: str, base_url: str) -> SplitResult:
    if url.startswith("/"):
        # Not urljoin: it resolves dots and takes two slashes for a host, and a test may want to send them.
        base = urlsplit(base_url)
        path, _, query = url.partition("#")[0].partition("?")
        parts = SplitResult(base.scheme, base.netloc, path, query, "")
    else:
        parts = urlsplit(url)
        if not parts.scheme:
            parts = urlsplit(urljoin(base_url, url))
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        raise ValueError(f"{url!r} is no http or https address without a user; write a path such as /books")
    return parts._replace(
        path=_quote(parts.path or "/", _PATH_SAFE), query=_quote(parts.query, _QUERY_SAFE), fragment=""
    )


def _quote(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe)


def _encode_body(options: RequestOptions) -> tuple[bytes | AsyncIterable[bytes], str | None]:
    given = [name for name in ("json", "data", "files", "content") if name in options]
    if len(given) > 1 and given != ["data", "files"]:
        raise TypeError(f"{' and '.join(given)} were given; a request has one body")
    if "json" in options:
        return jsonlib.encode(options["json"]), "application/json"
    if "files" in options:
        return encode_form(_as_pairs(options.get("data", ())), options["files"])
    if "data" in options:
        return _encode_fields(options["data"]).encode("ascii"), "application/x-www-form-urlencoded"
    content = options.get("content", b"")
    if isinstance(content, str):
        return content.encode(), "text/plain; charset=utf-8"
    if isinstance(content, bytes | AsyncIterable):
        return content, None
    raise TypeError(f"content is {type(content).__name__}; give bytes, str or an async iterable of bytes")


def _encode_fields(fields: Fields) -> str:
    return urlencode(_as_pairs(fields))


def _as_pairs(fields: Fields) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items() if isinstance(fields, Mapping) else fields:
        if isinstance(value, list | tuple) or (isinstance(value, Sequence) and not isinstance(value, _NO_FIELDS)):
            pairs.extend((name, _as_text(name, single)) for single in value)
        else:
            pairs.append((name, _as_text(name, value)))
    return pairs


def _as_text(name: str, value: object) -> str:
    if not isinstance(value, str) and isinstance(value, _NO_FIELDS):
        raise TypeError(
            f"the field {name!r} is {type(value).__name__}, which no form carries; give text or a number, "
            "a file in files=, or a nested value in json="
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
