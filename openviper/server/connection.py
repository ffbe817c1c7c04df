"""A connection of uvicorn with bounds on what stands around a body: its head, trailers, and the requests that follow.

uvicorn keeps header fields for as long as they come, which its parser httptools does not bound either: 100 MB of them
took 1.5 GB of memory. It also adds trailers to the fields of a request that is being served, past the proxy which has
cleaned these (RFC 9110, 6.5.1: a recipient must not merge them without knowing that it is safe).
"""

import asyncio
from collections import deque
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["BoundedConnection"]

# uvicorn's bound with its other parser, as well as Node's and Go's order of magnitude. What comes in one piece is
# looked at once it has been parsed, so a head may be larger by one piece (at most 256 KiB).
_MAX_HEAD: Final = 64 * 1024
# Every layer of an application walks the fields; no client sends a tenth of them.
_MAX_FIELDS: Final = 1000
# Requests that wait for the answers to those before them. One piece may hold thousands, and each answer, read or not,
# would let in another piece: 8 MB took 240 MB. Clients that do this at all send a dozen.
_MAX_WAITING: Final = 100

_REFUSAL: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\nconnection: close\r\n\r\n"
    b"The head is too large."
)


class BoundedConnection(HttpToolsProtocol):
    """Answers 431 to a head that is too large, and closes a connection with large trailers or too many requests.

    A server makes one for each connection, so there is nothing to give.
    """

    # Bytes since a head was complete or a piece of a body came out of the parser.
    _pending = 0
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Begin."""
        super().connection_made(transport)
        # The requests whose answers are not complete, the one that is being served first.
        self._open: deque[RequestResponseCycle] = deque()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that the client has gone; uvicorn tells the last one only."""
        super().connection_lost(exc)
        for cycle in self._open:
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        self._pending += len(data)
        super().data_received(data)
        if self._pending > _MAX_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        """Begin a request, if its head is in bounds."""
        self._pending = 0
        if len(self.headers) > _MAX_FIELDS or len(self.pipeline) >= _MAX_WAITING:
            self._is_refused = True
            raise ValueError("too many fields, or requests")  # ends the parsing
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            while self._open and self._open[0].response_complete:
                self._open.popleft()
            self._open.append(self.cycle)
        if not self.parser.should_upgrade():
            # The request has the list; trailers go to another one, which nobody reads.
            self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._pending = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser has refused; also how a head that is too large ends it."""
        if self._is_refused:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _refuse(self) -> None:
        # Into an answer that has begun no other one can be written.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            self.transport.write(_REFUSAL)
        self.transport.close()
