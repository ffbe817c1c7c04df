"""Plain iterators as the content of a response: made in threads, handed over one by one."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from openviper.http.response import StreamingResponse
from openviper.testing import TestClient
from openviper.types import Message, Scope


@pytest.fixture
def scope() -> Scope:
    return {"type": "http", "method": "GET", "path": "/", "headers": []}


async def wait_for_ever() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nothing comes")


async def test_plain_iterator_is_advanced_off_the_loop() -> None:
    """Each step of a plain generator runs in a thread, and its clean-up too."""
    threads: list[threading.Thread] = []

    def pieces() -> Iterator[bytes]:
        try:
            threads.append(threading.current_thread())
            yield b"x"
        finally:
            threads.append(threading.current_thread())

    assert (await TestClient(StreamingResponse(pieces())).get("/")).content == b"x"
    assert len(threads) == 2
    assert threading.main_thread() not in threads


async def test_plain_generator_in_its_thread_is_closed_after_a_disconnect(scope: Scope) -> None:
    """A generator that blocks is closed as soon as it comes back."""
    release, closed = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"x"
            release.wait(10)
            yield b"y"
        finally:
            closed.set()

    async def leave() -> Message:
        asyncio.get_running_loop().call_later(0.01, release.set)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        """Takes everything."""

    await StreamingResponse(pieces())(scope, leave, send)
    assert closed.is_set()


async def test_pieces_of_a_plain_iterator_that_come_quickly_share_a_visit(scope: Scope) -> None:
    """Thousands of short rows take few visits to a thread, and what a slow client leaves waiting stays small."""
    made, sent, most_ahead = 0, 0, 0

    def rows() -> Iterator[bytes]:
        nonlocal made
        while made < 4000:
            made += 1
            yield b"x" * 16

    async def send(message: Message) -> None:
        nonlocal sent, most_ahead
        sent += len(message.get("body", b""))
        most_ahead = max(most_ahead, made * 16 - sent)

    await StreamingResponse(rows)(scope, wait_for_ever, send)
    assert sent == 64_000
    assert most_ahead <= 32 * 1024


async def test_piece_is_sent_while_a_plain_iterator_blocks_over_the_next(scope: Scope) -> None:
    """Nothing is kept back in order to send more at once."""
    arrived = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        assert arrived.wait(10)
        yield b"c"

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if sent[-1] == b"b":
            arrived.set()

    sent: list[bytes] = []
    await StreamingResponse(pieces)(scope, wait_for_ever, send)
    assert sent == [b"", b"a", b"b", b"c", b""]


async def test_failing_plain_iterator_gives_what_it_made(scope: Scope) -> None:
    """The pieces before an error go out first."""

    def pieces() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        raise LookupError("no c")

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    sent: list[bytes] = []
    with pytest.raises(LookupError, match="no c"):
        await StreamingResponse(pieces)(scope, wait_for_ever, send)
    assert sent == [b"", b"a", b"b"]


async def test_context_variables_of_the_iterator_stay_with_it(scope: Scope) -> None:
    """It sees what the request has set, keeps what it sets itself, and changes nothing outside."""
    step = ContextVar("step", default=0)

    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            step.set(step.get() + 1)
            yield bytes([step.get()]) * 40_000  # each is a visit of its own

    async def send(message: Message) -> None:
        sent.append(message.get("body", b"")[:1])

    sent: list[bytes] = []
    step.set(5)
    await StreamingResponse(pieces)(scope, wait_for_ever, send)
    assert sent == [b"", b"\x06", b"\x07", b"\x08", b""]
    assert step.get() == 5
