"""The content of an upload while it arrives: in memory at first, in a temporary file when it grows."""

import asyncio
from io import BytesIO
from threading import Lock
from typing import BinaryIO, Final, cast

from openviper.http.gathering import Gathering
from openviper.primitives.threads import run_in_thread

__all__ = ["Spool"]

# What is written in one go at least: a hop to a thread takes 30 us, a block of this size about 100. Servers on uvloop
# deliver 256 000 bytes at a time, and such a piece is written as it is, without a copy.
_BLOCK: Final = 240 * 1024
# With the piece that makes it full, which other servers give 64 KB at most.
_ROOM: Final = _BLOCK + 64 * 1024


class Spool:
    """Takes the pieces of one file and keeps them where there is room.

    The owner calls ``add`` for each piece, ``flush`` where that asks for it, and ``finish`` or ``close`` at the end.
    A call that is cancelled leaves its thread at work, so the file is touched under a lock, and after ``close`` it is
    not touched at all.

    Args:
        max_memory: What may stay in memory, in bytes.
        folder: Where the temporary file lies; empty means the system's folder.

    Attributes:
        size: Bytes taken so far.
    """

    __slots__ = ("_file", "_folder", "_gathered", "_is_closed", "_lock", "_most", "_spilled", "size")

    def __init__(self, max_memory: int, folder: str) -> None:
        self.size = 0
        self._most = max_memory
        self._folder = folder
        self._gathered = Gathering(max_memory)
        self._file: BinaryIO | None = None
        self._spilled = self._is_closed = False
        self._lock = Lock()

    @property
    def held(self) -> int:
        """Bytes in memory, those of a finished file included."""
        return self._gathered.size

    def add(self, piece: bytes) -> bool:
        """Take a piece; True asks for a ``flush`` before the next one."""
        self._gathered.add(piece)
        self.size += len(piece)
        return self._gathered.size > self._most

    async def flush(self) -> None:
        """Move what is held to the disk.

        Raises:
            OSError: The disk is full, or the folder cannot be written.
        """
        await run_in_thread(self._write, self._spill())

    async def finish(self) -> BinaryIO:
        """Give the whole content, open at its beginning; the caller closes it.

        Raises:
            OSError: The disk is full.
        """
        if not self._spilled:
            return self._gathered.finish()
        return await run_in_thread(self._rewind, self._spill())

    async def close(self) -> None:
        """Drop the content; also the file that ``finish`` gave."""
        self._gathered = Gathering(0)
        if self._spilled:
            # A second cancellation must not leave the file open: the thread goes on in any case.
            await asyncio.shield(run_in_thread(self._close))

    def _spill(self) -> BytesIO:
        """Take what is held out of the way of the next pieces."""
        gathered, self._gathered = self._gathered, Gathering(_ROOM)
        self._most, self._spilled = _BLOCK, True
        return gathered.finish()

    def _write(self, content: BytesIO) -> None:
        with self._lock:
            if self._is_closed:
                return
            if self._file is None:
                # Only a large upload needs it.
                from tempfile import TemporaryFile

                self._file = TemporaryFile(dir=self._folder or None)  # noqa: SIM115 - closed by close()
            self._file.write(content.getbuffer())

    def _rewind(self, content: BytesIO) -> BinaryIO:
        self._write(content)
        file = cast("BinaryIO", self._file)  # made by the first write
        file.seek(0)
        return file

    def _close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._file is not None:
                self._file.close()
