"""The body of a request: delivered once by the server, shared by everything that asks for it.

Middleware, handlers and the answer to an exception each have a ``Request`` of their own. What has been read is
therefore kept in the scope, and so is the reason why there is nothing to read any more.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from openviper.exceptions import PayloadTooLarge
from openviper.http.exceptions import BodyConsumedError, ClientDisconnectedError
from openviper.types import Message, Receive, Scope

__all__ = ["drop_body", "find_header", "is_disconnected", "read_body", "stream_body", "wait_disconnected"]

# The whole body, or the error of everybody who asks for it.
_BODY: Final = "openviper.body"
# There once somebody waits for the first piece.
_BEGUN: Final = "openviper.body.begun"
# There when whoever read it piece by piece has stopped before the end.
_LEFT: Final = "openviper.body.left"
# There when the last piece has been delivered to somebody who did not keep it.
_ENDED: Final = "openviper.body.ended"
# A message that came while only a disconnect was looked for.
_EARLY: Final = "openviper.body.early"
_GONE: Final = "openviper.disconnected"


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """Read the whole body; a second call gives the same bytes.

    Args:
        scope: The ASGI scope, which keeps the body.
        receive: The ASGI callable that delivers it.
        max_bytes: Largest body, in bytes.

    Raises:
        PayloadTooLarge: The body is larger than the limit (413). An announced length is refused unread.
        ClientDisconnectedError: The client went away before the end.
        BodyConsumedError: It was read piece by piece, so that nothing of it was kept.
    """
    found = scope.get(_BODY)
    if found is None:
        _check_announced(scope, max_bytes)
        scope[_BEGUN] = True
        message = await _next_message(scope, receive)
        body: bytes = message.get("body", b"")
        if message["type"] != "http.request" or message.get("more_body") or len(body) > max_bytes:
            # Small bodies, which are most, come in one message and load none of it.
            from openviper.http.gathering import Gathering

            gathered = Gathering(max_bytes)
            async for piece in _pieces(scope, receive, max_bytes, message):
                gathered.add(piece)
            body = gathered.finish().read()
        scope[_BODY] = body  # one message is the usual case: no list, no copy
        return body
    if isinstance(found, Exception):
        raise found
    kept: bytes = found
    return kept


def stream_body(scope: Scope, receive: Receive, max_bytes: int | None) -> AsyncGenerator[bytes, None]:
    """Give the body in pieces as they arrive; what ``read_body`` has read already comes in one.

    What can be known before the first piece is raised here, the rest while the pieces are read.

    Args:
        scope: The ASGI scope, where the body is marked as gone.
        receive: The ASGI callable that delivers it.
        max_bytes: Largest body, in bytes; None means any.

    Raises:
        PayloadTooLarge: The body is larger than the limit (413). An announced length is refused unread.
        ClientDisconnectedError: The client went away before the end.
        BodyConsumedError: It was read piece by piece before.
    """
    found = scope.get(_BODY)
    if found is None:
        _check_announced(scope, max_bytes)
        return _pieces(scope, receive, max_bytes)
    if isinstance(found, Exception):
        raise found
    if max_bytes is not None and len(found) > max_bytes:
        raise PayloadTooLarge(max_bytes)
    return _kept(found)


async def is_disconnected(scope: Scope, receive: Receive) -> bool:
    """Tell whether the client has gone away, without waiting.

    Always False while a body is still to be read: the news stands behind it.
    """
    if _GONE in scope:
        return True
    if not _is_delivered(scope):
        return False
    poll = asyncio.ensure_future(receive())
    try:
        await asyncio.sleep(0)  # what has arrived is handed over in one turn of the loop
    finally:
        poll.cancel()
    await asyncio.wait([poll])
    if poll.cancelled():
        return False
    message = poll.result()
    if message["type"] == "http.disconnect":
        scope[_GONE] = True
        return True
    scope[_EARLY] = message  # the empty body of a GET, as a rule
    return False


async def wait_disconnected(scope: Scope, receive: Receive) -> bool:
    """Wait until the client has gone away; False, at once, while a body is still to be read in front of the news."""
    while _GONE not in scope:
        if not _is_delivered(scope):
            return False
        message = await receive()
        if message["type"] == "http.disconnect":
            scope[_GONE] = True
        else:
            scope[_EARLY] = message  # the empty body of a GET, as a rule
    return True


async def drop_body(scope: Scope, receive: Receive) -> None:
    """Read what nobody reads of a body, and keep nothing of it; a body that somebody reads is left alone.

    It ends when the body does, or the client goes away. A body of one message stays where it can be read.

    Raises:
        PayloadTooLarge: A layer that counts what arrives has had enough.
    """
    is_begun = _BEGUN in scope
    if _is_delivered(scope) or (is_begun and _LEFT not in scope):
        return
    # Whoever comes now would wait for the same messages.
    scope.setdefault(_BODY, BodyConsumedError())
    message = await _next_message(scope, receive)
    if message["type"] == "http.request" and not message.get("more_body") and not is_begun:
        del scope[_BODY]
        scope[_EARLY] = message
        return
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
    scope[_GONE if message["type"] == "http.disconnect" else _ENDED] = True


def _check_announced(scope: Scope, max_bytes: int | None) -> None:
    """Refuse a body by its announced length.

    Raises:
        PayloadTooLarge: It is larger than the limit (413).
    """
    announced = find_header(scope, b"content-length")
    # Compared by length first: Python refuses to convert thousands of digits, which a client may send.
    if (
        announced is not None
        and max_bytes is not None
        and announced.isdigit()
        and (len(announced) > 18 or int(announced) > max_bytes)
    ):
        raise PayloadTooLarge(max_bytes)


def find_header(scope: Scope, name: bytes) -> bytes | None:
    """Give the first value of a header; the name is in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


async def _next_message(scope: Scope, receive: Receive) -> Message:
    if _EARLY in scope:
        early: Message = scope.pop(_EARLY)
        return early
    return await receive()


async def _kept(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _pieces(
    scope: Scope, receive: Receive, max_bytes: int | None, message: Message | None = None
) -> AsyncGenerator[bytes, None]:
    """Give the pieces of the body from its first message on, and leave in the scope why there are no more."""
    if message is None:
        scope[_BEGUN] = True
        message = await _next_message(scope, receive)
    # Said before the first piece is given away: whoever stops here, by an error or a cancellation, leaves a rest
    # that must not be taken for the whole.
    scope[_BODY] = BodyConsumedError()
    received = 0
    try:
        while True:
            if message["type"] == "http.disconnect":
                scope[_GONE] = True
                raise ClientDisconnectedError(received)
            piece: bytes = message.get("body", b"")
            received += len(piece)
            if max_bytes is not None and received > max_bytes:
                raise PayloadTooLarge(max_bytes)
            if not message.get("more_body"):
                scope[_ENDED] = True
                if piece:
                    yield piece
                return
            if piece:
                yield piece
            message = await receive()
    except (PayloadTooLarge, ClientDisconnectedError) as error:
        scope[_BODY] = error
        raise
    finally:
        if _ENDED not in scope:
            scope[_LEFT] = True


def _is_delivered(scope: Scope) -> bool:
    """Tell whether nothing of the body is left with the server."""
    early = scope.get(_EARLY)
    if early is not None:
        return not early.get("more_body")
    if _ENDED in scope or isinstance(scope.get(_BODY), bytes):
        return True
    # A request without either field has no body (RFC 9112, 6.3); in HTTP/2 it is told by the message that comes.
    return find_header(scope, b"content-length") in (None, b"0") and find_header(scope, b"transfer-encoding") is None
