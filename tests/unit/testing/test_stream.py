"""Responses that are read while they are made."""

import asyncio

import pytest

from openviper.testing import AppTimeoutError, ProtocolError, TestClient
from openviper.types import Receive, Scope, Send


async def feed(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends three lines in pieces that do not end where the lines do."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"seen=1")]})
    for piece in (b"on", b"e\r\ntw", b"o\nthree"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def test_pieces_arrive_as_they_were_sent() -> None:
    """Head and pieces are there while the application goes on; cookies are kept."""
    client = TestClient(feed)
    async with client.stream("GET", "/feed") as response:
        assert response.status_code == 200
        assert response.headers["set-cookie"] == "seen=1"
        assert response.url == "http://testserver/feed"
        assert repr(response) == "<StreamedResponse 200 of GET /feed>"
        assert [piece async for piece in response.iter_bytes()] == [b"on", b"e\r\ntw", b"o\nthree"]
    assert client.cookies.header_for("http://testserver/", {}) == "seen=1"


async def test_lines_are_put_together() -> None:
    """Lines come whole and without their ends, however they were cut into pieces."""
    async with TestClient(feed).stream("GET", "/") as response:
        assert [line async for line in response.iter_lines()] == ["one", "two", "three"]


async def test_rest_is_read_in_one() -> None:
    """What has not been taken piece by piece comes in one."""
    async with TestClient(feed).stream("GET", "/") as response:
        pieces = response.iter_bytes()
        assert await anext(pieces) == b"on"
        await pieces.aclose()
        assert await response.read() == b"e\r\ntwo\nthree"


async def test_application_waits_until_a_piece_is_taken() -> None:
    """The application is one piece ahead at most, like before a slow client."""
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            sent += 1

    async with TestClient(app).stream("GET", "/") as response:
        assert await anext(response.iter_bytes()) == b"x"
        assert sent <= 2


async def test_leaving_early_is_a_disconnect() -> None:
    """The application gets ``http.disconnect``, its further messages go nowhere, and the block waits for its end."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        seen.append((await receive())["type"])
        await send({"type": "http.response.body", "body": b"y", "more_body": True})
        seen.append("ended")

    async with TestClient(app).stream("GET", "/") as response:
        assert await anext(response.iter_bytes()) == b"x"
        assert seen == []
    assert seen == ["http.disconnect", "ended"]


async def test_error_before_the_head_reaches_the_test() -> None:
    """The block is not entered when the application fails before its response."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("no feed")

    with pytest.raises(LookupError, match="no feed"):
        async with TestClient(app).stream("GET", "/"):
            pytest.fail("there is no response")


async def test_no_response_at_all_is_a_fault() -> None:
    """An application that returns without a head breaks the protocol."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Says nothing."""

    with pytest.raises(ProtocolError, match="without starting a response"):
        async with TestClient(app).stream("GET", "/"):
            pytest.fail("there is no response")


async def test_error_between_pieces_reaches_the_test() -> None:
    """What the application raises is raised where the next piece would have been."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise LookupError("feed broke")

    with pytest.raises(LookupError, match="feed broke"):
        async with TestClient(app).stream("GET", "/") as response:
            await response.read()


async def test_broken_rule_reaches_the_test() -> None:
    """A message that a server would refuse is a fault, even if the application catches what its send raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await send({"type": "http.response.body", "body": "text", "more_body": True})
        except ProtocolError:
            await send({"type": "http.response.body"})

    with pytest.raises(ProtocolError, match="body must be bytes"):
        async with TestClient(app).stream("GET", "/") as response:
            await response.read()


async def test_piece_that_does_not_come_is_a_timeout() -> None:
    """The client waits its time for a piece, and the application is ended."""
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(AppTimeoutError, match="GET / took longer than"):
        async with TestClient(app, timeout=0.01).stream("GET", "/") as response:
            await response.read()
    assert ended.is_set()


async def test_listener_hears_of_the_end_when_the_last_piece_is_handed_over() -> None:
    """An application that listens for the client does not stop its own last piece because the test reads slowly."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> None:
            await receive()
            assert (await receive())["type"] == "http.disconnect"
            answering.cancel()

        async def answer() -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b", "more_body": True})
            await send({"type": "http.response.body", "body": b"c"})

        answering = asyncio.ensure_future(answer())
        listening = asyncio.ensure_future(listen())
        await asyncio.wait([answering, listening])
        listening.result()

    got = []
    async with TestClient(app).stream("GET", "/") as response:
        async for piece in response.iter_bytes():
            got.append(piece)
            for _ in range(10):
                await asyncio.sleep(0)
    assert got == [b"a", b"b", b"c"]
