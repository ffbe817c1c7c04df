"""Requests to an application in process, and what holds for every answer."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openviper.types import ASGIApp, Message, RawHeaders, Scope

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: RawHeaders
    body: bytes


async def ask(app: ASGIApp, scope: Scope, pieces: Sequence[bytes] = (b"",), *, leaves: bool = False) -> Answer | None:
    """Send a request in pieces and check its answer.

    Args:
        app: The application.
        scope: The request.
        pieces: Its body.
        leaves: Whether the client goes away before the end of the body.

    Returns:
        None where the client has gone before an answer.
    """
    last = len(pieces) - 1
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": leaves or number < last}
        for number, piece in enumerate(pieces)
    ]
    sent: list[Message] = []
    is_over = asyncio.Event()

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        if not leaves:
            await is_over.wait()  # a client that waits for its answer
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            is_over.set()

    await app(scope, receive, send)
    if not sent and leaves:
        return None
    return _checked(sent, scope, leaves=leaves)


def _checked(sent: Sequence[Message], scope: Scope, *, leaves: bool) -> Answer:
    start, *rest = sent
    assert start["type"] == "http.response.start"
    assert {message["type"] for message in rest} <= {"http.response.body"}
    more = [bool(message.get("more_body")) for message in rest]
    assert leaves or more == [True] * (len(more) - 1) + [False], "one answer, and all of it"
    headers: RawHeaders = start["headers"]
    for name, value in headers:
        assert _NAME.fullmatch(name), name
        assert _VALUE.fullmatch(value), (name, value)
    body = b"".join(message.get("body", b"") for message in rest)
    lengths = [value for name, value in headers if name == b"content-length"]
    if lengths and scope["method"] != "HEAD" and start["status"] not in (204, 304):
        assert lengths == [b"%d" % len(body)]
    return Answer(start["status"], headers, body)
