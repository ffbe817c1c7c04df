"""Bodies: delivered once, kept or given away in pieces."""

import asyncio
import tracemalloc
from contextlib import aclosing

import pytest

from openviper.exceptions import PayloadTooLarge
from openviper.http.bodies import drop_body, is_disconnected, read_body, stream_body, wait_disconnected
from openviper.http.exceptions import BodyConsumedError, ClientDisconnectedError
from openviper.types import Message, RawHeaders, Receive, Scope
from tests.unit.http.deliveries import cut, delivered, post


async def collect(scope: Scope, receive: Receive, max_bytes: int | None = None) -> list[bytes]:
    return [piece async for piece in stream_body(scope, receive, max_bytes)]


@pytest.mark.parametrize("pieces", [[b""], [b"abc"], [b"a", b"", b"bc"], [b"", b"abc", b""]])
async def test_body_is_the_same_at_every_call(pieces: list[bytes]) -> None:
    """However it is delivered, it is read once and kept in the scope."""
    scope, receive = post(), delivered(pieces)

    assert await read_body(scope, receive, 3) == b"".join(pieces)
    assert await read_body(scope, receive, 3) == b"".join(pieces)
    assert b"".join(await collect(scope, receive)) == b"".join(pieces)


async def test_pieces_are_given_as_they_arrive() -> None:
    """A stream passes on what the server delivers, without the empty pieces."""
    assert await collect(post(), delivered([b"a", b"", b"bc", b""])) == [b"a", b"bc"]


@pytest.mark.parametrize("length", [b"11", b"9" * 5000])
async def test_announced_length_is_refused_unread(length: bytes) -> None:
    """A body that is announced as too large is not waited for."""
    scope = post(headers=[(b"content-length", length)])

    with pytest.raises(PayloadTooLarge, match="larger than 10 bytes"):
        await read_body(scope, delivered([]), 10)
    with pytest.raises(PayloadTooLarge):
        await collect(scope, delivered([]), 10)


async def test_limit_counts_over_all_pieces() -> None:
    """A body that grows past the limit is refused there, and stays refused."""
    scope, receive = post(), delivered(cut(b"x" * 12, 4))

    with pytest.raises(PayloadTooLarge):
        await collect(scope, receive, 11)
    with pytest.raises(PayloadTooLarge):
        await read_body(scope, receive, 100)


async def test_dribbled_body_costs_what_it_holds() -> None:
    """A body in messages of two bytes needs a few times its size in memory, not thirty times."""
    count = 0

    async def receive() -> Message:
        nonlocal count
        count += 1
        return {"type": "http.request", "body": count.to_bytes(3, "big")[1:], "more_body": count < 100_000}

    tracemalloc.start()
    try:
        body = await read_body(post(), receive, 10_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(body) == 200_000
    assert peak < 1_200_000


async def test_stream_without_limit_takes_any_size() -> None:
    """None lets every size pass, announced or not."""
    scope = post(headers=[(b"content-length", b"9" * 30)])
    assert await collect(scope, delivered([b"x" * 9]), None) == [b"x" * 9]


async def test_kept_body_is_measured_against_the_limit_of_a_stream() -> None:
    """A body that was read before is refused by a stream with a lower limit."""
    scope, receive = post(), delivered([b"abc"])
    await read_body(scope, receive, 3)

    with pytest.raises(PayloadTooLarge):
        await collect(scope, receive, 2)


async def test_second_stream_is_refused() -> None:
    """What was given away in pieces is gone, and the error says so."""
    scope, receive = post(), delivered([b"a", b"b"])
    await collect(scope, receive)

    with pytest.raises(BodyConsumedError, match=r"call body\(\) first"):
        await collect(scope, receive)
    with pytest.raises(BodyConsumedError):
        await read_body(scope, receive, 10)


async def test_stream_that_was_left_half_way_is_gone() -> None:
    """The rest of a body is not taken for the whole."""
    scope, receive = post(), delivered([b"a", b"b"])
    async with aclosing(stream_body(scope, receive, None)) as pieces:
        await anext(pieces)

    with pytest.raises(BodyConsumedError):
        await read_body(scope, receive, 10)


async def test_cancelled_read_does_not_leave_a_rest() -> None:
    """Whoever gives up waiting in the middle of a body has lost it; before its first piece nothing is lost."""
    scope = post()
    pieces = delivered([b"a", b"b"])
    count = 0

    async def stalled() -> Message:
        nonlocal count
        count += 1
        if count in (1, 3):
            await asyncio.Event().wait()
        return await pieces()

    for _ in range(2):
        task = asyncio.create_task(read_body(scope, stalled, 10))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with pytest.raises(BodyConsumedError):
        await read_body(scope, stalled, 10)
    assert count == 3


async def test_client_that_goes_away_is_told_from_an_end() -> None:
    """A body that is cut off raises, again at every call, and counts what had arrived."""
    scope, receive = post(), delivered([b"abc"], lost=True)

    with pytest.raises(ClientDisconnectedError, match="after 3 bytes"):
        await read_body(scope, receive, 10)
    with pytest.raises(ClientDisconnectedError):
        await collect(scope, receive)
    assert await is_disconnected(scope, receive)


async def test_disconnect_is_seen_without_waiting() -> None:
    """The answer is at hand whether or not the server has anything to say."""
    scope = post()
    gone = asyncio.Event()
    messages = delivered([b""])

    async def receive() -> Message:
        message = await messages()
        if message["type"] == "http.disconnect":
            await gone.wait()
        return message

    assert not await is_disconnected(scope, receive)
    assert not await is_disconnected(scope, receive)
    gone.set()
    assert await is_disconnected(scope, receive)
    assert await is_disconnected(scope, receive)


async def test_disconnect_does_not_swallow_the_body() -> None:
    """A body that is still to be read is left to its reader, announced or not."""
    announced = post(headers=[(b"content-length", b"2")])
    assert not await is_disconnected(announced, delivered([]))

    scope, receive = post(), delivered([b"a", b"b"])
    assert not await is_disconnected(scope, receive)
    assert not await is_disconnected(scope, receive)
    assert await read_body(scope, receive, 10) == b"ab"
    assert await is_disconnected(scope, receive)


async def test_disconnect_is_seen_behind_a_stream() -> None:
    """After the last piece the next message is the disconnect."""
    scope, receive = post(headers=[(b"content-length", b"2")]), delivered([b"a", b"b"])
    await collect(scope, receive)
    assert await is_disconnected(scope, receive)


async def test_end_of_the_connection_is_waited_for() -> None:
    """The news comes behind the empty body of a request; everybody learns of it, and the body can still be read."""
    messages: list[Message] = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    scope: Scope = {"type": "http", "headers": []}

    async def receive() -> Message:
        return messages.pop(0)

    assert await wait_disconnected(scope, receive)
    assert await wait_disconnected(scope, receive)
    assert await is_disconnected(scope, receive)
    assert await read_body(scope, receive, 10) == b""


@pytest.mark.parametrize("headers", [[(b"content-length", b"3")], []])
async def test_end_of_the_connection_is_not_waited_for_in_front_of_a_body(headers: RawHeaders) -> None:
    """A body that is announced, or that turns out to come, stays for its readers."""
    messages: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c"},
    ]
    scope: Scope = {"type": "http", "headers": headers}

    async def receive() -> Message:
        return messages.pop(0)

    assert not await wait_disconnected(scope, receive)
    assert await read_body(scope, receive, 10) == b"abc"


async def test_body_that_nobody_reads_is_dropped() -> None:
    """The news that the client has gone stands behind it; whoever asks for the body later is told."""
    scope, receive = post(headers=[(b"content-length", b"4")]), delivered([b"ab", b"cd"])
    assert not await wait_disconnected(scope, receive)
    await drop_body(scope, receive)
    assert await wait_disconnected(scope, receive)
    with pytest.raises(BodyConsumedError):
        await read_body(scope, receive, 10)


async def test_body_of_one_message_is_not_lost_when_it_is_dropped() -> None:
    """There is nothing behind it to read, so that it can stay."""
    scope, receive = post(headers=[(b"content-length", b"2")]), delivered([b"ab"])
    await drop_body(scope, receive)
    assert await read_body(scope, receive, 10) == b"ab"


async def test_dropping_ends_when_the_client_goes() -> None:
    """A disconnect in the midst of the body is the news itself."""
    messages: list[Message] = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"a", "more_body": True}]

    async def receive() -> Message:
        return messages.pop()

    scope = post(headers=[(b"content-length", b"2")])
    await drop_body(scope, receive)
    assert await wait_disconnected(scope, receive)


async def test_rest_of_a_body_that_was_left_is_dropped() -> None:
    """Whoever stops reading half way, or is refused there, leaves the news of the client behind the rest."""
    scope, receive = post(headers=[(b"content-length", b"6")]), delivered([b"ab", b"cd", b"ef"])
    async with aclosing(stream_body(scope, receive, None)) as pieces:
        assert await anext(pieces) == b"ab"
        await drop_body(scope, receive)
        assert not await wait_disconnected(scope, receive)
    await drop_body(scope, receive)
    assert await wait_disconnected(scope, receive)
    with pytest.raises(BodyConsumedError):
        await read_body(scope, receive, 10)

    scope, receive = post(), delivered([b"ab", b"cd", b"ef"])
    scope["headers"] = [(b"transfer-encoding", b"chunked")]
    with pytest.raises(PayloadTooLarge):
        await read_body(scope, receive, 3)
    await drop_body(scope, receive)
    assert await wait_disconnected(scope, receive)
    with pytest.raises(PayloadTooLarge):
        await read_body(scope, receive, 10)


async def test_body_that_somebody_reads_is_not_dropped() -> None:
    """From the moment that a reader waits for the first message, every one of them is the reader's."""
    waits, go_on = asyncio.Event(), asyncio.Event()
    inner = delivered([b"ab", b"cd"])

    async def receive() -> Message:
        waits.set()
        await go_on.wait()
        return await inner()

    for read in (read_body, stream_body):
        scope = post(headers=[(b"content-length", b"4")])
        waits.clear()
        reading = asyncio.ensure_future(
            read_body(scope, receive, 10) if read is read_body else anext(stream_body(scope, receive, 10))
        )
        await waits.wait()
        await drop_body(scope, inner)
        reading.cancel()
        await asyncio.wait([reading])
    assert await inner() == {"type": "http.request", "body": b"ab", "more_body": True}
