"""Bytes that arrive in pieces and are wanted as one."""

from io import BytesIO
from typing import Final

from openviper.primitives.memory import keep_freed_memory

__all__ = ["Gathering"]

# How much more than has arrived is reserved, so that a body moves a few times while it grows: three times as much at
# first, and then this many bytes or a half. Room is memory, since a BytesIO writes zeros to it, and a client that sends
# slowly holds it: more room would be faster by less than its pages cost.
_GROWTH: Final = 4
_ROOM: Final = 128 * 1024

# What one body leaves is what the next one needs.
keep_freed_memory()


class Gathering:
    """Takes pieces and copies them behind each other, so that a flood of tiny ones costs what it holds and no more.

    Args:
        most: What is expected at most, in bytes. More is taken, and no room is reserved beyond it.

    Attributes:
        size: Bytes taken so far.
    """

    __slots__ = ("_memory", "_most", "_room", "size")

    def __init__(self, most: int) -> None:
        self.size = 0
        self._most = most
        self._memory = BytesIO()
        self._room = 0

    def add(self, piece: bytes) -> None:
        """Take a piece."""
        start = self.size
        self.size = end = start + len(piece)
        if end > self._room:
            if not start:
                self._memory, self._room = BytesIO(piece), end  # shares the bytes: one piece alone is never copied
                return
            self._reserve(start, end)
        self._memory.write(piece)

    def finish(self) -> BytesIO:
        """Give all of it, at its beginning and without what was reserved; the last call."""
        memory = self._memory
        memory.truncate(self.size)
        memory.getvalue()  # lets go of the rest of the room, so that reading everything makes no copy
        memory.seek(0)
        return memory

    def _reserve(self, start: int, end: int) -> None:
        self._room = max(end, min(end * _GROWTH, end + max(_ROOM, end // 2), self._most))
        if self._room > end:
            self._memory.seek(self._room - 1)
            self._memory.write(b"\0")
        self._memory.seek(start)
