"""One session of SQL Server, in a thread of its own.

A statement is one message to the thread and one back: it runs, its rows are fetched, and the loop is woken. A cancelled
one is stopped by the driver; whoever waited leaves at once, and the next job comes after it in the queue.

Statements store themselves outside of a transaction. Transactions are begun and ended in words, since the driver's own
way begins one with the first statement only, and a mark cannot stand before that.
"""

import asyncio
import math
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from openviper.db.backends.base import Args, BackendOptions, Isolation, Row
from openviper.db.backends.mssql.driver import Driver, RawConnection, RawCursor
from openviper.db.backends.mssql.errors import UNDOING, number_of, translated
from openviper.db.backends.mssql.results import (
    RowStream,
    all_rows,
    close_all,
    first_row,
    named_rows,
    touched_rows,
)
from openviper.db.backends.mssql.session import Session, drain, session_start
from openviper.db.backends.told import lost, refuse_write
from openviper.db.backends.worker import ThreadedConnection, serve
from openviper.db.exceptions import ConnectionLostError, TransactionError

__all__ = ["SQLServerConnection"]

#: Levels are those of the session, so a transaction gives back what it had.
_LEVEL: Final = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"

T = TypeVar("T")


class SQLServerConnection(ThreadedConnection):
    """One session.

    Args:
        options: What the settings say about the database.
        driver: pyodbc.
        text: What the ODBC driver is called with.
    """

    __slots__ = ("_driver", "_in_block", "_is_reading", "_is_undone", "_session", "_stream", "_text")

    writes = True

    def __init__(self, options: BackendOptions, driver: Driver, *, text: str) -> None:
        super().__init__(options)
        self._driver = driver
        self._text = text
        self._session: Session | None = None
        self._stream: RowStream | None = None
        self._in_block = False
        # The server has undone the transaction by itself, so that what follows would be stored alone.
        self._is_undone = False
        self._is_reading = options.read_only

    @property
    def is_open(self) -> bool:
        """Whether the session is there, as far as is known without asking the server."""
        return self._session is not None

    @property
    def is_clean(self) -> bool:
        """Whether the thread is idle, no transaction is open and no rows wait to be fetched."""
        return self._sent == self._done and not self._in_block and self._stream is None

    async def open(self) -> None:
        """Start the thread and the session.

        Raises:
            ConnectionLostError: The server cannot be reached, or refuses.
        """
        alias = self._options.alias
        threading.Thread(
            target=serve, args=(self._jobs, self._progress), name=f"openviper-mssql-{alias}", daemon=True
        ).start()
        opened: list[RawConnection] = []
        opening = self._send(lambda: self._connect(opened))
        try:
            self._session = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread may be about to hand over an open session, which nobody would close.
            self._post(partial(close_all, opened))
            self._jobs.put(None)
            raise
        except self._driver.Error as error:
            self._jobs.put(None)
            reason = translated(error, self._options, self._driver)
            told = "" if isinstance(reason, ConnectionLostError) else f": {reason}"
            raise ConnectionLostError(f"database {alias!r} cannot be reached{told}") from error

    async def fetch(self, sql: str, args: Args = ()) -> Sequence[Row]:
        """Run a statement and return all of its rows."""
        return await self._run(sql, lambda session: session.run(sql, args, all_rows))

    async def fetch_one(self, sql: str, args: Args = ()) -> Row | None:
        """Run a statement and return its first row; None if it has none."""
        return await self._run(sql, lambda session: session.run(sql, args, first_row))

    async def fetch_value(self, sql: str, args: Args = ()) -> Any:
        """Run a statement and return the first column of its first row; None if it has no row."""
        row = await self.fetch_one(sql, args)
        return None if row is None else row[0]

    async def fetch_named(self, sql: str, args: Args = ()) -> tuple[tuple[str, ...], Sequence[Row]]:
        """Run a statement and return the names of its columns, and all of its rows."""
        return await self._run(sql, lambda session: session.run(sql, args, named_rows))

    async def execute(self, sql: str, args: Args = ()) -> int:
        """Run a statement and return how many rows it touched; 0 for one that touches none.

        It may be several statements; the number is that of the first that has one.
        """
        return await self._run(sql, lambda session: session.run(sql, args, touched_rows))

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Run a statement once a row of arguments, for all of them or for none."""
        given = list(rows)
        if given:
            owns = not self._in_block
            await self._run(sql, lambda session: session.run_many(sql, given, owns=owns))

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``, a hop each.

        When another statement is sent in between, what is left of the rows is read first.
        """
        cursor: RawCursor = await self._run(sql, lambda session: session.open(sql, args))
        stream = self._stream = RowStream(cursor)
        try:
            while rows := stream.take(size) or await self._more(stream, sql, size):
                yield rows
        finally:
            if self._stream is stream:
                self._stream = None
            session = self._session
            if session is not None and not stream.is_over:
                # In the queue of the thread, so that it comes after a fetch that was cancelled.
                self._post(lambda: session.shut(cursor))

    async def begin(self, isolation: Isolation | None = None, read_only: bool = False) -> None:
        """Start a transaction; one that only reads is kept so by looking at its statements."""
        self._is_undone = False
        level = "" if isolation is None else f"SET TRANSACTION ISOLATION LEVEL {Isolation(isolation).value.upper()}; "
        self._in_block = True
        self._is_reading = read_only or self._options.read_only
        await self._tell(f"{level}BEGIN TRANSACTION")

    async def commit(self) -> None:
        """Make the transaction true.

        Raises:
            TransactionError: It had failed before; the server has rolled it back.
        """
        self._check()
        await self._tell(f"COMMIT TRANSACTION; {_LEVEL}")
        self._end()

    async def rollback(self) -> None:
        """Undo the transaction; does nothing where the server has done so itself."""
        self._is_undone = False
        await self._tell(f"IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; {_LEVEL}")
        self._end()

    async def savepoint(self, name: str) -> None:
        """Mark a place inside the transaction."""
        self._check()
        await self._tell(f"SAVE TRANSACTION {name}")

    async def release(self, name: str) -> None:
        """Do nothing: marks are forgotten with the transaction."""

    async def rollback_to(self, name: str) -> None:
        """Undo what was done since a mark.

        Raises:
            TransactionError: The server has undone the whole transaction, as it does with one of those in a deadlock.
        """
        self._check()
        await self._tell(f"ROLLBACK TRANSACTION {name}")

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        await self._tell("SELECT 1")

    async def clean(self) -> None:
        """Wait for the thread, end an open transaction, and tell the session again what it is told."""
        self._stream = None
        await self.rollback()
        await self._tell(session_start(self._options))

    def _detach(self) -> Session | None:
        session, self._session = self._session, None
        return session

    def _handle(self) -> Session | None:
        return self._session

    def _connect(self, opened: list[RawConnection]) -> Session:
        """Open the session in the thread, and add it to what has to be closed there."""
        options = self._options
        seconds = math.ceil(options.connect_timeout)
        raw: RawConnection = self._driver.connect(self._text, autocommit=True, timeout=seconds)
        # In whole seconds, which 0 means no limit to; ours is exact, and this is for when the loop stands still.
        raw.timeout = 0 if options.statement_timeout is None else math.ceil(options.statement_timeout) + 1
        session = Session(raw)
        try:
            session.run(session_start(options), (), drain)
        except BaseException:
            raw.close()
            raise
        opened.append(raw)
        return session

    def _end(self) -> None:
        self._in_block = False
        self._is_reading = self._options.read_only

    def _check(self) -> None:
        if self._is_undone:
            raise TransactionError(
                f"the server has undone the whole transaction on database {self._options.alias!r}, or will not store "
                "it, since a statement of it has failed in a way that leaves nothing to go on with"
            )

    async def _tell(self, sql: str) -> None:
        await self._hop(sql, lambda session: session.run(sql, (), drain))

    async def _run(self, sql: str, work: Callable[[Session], T]) -> T:
        """Do something for a statement of the user's."""
        self._check()
        if self._is_reading:
            refuse_write(sql, self._options)
        return await self._hop(sql, work)

    async def _hop(self, sql: str, work: Callable[[Session], T]) -> T:
        session, stream = self._session, self._stream
        if session is None:
            raise lost(self._options, was_sent=False)
        if stream is not None:
            # A session has one answer at a time.
            self._stream = None
            stream.rest += await self._await(sql, session, lambda: stream.drain(session))
        return await self._await(sql, session, lambda: work(session))

    async def _more(self, stream: "RowStream", sql: str, size: int) -> Sequence[Row]:
        session = self._session
        if stream.is_over or session is None:
            return ()
        return await self._await(sql, session, lambda: stream.cursor.fetchmany(size))

    async def _await(self, sql: str, session: Session, function: Callable[[], T]) -> T:
        job = self._send(self._noting(session, function) if self._in_block else function)
        self._start_clock()
        try:
            return await job
        except asyncio.CancelledError:
            self._expired = False
            self._nag(self._sent)
            raise
        except self._driver.Error as error:
            told = translated(
                error, self._options, self._driver, sql=sql, is_open=self.is_open, is_expired=self._expired
            )
            if isinstance(told, ConnectionLostError):
                self.terminate()
            raise told from error
        finally:
            self._expired = False

    def _noting(self, session: Session, function: Callable[[], T]) -> Callable[[], T]:
        """Let the thread find out after an error whether the transaction is still there."""

        def noted() -> T:
            try:
                return function()
            except self._driver.Error as error:
                if number_of(error) in UNDOING:
                    self._is_undone = True
                else:
                    try:
                        self._is_undone = session.state() != 1
                    except self._driver.Error:
                        self._is_undone = True
                raise

        return noted
