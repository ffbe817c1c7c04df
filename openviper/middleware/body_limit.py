"""How much a request may send, whoever reads it: a handler, a mounted application of another framework, or nobody."""

from typing import Final

from openviper.exceptions import BadRequest, PayloadTooLarge, SettingsValidationError
from openviper.http.response import Response
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

__all__ = ["BodyLimitMiddleware"]

# Python refuses to read numbers of thousands of digits, and so do we, far below.
_MOST_DIGITS: Final = 18
_TOO_LARGE: Final = 413


class BodyLimitMiddleware(HookedMiddleware):
    """Answers 413 to a body that is too large: unread by its announced length, or once what arrives passes the limit.

    On HTTP/1 the connection is closed with that answer, since the rest of the body would have to be read before the
    next request. What reads the body meets a ``PayloadTooLarge``; when it makes another answer of that, such as the 500
    of a mounted application, the client gets the 413 all the same, unless the answer had begun.

    The length of a body that is sent in chunks is not known before its end. Where nobody has read it to the end by the
    time of the answer, that answer closes the connection too, or the server would have to take in the rest.

    Args:
        app: The next application inwards.
        max_bytes: Largest body, in bytes; not given means the setting ``MAX_BODY_SIZE``.
        max_upload_bytes: Largest body of a form with files (``multipart/form-data``), in bytes; not given means the
            setting ``MAX_UPLOAD_SIZE``.

    Raises:
        SettingsValidationError: A limit is no whole number from 0 on (a ValueError).
    """

    fuses = True

    wraps_streams_only = True

    def __init__(self, app: ASGIApp, *, max_bytes: int | Unset = UNSET, max_upload_bytes: int | Unset = UNSET) -> None:
        super().__init__(app)
        self._max_bytes = _checked("MAX_BODY_SIZE", given_or_setting(max_bytes, "MAX_BODY_SIZE"))
        self._max_upload_bytes = _checked("MAX_UPLOAD_SIZE", given_or_setting(max_upload_bytes, "MAX_UPLOAD_SIZE"))
        # Another layer of this class, in a mounted application, has limits and counts of its own.
        self._key = f"openviper.body_limit.{id(self)}"

    def on_request(self, scope: Scope) -> None:
        """Refuse a body by its length.

        Raises:
            PayloadTooLarge: It is larger than the limit (413).
            BadRequest: The length is no number (400).
        """
        for name, value in scope["headers"]:
            if name == b"content-length":
                if not value.isdigit():
                    raise BadRequest("The Content-Length header is malformed.")
                limit = self._limit(scope)
                if len(value) > _MOST_DIGITS or int(value) > limit:
                    raise _too_large(scope, limit)

    def wrap_receive(self, scope: Scope, receive: Receive) -> Receive:
        """Count what arrives, unless there can be no body."""
        is_empty, is_endless = _framing(scope)
        if is_empty:
            return receive
        count, limit = self._count(scope), self._limit(scope)
        count.is_endless = is_endless

        async def receive_counted() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                count.received += len(message.get("body", b""))
                if count.received > limit:
                    count.error = count.error or _too_large(scope, limit)
                    # Whoever asks again gets the same error, which would grow by a traceback each time.
                    raise count.error.with_traceback(None)
                if not message.get("more_body"):
                    count.is_endless = False
            return message

        return receive_counted

    def wrap_send(self, scope: Scope, send: Send) -> Send:
        """Put the 413 in place of what an application makes of the error, unless its answer has begun."""
        count = self._count(scope)
        is_begun = False

        async def send_or_refuse(message: Message) -> None:
            nonlocal is_begun
            if count.is_refused:
                return  # the rest of the answer that was replaced
            # Most of those who pass the error on get the 413 that it stands for, with the headers of the layers inside.
            if is_begun or count.error is None or message.get("status") == _TOO_LARGE:
                is_begun = True
                await send(message)
                return
            count.is_refused = True
            answer = await self._refuse(scope, count.error)
            await answer(scope, _nothing_left, send)

        return send_or_refuse

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        """Refuse an answer in memory that was made of the error, and close the connection of a body without an end.

        Raises:
            PayloadTooLarge: The body was too large, and the answer says something else.
        """
        count: _Count | None = scope.get(self._key)
        if count is None:
            return
        if count.error is not None and status != _TOO_LARGE and not count.is_refused:
            count.is_refused = True
            raise count.error.with_traceback(None)
        if count.is_endless and all(name != b"connection" for name, _ in headers):
            headers.append((b"connection", b"close"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the hooks; the error of a body that has been answered for goes no further."""
        try:
            await super().__call__(scope, receive, send)
        except PayloadTooLarge as error:
            count = self._count(scope)
            if error is not count.error or not count.is_refused:
                raise

    def _limit(self, scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-type":
                is_form = value.partition(b";")[0].strip().lower() == b"multipart/form-data"
                return self._max_upload_bytes if is_form else self._max_bytes
        return self._max_bytes

    def _count(self, scope: Scope) -> "_Count":
        count: _Count | None = scope.get(self._key)
        if count is None:
            count = scope[self._key] = _Count()
        return count

    async def _refuse(self, scope: Scope, error: PayloadTooLarge) -> ASGIApp:
        if self._responder is None:
            return Response(str(error.detail), 413, error.headers, "text/plain")
        return await self._responder.respond(scope, _nothing_left, error)


class _Count:
    """What one request has sent so far."""

    __slots__ = ("error", "is_endless", "is_refused", "received")

    def __init__(self) -> None:
        self.received = 0
        self.error: PayloadTooLarge | None = None
        self.is_refused = False
        #: Whether more may come, and nobody has said how much.
        self.is_endless = False


async def _nothing_left() -> Message:
    return {"type": "http.disconnect"}


def _checked(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SettingsValidationError([f"{name} is {value!r}, and must be a whole number of bytes from 0 on"])
    return value


def _framing(scope: Scope) -> tuple[bool, bool]:
    """Tell whether there is no body, and whether the connection is one that a body without an end keeps busy.

    HTTP/1 says so in the head (RFC 9112, 6.3); later versions tell by the messages, and end one request alone.
    """
    if not str(scope.get("http_version", "1.1")).startswith("1"):
        return False, False
    is_empty = True
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return False, True
        if name == b"content-length" and value != b"0":
            is_empty = False
    return is_empty, False


def _too_large(scope: Scope, limit: int) -> PayloadTooLarge:
    error = PayloadTooLarge(limit)
    # RFC 9110, 15.5.14: the server may close the connection. HTTP/2 has no such header (RFC 9113, 8.2.2).
    if str(scope.get("http_version", "1.1")).startswith("1"):
        error.headers["Connection"] = "close"
    return error
