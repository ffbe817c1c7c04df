"""StreamingResponse: where its pieces come from, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from openviper.exceptions import PayloadTooLarge
from openviper.http.response import StreamingResponse
from openviper.testing import TestClient
from openviper.types import Message, Scope


@pytest.fixture
def scope() -> Scope:
    return {"type": "http", "method": "GET", "path": "/", "headers": []}


async def wait_for_ever() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nothing comes")


async def disconnected() -> Message:
    return {"type": "http.disconnect"}


async def body_of(content: Any) -> bytes:
    return (await TestClient(StreamingResponse(content)).get("/")).content


async def count() -> AsyncIterator[str | bytes]:
    yield "ä"
    yield b"1"


class Gate:
    """An iterable that is no iterator, and notes how often it is begun."""

    def __init__(self) -> None:
        self.begun = 0

    def __iter__(self) -> Iterator[bytes]:
        self.begun += 1
        return iter((b"a", b"b"))


async def test_every_kind_of_content_is_sent() -> None:
    """Iterators, iterables and callables, asynchronous and plain, of bytes and text."""

    async def later() -> AsyncIterator[str | bytes]:
        return count()

    assert await body_of(count()) == "ä1".encode()
    assert await body_of(count) == "ä1".encode()
    assert await body_of(later) == "ä1".encode()
    assert await body_of(str(number) for number in range(3)) == b"012"
    assert await body_of(lambda: iter([b"x"])) == b"x"
    assert await body_of([b"a", "b", bytearray(b"c"), memoryview(b"d")]) == b"abcd"
    assert await body_of(()) == b""
    assert await body_of(Gate()) == b"ab"


async def test_callable_can_be_sent_again() -> None:
    """A response made from a callable has new content each time."""
    response = StreamingResponse(count)
    assert [(await TestClient(response).get("/")).text for _ in range(2)] == ["ä1", "ä1"]


@pytest.mark.parametrize("content", ["text", b"bytes", {"a": 1}, None, 7])
def test_content_that_is_no_stream_is_refused(content: Any) -> None:
    """Text would go out one letter a piece; the error says what to give."""
    with pytest.raises(TypeError, match="iterable of bytes or text"):
        StreamingResponse(content)


async def test_piece_of_another_type_is_an_error() -> None:
    """The message names the type."""
    with pytest.raises(TypeError, match="not int"):
        await body_of([1])


async def test_head_says_what_was_given() -> None:
    """Status, fields and type are sent; the length is not known."""
    response = StreamingResponse(count, 202, {"x-mark": "1"}, "text/plain")
    answer = await TestClient(response).get("/")
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-mark"] == "1"
    assert "content-length" not in answer.headers
    assert repr(response) == "<StreamingResponse 202>"


async def test_error_before_the_first_piece_can_be_answered(scope: Scope) -> None:
    """Nothing has been sent when the first step fails."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def pieces() -> AsyncIterator[bytes]:
        if not sent:
            raise LookupError("no table")
        yield b""

    with pytest.raises(LookupError, match="no table"):
        await StreamingResponse(pieces)(scope, wait_for_ever, send)
    assert sent == []


async def test_error_between_pieces_leaves_the_answer_incomplete(scope: Scope) -> None:
    """The error goes to the server, which breaks the connection; the last message is never sent."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        raise LookupError("table broke")

    with pytest.raises(LookupError, match="table broke"):
        await StreamingResponse(pieces)(scope, wait_for_ever, send)
    assert [message.get("more_body") for message in sent] == [None, True]


async def test_empty_first_piece_sends_the_head() -> None:
    """A stream of events can open its connection before there is an event."""
    go_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b""
        await go_on.wait()
        yield b"event"

    async with TestClient(StreamingResponse(pieces)).stream("GET", "/") as response:
        assert response.status_code == 200
        go_on.set()
        assert await response.read() == b"event"


@pytest.mark.parametrize("kind", ["waiting", "yielding"])
async def test_disconnect_closes_the_generator(kind: str) -> None:
    """A client that leaves is noticed while the generator waits or yields; its clean-up is awaited to the end."""
    closed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await (asyncio.Event().wait() if kind == "waiting" else asyncio.sleep(0))
        finally:
            await asyncio.sleep(0)
            closed.set()

    async with TestClient(StreamingResponse(pieces)).stream("GET", "/") as response:
        assert await anext(response.iter_bytes()) == b"x"
    assert closed.is_set()


async def test_generator_that_never_waits_does_not_hold_the_loop(scope: Scope) -> None:
    """The loop gets its turn between pieces even if neither the generator nor the server waits."""
    sent = 0

    async def send(message: Message) -> None:
        nonlocal sent
        sent += 1

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    await StreamingResponse(pieces)(scope, disconnected, send)
    assert sent > 0


async def test_disconnect_before_the_first_piece_sends_nothing(scope: Scope) -> None:
    """Nobody is left for a head."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def pieces() -> AsyncIterator[bytes]:
        yield (await wait_for_ever())["body"]

    await StreamingResponse(pieces)(scope, disconnected, send)
    assert sent == []


async def test_server_that_refuses_messages_ends_the_stream(scope: Scope) -> None:
    """An OSError of ``send`` is how a server may say that the client has gone; it is no error of ours."""
    closed = asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise BrokenPipeError

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.set()

    await StreamingResponse(pieces)(scope, wait_for_ever, send)
    assert closed.is_set()


async def test_generator_that_catches_its_cancellation_is_left_all_the_same(scope: Scope) -> None:
    """What it yields after the client has gone is not sent, and it is closed."""
    sent: list[bytes] = []
    closed = asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield b"late"
        finally:
            closed.set()

    await StreamingResponse(pieces)(scope, disconnected, send)
    assert sent == [b"", b"first"]
    assert closed.is_set()
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_cancellation_from_outside_is_passed_on(scope: Scope) -> None:
    """A server that stops cancels the request; the generator is closed, and the cancellation is not lost."""
    began, closed = asyncio.Event(), asyncio.Event()

    async def send(message: Message) -> None:
        began.set()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await asyncio.Event().wait()
        finally:
            closed.set()

    task = asyncio.ensure_future(StreamingResponse(pieces)(scope, wait_for_ever, send))
    await began.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_request_that_is_read_while_it_is_answered_loses_nothing(scope: Scope) -> None:
    """What listens for the client leaves the body of the request to the generator."""
    messages = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]

    async def receive() -> Message:
        await asyncio.sleep(0.03)
        return messages.pop(0) if messages else await wait_for_ever()

    async def pieces() -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            yield message["body"]

    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    await StreamingResponse(pieces)({**scope, "headers": [(b"transfer-encoding", b"chunked")]}, receive, send)
    assert sent == [b"", b"a", b"b", b""]


async def test_client_whose_body_nobody_reads_is_seen_leaving(scope: Scope) -> None:
    """What was sent with the request stands in front of the news, and does not keep the stream for ever."""
    messages: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
        {"type": "http.disconnect"},
    ]
    closed = asyncio.Event()

    async def receive() -> Message:
        return messages.pop(0)

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def send(message: Message) -> None:
        """Takes everything."""

    await StreamingResponse(pieces)({**scope, "headers": [(b"content-length", b"2")]}, receive, send)
    assert closed.is_set()


async def test_body_beyond_the_limit_ends_the_stream(scope: Scope) -> None:
    """Whoever counts what arrives refuses the rest; the answer has begun and can only break off."""

    async def receive() -> Message:
        raise PayloadTooLarge(10)

    async def send(message: Message) -> None:
        sent.append(message)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    sent: list[Message] = []
    await StreamingResponse(pieces)({**scope, "headers": [(b"transfer-encoding", b"chunked")]}, receive, send)
    assert [message.get("more_body") for message in sent] == [None, True]


async def test_failing_receive_does_not_end_the_stream(scope: Scope) -> None:
    """A server that cannot tell whether the client is there gets the whole answer."""

    async def receive() -> Message:
        raise ConnectionResetError

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.03)
        yield b"y"

    sent: list[bytes] = []
    await StreamingResponse(pieces)(scope, receive, send)
    assert sent == [b"", b"x", b"y", b""]


@pytest.mark.parametrize("status", [200, 204, 304])
async def test_content_that_is_not_sent_is_not_made(status: int) -> None:
    """HEAD, 204 and 304 close the generator without running it."""
    ran = False

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal ran
        ran = True
        yield b"x"

    def plain() -> Iterator[bytes]:
        nonlocal ran
        ran = True
        yield b"x"

    for content in (pieces(), pieces, plain(), plain):
        response = StreamingResponse(content, status, media_type="text/plain")
        answer = await TestClient(response).request("HEAD" if status == 200 else "GET", "/")
        assert (answer.status_code, answer.content) == (status, b"")
        assert ("content-type" in answer.headers) is (status == 200)
    assert not ran


@pytest.mark.parametrize("fails", [False, True])
async def test_closers_run_in_reverse_after_the_last_byte(fails: bool, scope: Scope) -> None:
    """All of them run, the last one first, after the generator is closed, whether one of them or the content fails."""
    events: list[str] = []

    def closer(name: str, error: Exception | None = None) -> Callable[[], Awaitable[None]]:
        async def close() -> None:
            events.append(name)
            if error is not None:
                raise error

        return close

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            if fails:
                raise LookupError("table broke")
        finally:
            events.append("generator")

    async def send(message: Message) -> None:
        if message.get("more_body") is None and "body" in message:
            events.append("last byte")

    response = StreamingResponse(pieces)
    response.closers += [closer("first"), closer("second", None if fails else OSError("busy")), closer("third")]
    with pytest.raises(LookupError if fails else OSError):
        await response(scope, wait_for_ever, send)
    last = [] if fails else ["last byte"]
    assert events == ["generator", *last, "third", "second", "first"]


async def test_closers_run_after_a_disconnect() -> None:
    """A client that leaves does not cost the clean-up."""
    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    response = StreamingResponse(pieces)
    response.closers.append(close)
    async with TestClient(response).stream("GET", "/") as answer:
        assert await anext(answer.iter_bytes()) == b"x"
    assert closed.is_set()


async def test_slow_client_slows_the_generator() -> None:
    """The next piece is asked for when the server has taken the one before."""
    made = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(100):
            made += 1
            yield b"x"

    async with TestClient(StreamingResponse(pieces)).stream("GET", "/") as response:
        assert await anext(response.iter_bytes()) == b"x"
        assert made <= 3
