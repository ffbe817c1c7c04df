"""Which pages of other sites may read what this application answers (cross-origin resource sharing)."""

import re
from collections.abc import Iterable
from typing import Final

from openviper.exceptions import HTTPException, SettingsValidationError
from openviper.http.response import JSONResponse, Response
from openviper.middleware.base import AnsweringMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

__all__ = ["CORSMiddleware"]

_ENTRY: Final = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9*_-]+(?:\.[a-z0-9*_-]+)*)(:(?:[0-9]{1,5}|\*))?"
)
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
# Fetch standard, "CORS-safelisted request-header": pages may send these without being allowed to.
_SAFELISTED_HEADERS: Final = frozenset({"accept", "accept-language", "content-language", "content-type"})
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_METHOD: Final = re.compile(r"[A-Za-z-]+")
_ALLOW_ORIGIN: Final = b"access-control-allow-origin"
_VARY_ORIGIN: Final = (b"vary", b"Origin")


class CORSMiddleware(AnsweringMiddleware):
    """Answers preflight requests and marks the responses that pages of allowed origins may read.

    Without an allowed origin it does nothing at all. A response that names an allowed origin by itself is
    left alone. An argument that is not given comes from the setting named with it.

    Args:
        app: The next application inwards.
        allowed_origins: ``https://shop.example``; ``https://*.shop.example``, where a star stands for one
            label (or part of one) and never for a dot; ``*`` for every origin; ``null`` for pages without one, such
            as local files (``CORS_ALLOWED_ORIGINS``).
        allow_credentials: Whether those pages may send cookies and read the answer (``CORS_ALLOW_CREDENTIALS``).
        allowed_methods: Methods that a preflight is told, ``*`` for all; HEAD goes with GET
            (``CORS_ALLOWED_METHODS``).
        allowed_headers: Request headers that a preflight is told, ``*`` for all (``CORS_ALLOWED_HEADERS``).
        expose_headers: Response headers that pages may read (``CORS_EXPOSE_HEADERS``).
        max_age: How long browsers may keep the answer to a preflight, in seconds (``CORS_MAX_AGE``).

    Raises:
        SettingsValidationError: An origin is malformed, or credentials are allowed to ``*`` or ``null``, that
            is, to every site (a ValueError).
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
        methods = [method.upper() for method in given_or_setting(allowed_methods, "CORS_ALLOWED_METHODS")]
        headers = [name.lower() for name in given_or_setting(allowed_headers, "CORS_ALLOWED_HEADERS")]
        exposed = given_or_setting(expose_headers, "CORS_EXPOSE_HEADERS")
        self._origins = _Origins(origins, credentials=credentials)
        self._methods = frozenset([*methods, "HEAD"] if "GET" in methods else methods)
        self._headers = frozenset(headers)
        self._max_age = given_or_setting(max_age, "CORS_MAX_AGE")
        self._listed_methods = ", ".join(methods)
        self._listed_headers = ", ".join(headers)
        self._common: RawHeaders = [(b"access-control-allow-credentials", b"true")] if credentials else []
        self._simple = list(self._common)
        if names := ", ".join(exposed):
            self._simple.append((b"access-control-expose-headers", names.encode("ascii")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle http scopes; every other scope passes, a websocket too, which browsers do not guard by CORS."""
        if scope["type"] != "http" or not self._origins:
            await self.app(scope, receive, send)
            return
        origin = _find(scope, b"origin")
        if origin is not None and scope["method"] == "OPTIONS":
            method = _find(scope, b"access-control-request-method")
            if method is not None:
                await self._answer_preflight(scope, origin, method)(scope, receive, send)
                return
        allowed = self._origins.answer(origin)
        added = [] if allowed is None else [(_ALLOW_ORIGIN, allowed), *self._simple]
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": self._mark(message.get("headers", ()), added)}
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        except HTTPException as error:
            if started:
                raise
            await self.answer(error, scope, receive, send_marked)

    def _mark(self, given: Iterable[tuple[bytes, bytes]], added: RawHeaders) -> RawHeaders:
        headers = list(given)
        if self._origins.vary and not any(name == b"vary" and _names_origin(value) for name, value in headers):
            # Also without an origin: a cache would give this answer to a page that has one.
            headers.append(_VARY_ORIGIN)
        if any(name == _ALLOW_ORIGIN for name, _ in headers):
            return headers
        return headers + added

    def _answer_preflight(self, scope: Scope, origin: bytes, method: bytes) -> Response:
        allowed = self._origins.answer(origin)
        requested_method = method.decode("latin-1")
        requested_headers = (_find(scope, b"access-control-request-headers") or b"").decode("latin-1").strip()
        if allowed is None:
            response: Response = JSONResponse({"detail": "CORS: this origin is not allowed."}, 403)
        elif not self._allows_method(requested_method):
            response = JSONResponse({"detail": "CORS: this method is not allowed."}, 403)
        elif not self._allows_headers(requested_headers):
            response = JSONResponse({"detail": "CORS: a requested header is not allowed."}, 403)
        else:
            response = Response(None, 204)
            response.raw_headers += [(_ALLOW_ORIGIN, allowed), *self._common]
            # A star is written out: with credentials browsers take it literally, and it never means Authorization.
            methods = requested_method if "*" in self._methods else self._listed_methods
            headers = requested_headers if "*" in self._headers else self._listed_headers
            response.headers["access-control-allow-methods"] = methods
            if headers:
                response.headers["access-control-allow-headers"] = headers
            response.headers["access-control-max-age"] = str(self._max_age)
        response.headers["vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
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
        entries = [entry.strip().lower() for entry in given]
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

    def _add(self, entry: str) -> str | None:
        """Take one entry over, or say what is wrong with it."""
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


def _find(scope: Scope, wanted: bytes) -> bytes | None:
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return None


def _names_origin(vary: bytes) -> bool:
    return any(name.strip().lower() in (b"origin", b"*") for name in vary.split(b","))
