"""Responses with their whole content in memory."""

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, Final, Self
from urllib.parse import quote, urlsplit

from openviper.http.cookies import SameSite, format_cookie
from openviper.http.headers import MutableHeaders, encode_content_type, encode_header
from openviper.primitives.json import encode
from openviper.types import RawHeaders, Receive, Scope, Send

__all__ = ["HTMLResponse", "JSONResponse", "PlainTextResponse", "RedirectResponse", "Response"]

# RFC 9110 8.6, 15.3.5 and 15.4.5: such an answer has no content, so neither a type nor a length.
_WITHOUT_CONTENT: Final = frozenset((204, 304))


class Response:
    """An answer with its whole content in memory; an ASGI application of its own.

    Args:
        content: Text (sent as UTF-8), bytes, or None for nothing.
        status_code: The HTTP status, 200 to 599; what comes before is the server's business.
        headers: Further header fields; None means none. A ``content-type`` here wins over ``media_type``.
        media_type: Type of the content, ``; charset=utf-8`` is added to text types; None means that of the class.

    Raises:
        ValueError: A header cannot be sent as given, or the status is out of range.
        TypeError: The content is of another type.
    """

    __slots__ = ("body", "raw_headers", "status_code")

    media_type: ClassVar[str | None] = None
    #: Whether status, headers and body are all there is to send; false for a class with a ``__call__`` of its own.
    is_whole: ClassVar[bool] = True
    _content_type: ClassVar[tuple[bytes, bytes] | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.is_whole = cls.__call__ is Response.__call__
        cls._content_type = None if cls.media_type is None else encode_content_type(cls.media_type)

    def __init__(
        self,
        content: object = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        self.status_code = _checked_status(status_code)
        self.body = self.render(content)
        self.raw_headers = self._build_headers(headers, media_type)

    def render(self, content: object) -> bytes:
        """Turn the content into bytes; what a subclass for another kind of content replaces.

        Raises:
            TypeError: This class does not carry such content.
        """
        if content is None:
            return b""
        if isinstance(content, str):
            return content.encode()
        if isinstance(content, bytes | bytearray | memoryview):
            return bytes(content)
        raise TypeError(f"{type(self).__name__} carries text or bytes, not {type(content).__name__}")

    def _build_headers(self, headers: Mapping[str, str] | None, media_type: str | None) -> RawHeaders:
        content_type = self._content_type if media_type is None else encode_content_type(media_type)
        if headers is None:
            return [] if content_type is None else [content_type]
        raw = [encode_header(name, value) for name, value in headers.items()]
        if content_type is not None and all(name != b"content-type" for name, _ in raw):
            raw.append(content_type)
        return raw

    @property
    def headers(self) -> MutableHeaders:
        """The header fields; changes are sent."""
        return MutableHeaders(self.raw_headers)

    def set_cookie(
        self,
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
    ) -> None:
        """Ask the client to keep a cookie; arguments and errors are those of ``http.cookies.format_cookie``.

        Raises:
            ValueError: The name, an attribute or their combination is not valid.
        """
        cookie = format_cookie(
            key,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )
        self.raw_headers.append(encode_header("set-cookie", cookie))

    def delete_cookie(
        self,
        key: str,
        *,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = "lax",
    ) -> None:
        """Ask the client to drop a cookie that was set with the same path and domain.

        A name with the prefix ``__Host-`` or ``__Secure-`` needs ``secure``, or clients ignore the request.
        """
        self.set_cookie(
            key, max_age=0, expires=0, path=path, domain=domain, secure=secure, httponly=httponly, samesite=samesite
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. A HEAD request gets the header fields of the content and not the content."""
        body = self.body
        headers = self.raw_headers
        if self.status_code in _WITHOUT_CONTENT:
            body = b""
            headers = [field for field in headers if field[0] not in (b"content-type", b"content-length")]
        else:
            for field in headers:
                if field[0] == b"content-length":
                    break
            else:
                headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        if scope.get("method") == "HEAD":
            body = b""
        await send({"type": "http.response.body", "body": body})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code}, {len(self.body)} bytes>"


class PlainTextResponse(Response):
    """Text, as it is."""

    __slots__ = ()
    media_type = "text/plain"


class HTMLResponse(Response):
    """A page: text that is ready, or a template.

    Content is sent as given: text from a client must be escaped before it becomes part of it. A template escapes by
    itself. It is rendered at once, in the thread of the caller; ``openviper.render`` spares the event loop and asks
    the context processors too.

    Args:
        content: Text or bytes; None for nothing, or for a template.
        status_code: The HTTP status.
        headers: Further header fields; None means none.
        media_type: Another type of the content; None means ``text/html``, and ``text/plain`` for a template whose name
            ends in ``.txt`` or ``.md``, in which nothing is escaped.
        template: Name of a template, ``shop/page.html``; None means the content.
        context: The names that the template has, ``request`` among them if it calls ``url_for``; None gives none.

    Raises:
        TypeError: Content and template are both given, a context is given without a template, or the content is
            neither text nor bytes.
        TemplateNotFoundError: There is no such template (a LookupError).
        TemplateError: The template is wrong; the message holds file and line.
        ValueError: A header cannot be sent as given.
    """

    __slots__ = ()
    media_type = "text/html"

    def __init__(
        self,
        content: object = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        *,
        template: str | None = None,
        context: Mapping[str, object] | None = None,
    ) -> None:
        if template is not None:
            if content is not None:
                raise TypeError("HTMLResponse takes content or template=, not both")
            # Templates are a floor that a site without them never loads.
            from openviper.templating.engine import render_to_string
            from openviper.templating.kinds import is_plain_text

            content = render_to_string(template, context)
            if media_type is None and is_plain_text(template):
                media_type = "text/plain"
        elif context is not None:
            raise TypeError("HTMLResponse takes context= together with template= only")
        super().__init__(content, status_code, headers, media_type)


class JSONResponse(Response):
    """A value as JSON; ``openviper.primitives.json.encode`` lists what it can carry.

    Args:
        content: The value.
        status_code: The HTTP status.
        headers: Further header fields; None means none.
        indent: True spreads the text over lines, for people.

    Raises:
        TypeError: JSON cannot carry the value.
    """

    __slots__ = ()
    media_type = "application/json"

    def __init__(
        self,
        content: object = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        indent: bool = False,
    ) -> None:
        # On the path of nearly every API request, so the three fields are set without a further call.
        self.status_code = status_code if status_code == 200 else _checked_status(status_code)
        self.body = encode(content, indent=indent)
        fixed = self._content_type
        self.raw_headers = [fixed] if headers is None and fixed is not None else self._build_headers(headers, None)


class RedirectResponse(Response):
    """Send the client elsewhere.

    Args:
        url: A path of this site (``/next?page=2``), or the address of another one as ``http`` or ``https``; with path
            parameters the name of a route (``shop:detail``). Without any it is never taken for a name.
        status_code: 301, 302, 303, 307 or 308; 307 keeps method and body.
        headers: Further header fields; None means none.
        path_params: A value for each parameter of the route's path.

    Raises:
        ValueError: The address has another scheme, user information, a backslash or line break, ``..``, or a path
            of two slashes, which clients may read as another place; or the status is no redirect.
        KeyError: Raised while sending: no route has the name, or the parameters do not fit it.
    """

    __slots__ = ("_path_params", "_route")

    def __init__(
        self,
        url: str,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
        **path_params: object,
    ) -> None:
        if status_code not in (301, 302, 303, 307, 308):
            raise ValueError(f"{status_code} is no redirect; use 301, 302, 303, 307 or 308")
        super().__init__(None, status_code, headers)
        self._path_params = path_params
        self._route = url if path_params else None
        if self._route is None:
            self.headers["location"] = _checked_location(url)

    @classmethod
    def to_route(
        cls, name: str, /, status_code: int = 307, headers: Mapping[str, str] | None = None, **path_params: object
    ) -> Self:
        """Send the client to a route, by its name, whether or not its path has parameters.

        Args:
            name: Name of the route, ``shop:index``; it must not come from a client.
            status_code: 301, 302, 303, 307 or 308.
            headers: Further header fields; None means none.
            path_params: A value for each parameter of the route's path.

        Raises:
            ValueError: The status is no redirect.
            KeyError: Raised while sending: no route has the name, or the parameters do not fit it.
        """
        response = cls("/", status_code, headers)
        del response.headers["location"]  # known when the application answers
        response._route, response._path_params = name, path_params
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; the name of a route becomes its path in the application that answers.

        Raises:
            KeyError: No route has the name, the parameters do not fit it, or no application of ours answers.
            ValueError: A value cannot stand in the path.
        """
        if self._route is not None:
            path: str = scope.get("root_path", "") + scope["app"].url_for(self._route, **self._path_params)
            self.headers["location"] = _checked_location(path)
        await super().__call__(scope, receive, send)


def _checked_status(status_code: int) -> int:
    if not 200 <= status_code <= 599:
        # Servers drop the connection over it, or take 1xx for a word before the answer.
        raise ValueError(f"{status_code} is no status of an answer; it must be 200 to 599")
    return status_code


def _checked_location(url: str) -> str:
    if "\\" in url or any(ord(character) < 0x20 or ord(character) == 0x7F for character in url):
        raise ValueError(f"redirect to {url!r}: a backslash or control character may change its host")
    parts = urlsplit(url)
    if parts.scheme not in ("", "http", "https"):
        raise ValueError(
            f"redirect to {url!r}: the scheme {parts.scheme!r} is not http or https; "
            "for the name of a route call RedirectResponse.to_route"
        )
    if url.startswith("//") or (parts.scheme and not parts.netloc):
        raise ValueError(f"redirect to {url!r}: write a path with one slash in front, or scheme and host")
    if ".." in parts.path.split("/"):
        raise ValueError(f"redirect to {url!r}: '..' leads somewhere else than it seems to; write the whole path")
    if not parts.netloc.isascii():
        raise ValueError(f"redirect to {url!r}: write the host in ASCII (its IDNA form)")
    if "@" in parts.netloc:
        raise ValueError("redirect: an address with user information is refused, it is used to mislead people")
    # Non-ASCII text is encoded; what is encoded already stays (the percent sign is safe).
    return quote(url, safe="/:?#[]@!$&'()*+,;=%~-._")
