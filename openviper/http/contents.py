"""Small files in memory, each held against the disk before it is used.

A visit to a thread costs more than everything else that is done for a small file: with it, one of 100 KB takes seven
times the processor of a bare ASGI application that reads it, without it about as much. So what has been read is kept,
and one look at the path (2 us, where the system has been asked before) tells whether it still leads to the same file in
the same state, whatever links are on the way.
"""

import os
from threading import Lock
from typing import Final, TypeAlias

from openviper.http.disk import SETTLED_AFTER, FileFacts, identify

__all__ = ["ContentStore", "KeptFile", "contents"]

_Key: TypeAlias = tuple[str, str | None]

_MAX_BYTES: Final = 8 * 1024 * 1024
_MAX_FILE_BYTES: Final = 256 * 1024
# What a file takes beside its content and its path. Counted, since a client may ask for one empty file by any number of
# paths, where a handler lets it (``a/../a/../empty.txt``).
_ENTRY_BYTES: Final = 1024


class KeptFile:
    """A file in memory, read like one on the disk.

    Args:
        facts: What is known about it.
        content: All of it.
    """

    __slots__ = ("content", "facts")

    def __init__(self, facts: FileFacts, content: bytes) -> None:
        self.facts = facts
        self.content = content

    def read(self, start: int, size: int) -> bytes:
        """Give some bytes; all of them without a copy."""
        return self.content[start : start + size]

    def close(self) -> None:
        """Do nothing: there is nothing open."""


class ContentStore:
    """The files that are kept, the oldest leaving first. May be used from threads.

    Args:
        max_bytes: Most that all of them take together, what is known about them included, in bytes.
        max_file_bytes: Most that one of them may take.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES, max_file_bytes: int = _MAX_FILE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._max_file_bytes = max_file_bytes
        self._files: dict[_Key, KeptFile] = {}
        self._bytes = 0
        self._lock = Lock()

    def find(self, path: str, allowed_dir: str | None) -> KeptFile | None:
        """Give a file that is still what it was when it was kept.

        Looks at the path on the disk, and so is no use for one that nobody has just asked about.
        """
        file = self._files.get((path, allowed_dir))
        if file is None:
            return None
        try:
            is_same = identify(os.stat(path)) == file.facts.identity  # noqa: PTH116 - a Path costs as much as the look
        except OSError:
            is_same = False
        if is_same:
            return file
        self._drop((path, allowed_dir))
        return None

    def takes(self, facts: FileFacts, now: float) -> bool:
        """Tell whether a file would be kept: it is small, and so old that its times would tell of a change.

        Args:
            facts: What is known about it.
            now: Unix time.
        """
        return facts.size <= self._max_file_bytes and now - facts.mtime >= SETTLED_AFTER

    def keep(self, path: str, allowed_dir: str | None, file: KeptFile) -> None:
        """Keep a file, in place of an earlier one of the same path."""
        with self._lock:
            self._remove((path, allowed_dir))
            self._files[path, allowed_dir] = file
            self._bytes += _weigh(path, file)
            while self._bytes > self._max_bytes:
                self._remove(next(iter(self._files)))

    def clear(self) -> None:
        """Forget every file."""
        with self._lock:
            self._files.clear()
            self._bytes = 0

    def _drop(self, key: _Key) -> None:
        with self._lock:
            self._remove(key)

    def _remove(self, key: _Key) -> None:
        file = self._files.pop(key, None)
        if file is not None:
            self._bytes -= _weigh(key[0], file)


def _weigh(path: str, file: KeptFile) -> int:
    return len(file.content) + len(path) + _ENTRY_BYTES


#: The files of this process; ``contents.clear()`` empties it.
contents: Final = ContentStore()
