"""Which pages of other sites may read what this application answers (cross-origin resource sharing)."""

import re
from collections.abc import Iterable
from typing import Final

from openviper.exceptions import PermissionDenied, SettingsValidationError
from openviper.http.response import Response
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, RawHeaders, Scope

__all__ = ["CORSMiddleware"]

_ENTRY: Final = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9*_-]+(?:\.[a-z0-9*_-]+)*)(:(?:[0-9]{1,5}|\*))?"
)
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
# Fetch standard, "CORS-safelisted request-header": pages may send these without being allowed to.
_SAFELISTED_HEADERS: Final = frozenset({"accept", "accept-language", "content-language", "content-type"})
# RFC 9110 5.6.2.
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_METHOD: Final = re.compile(r"[A-Za-z-]+")
_ALLOW_ORIGIN: Final = b"access-control-allow-origin"
_VARY_ORIGIN: Final = (b"vary", b"Origin")
_VARY_PREFLIGHT: Final = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


class CORSMiddleware(HookedMiddleware):
    """Answers preflight requests and marks the responses that pages of allowed origins may read.

    Without an allowed origin it does nothing at all. A response that names an allowed origin by itself is
    left alone. An argument that is not given comes from the setting named with it.

    Args:
        app: The next application inwards.
        allowed_origins: ``https://shop.example``; ``https://*.shop.example``, where a star stands for one
            label (or part of one) and never for a dot; ``http://localhost:*``, where it stands for every port that is
            written, which the usual one of a scheme is not; ``*`` for every origin, whatever stands beside it; ``null``
            for pages without one, such as local files (``CORS_ALLOWED_ORIGINS``).
        allow_credentials: Whether those pages may send cookies and read the answer (``CORS_ALLOW_CREDENTIALS``).
        allowed_methods: Methods that a preflight is told, ``*`` for all; HEAD goes with GET
            (``CORS_ALLOWED_METHODS``).
        allowed_headers: Request headers that a preflight is told, ``*`` for all (``CORS_ALLOWED_HEADERS``).
        expose_headers: Response headers that pages may read (``CORS_EXPOSE_HEADERS``).
        max_age: How long browsers may keep the answer to a preflight, in seconds (``CORS_MAX_AGE``).

    Raises:
        SettingsValidationError: An origin, method or header is malformed, a single text stands in place of a list, or
            credentials are allowed to ``*`` or ``null``, that is, to every site (a ValueError).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_origins: Iterable[str] | Unset = UNSET,
        allow_credentials: bool | Unset = UNSET,
        allowed_methods: Iterable[str] | Unset = UNSET,
        allowed_headers: Iterable[str] | Unset = UNSET,
        expose_headers: Iterable[str] | Unset = UNSET,
        max_age: int | Unset = UNSET,
    ) -> None:
        super().__init__(app)
        origins = given_or_setting(allowed_origins, "CORS_ALLOWED_ORIGINS")
        credentials = given_or_setting(allow_credentials, "CORS_ALLOW_CREDENTIALS")
        methods = [method.upper() for method in _tokens(allowed_methods, "CORS_ALLOWED_METHODS")]
        headers = [name.lower() for name in _tokens(allowed_headers, "CORS_ALLOWED_HEADERS")]
        exposed = _tokens(expose_headers, "CORS_EXPOSE_HEADERS")
        self._origins = _Origins(origins, credentials=credentials)
        self._is_active = bool(self._origins)
        self._methods = frozenset([*methods, "HEAD"] if "GET" in methods else methods)
        self._headers = frozenset(headers)
        self._max_age = _checked_age(given_or_setting(max_age, "CORS_MAX_AGE"))
        self._listed_methods = ", ".join(methods)
        self._listed_headers = ", ".join(headers)
        self._common: RawHeaders = [(b"access-control-allow-credentials", b"true")] if credentials else []
        self._simple = list(self._common)
        if names := ", ".join(exposed):
            self._simple.append((b"access-control-expose-headers", names.encode("ascii")))

    def on_request(self, scope: Scope) -> ASGIApp | None:
        """Answer a preflight; every other request goes on, whether its page may read the response or not.

        Raises:
            PermissionDenied: The preflight asks for what is not allowed, and the application answers errors (403).
        """
        if scope["method"] != "OPTIONS" or not self._is_active or not _is_preflight(scope):
            return None
        try:
            return self._answer_preflight(scope, _find(scope, b"access-control-request-method") or b"")
        except PermissionDenied as error:
            if self._responder is not None:
                raise
            # Pages of foreign sites seldom ask for what they may not.
            from openviper.middleware.answers import explain_alone

            return explain_alone(scope, error)

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        """Name the origin of the page that may read this response."""
        if not self._is_active or (scope["method"] == "OPTIONS" and _is_preflight(scope)):
            return
        is_marked = False
        is_varied = not self._origins.vary
        for name, value in headers:
            if name == _ALLOW_ORIGIN:
                is_marked = True  # by the handler, or the answer to a preflight
            elif name == b"vary" and _names_origin(value):
                is_varied = True
        if not is_varied:
            # Also without an origin: a cache would give this answer to a page that has one.
            headers.append(_VARY_ORIGIN)
        if is_marked:
            return
        origin: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
                break
        allowed = self._origins.answer(origin)
        if allowed is not None:
            headers.append((_ALLOW_ORIGIN, allowed))
            headers += self._simple

    def _answer_preflight(self, scope: Scope, method: bytes) -> Response:
        allowed = self._origins.answer(_find(scope, b"origin"))
        requested_method = method.decode("latin-1")
        requested_headers = (_find(scope, b"access-control-request-headers") or b"").decode("latin-1").strip()
        if allowed is None:
            raise _refusal("this origin")
        if not self._allows_method(requested_method):
            raise _refusal("this method")
        if not self._allows_headers(requested_headers):
            raise _refusal("a requested header")
        response = Response(None, 204, {"vary": _VARY_PREFLIGHT})
        response.raw_headers += [(_ALLOW_ORIGIN, allowed), *self._common]
        # A star is written out: with credentials browsers take it literally, and it never means Authorization.
        methods = requested_method if "*" in self._methods else self._listed_methods
        headers = requested_headers if "*" in self._headers else self._listed_headers
        response.headers["access-control-allow-methods"] = methods
        if headers:
            response.headers["access-control-allow-headers"] = headers
        response.headers["access-control-max-age"] = str(self._max_age)
        return response

    def _allows_method(self, requested: str) -> bool:
        return requested in self._methods or ("*" in self._methods and _METHOD.fullmatch(requested) is not None)

    def _allows_headers(self, requested: str) -> bool:
        if not requested:
            return True
        if _HEADER_NAMES.fullmatch(requested) is None:
            return False
        names = {name.strip().lower() for name in requested.split(",")}
        return "*" in self._headers or names <= self._headers | _SAFELISTED_HEADERS


class _Origins:
    """The allowed origins: exact ones, patterns, or all."""

    def __init__(self, given: Iterable[str], *, credentials: bool) -> None:
        if isinstance(given, str):
            raise SettingsValidationError([f"CORS_ALLOWED_ORIGINS is the text {given!r}; write a tuple: ({given!r},)"])
        if not isinstance(given, Iterable):
            raise SettingsValidationError([f"CORS_ALLOWED_ORIGINS is {given!r}; write a tuple of origins, () for none"])
        listed: list[object] = list(given)
        entries = [entry.strip().lower() if isinstance(entry, str) else entry for entry in listed]
        self._any = False
        self._exact: set[bytes] = set()
        self._patterns: list[re.Pattern[bytes]] = []
        errors = [error for entry in entries if (error := self._add(entry)) is not None]
        if credentials:
            errors += [
                f"CORS_ALLOWED_ORIGINS: {entry!r} and CORS_ALLOW_CREDENTIALS together would let every site act for "
                "a logged-in user; list the origins"
                for entry in entries
                if entry in ("*", "null")
            ]
        if errors:
            raise SettingsValidationError(errors)
        #: Whether answers depend on the origin, so that caches keep them apart.
        self.vary = not self._any

    def __bool__(self) -> bool:
        return self._any or bool(self._exact) or bool(self._patterns)

    def answer(self, origin: bytes | None) -> bytes | None:
        """Give the value of ``Access-Control-Allow-Origin``; None when the origin is not allowed."""
        if self._any:
            return b"*"
        if origin is None:
            return None
        if origin in self._exact or any(pattern.fullmatch(origin) for pattern in self._patterns):
            return origin
        return None

    def _add(self, entry: object) -> str | None:
        """Take one entry over, or say what is wrong with it."""
        if not isinstance(entry, str):
            return f"CORS_ALLOWED_ORIGINS: {entry!r} is no text; write scheme://host[:port] in quotes"
        if entry == "*":
            self._any = True
            return None
        if entry == "null":
            self._exact.add(b"null")
            return None
        match = _ENTRY.fullmatch(entry)
        if match is None:
            return f"CORS_ALLOWED_ORIGINS: {entry!r} is no origin; write scheme://host[:port], without a path"
        if match[3] == _DEFAULT_PORTS.get(match[1]):
            entry = entry.removesuffix(match[3])  # browsers leave it out
        if "*" in entry:
            self._patterns.append(re.compile(re.escape(entry).replace(r"\*", "[a-z0-9_-]+").encode("ascii")))
        else:
            self._exact.add(entry.encode("ascii"))
        return None


def _tokens(given: Iterable[str] | Unset, name: str) -> list[str]:
    """Give the names that an argument or its setting lists.

    Raises:
        SettingsValidationError: It is a single text, which would be read letter by letter, or an entry is no name.
    """
    entries = given_or_setting(given, name)
    if isinstance(entries, str):
        raise SettingsValidationError([f"{name} is the text {entries!r}; write a tuple: ({entries!r},)"])
    if not isinstance(entries, Iterable):
        raise SettingsValidationError([f"{name} is {entries!r}; write a tuple of names, () for none"])
    tokens: list[object] = list(entries)
    errors = [
        f"{name}: {entry!r} is no name; write letters, digits and '-', or '*' for all"
        for entry in tokens
        if not isinstance(entry, str) or _TOKEN.fullmatch(entry) is None
    ]
    if errors:
        raise SettingsValidationError(errors)
    return [str(token) for token in tokens]


def _refusal(part: str) -> PermissionDenied:
    return PermissionDenied(f"CORS: {part} is not allowed.", {"Vary": _VARY_PREFLIGHT})


def _checked_age(seconds: int) -> int:
    if seconds < -1:  # -1 asks browsers not to keep the answer (Fetch standard)
        raise SettingsValidationError([f"CORS_MAX_AGE is {seconds}, and must be 0 or more seconds, or -1 for never"])
    return seconds


def _find(scope: Scope, wanted: bytes) -> bytes | None:
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return None


def _is_preflight(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"origin" in names and b"access-control-request-method" in names


def _names_origin(vary: bytes) -> bool:
    return any(name.strip().lower() in (b"origin", b"*") for name in vary.split(b","))
