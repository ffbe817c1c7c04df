"""A regular file on the disk: what is known about it, and reading it from threads."""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Final

from openviper.exceptions import NotFound
from openviper.http.conditional import Validators
from openviper.http.dates import format_http_date
from openviper.http.headers import encode_content_type
from openviper.http.media import guess_media_type

__all__ = ["SETTLED_AFTER", "FileFacts", "OpenFile", "identify", "validators_of"]

# Seconds that a file must have rested before its times tell two states apart: some file systems keep whole seconds.
SETTLED_AFTER: Final = 2.0

if sys.platform == "win32":
    _FLAGS = os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT
    _NO_LINK = 0
else:
    # Not blocking: opening a named pipe would wait for someone to write into it.
    _FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    _NO_LINK = os.O_NOFOLLOW

# What the system says of a path that leads to no file for us; anything else is a fault of the machine.
_ABSENT: Final = frozenset(
    (
        errno.EACCES, errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENODEV, errno.ENOENT,
        errno.ENOTDIR, errno.ENXIO, errno.EPERM,
    )
)  # fmt: skip


class FileFacts:
    """What the head of an answer says about a file.

    Args:
        path: The file.
        facts: What the system says about it.
        now: Unix time.
    """

    __slots__ = ("content_type", "etag", "identity", "last_modified", "mtime", "path", "size", "validators")

    def __init__(self, path: str, facts: os.stat_result, now: float) -> None:
        self.path = path
        self.size = facts.st_size
        self.mtime = facts.st_mtime
        self.identity = identify(facts)
        self.validators = validators_of(facts.st_size, facts.st_mtime_ns, now)
        self.content_type = encode_content_type(guess_media_type(path))
        self.etag = (b"etag", (self.validators.etag or "").encode("ascii"))
        # RFC 9110 8.8.2.1: not later than now, wherever the file and its time come from.
        self.last_modified = (b"last-modified", format_http_date(max(min(facts.st_mtime, now), 0)).encode("ascii"))


def identify(facts: os.stat_result) -> tuple[int, ...]:
    """Give what differs as soon as a path leads to another file, or to another state of the same one."""
    return facts.st_ino, facts.st_dev, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def validators_of(size: int, mtime_ns: int, now: float) -> Validators:
    """Tell the state of a file from others by its length and the time of its last change.

    The tag is weak while the file is so young that another change might leave both as they are: a cache may use it, a
    range may not be cut by it (RFC 9110, 8.8.1).

    Args:
        size: Length in bytes.
        mtime_ns: Unix time of the last change, in nanoseconds.
        now: Unix time.
    """
    tag = f'"{mtime_ns:x}-{size:x}"'
    is_settled = now - mtime_ns / 1e9 >= SETTLED_AFTER
    return Validators(tag if is_settled else f"W/{tag}", min(mtime_ns // 1_000_000_000, int(now)))


class OpenFile:
    """A regular file that is read from threads, by one at a time, and closed from anywhere.

    Whoever waits for a thread may be cancelled while the thread goes on. So a visit that is under way when the file is
    closed closes it itself.

    Args:
        path: The file.
        allowed_dir: The folder that it must lie in once links are followed; None allows any.
    """

    def __init__(self, path: str, allowed_dir: str | None = None) -> None:
        self._path = path
        self._facts: FileFacts | None = None
        self._allowed_dir = allowed_dir
        self._descriptor = -1
        self._is_closed = False
        self._lock = Lock()

    @property
    def facts(self) -> FileFacts:
        """What is known about the file, once it has been opened."""
        if self._facts is None:
            raise ValueError(f"{self._path} has not been opened")
        return self._facts

    def open(self, now: float) -> None:
        """Open the file and look at it. Blocks.

        Args:
            now: Unix time.

        Raises:
            NotFound: It does not exist, lies outside the folder, cannot be read or is no regular file.
        """
        with self._visit():
            try:
                self._open(now)
            except ValueError as error:  # NUL, or half of a surrogate pair: no path at all
                raise NotFound from error
            except OSError as error:
                if error.errno in _ABSENT:
                    raise NotFound from error
                raise

    def read(self, start: int, size: int) -> bytes:
        """Read some bytes. Blocks.

        Raises:
            OSError: The file has become shorter than it was, or was closed.
        """
        with self._visit():
            os.lseek(self._descriptor, start, os.SEEK_SET)
            content = os.read(self._descriptor, size)
            while len(content) < size:
                # One call may give less: after a signal, or beyond 2 GiB.
                more = os.read(self._descriptor, size - len(content))
                if not more:
                    raise OSError(f"{self._path} became shorter while it was sent; the client gets a broken connection")
                content += more
            return content

    def close(self) -> None:
        """Close the file, now or as soon as the thread that uses it is done; a second call does nothing."""
        self._is_closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._lock.release()

    @contextlib.contextmanager
    def _visit(self) -> Iterator[None]:
        try:
            with self._lock:
                if self._is_closed:
                    raise OSError(f"{self._path} was closed while it was sent")
                yield
        finally:
            if self._is_closed:
                self.close()

    def _open(self, now: float) -> None:
        path, flags = self._path, _FLAGS
        if self._allowed_dir is not None:
            folder = os.path.realpath(self._allowed_dir, strict=True)
            path = os.path.realpath(path, strict=True)
            if not Path(path).is_relative_to(folder):
                raise NotFound
            # A file that has become a link since it was resolved is not followed. A folder on the way would be, and so
            # would both by a server that opens the path itself: who may write there is trusted not to change it.
            flags |= _NO_LINK
        self._descriptor = os.open(path, flags)
        facts = os.fstat(self._descriptor)
        if not stat.S_ISREG(facts.st_mode):
            self._release()
            raise NotFound
        self._facts = FileFacts(path, facts, now)

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
