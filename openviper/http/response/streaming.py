"""The response whose content is made while it is sent.

Theory of operation. The first piece is made before the head is sent, so that a generator that fails at its start is
answered like any other error. From then on a piece is asked for when ``send`` has taken the one before, which is how a
slow client slows the generator down. A server tells only the one who asks that the client has gone: a stream that takes
longer than a moment gets a task that asks, and that cancels the sending where it stands, in the midst of the
generator's own waiting if need be. The news stands behind the request's body: one that nobody reads is read and
dropped, or a client could keep a stream, and a server that wants to stop, for ever. However it ends, the generator is
closed before the call returns, and then the closers run.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from inspect import isawaitable
from types import TracebackType
from typing import Final, Self, TypeAlias, cast

from openviper.exceptions import PayloadTooLarge
from openviper.http.bodies import drop_body, wait_disconnected
from openviper.http.response.base import Response
from openviper.primitives.threads import run_in_thread
from openviper.types import Message, Receive, Scope, Send

__all__ = ["Content", "Piece", "Pieces", "StreamingResponse", "decline_path_sending", "send_pieces"]

Piece: TypeAlias = bytes | str
Pieces: TypeAlias = AsyncIterable[Piece] | Iterable[Piece]
Content: TypeAlias = Pieces | Callable[[], Pieces | Awaitable[Pieces]]

# Seconds before a stream is worth a task that listens for the client: most are over by then (a task costs 3 us).
_LISTEN_AFTER: Final = 0.02
# Seconds in which a generator begins to read the request's body if it wants it, and between looks whether it is done.
_BODY_LEFT_AFTER: Final = 1.0
# A generator that never waits would keep the loop, and with it the news that the client has gone, to itself.
_PIECES_WITHOUT_PAUSE: Final = 16

_PATHSEND: Final = "http.response.pathsend"
_WITHOUT_CONTENT: Final = frozenset((204, 304))


def decline_path_sending(scope: Scope) -> None:
    """Take the offer of a server to send files itself out of a scope."""
    extensions = scope.get("extensions") or {}
    if _PATHSEND in extensions:
        # In place, since what is known about the request's body is kept in the scope, and a copy would part from it.
        scope["extensions"] = {name: value for name, value in extensions.items() if name != _PATHSEND}


class StreamingResponse(Response):
    """Content that is made piece by piece while it is sent.

    The head goes out with the first piece; yield ``b""`` first to have it sent at once. An error before the first piece
    gets a proper answer, a later one breaks the connection, so that the client cannot take a part for the whole. When
    the client goes away, the generator gets a ``CancelledError`` where it waits, or ``GeneratorExit`` where it yields;
    its ``finally`` blocks run to their end. A HEAD request gets the head, and nothing of the content is made.

    Args:
        content: An iterator or iterable of bytes or text (sent as UTF-8), asynchronous or plain, or a callable that
            gives one, such as a generator function. A plain one is advanced in a thread, up to 32 KiB ahead of the
            client; lists and tuples are not.
        status_code: The HTTP status, 200 to 599.
        headers: Further header fields; None means none.
        media_type: Type of the content; None means that of the class, which is none.

    Attributes:
        closers: Called and awaited when the last byte has been sent or the response has failed: the last one first, all
            of them whatever one raises.

    Raises:
        TypeError: The content cannot be iterated piece by piece.
        ValueError: A header cannot be sent as given, or the status is out of range.
    """

    __slots__ = ("closers", "content")

    def __init__(
        self,
        content: Content,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        is_pieces = isinstance(content, AsyncIterable | Iterable) and not isinstance(content, str | bytes | Mapping)
        if not is_pieces and not callable(content):
            raise TypeError(
                f"{type(self).__name__} sends an iterable of bytes or text, or a callable that gives one, "
                f"not {type(content).__name__}"
            )
        super().__init__(None, status_code, headers, media_type)
        self.content: Content = content
        self.closers: list[Callable[[], Awaitable[None]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; returns early, and without an error, when the client goes away.

        Raises:
            TypeError: A piece is neither bytes nor text.
            Exception: Whatever the content or a closer raises.
        """
        if not self.closers:
            await self.send_content(scope, receive, send)
            return
        closers, self.closers = self.closers, []
        # A server that sends files itself opens one when ``send`` has returned, and a closer may have deleted it then.
        decline_path_sending(scope)
        async with contextlib.AsyncExitStack() as stack:
            for closer in closers:
                stack.push_async_callback(closer)
            await self.send_content(scope, receive, send)

    async def send_content(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send head and body; what a subclass with another kind of content replaces."""
        head = self._head()
        if scope["method"] == "HEAD" or self.status_code in _WITHOUT_CONTENT:
            await _close(self.content)
            await send(head)
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_pieces(await _open(self.content), head, scope, receive, send)

    def _head(self) -> Message:
        headers = self.raw_headers
        if self.status_code in _WITHOUT_CONTENT:
            headers = [field for field in headers if field[0] not in (b"content-type", b"content-length")]
        return {"type": "http.response.start", "status": self.status_code, "headers": headers}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code}>"


async def send_pieces(pieces: AsyncIterator[Piece], head: Message, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a head and then a body piece by piece, until the client goes away; the iterator is closed.

    Args:
        pieces: The body. A generator is closed at the end, whatever happens.
        head: The ``http.response.start``, sent when there is a first piece or none at all.
        scope: The request.
        receive: Asked for the disconnect, once the sending takes long and the request's body has been read or nobody
            has begun to read it.
        send: Takes the messages.

    Raises:
        TypeError: A piece is neither bytes nor text.
        Exception: Whatever the iterator raises.
    """
    try:
        async with _Listener(scope, receive) as listener:
            sent = 0
            async for piece in pieces:
                if listener.is_gone:  # the generator caught its cancellation and goes on
                    return
                body = _as_bytes(piece)
                if not sent:
                    await _send(send, head)
                await _send(send, {"type": "http.response.body", "body": body, "more_body": True})
                sent += 1
                if not sent % _PIECES_WITHOUT_PAUSE:
                    await asyncio.sleep(0)
            if not sent:
                await _send(send, head)
            await _send(send, {"type": "http.response.body", "body": b""})
    finally:
        # The listener has ended before: nothing of ours interrupts the closing.
        await _close(pieces)


def _as_bytes(piece: object) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, bytearray | memoryview):
        return bytes(piece)
    raise TypeError(f"a streamed response is made of bytes or text, not {type(piece).__name__}")


class _ClientGoneError(Exception):
    """The server has refused a message, since nobody is left to get it."""


async def _send(send: Send, message: Message) -> None:
    try:
        await send(message)
    except OSError as error:
        # How a server may say so since ASGI 2.4; others drop what is sent.
        raise _ClientGoneError from error


class _Listener:
    """Ends the block that it guards, quietly, when the client goes away.

    It does what ``asyncio.timeout`` does with a deadline: the task of the block is cancelled, and that cancellation,
    and no other, ends with the block.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.is_gone = False
        self._scope = scope
        self._receive = receive
        self._is_over = False
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # None only outside of a task, and an application runs in one.
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._cancelling = self._task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(_LISTEN_AFTER, self._start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._is_over = True
        self._timer.cancel()
        listening = self._listening
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])
            if not listening.cancelled():
                listening.exception()  # asked for, so that asyncio does not report a server that cannot tell
        if kind is not None and issubclass(kind, _ClientGoneError):
            return True
        if not self.is_gone:
            return False
        return self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError

    def _start(self) -> None:
        self._listening = asyncio.create_task(self._listen(), name="listener for the client of a stream")

    async def _listen(self) -> None:
        try:
            while not await wait_disconnected(self._scope, self._receive):
                await asyncio.sleep(_BODY_LEFT_AFTER)
                await drop_body(self._scope, self._receive)
        except PayloadTooLarge:
            pass  # the answer has begun, so that all that is left is to end it
        if not self._is_over:
            self.is_gone = True
            self._task.cancel()


async def _open(content: Content) -> AsyncIterator[Piece]:
    source: object = content
    if callable(content) and not isinstance(content, AsyncIterable | Iterable):
        made = content()
        source = await made if isawaitable(made) else made
    if isinstance(source, AsyncIterable):
        return aiter(source)
    if isinstance(source, list | tuple):
        return _in_memory(source)
    # Generators that wait for something else than a thread are more common.
    from openviper.http.response.pieces import ThreadedPieces

    return ThreadedPieces(iter(cast("Iterable[Piece]", source)))


async def _close(source: object) -> None:
    """Close an iterator that can be closed; one that was never begun runs nothing of its own."""
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()
        return
    close = getattr(source, "close", None)
    if close is not None and isinstance(source, Iterator):
        await run_in_thread(close)


async def _in_memory(pieces: Iterable[Piece]) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece
