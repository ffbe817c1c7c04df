"""One HTTP request to an ASGI application in this process, checked the way a server would.

The application runs in a task of its own, with a copy of the caller's context, and has ended when the answer
is given: what it sets in context variables stays inside, and no task outlives the request. Every message it
sends is checked against the specification. The first fault is remembered besides being raised, since the
application may catch what its ``send`` raises.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass, field
from typing import Final

from openviper.testing.exceptions import AppTimeoutError, ProtocolError, ResponseTooLargeError
from openviper.types import ASGIApp, Message, RawHeaders, Scope

__all__ = ["Answer", "Conversation", "cancel_and_wait", "exchange"]

# RFC 9110 5.6.2, without upper case: ASGI wants names in lower case.
_NAME_BYTES: Final = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_BODILESS: Final = frozenset({204, 304})


@dataclass(slots=True)
class Answer:
    """What the application has sent so far.

    Args:
        status_code: The HTTP status; 0 before the response has started.
        headers: Pairs of name and value as they were sent.
        chunks: The pieces of the body.
        size: How many bytes they are together.
        is_complete: Whether the application has said that nothing follows.
    """

    status_code: int = 0
    headers: RawHeaders = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0
    is_complete: bool = False

    @property
    def content(self) -> bytes:
        """The body in one piece."""
        return b"".join(self.chunks)


async def exchange(
    app: ASGIApp, scope: Scope, body: bytes | AsyncIterable[bytes], *, seconds: float | None, max_bytes: int
) -> Answer:
    """Send one request and wait until the application has ended.

    Args:
        app: The ASGI application.
        scope: A scope of type ``http``.
        body: The request body; an iterable is read as the application asks for it, and closed at the end.
        seconds: Time for the whole exchange; None waits without an end.
        max_bytes: Largest response body.

    Raises:
        ProtocolError: The application broke a rule of ASGI or HTTP, or ended without a complete response.
        AppTimeoutError: It took too long and has been cancelled.
        ResponseTooLargeError: The body passed the limit; the application got the same error from its ``send``.
        BaseException: Whatever the application itself raises.
    """
    conversation = Conversation(scope, body, max_bytes)

    async def run() -> None:
        await app(scope, conversation.receive, conversation.send)

    task = asyncio.create_task(run(), name=f"app for {conversation.title}")
    try:
        ended, _ = await asyncio.wait([task], timeout=seconds)
    finally:
        await cancel_and_wait(task)
        await conversation.close()
    if conversation.fault is not None:
        # The application may have caught what its send raised; whatever else it did came after this.
        raise conversation.fault
    if seconds is not None and not ended:
        raise AppTimeoutError(conversation.title, seconds)
    task.result()
    conversation.check_end()
    return conversation.answer


async def cancel_and_wait(task: asyncio.Task[None], seconds: float = 5.0) -> None:
    """End a task that may still run; its outcome stays in it.

    Args:
        task: What to end.
        seconds: How long it may take to end.

    Raises:
        ProtocolError: It goes on in spite of being cancelled.
    """
    task.cancel()
    ended, _ = await asyncio.wait([task], timeout=seconds)
    if not ended:
        raise ProtocolError(f"{task.get_name()} was cancelled and still runs after {seconds:g} s")
    if not task.cancelled():
        task.exception()  # asked for, so that asyncio does not report it as forgotten


class Conversation:
    """The messages of one request and one response, in the order that ASGI allows.

    Args:
        scope: A scope of type ``http``.
        body: The request body.
        max_bytes: Largest response body.

    Attributes:
        title: Method and path, for messages.
        answer: What the application has sent so far.
        fault: The first rule that it broke; None as long as there is none.
    """

    def __init__(self, scope: Scope, body: bytes | AsyncIterable[bytes], max_bytes: int) -> None:
        self.title = f"{scope['method']} {scope['path']}"
        self.answer = Answer()
        self.fault: ProtocolError | ResponseTooLargeError | None = None
        self._is_head = scope["method"] == "HEAD"
        self._body = body if isinstance(body, bytes) else aiter(body)
        self._max_bytes = max_bytes
        self._body_ended = False
        self._completed = asyncio.Event()

    async def receive(self) -> Message:
        """Give the next piece of the request body; after the last one, wait for the end and then disconnect."""
        if self._body_ended:
            await self._completed.wait()
            return {"type": "http.disconnect"}
        piece: bytes | None = None
        if isinstance(self._body, bytes):
            self._body_ended, piece = True, self._body
        else:
            # No look ahead: a test may wait for the application between two pieces.
            piece = await anext(self._body, None)
            self._body_ended = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": not self._body_ended}

    async def send(self, message: Message) -> None:
        """Take the next message of the response, or refuse it."""
        self.take(message)
        self.settle()

    def take(self, message: Message) -> None:
        """Check a message and add what it brings to the answer.

        Raises:
            ProtocolError: It breaks a rule.
            ResponseTooLargeError: The body passed the limit.
        """
        try:
            self._take(message)
        except (ProtocolError, ResponseTooLargeError) as fault:
            self.fault = self.fault or fault
            raise

    def settle(self) -> None:
        """Let whoever waits for the end know of it, once the answer is complete and has been handed over."""
        if self.answer.is_complete:
            self._completed.set()

    def disconnect(self) -> None:
        """Go away: the application is told so when it asks for the next message."""
        self._body_ended = True
        self._completed.set()

    async def close(self) -> None:
        """Close the generator of a body that was not read to its end."""
        if isinstance(self._body, AsyncGenerator):
            await self._body.aclose()

    def check_end(self) -> None:
        """Check what can only be told when the application has returned."""
        answer = self.answer
        if not answer.status_code:
            raise ProtocolError(f"{self.title}: the application returned without starting a response")
        if not answer.is_complete:
            raise ProtocolError(
                f"{self.title}: the application returned before the response {answer.status_code} was complete; "
                "its last http.response.body must have more_body false"
            )
        announced = dict(answer.headers).get(b"content-length")
        if announced is not None and answer.status_code == 204:
            raise ProtocolError(f"{self.title}: a 204 response carries no content-length (RFC 9110, 8.6)")
        if announced is None or self._is_head or answer.status_code in _BODILESS:
            return
        if announced != str(answer.size).encode():
            raise ProtocolError(
                f"{self.title}: content-length is {announced.decode('latin-1')}, the body has {answer.size} bytes"
            )

    def _take(self, message: Message) -> None:
        kind = message.get("type")
        if self.answer.is_complete:
            raise ProtocolError(f"{self.title}: {kind} was sent after the response was complete")
        if kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.body":
            self._collect(message)
        else:
            raise ProtocolError(f"{self.title}: {kind!r} is no message that a server takes here")

    def _start(self, message: Message) -> None:
        if self.answer.status_code:
            raise ProtocolError(f"{self.title}: a second http.response.start was sent")
        status = message.get("status")
        if type(status) is not int or not 200 <= status <= 599:
            raise ProtocolError(f"{self.title}: status {status!r} is no integer from 200 to 599")
        headers = [self._check_header(entry) for entry in message.get("headers", ())]
        self.answer.status_code, self.answer.headers = status, headers

    def _check_header(self, entry: object) -> tuple[bytes, bytes]:
        match entry:
            case (bytes(name), bytes(value)):
                pass
            case _:
                raise ProtocolError(f"{self.title}: header {entry!r} is no pair of two byte strings")
        if not name or not _NAME_BYTES.issuperset(name):
            raise ProtocolError(f"{self.title}: header name {name!r} is no token in lower case")
        if any(byte in value for byte in (b"\r", b"\n", b"\0")):
            raise ProtocolError(f"{self.title}: header {name!r} holds a line break or NUL: {value!r}")
        return name, value

    def _collect(self, message: Message) -> None:
        answer = self.answer
        if not answer.status_code:
            raise ProtocolError(f"{self.title}: http.response.body was sent before http.response.start")
        chunk, more_body = message.get("body", b""), message.get("more_body", False)
        if not isinstance(chunk, bytes) or not isinstance(more_body, bool):
            raise ProtocolError(f"{self.title}: body must be bytes and more_body a bool, not {chunk!r}, {more_body!r}")
        if chunk and answer.status_code in _BODILESS:
            raise ProtocolError(f"{self.title}: a {answer.status_code} response has no body, {chunk[:40]!r} was sent")
        answer.size += len(chunk)
        if answer.size > self._max_bytes:
            raise ResponseTooLargeError(self._max_bytes)
        if not self._is_head:  # a server drops the body of such an answer
            answer.chunks.append(chunk)
        if not more_body:
            answer.is_complete = True
