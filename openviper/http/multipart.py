"""Forms with files (``multipart/form-data``, RFC 7578), read as they arrive.

The package ``multipart`` finds boundaries and headers; only this module knows of it. What a part means, how much of
it is accepted and where it is kept is decided here.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Final, Protocol, cast

import multipart  # type: ignore[import-untyped]  # it has annotations, and no marker for type checkers

from openviper.exceptions import BadRequest, PayloadTooLarge
from openviper.http.headers import Headers
from openviper.http.limits import FormLimits
from openviper.http.spooling import Spool
from openviper.http.uploads import UploadFile

__all__ = ["read_boundary", "read_multipart"]

# RFC 2046 5.1.1: what a boundary may consist of.
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_MAX_HEADERS: Final = 8  # a part has two as a rule
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
# How every browser writes the field; nothing in it can be read in two ways.
_PLAIN_DISPOSITION: Final = re.compile(r'form-data; name="[^"\\]*"(?:; filename="[^"\\]*")?')
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"')
_UTF8: Final = frozenset({None, "utf-8", "utf8", "us-ascii", "ascii"})
_LATIN1: Final = frozenset({"iso-8859-1", "latin1", "latin-1"})
# RFC 7578 4.7 does without encodings; these three change nothing.
_IDENTITY: Final = frozenset({"7bit", "8bit", "binary"})


class _Segment(Protocol):
    """What is used of a part of that package."""

    headerlist: list[tuple[str, str]]
    name: str | None
    filename: str | None
    content_type: str | None
    charset: str | None


def read_boundary(parameters: Mapping[str, str]) -> bytes:
    """Take the boundary from the parameters of a content type.

    Raises:
        BadRequest: There is none, or it breaks RFC 2046 (400).
    """
    boundary = parameters.get("boundary")
    if boundary is None:
        raise BadRequest("The multipart body has no boundary in its Content-Type.")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest("The boundary of the multipart body is not 1 to 70 characters that RFC 2046 allows.")
    return boundary.encode("ascii")


async def read_multipart(
    pieces: AsyncGenerator[bytes, None], boundary: bytes, *, limits: FormLimits, max_memory: int
) -> list[tuple[str, str | UploadFile]]:
    """Read a form from the pieces of its body.

    Args:
        pieces: The body; read to its end, or closed.
        boundary: What stands between two parts.
        limits: What is accepted.
        max_memory: Bytes of fields and headers that are accepted; files that find no room go to the disk earlier.

    Raises:
        BadRequest: The body is malformed (400).
        PayloadTooLarge: A limit is passed (413).
        OSError: An upload cannot be written to the disk.
    """
    reader = _Reader(boundary, limits, max_memory)
    try:
        async for piece in pieces:
            for event in reader.parse(piece):
                if isinstance(event, bytes):
                    if reader.take(event):
                        await reader.flush()
                elif event is None:
                    await reader.end_part()
                else:
                    reader.begin_part(cast("_Segment", event))
        return reader.finish()
    except BaseException as error:
        await pieces.aclose()  # or the collector of garbage would, in a task that nobody waits for
        await reader.close()
        _tell(error, limits.max_header_bytes)
        raise


class _PartHeaders(Headers):
    """The header fields of a part, which are UTF-8 (RFC 7578, 5.1)."""

    __slots__ = ()

    charset = "utf-8"


class _Reader:
    """Turns the events of the parser into fields and files.

    The parser gives for each part one segment, any number of pieces of its content, and None. Fields are kept here
    and in the budget of the request; files go to a spool of their own.
    """

    def __init__(self, boundary: bytes, limits: FormLimits, max_memory: int) -> None:
        self._limits = limits
        self._max_memory = max_memory
        self._parser = multipart.PushMultipartParser(
            boundary, max_header_size=limits.max_header_bytes, max_header_count=_MAX_HEADERS
        )
        # A preamble is allowed by RFC 2046 and sent by nobody; without it a flood of other bytes ends at once.
        self._openings = (b"--" + boundary, b"\r\n--" + boundary)
        self._head: bytes | None = b""
        self._pairs: list[tuple[str, str | UploadFile]] = []
        self._spools: list[Spool] = []
        self._fields = self._files = 0
        self._memory = 0
        # The part that is being read.
        self._segment: _Segment | None = None
        self._spool: Spool | None = None
        self._value = bytearray()
        self._size = 0

    def parse(self, piece: bytes) -> Iterable[object]:
        """Find what the next piece of the body holds: segments, pieces of content, and None for the end of a part."""
        if self._head is not None:
            piece = self._open(piece)
            if not piece:
                return ()
        events: Iterable[object] = self._parser.parse(piece)
        return events

    def begin_part(self, segment: _Segment) -> None:
        """Check the head of a part and decide where its content goes."""
        _check_headers(segment.headerlist, self._limits.max_header_bytes)
        if not segment.name:
            raise BadRequest("A part of the multipart body has no name.")
        self._spend(sum(len(name) + len(value) for name, value in segment.headerlist))
        self._segment, self._size = segment, 0
        if segment.filename is None:
            self._fields += 1
            _check_count(self._fields, self._limits.max_fields, "fields")
            _check_charset(segment.charset)
            return
        self._files += 1
        _check_count(self._files, self._limits.max_files, "files")
        # What other files hold in memory counts, so that a hundred small ones are no large one.
        room = self._max_memory - self._memory - sum(spool.held for spool in self._spools)
        self._spool = Spool(max(0, min(self._limits.max_file_memory, room)), self._limits.folder)
        self._spools.append(self._spool)

    def take(self, piece: bytes) -> bool:
        """Take a piece of the content; True asks for a ``flush`` before the next one."""
        self._size += len(piece)
        if self._spool is not None:
            _check_size(self._size, self._limits.max_file_bytes, "A file")
            return self._spool.add(piece)
        _check_size(self._size, self._limits.max_field_bytes, "A field")
        self._spend(len(piece))
        self._value += piece
        return False

    async def flush(self) -> None:
        """Move what is held of a file to the disk."""
        await cast("Spool", self._spool).flush()

    async def end_part(self) -> None:
        """Keep the part under its name."""
        segment = cast("_Segment", self._segment)
        name = cast("str", segment.name)
        if self._spool is None:
            self._pairs.append((name, _decode(name, self._value, segment.charset)))
            self._value.clear()
            return
        spool, self._spool = self._spool, None
        filename = cast("str", segment.filename)
        if not filename and not spool.size:
            return  # a browser sends this for a file input in which nothing was chosen
        file = await spool.finish()
        content_type = segment.content_type or ""
        if not _MEDIA_TYPE.fullmatch(content_type):
            content_type = ""
        headers = _PartHeaders([(name.lower().encode(), value.encode()) for name, value in segment.headerlist])
        self._pairs.append((name, UploadFile(filename, content_type, file, size=spool.size, headers=headers)))

    def finish(self) -> list[tuple[str, str | UploadFile]]:
        """Give the fields, when the body has ended where it should."""
        self._parser.close()
        return self._pairs

    async def close(self) -> None:
        """Drop every file that was begun."""
        for spool in self._spools:
            await spool.close()

    def _open(self, piece: bytes) -> bytes:
        """Hold the first bytes back until they can be told from a boundary; give all of them then."""
        head = cast("bytes", self._head) + piece
        if len(head) < len(self._openings[1]):
            self._head = head
            return b""
        if not head.startswith(self._openings):
            raise BadRequest("The multipart body does not begin with its boundary.")
        self._head = None
        return head

    def _spend(self, size: int) -> None:
        self._memory += size
        if self._memory > self._max_memory:
            raise PayloadTooLarge(
                self._max_memory, f"The fields of the form are together larger than {self._max_memory} bytes."
            )


def _tell(error: BaseException, max_header_bytes: int) -> None:
    """Answer what the parser cannot read."""
    if isinstance(error, multipart.ParserLimitReached):
        detail = f"The head of a part is larger than {max_header_bytes} bytes or has more than {_MAX_HEADERS} headers."
        raise PayloadTooLarge(max_header_bytes, detail) from error
    if isinstance(error, multipart.MultipartError):
        # The first argument is a sentence; behind it, or in brackets, may stand what concerns the program alone.
        reason = str(error.args[0] if error.args else "unreadable").partition(" (")[0]
        raise BadRequest(f"The multipart body is malformed: {reason}.") from error


def _check_headers(headers: list[tuple[str, str]], max_bytes: int) -> None:
    if sum(len(name) + len(value) + 4 for name, value in headers) > max_bytes:
        raise PayloadTooLarge(max_bytes, f"The head of a part is larger than {max_bytes} bytes.")
    seen = set()
    for name, value in headers:
        if name in seen:
            raise BadRequest(f"A part of the multipart body has two headers {name}.")
        seen.add(name)
        if _CONTROLS.search(value):
            raise BadRequest(f"The header {name} of a part holds a control character.")
        if name == "Content-Disposition":
            _check_disposition(value)
        elif name == "Content-Type" and value.lower().startswith("multipart/"):
            raise BadRequest("A part of the multipart body is multipart itself, which RFC 7578 has done away with.")
        elif name == "Content-Transfer-Encoding" and value.strip().lower() not in _IDENTITY:
            raise BadRequest("A part has a Content-Transfer-Encoding; send its bytes as they are (RFC 7578, 4.7).")


def _check_disposition(value: str) -> None:
    """Refuse what two programs would read in two ways."""
    if _PLAIN_DISPOSITION.fullmatch(value):
        return
    names = [part.partition("=")[0].strip().lower() for part in _QUOTED.sub("", value).split(";")[1:]]
    # RFC 7578 4.2 rules filename* out; clients of .NET and others send it beside the filename, which is what counts.
    if any(name.endswith("*") and (name != "filename*" or "filename" not in names) for name in names):
        raise BadRequest("A part has a parameter such as filename*, which RFC 7578 (4.2) rules out; send filename.")
    if len(set(names)) != len(names):
        raise BadRequest("The Content-Disposition of a part has the same parameter twice.")


def _check_charset(charset: str | None) -> None:
    if (charset and charset.lower()) not in _UTF8 | _LATIN1:
        raise BadRequest("A field of the form is in another charset than UTF-8.")


def _check_count(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise PayloadTooLarge(None, f"The form has more than {limit} {what}.")


def _check_size(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise PayloadTooLarge(limit, f"{what} of the form is larger than {limit} bytes.")


def _decode(name: str, value: bytearray, charset: str | None) -> str:
    try:
        text = value.decode("latin-1" if charset and charset.lower() in _LATIN1 else "utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The field {name!r} is not UTF-8; give bytes a file name.") from error
    if "\0" in text or "\0" in name:
        raise BadRequest(f"The field {name!r} holds a NUL character.")
    return text
