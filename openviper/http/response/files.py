"""The response that sends a file."""

import os
from collections.abc import Mapping
from typing import Literal

from openviper.http.headers import encode_header
from openviper.http.response.streaming import StreamingResponse, send_pieces
from openviper.primitives.threads import run_in_thread
from openviper.types import Receive, Scope, Send

__all__ = ["FileResponse"]


class FileResponse(StreamingResponse):
    """A file from the disk, whole or in the parts that a client asks for.

    The answer carries ``ETag`` and ``Last-Modified``, and with status 200 minds the conditions and ranges of the
    request: 304, 412, 206 and 416 come by themselves. What is no regular file, cannot be read or lies outside
    ``allowed_dir`` is not found; the client cannot tell these apart. A file that shrinks while it is sent breaks the
    connection.

    Args:
        path: The file. With ``allowed_dir`` it may hold what a client has sent; without, it must not.
        media_type: Type of the content; None guesses it from the name.
        filename: Name that the client saves the file under, in any script; None leaves that to the client.
        allowed_dir: The folder that the file must lie in, symbolic links followed; None allows any.
        status_code: The HTTP status.
        headers: Further header fields; they win over those that are worked out. None means none.
        content_disposition_type: What to do with a ``filename``: ``attachment`` saves it, ``inline`` shows it.

    Attributes:
        closers: As for ``StreamingResponse``: called when the last byte has been sent.

    Raises:
        ValueError: A header cannot be sent as given, the status is out of range, or the disposition is another word.
        NotFound: Raised while sending: there is no such file for this client (404).
    """

    __slots__ = ("allowed_dir", "path")

    def __init__(
        self,
        path: str | os.PathLike[str],
        media_type: str | None = None,
        filename: str | None = None,
        allowed_dir: str | os.PathLike[str] | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        content_disposition_type: Literal["attachment", "inline"] = "attachment",
    ) -> None:
        super().__init__((), status_code, headers, media_type)
        self.path = os.fspath(path)
        self.allowed_dir = None if allowed_dir is None else os.fspath(allowed_dir)
        if content_disposition_type not in ("attachment", "inline"):
            raise ValueError(
                f"content_disposition_type must be 'attachment' or 'inline', not {content_disposition_type!r}"
            )
        if filename is not None and "content-disposition" not in self.headers:
            # Only a download has a name to write.
            from openviper.http.disposition import format_disposition

            self.raw_headers.append(
                encode_header("content-disposition", format_disposition(content_disposition_type, filename))
            )

    async def send_content(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or what its conditions and ranges make of it."""
        # Ranges, conditions and media types are of no use to a site that sends no files.
        from openviper.http.delivery import Delivery

        delivery = Delivery(self.path, self.allowed_dir, self.status_code, self.raw_headers, scope)
        try:
            if delivery.is_kept:
                delivery.prepare()
            else:
                await run_in_thread(delivery.prepare)
            head = {"type": "http.response.start", "status": delivery.status, "headers": delivery.headers}
            if delivery.body is None:
                await send_pieces(delivery.chunks(), head, scope, receive, send)
                return
            await send(head)
            if delivery.sent_path is None:
                await send({"type": "http.response.body", "body": delivery.body})
            else:
                await send({"type": "http.response.pathsend", "path": delivery.sent_path})
        finally:
            delivery.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code}, {self.path}>"
