"""The request: an ASGI scope and its body, read on demand and once."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeAlias

from openviper.core.context import User
from openviper.exceptions import BadRequest
from openviper.http.bodies import find_header, is_disconnected, read_body, stream_body
from openviper.http.cookies import parse_cookies
from openviper.http.headers import Headers
from openviper.http.url import URL, QueryParams
from openviper.primitives import json as jsonlib
from openviper.primitives.unset import UNSET, Unset
from openviper.types import Receive, Scope

if TYPE_CHECKING:
    from orjson import JSONDecodeError

    from openviper.http.forms import FormData, Uploads
    from openviper.http.limits import FormLimits
    from openviper.http.session import Session

__all__ = ["DEFAULT_MAX_BODY_BYTES", "ClientAddress", "Request"]

ClientAddress: TypeAlias = tuple[str, int]

DEFAULT_MAX_BODY_BYTES: Final = 10 * 1024 * 1024


class _Addresses(Protocol):
    """What a request asks of the application in its scope."""

    def url_for(self, name: str, /, **params: object) -> str: ...


class Request:
    """What a client asks for.

    Nothing is parsed before it is asked for, and each part is parsed once.

    Args:
        scope: The ASGI scope of type ``http``; shared with the middleware, which may put values into it.
        receive: The ASGI callable that delivers the body.
        max_body_bytes: Largest body that ``body()`` and ``json()`` accept, in bytes; the application passes
            its ``MAX_BODY_SIZE``.
    """

    __slots__ = ("_cookies", "_headers", "_max_body_bytes", "_query_params", "_receive", "_url", "scope")
    # From the scope a template would reach the application, and add routes to it.
    unsafe_in_templates: ClassVar = frozenset({"scope"})

    def __init__(self, scope: Scope, receive: Receive, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> None:
        self.scope = scope
        self._receive = receive
        self._max_body_bytes = max_body_bytes
        self._headers: Headers | None = None
        self._query_params: QueryParams | None = None
        self._cookies: dict[str, str] | None = None
        self._url: URL | None = None

    @property
    def method(self) -> str:
        """The method in upper case."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The path, percent-decoded, with the ``root_path`` of the mount in front."""
        path: str = self.scope["path"]
        return path

    @property
    def root_path(self) -> str:
        """Where the application is mounted, without a slash at the end; empty at the root."""
        root_path: str = self.scope.get("root_path", "")
        return root_path

    @property
    def query_string(self) -> bytes:
        """What follows the question mark, percent-encoded."""
        query: bytes = self.scope.get("query_string", b"")
        return query

    @property
    def url(self) -> URL:
        """The whole address; its host is what the client sent.

        Raises:
            BadRequest: The Host header cannot be part of an address (400).
        """
        if self._url is None:
            try:
                url = URL.from_scope(self.scope)
                _ = url.port  # read here, so that a port that is no number is found here as well
            except ValueError as error:
                raise BadRequest("The Host header is malformed.") from error
            self._url = url
        return self._url

    @property
    def headers(self) -> Headers:
        """The header fields, names in any case."""
        if self._headers is None:
            self._headers = Headers(self.scope["headers"])
        return self._headers

    def header(self, name: bytes) -> bytes | None:
        """Give the first value of a header as bytes, without building ``headers``.

        Args:
            name: The name in lower case.
        """
        return find_header(self.scope, name)

    @property
    def request_id(self) -> str | None:
        """The id of this request in the log; None before anything has given it one, see ``RequestIDMiddleware``."""
        request_id: str | None = self.scope.get("request_id")
        return request_id

    @property
    def csp_nonce(self) -> str:
        """The word that scripts and styles of this answer carry, where the content security policy asks for one."""
        nonce: str = self.scope.get("csp_nonce", "")
        return nonce

    @property
    def query_params(self) -> QueryParams:
        """The values of the query, percent-decoded."""
        if self._query_params is None:
            self._query_params = QueryParams(self.query_string)
        return self._query_params

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name; malformed pairs are left out."""
        if self._cookies is None:
            self._cookies = parse_cookies([value for name, value in self.scope["headers"] if name == b"cookie"])
        return self._cookies

    @property
    def path_params(self) -> dict[str, object]:
        """The converted parameters of the matched path; empty when there are none."""
        params: dict[str, object] = self.scope.get("path_params", {})
        return params

    @property
    def client(self) -> ClientAddress | None:
        """Address and port of the peer; None when the server does not know (a unix socket)."""
        client = self.scope.get("client")
        return None if client is None else (client[0], client[1])

    @property
    def state(self) -> dict[str, object]:
        """A dictionary for this request, prefilled with what the lifespan put into its state."""
        state: dict[str, object] = self.scope.setdefault("state", {})
        return state

    @property
    def user(self) -> User | None:
        """Who is asking, as the authentication middleware found out; None without that middleware."""
        user: User | None = self.scope.get("user")
        return user

    @property
    def auth(self) -> object:
        """How the user was recognised; None without the authentication middleware."""
        return self.scope.get("auth")

    @property
    def session(self) -> "Session":
        """What is kept for this visitor; empty, with the key "", where no middleware keeps sessions."""
        if "session" not in self.scope:
            # Few requests ask for it.
            from openviper.http.session import Session

            self.scope["session"] = Session()
        session: Session = self.scope["session"]
        return session

    def url_for(self, name: str, /, **params: object) -> str:
        """Write the path of a named route of the application that serves the request, with its mount in front.

        Args:
            name: Name of the route, with its namespaces (``shop:detail``).
            params: A value for each parameter of the path.

        Raises:
            KeyError: No route has the name, or the parameters do not fit it.
            ValueError: A value cannot stand in the path.
        """
        app: _Addresses = self.scope["app"]
        return self.root_path + app.url_for(name, **params)

    async def body(self) -> bytes:
        """Read the whole body; a second call gives the same bytes, also on another request of the same scope.

        Raises:
            PayloadTooLarge: The body is larger than the limit (413). An announced length is refused unread.
            ClientDisconnectedError: The client went away before the end.
            BodyConsumedError: The body was read piece by piece, by ``stream()`` or by ``form()`` for a form with files.
        """
        return await read_body(self.scope, self._receive, self._max_body_bytes)

    def stream(self, *, max_bytes: int | Unset | None = UNSET) -> AsyncGenerator[bytes, None]:
        """Give the body in pieces as they arrive, none of them kept; a body that was read before comes in one.

        Args:
            max_bytes: Largest body, in bytes; None means any. Without it the limit of ``body()`` holds.

        Raises:
            PayloadTooLarge: The body is larger than the limit (413). An announced length is refused unread.
            ClientDisconnectedError: The client went away before the end.
            BodyConsumedError: The body was read piece by piece before.
        """
        return stream_body(self.scope, self._receive, self._max_body_bytes if max_bytes is UNSET else max_bytes)

    async def form(self, limits: "FormLimits | None" = None) -> "FormData":
        """Read the fields and files of a form; a second call gives the same ones, whatever its limits.

        A request without a body has an empty form. Files are closed at the end of the request.

        Args:
            limits: How much is accepted; None takes the settings.

        Raises:
            BadRequest: The form is malformed (400).
            PayloadTooLarge: A limit is passed (413).
            UnsupportedMediaType: The body is no form (415).
            ClientDisconnectedError: The client went away before the end.
            BodyConsumedError: The body was read by ``stream()``.
        """
        # Requests without a form, which are most, load none of it.
        from openviper.http.forms import read_form

        return await read_form(self.scope, self._receive, self._max_body_bytes, limits)

    async def files(self, limits: "FormLimits | None" = None) -> "Uploads":
        """Give only the files of the form; see ``form``."""
        return (await self.form(limits)).uploads

    async def is_disconnected(self) -> bool:
        """Tell whether the client has gone away, without waiting.

        Always False while a body is still to be read: the news stands behind it.
        """
        return await is_disconnected(self.scope, self._receive)

    async def json(self) -> Any:  # foreign data: what it must be is for the handler to say
        """Decode the body as JSON.

        Raises:
            BadRequest: It is not JSON; the detail gives reason, line and column (400).
            PayloadTooLarge: The body is larger than the limit (413).
            ClientDisconnectedError: The client went away before the end.
        """
        body = await self.body()
        try:
            return jsonlib.decode(body)
        except ValueError as error:
            raise BadRequest(_explain(error)) from error

    async def text(self) -> str:
        """Decode the body as UTF-8.

        Raises:
            BadRequest: It is not UTF-8 (400).
            PayloadTooLarge: The body is larger than the limit (413).
            ClientDisconnectedError: The client went away before the end.
        """
        body = await self.body()
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"The request body is not UTF-8 at byte {error.start}.") from error

    def __repr__(self) -> str:
        return f"<Request {self.scope.get('method')} {self.scope.get('path')}>"


def _explain(error: "JSONDecodeError | ValueError") -> dict[str, object]:
    """Say where a body stops being JSON; the body itself is not repeated, it may hold secrets."""
    return {
        "message": "The request body is not valid JSON.",
        "reason": str(getattr(error, "msg", "not UTF-8 text")),
        "line": getattr(error, "lineno", 1),
        "column": getattr(error, "colno", 1),
    }
