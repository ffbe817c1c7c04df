"""Sending a file: what of it, under which head, and without holding up the loop.

Everything that asks the disk runs in a thread, and as little as can be apart from each other: one visit finds the file,
looks at it, weighs the request's conditions and ranges, and reads what is to be sent if that is little. Only what is
large is read on, a block a visit.
"""

import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Final

from openviper.http.conditional import Validators, check_conditions, is_range_current
from openviper.http.contents import ContentStore, KeptFile, contents
from openviper.http.dates import parse_http_date
from openviper.http.disk import FileFacts, OpenFile
from openviper.http.ranges import ByteRange, UnsatisfiableRangeError, parse_range
from openviper.primitives.memory import keep_freed_memory
from openviper.primitives.threads import run_in_thread
from openviper.types import RawHeaders, Scope

__all__ = ["Delivery"]

# What is read with the first visit to the disk.
_READ_AT_ONCE: Final = 256 * 1024
# What a further visit reads. A block stays in memory while the client takes it, so a slow one, of which there may be
# thousands, gets small ones. A visit takes 30 us and more, and a client that is worth it gets large ones: with them a
# file of 20 MB takes two fifths of the processor.
_BLOCK: Final = 128 * 1024
_LARGE_BLOCK: Final = 512 * 1024
# Seconds in which the last block is gone where the client is fast.
_FAST: Final = 0.05

keep_freed_memory()

# RFC 9110 15.4.5: a 304 has no content, and says nothing about one; the same goes for 412 and 416.
_OF_CONTENT: Final = frozenset(
    (
        b"content-disposition", b"content-encoding", b"content-language", b"content-length", b"content-range",
        b"content-type",
    )
)  # fmt: skip
# How long the file may be kept says nothing of a refusal, which a cache would give to everybody for a year.
_OF_KEEPING: Final = frozenset((b"cache-control", b"expires"))
_NO_TAG: Final = re.compile(r"[^A-Za-z0-9]+")


class Delivery:
    """What becomes of one request for a file.

    Args:
        path: The file.
        allowed_dir: The folder that it must lie in; None allows any.
        status: The status of the whole file; conditions and ranges are minded for 200 only.
        headers: The fields that the response has already; they win. Copied.
        scope: The request.
        clock: Unix time in seconds.
        timer: Seconds that only grow; how fast the client is, is told by them.
        store: Where small files are kept.

    Attributes:
        status: The status to send.
        headers: The fields to send.
        body: All of the body; None while it is to be read in ``chunks``.
        sent_path: The path for a server that sends files itself; None for one that does not.
        is_kept: Whether the file is in memory, so that ``prepare`` does not block.
    """

    def __init__(
        self,
        path: str,
        allowed_dir: str | None,
        status: int,
        headers: RawHeaders,
        scope: Scope,
        *,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        store: ContentStore = contents,
    ) -> None:
        self.status = status
        self.headers = list(headers)
        self.body: bytes | None = b""
        self.sent_path: str | None = None
        self._key = (path, allowed_dir)
        kept = store.find(path, allowed_dir)
        self.is_kept = kept is not None
        self._file: KeptFile | OpenFile = kept or OpenFile(path, allowed_dir)
        self._scope = scope
        self._clock = clock
        self._timer = timer
        self._store = store
        # The body: some bytes of ours, then a part of the file, and so on.
        self._segments: list[tuple[bytes, ByteRange | None]] = []
        self._first = b""
        self._block = _BLOCK

    def prepare(self) -> None:
        """Find the file, decide what to send and read the beginning of it. Blocks unless the file ``is_kept``.

        Raises:
            NotFound: There is no such file for this client.
            OSError: The disk cannot be read.
        """
        file = self._file
        if isinstance(file, OpenFile):
            file.open(self._clock())
        facts = file.facts
        if self._own(b"content-type") is None:
            self.headers.append(facts.content_type)
        ranges = self._decide(facts) if self.status == 200 else [ByteRange(0, facts.size)]
        if ranges is None:
            self._drop_content(facts.size)
            return
        length = self._plan(ranges, facts.size)
        self.headers = [field for field in self.headers if field[0] != b"content-length"]
        self.headers.append((b"content-length", b"%d" % length))
        if self._scope["method"] == "HEAD":
            return
        if self.status != 206 and "http.response.pathsend" in (self._scope.get("extensions") or ()):
            self.sent_path = os.path.abspath(facts.path)  # noqa: PTH100 - a Path would resolve nothing more
        else:
            self._read_beginning(length)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Give the body that is not in memory, a block a visit to the disk.

        Raises:
            OSError: The file became shorter than was announced, or the disk cannot be read.
        """
        blocks = self._blocks()
        next(blocks)
        block = self._first
        while True:
            began = self._timer()
            yield block
            # Servers take one block ahead, so this is how long the one before took to leave.
            self._block = _LARGE_BLOCK if self._timer() - began < _FAST else _BLOCK
            found = next(blocks, None)
            if found is None:
                return
            prefix, part = found
            block = prefix + await run_in_thread(self._read, part)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()

    def _decide(self, facts: FileFacts) -> list[ByteRange] | None:
        """Weigh the request against the file; None when nothing of the file is sent."""
        method, asked = self._scope["method"], self._scope["headers"]
        now = self._announce(facts)
        self.headers.append((b"accept-ranges", b"bytes"))
        verdict = check_conditions(method, asked, now)
        if verdict is not None:
            self.status = verdict
            return None
        header = b", ".join(value for name, value in asked if name == b"range").decode("latin-1")
        # RFC 9110 14.2: only GET has ranges.
        if header and method == "GET" and is_range_current(asked, now):
            try:
                ranges = parse_range(header, facts.size)
            except UnsatisfiableRangeError:
                self.status = 416
                return None
            if ranges is not None:
                self.status = 206
                return ranges
        return [ByteRange(0, facts.size)]

    def _announce(self, facts: FileFacts) -> Validators:
        """Write the fields that tell this state of the file from others, unless the response has its own."""
        etag, modified = self._own(b"etag"), self._own(b"last-modified")
        encoding = self._own(b"content-encoding")
        if etag is None and encoding is not None and facts.validators.etag is not None:
            # Copies in two encodings may have one time and one length, and are other bytes (RFC 9110, 8.8.3.3).
            etag = f'{facts.validators.etag[:-1]}-{_NO_TAG.sub("", encoding)}"'
            self.headers.append((b"etag", etag.encode("ascii")))
        elif etag is None:
            self.headers.append(facts.etag)
        if modified is None:
            self.headers.append(facts.last_modified)
        if etag is None and modified is None:
            return facts.validators
        return Validators(
            facts.validators.etag if etag is None else etag,
            facts.validators.modified_at if modified is None else parse_http_date(modified),
        )

    def _drop_content(self, size: int) -> None:
        dropped = _OF_CONTENT if self.status == 304 else _OF_CONTENT | _OF_KEEPING
        self.headers = [field for field in self.headers if field[0] not in dropped]
        if self.status == 416:
            self.headers.append((b"content-range", b"bytes */%d" % size))
        if self.status != 304:
            self.headers.append((b"content-length", b"0"))

    def _plan(self, ranges: list[ByteRange], size: int) -> int:
        """Lay out the body and give its length."""
        if len(ranges) == 1:
            self._segments = [(b"", ranges[0])]
            if self.status == 206:
                self.headers.append((b"content-range", ranges[0].format(size).encode("ascii")))
            return len(ranges[0])
        # RFC 9110 14.6. Nobody who writes the file can foresee the boundary, and so cannot end a part early.
        boundary = os.urandom(16).hex()
        kind = self._own(b"content-type") or ""
        for part in ranges:
            head = f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {part.format(size)}\r\n\r\n"
            self._segments.append((head.encode("latin-1"), part))
        self._segments.append((f"\r\n--{boundary}--\r\n".encode("ascii"), None))
        self.headers = [field for field in self.headers if field[0] != b"content-type"]
        self.headers.append((b"content-type", f"multipart/byteranges; boundary={boundary}".encode("ascii")))

        return sum(len(prefix) + (0 if part is None else len(part)) for prefix, part in self._segments)

    def _read_beginning(self, length: int) -> None:
        file = self._file
        if isinstance(file, OpenFile) and self._store.takes(file.facts, self._clock()):
            self._file = kept = KeptFile(file.facts, file.read(0, file.facts.size))
            file.close()
            self._store.keep(*self._key, kept)
        if length <= _READ_AT_ONCE:
            self.body = b"".join(prefix + self._read(part) for prefix, part in self._segments)
            self._file.close()
        else:
            self.body = None
            prefix, part = next(self._blocks())
            self._first = prefix + self._read(part)

    def _blocks(self) -> Iterator[tuple[bytes, ByteRange | None]]:
        """Cut the segments into what one visit to the disk reads."""
        for prefix, part in self._segments:
            if part is None:
                yield prefix, None
                continue
            start = part.start
            while start < part.stop:
                stop = min(start + self._block, part.stop)
                yield prefix if start == part.start else b"", ByteRange(start, stop)
                start = stop

    def _read(self, part: ByteRange | None) -> bytes:
        return self._file.read(part.start, len(part)) if part is not None and len(part) else b""

    def _own(self, wanted: bytes) -> str | None:
        """Give a field that the response has, as text."""
        return next((value.decode("latin-1") for name, value in self.headers if name == wanted), None)
