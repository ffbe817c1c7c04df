"""One session of SQLite, in a thread of its own.

A query is one message to the thread and one back: it runs, its rows are fetched, and the loop is woken. A cancelled
query is interrupted; whoever waited leaves at once, and the next job comes after the interrupted one in the queue.
"""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from openviper.db.backends.base import Args, BackendOptions, Isolation, Row
from openviper.db.backends.sqlite.errors import closed, timed_out, translated
from openviper.db.backends.sqlite.session import (
    MEMORY,
    begin_reading,
    clean,
    commit,
    open_file,
    roll_back,
    roll_back_to,
)
from openviper.db.backends.sqlite.statements import Statements
from openviper.db.backends.sqlite.thread import add_cause
from openviper.db.backends.worker import Progress, ThreadedConnection, serve
from openviper.db.exceptions import ConnectionLostError

__all__ = ["SQLiteConnection"]

T = TypeVar("T")


class SQLiteConnection(ThreadedConnection, Statements):
    """One session, in a thread of its own.

    Args:
        options: What the settings say about the database.
        writes: Whether it may change the database.
    """

    __slots__ = (
        "_cursors",
        "_nobody",
        "_query_only",
        "_raw",
        "leaving",
        "writes",
    )

    def __init__(self, options: BackendOptions, *, writes: bool) -> None:
        super().__init__(options)
        self.writes = writes
        self._raw: sqlite3.Connection | None = None
        self._cursors: set[sqlite3.Cursor] = set()
        self._nobody: asyncio.Future[None] = self._loop.create_future()
        self._query_only = False
        #: Is done when an opening that was cancelled has left nothing open; None if none was.
        self.leaving: asyncio.Future[Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._raw is not None

    @property
    def is_clean(self) -> bool:
        """Whether the thread is idle, no transaction is open and no rows wait to be fetched."""
        return not (self._sent != self._done or self._cursors or (self._raw is not None and self._raw.in_transaction))

    async def open(self) -> None:
        """Start the thread and open the file.

        Raises:
            ConnectionLostError: It cannot be opened.
        """
        options = self._options
        threading.Thread(
            target=serve,
            args=(self._jobs, self._progress, add_cause),
            name=f"openviper-sqlite-{options.alias}",
            daemon=True,
        ).start()
        opened: list[sqlite3.Connection] = []

        def open_here() -> sqlite3.Connection:
            opened.append(open_file(options, writes=self.writes))
            return opened[0]

        def close_opened() -> None:
            for raw in opened:
                raw.close()

        opening = self._send(open_here)
        try:
            self._raw = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread may be about to hand over an open file, which nobody would close.
            self.leaving = self._send(close_opened)
            self._jobs.put(None)
            raise
        except sqlite3.Error as error:
            self._jobs.put(None)
            folder = Path(options.address).parent
            hint = "" if options.address == MEMORY or folder.is_dir() else "; its folder does not exist"
            raise ConnectionLostError(
                f"the SQLite file of database {options.alias!r} cannot be opened: {error}{hint}"
            ) from error

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with the raw connection, in one hop.

        Args:
            function: Runs in the thread of the connection. It must not keep what it is given.

        Raises:
            StatementTimeoutError: It took longer than ``statement_timeout``.
            ORMException: In place of what SQLite raises; anything else passes unchanged.
        """
        raw = self._raw
        if raw is None:
            raise closed(self._options)
        job = self._send(lambda: function(raw))
        self._start_clock()
        try:
            return await job
        except asyncio.CancelledError:
            # The job may be running, about to start, or just done. Whoever waits leaves; the thread is stopped and
            # the pool, or the rollback that comes next, waits for it.
            self._expired = False
            self._nag(self._sent)
            raise
        except sqlite3.Error as error:
            if self._expired:
                raise timed_out(self._options) from error
            raise translated(error, self._options) from error
        finally:
            self._expired = False

    def work(self, function: Callable[[sqlite3.Connection, Progress], None], report: Callable[[], None]) -> None:
        """Let the thread do something that looks after its own errors and interruptions.

        Args:
            function: Runs in the thread, with the raw connection and where it notes what can be interrupted.
            report: Called in the loop when it is over.
        """
        raw = self._raw
        if raw is None:
            raise closed(self._options)

        def over(*_: object) -> None:
            self._done += 1
            report()

        self._sent += 1
        # Nobody leaves before it is over, so one future stands for all who wait.
        self._jobs.put((self._sent, lambda: function(raw, self._progress), self._nobody, over, self._loop))

    def interrupt(self, job: object) -> None:
        """Stop the statement that runs, if the thread has noted that it belongs to a job."""
        if self._raw is not None:
            self._progress.interrupt(job, self._raw)

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``, a hop each."""
        cursor = await self.run(lambda raw: raw.execute(sql, args))
        self._cursors.add(cursor)
        try:
            while rows := await self.run(lambda _: cursor.fetchmany(size)):
                yield rows
        finally:
            self._cursors.discard(cursor)
            if self._raw is not None:
                # In the queue of the thread, so that it comes after a fetch that was cancelled; nobody waits for it.
                self._post(cursor.close)

    async def begin(self, isolation: Isolation | None = None, read_only: bool = False) -> None:
        """Start a transaction, and take the lock for writing at once unless it only reads.

        Without the lock, two that read first and write later could not both go on; SQLite then answers at once that
        the database is locked, and waiting does not help.

        Args:
            isolation: Anything; SQLite's transactions are serializable.
            read_only: Whether writes are refused inside.
        """
        if read_only or not self.writes:
            self._query_only = True
            await self.run(begin_reading)
        else:
            await self.run(lambda raw: raw.execute("BEGIN IMMEDIATE"))

    async def commit(self) -> None:
        """Make the transaction true."""
        await self.run(self._end(commit))

    async def rollback(self) -> None:
        """Undo the transaction; does nothing where SQLite has done so itself."""
        await self.run(self._end(roll_back))

    async def savepoint(self, name: str) -> None:
        """Mark a place inside the transaction."""
        await self.run(lambda raw: raw.execute(f"SAVEPOINT {name}"))

    async def release(self, name: str) -> None:
        """Forget a mark and keep what was done since."""
        await self.run(lambda raw: raw.execute(f"RELEASE SAVEPOINT {name}"))

    async def rollback_to(self, name: str) -> None:
        """Undo what was done since a mark, and forget it.

        Raises:
            TransactionError: SQLite has undone the whole transaction by itself.
        """
        await self.run(lambda raw: roll_back_to(raw, name))

    async def ping(self) -> None:
        """Do nothing: a file does not go away while it is open."""

    async def clean(self) -> None:
        """Wait for the thread, end an open transaction and close what was left open."""
        cursors = list(self._cursors)
        self._cursors.clear()
        await self.run(self._end(lambda raw: clean(raw, cursors)))

    def _detach(self) -> sqlite3.Connection | None:
        raw, self._raw = self._raw, None
        return raw

    def _end(self, function: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
        """Add to the end of a transaction that writes are allowed again."""
        if not self._query_only:
            return function
        self._query_only = False
        writes = self.writes

        def ended(raw: sqlite3.Connection) -> T:
            try:
                return function(raw)
            finally:
                if writes and not raw.in_transaction:
                    raw.execute("PRAGMA query_only=OFF")

        return ended

    def _handle(self) -> sqlite3.Connection | None:
        return self._raw
