"""Clients that ask the same thing again and again over connections that stay open, and look at little of the answer."""

import asyncio
import re
from typing import Final

__all__ = ["ask", "drive"]

PATIENCE: Final = 60.0
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


async def ask(port: int, request: bytes) -> bytes:
    """Send one request on a connection of its own, and give the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None, head
        return head + await reader.readexactly(int(length[1]))
    finally:
        writer.close()


async def drive(port: int, request: bytes, answer_size: int, *, requests: int, connections: int) -> None:
    """Send a number of requests, each connection its next one as soon as it has the answer.

    Args:
        port: Where the server listens.
        request: The bytes of the request.
        answer_size: Length of each answer, head and body.
        requests: How many, over all connections.
        connections: How many at a time.

    Raises:
        ConnectionError: A connection ended, or an answer was no 200 or of another length.
        TimeoutError: The server did not answer.
    """
    loop = asyncio.get_running_loop()
    clients = [_Client(request, answer_size, loop.create_future()) for _ in range(connections)]
    for number in range(requests):
        clients[number % connections].left += 1
    async with asyncio.timeout(PATIENCE):
        for client in clients:
            await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc] # a default
        await asyncio.gather(*(client.done for client in clients))


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, answer_size: int, done: asyncio.Future[None]) -> None:
        self.left = 0
        self.done = done
        self._request = request
        self._answer_size = answer_size
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        if not self._received and not data.startswith(b"HTTP/1.1 200"):
            self._fail(f"the answer is {data[:100]!r}")
            return
        self._received += len(data)
        if self._received > self._answer_size:
            self._fail("an answer is longer than the first one")
        elif self._received == self._answer_size:
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"the connection was lost: {error}")

    def _next(self) -> None:
        self._received = 0
        if self.left:
            self.left -= 1
            self._transport.write(self._request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(reason))
            self._transport.close()
