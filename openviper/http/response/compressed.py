"""The response that compresses another one."""

from openviper.http.response.base import Response
from openviper.http.response.streaming import StreamingResponse, decline_path_sending
from openviper.types import Receive, Scope, Send

__all__ = ["GZipResponse"]


class GZipResponse(StreamingResponse):
    """Another response, compressed with gzip for clients that take it.

    What would not gain stays as it is: images, archives and the like, a part of a file, what is compressed already, and
    what forbids it with ``Cache-Control: no-transform``. An ``ETag`` becomes a weak one. Where a secret stands in the
    same page as what a client has sent, do not compress it (BREACH).

    Args:
        response: The response; status, headers and cookies are shared with it.
        minimum_size: Length, in bytes, below which a content stays as it is; one that is streamed has no length.
        compresslevel: 0 (none) to 9 (smallest, slowest).

    Attributes:
        closers: As for ``StreamingResponse``; those of a streamed ``response`` run before them.

    Raises:
        ValueError: The level or the size is out of range.
    """

    __slots__ = ("_compresslevel", "_minimum_size", "_response")

    def __init__(self, response: Response, minimum_size: int = 500, compresslevel: int = 6) -> None:
        if not 0 <= compresslevel <= 9:
            raise ValueError(f"compresslevel must be 0 to 9, not {compresslevel}")
        if minimum_size < 0:
            raise ValueError(f"minimum_size must be 0 or more bytes, not {minimum_size}")
        super().__init__((), response.status_code)
        self.raw_headers = response.raw_headers
        self._response = response
        self._minimum_size = minimum_size
        self._compresslevel = compresslevel

    async def send_content(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response through the compression."""
        # Only a compressed answer needs what compresses.
        from openviper.http.compression import CompressingSend, choose_encoding

        accepted = b", ".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        encoding = choose_encoding(accepted.decode("latin-1"), ("gzip",))
        if encoding is not None:
            decline_path_sending(scope)  # a server that sends a file itself sends it as it is
        response = self._response
        response.status_code, response.raw_headers = self.status_code, self.raw_headers
        compressing = CompressingSend(
            send,
            encoding,
            minimum_size=self._minimum_size,
            level=self._compresslevel,
            is_head=scope["method"] == "HEAD",
        )
        await response(scope, receive, compressing)
