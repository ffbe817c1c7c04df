"""What a client may send around a body, to a server that listens."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from uvicorn.server import ServerState

from openviper.server.connection import BoundedConnection
from openviper.types import Receive, Scope, Send

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
# More than sockets hold for a peer that has stopped to read.
FLOOD = 20_000_000


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, then answer with its length and the names of the fields; or wait until the client has gone."""
    size, more = 0, True
    if scope["path"] == "/wait":
        while (await receive())["type"] != "http.disconnect":
            continue
        scope["state"]["gone"].set()
        return
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    names = sorted({name for name, _ in scope["headers"]})
    body = b"%d %b" % (size, b",".join(names))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def flood(self, piece: bytes) -> int:
        """Send a piece again and again until the server has enough; give how many bytes it took."""
        sent = 0
        try:
            while sent < FLOOD:
                self.writer.write(piece)
                await self.writer.drain()
                sent += len(piece)
        except ConnectionError:
            pass
        return sent

    async def read(self) -> bytes:
        """Read until the server closes the connection."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    async def ask(self, request: bytes) -> bytes:
        """Send a request and read what one answer has."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head + await self.reader.readexactly(length)


@pytest.fixture
def gone() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def client(gone: asyncio.Event) -> AsyncIterator[Client]:
    config = uvicorn.Config(tell, lifespan="off", log_config=None, access_log=False)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedConnection(config, state, {"gone": gone}, loop), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:
            await asyncio.wait(state.tasks)


@pytest.mark.parametrize("piece", [b"X-Y: b\r\n" * 5000, b"a" * 50_000], ids=["fields", "one field"])
async def test_head_without_an_end_is_refused(client: Client, piece: bytes) -> None:
    """The connection ends while little of it has been kept."""
    client.writer.write(HEAD + b"X: ")
    assert await client.flood(piece) < FLOOD
    # The reset of a connection on which more arrives may be faster than the answer.
    assert (await client.read())[:13] in (b"HTTP/1.1 431 ", b"")


async def test_address_without_an_end_is_refused(client: Client) -> None:
    """The first line is part of the head."""
    client.writer.write(b"GET /")
    assert await client.flood(b"a" * 50_000) < FLOOD


async def test_head_of_too_many_fields_is_refused(client: Client) -> None:
    """Whole or not, no head of thousands of fields reaches an application."""
    answer = await client.ask(HEAD + b"A: b\r\n" * 1000 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert answer.endswith(b"\r\n\r\nThe head is too large.")
    assert await client.read() == b""


async def test_head_within_the_bounds_is_served(client: Client) -> None:
    """One large cookie, many fields and any number of requests are no flood."""
    for _ in range(3):
        answer = await client.ask(HEAD + b"A: " + b"b" * 60_000 + b"\r\n\r\n")
        assert answer.endswith(b"0 a,host")
        answer = await client.ask(HEAD + b"A: b\r\n" * 999 + b"\r\n")
        assert answer.endswith(b"0 a,host")
        answer = await client.ask(POST + b"186a0\r\n" + b"b" * 100_000 + b"\r\n" + b"1\r\nb\r\n" * 9 + b"0\r\n\r\n")
        assert answer.endswith(b"100009 host,transfer-encoding")


async def test_trailers_without_an_end_close_the_connection(client: Client) -> None:
    """What follows the last piece of a body is bounded like what precedes the first."""
    client.writer.write(POST + b"1\r\nb\r\n0\r\n")
    assert await client.flood(b"X-Y: b\r\n" * 5000) < FLOOD
    await client.read()


async def test_trailers_are_no_fields_of_the_request(client: Client) -> None:
    """A field that a proxy strips in front of the body must not come back behind it."""
    answer = await client.ask(POST + b"1\r\nb\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    assert answer.endswith(b"1 host,transfer-encoding")
    assert (await client.ask(HEAD + b"A: b\r\n\r\n")).endswith(b"0 a,host")


async def test_requests_that_nobody_waits_for_close_the_connection(client: Client) -> None:
    """A client that asks on without reading is no flood of memory."""
    assert await client.flood((HEAD + b"\r\n") * 1000) < FLOOD


@pytest.mark.parametrize("behind", [0, 1, 5])
async def test_request_learns_that_its_client_has_gone(client: Client, gone: asyncio.Event, behind: int) -> None:
    """Also when other requests of that client wait behind it."""
    served = HEAD + b"\r\n"
    waiting = HEAD.replace(b"GET /", b"GET /wait") + b"\r\n"
    assert (await client.ask(served)).endswith(b"0 host")
    client.writer.write(served + waiting + served * behind)
    assert await client.reader.readuntil(b"0 host")
    client.writer.close()
    await asyncio.wait_for(gone.wait(), 10)


async def test_some_requests_in_a_row_are_answered(client: Client) -> None:
    """Whoever does not wait for each answer gets all of them."""
    client.writer.write((HEAD + b"\r\n") * 100)
    for _ in range(100):
        assert await client.reader.readuntil(b"0 host")


async def test_what_is_no_http_is_refused_as_always(client: Client) -> None:
    """A fault of the syntax keeps its own answer."""
    client.writer.write(b"\x16\x03\x01\r\n\r\n")
    assert (await client.read()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
