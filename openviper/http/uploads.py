"""An uploaded file, as a handler sees it."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from openviper.http.headers import Headers
from openviper.primitives.threads import run_in_thread

__all__ = ["UploadFile", "sanitize_filename"]

_CHUNK: Final = 256 * 1024
_DEFAULT_TYPE: Final = "application/octet-stream"
_FALLBACK_NAME: Final = "upload"
# What common file systems take for one component of a path, in bytes.
_MAX_NAME: Final = 255
# A longer one is no extension that anybody looks at, and would leave no room for the name in front of it.
_MAX_EXTENSION: Final = 32
# What most names look like; nothing in them needs a change.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9_ ().-]{0,200}[A-Za-z0-9_()-])?")
# Names of devices on Windows, with whatever extension.
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)", re.IGNORECASE)


class UploadFile:
    """A file that came with a form: in memory while it is small, in a temporary file otherwise.

    The temporary file has no name on the disk where the system allows that, and is gone when the request ends.

    Args:
        filename: The name as the client sent it; it may hold anything.
        content_type: The type that the client claims, which nobody has checked; empty means unknown.
        file: Where the content is, open for reading bytes.
        size: Its length in bytes; None measures it.
        headers: The header fields of its part; None means none.

    Attributes:
        filename: A name that can be used for a file: the last component, without control characters, at most
            255 bytes; ``upload`` for a hidden or empty one. Not unique.
        original_filename: The name as the client sent it. Never part of a path, a header or a page.
        content_type: As above; ``application/octet-stream`` for an unknown one.
        file: As above. It blocks, so it is for a thread: ``await run_in_thread(csv_rows, upload.file)``.
        size: As above.
        headers: As above.
    """

    __slots__ = ("_in_memory", "content_type", "file", "filename", "headers", "original_filename", "size")
    # A template has no business with an open file.
    unsafe_in_templates: ClassVar = frozenset({"file"})

    def __init__(
        self,
        filename: str,
        content_type: str,
        file: BinaryIO,
        *,
        size: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.filename = sanitize_filename(filename)
        self.original_filename = filename
        self.content_type = content_type or _DEFAULT_TYPE
        self.file = file
        self.size = _measure(file) if size is None else size
        self.headers = Headers([]) if headers is None else headers
        # Reading memory needs no thread, which would cost thirty times as much as the read.
        self._in_memory = isinstance(file, BytesIO)

    @property
    def closed(self) -> bool:
        """Whether the content is gone."""
        return self.file.closed

    async def read(self, size: int = -1) -> bytes:
        """Read on from where the last read ended.

        Args:
            size: Most bytes to read; a negative number reads to the end.

        Raises:
            ValueError: The file is closed, as it is after the request.
        """
        if self._in_memory:
            return self.file.read(size)
        return await run_in_thread(self.file.read, size)

    async def seek(self, offset: int) -> None:
        """Go to a position for the next read.

        Args:
            offset: Bytes from the beginning.

        Raises:
            ValueError: The offset is negative, or the file is closed.
        """
        if offset < 0:
            raise ValueError(f"{offset} is a negative position")
        if self._in_memory:
            self.file.seek(offset)
        else:
            await run_in_thread(self.file.seek, offset)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the whole content in pieces, from its beginning wherever the last read ended."""
        await self.seek(0)
        while chunk := await self.read(_CHUNK):
            yield chunk

    async def save(self, path: str | PathLike[str]) -> None:
        """Write the whole content into a new file; one that is there already is left alone.

        The path is the project's own: ``folder / upload.filename`` at the most, never ``original_filename``.

        Raises:
            FileExistsError: There is something at the path.
            OSError: The folder is missing, or the file cannot be written; none is left behind.
            ValueError: The upload is closed.
        """
        await run_in_thread(_copy, self.file, Path(path))

    async def close(self) -> None:
        """Drop the content; done at the end of the request by itself, and harmless when repeated."""
        if self._in_memory:
            self.file.close()
        else:
            await run_in_thread(self.file.close)

    def __repr__(self) -> str:
        return f"<UploadFile {self.filename!r} {self.content_type} {self.size} bytes>"


def sanitize_filename(name: str) -> str:
    """Make a name that a file may have of one that a client has sent.

    Args:
        name: Any text; folders in front of it, of either kind of system, are left out.

    Returns:
        At most 255 bytes of UTF-8 that keep the extension; ``upload`` for a hidden or empty name.
    """
    if _PLAIN.fullmatch(name) and not _DEVICES.match(name):
        return name
    base = name.replace("\\", "/").rpartition("/")[2]
    # Not printable are controls, halves of characters, and marks that turn the direction of the text: with those,
    # "gpj.exe" is shown as "exe.jpg". A colon opens a second stream of a file on Windows.
    kept = (" " if char.isspace() else "_" if char == ":" else char for char in base)
    base = "".join(char for char in kept if char.isprintable()).strip().rstrip(". ")
    if not base or base.startswith("."):
        return _FALLBACK_NAME
    if _DEVICES.match(base):
        base = f"_{base}"
    return _shorten(base)


def _shorten(name: str) -> str:
    """Cut a name to what a file system takes, between two characters and in front of its extension."""
    if len(name.encode()) <= _MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = f"{dot}{extension}".encode()
    if not stem or len(ending) > _MAX_EXTENSION:
        stem, ending = name, b""
    return stem.encode()[: _MAX_NAME - len(ending)].decode(errors="ignore").rstrip(". ") + ending.decode()


def _measure(file: BinaryIO) -> int:
    position = file.tell()
    size = file.seek(0, 2)
    file.seek(position)
    return size


def _copy(source: BinaryIO, path: Path) -> None:
    source.seek(0)
    with path.open("xb") as target:
        try:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
            target.flush()  # a full disk is told here, not by the close
        except BaseException:
            path.unlink(missing_ok=True)
            raise
