"""Who may write, who only reads: the connections of one SQLite database.

SQLite has one writer at a time and, with a write-ahead log, any number of readers beside it. So there are two pools:
one with the only connection that may write, whose queue is the queue of the writers, and one with connections that can
only read. Writers of one event loop therefore never meet a locked database; those of other processes are waited for by
SQLite itself, for ``lock_timeout``. A database in memory is one connection for everything.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.pool import Pool, PoolLimits
from openviper.db.backends.sqlite.connection import SQLiteConnection
from openviper.db.backends.sqlite.reads import SharedReads
from openviper.db.backends.sqlite.session import MEMORY
from openviper.db.exceptions import LockTimeoutError

__all__ = ["SQLiteBackend"]

#: Seconds for closing a file, or for ending what was left open in it.
_CARE_SECONDS: Final = 5.0


class SQLiteBackend:
    """One SQLite database in the running event loop.

    Args:
        options: What the settings say about it.
    """

    dialect_name = "sqlite"

    def __init__(self, options: BackendOptions) -> None:
        self.options = options
        self._leaving: set[asyncio.Future[Any]] = set()
        self._in_memory = options.address == MEMORY
        # A read-only database has no writers, and one in memory has a single connection.
        self.splits_writes = not (self._in_memory or options.read_only)
        size, overflow = (1, 0) if self._in_memory else (options.pool_size, options.max_overflow)
        self._readers = self._make_pool(size=size, overflow=overflow, writes=not self.splits_writes)
        self._writers = self._make_pool(size=1, overflow=0, writes=True) if self.splits_writes else self._readers
        self.reads = SharedReads(self._readers, options) if self.splits_writes else None

    def take(self, *, writes: bool) -> "SQLiteConnection | None":
        """Lend a connection if one lies ready; None means that ``acquire`` is to be awaited."""
        return self._writers.take() if writes else self._readers.take()

    async def acquire(self, *, writes: bool) -> "SQLiteConnection":
        """Lend a connection, waiting for one if need be.

        Args:
            writes: Whether it may change the database; there is one such connection.

        Raises:
            LockTimeoutError: The turn to write did not come within ``lock_timeout``.
            PoolTimeoutError: No connection for reading became free in time.
            ConnectionLostError: The file cannot be opened.
        """
        return await (self._writers if writes else self._readers).acquire()

    def release(self, connection: "SQLiteConnection", *, is_dirty: bool = False) -> None:
        """Take a connection back; one whose session may have been changed is put in order by its own thread."""
        pool = self._writers if connection.writes else self._readers
        pool.release(connection, is_dirty=is_dirty)

    def renew(self) -> None:
        """Do nothing: SQLite prepares a statement again by itself when the tables have changed."""

    async def close(self) -> None:
        """Close every connection; those that are lent are cut off."""
        if self.reads is not None:
            await self.reads.close()
        await self._writers.close()
        await self._readers.close()
        if self._leaving:
            # Or a script could end with a file half open, and leave its log behind.
            await asyncio.wait(list(self._leaving))

    def terminate(self) -> None:
        """Drop every connection; the threads end with what they do at the moment."""
        if self.reads is not None:
            self.reads.terminate()
        self._writers.terminate()
        self._readers.terminate()

    def _make_pool(self, *, size: int, overflow: int, writes: bool) -> "Pool[SQLiteConnection]":
        options = self.options
        is_queue = writes and self.splits_writes
        limits = PoolLimits(
            alias=options.alias,
            size=size,
            overflow=overflow,
            timeout=options.lock_timeout if is_queue else options.pool_timeout,
            # A database in memory ends with its connection, and no file needs a new one.
            recycle=float("inf"),
            care=None if self._in_memory else _CARE_SECONDS,
        )

        async def open_connection() -> SQLiteConnection:
            connection = SQLiteConnection(options, writes=writes)
            try:
                await connection.open()
            finally:
                if connection.leaving is not None:
                    self._leaving.add(connection.leaving)
                    connection.leaving.add_done_callback(self._leaving.discard)
            return connection

        return Pool(open_connection, limits, timed_out=self._turn_missed if is_queue else None)

    def _turn_missed(self, holders: Sequence[tuple[str, float]]) -> Exception:
        held = "; ".join(f"{holder} for {age:.1f} s" for holder, age in holders)
        return LockTimeoutError(
            f"the turn to write to database {self.options.alias!r} did not come within "
            f"{self.options.lock_timeout or 0:g} seconds; it is held by {held or 'a connection being opened'}; "
            "make the transaction shorter, or raise LOCK_TIMEOUT",
            sqlstate="SQLITE_BUSY",
        )
