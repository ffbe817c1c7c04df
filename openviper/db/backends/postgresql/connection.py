"""One session of PostgreSQL.

Time-outs are settings of the session, so that the server ends a statement by itself and a query costs nothing for them;
a guard of ours stands a little above, for a server that does not answer at all. A cancelled query is cancelled
on the server by asyncpg, over a connection of its own; this one goes back to the pool when the server has confirmed.

Statements are prepared and kept by asyncpg. One whose table was altered meanwhile is prepared again and tried once more
outside a transaction; inside, the transaction has failed by then. JSON comes and goes as text.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any, Final

from openviper.db.backends.base import Args, BackendOptions, Isolation, Row
from openviper.db.backends.pool import PooledConnection
from openviper.db.backends.postgresql.driver import Driver, RawConnection
from openviper.db.backends.postgresql.errors import translated
from openviper.db.exceptions import TransactionError, UnreadableValueError

__all__ = ["PostgreSQLConnection", "time_outs"]

#: Seconds that the client waits longer than the server is told to.
_GRACE_SECONDS: Final = 5.0
_NEVER: Final = float("inf")
#: The setting of a session for reading only.
_READING: Final = "default_transaction_read_only"


class PostgreSQLConnection(PooledConnection):
    """One session.

    Args:
        raw: asyncpg's connection.
        options: What the settings say about the database.
        driver: asyncpg.
    """

    __slots__ = (
        "_deadline",
        "_driver",
        "_failures",
        "_guard",
        "_loop",
        "_options",
        "_raw",
        "_timeout",
        "_timer",
        "_was_cancelled",
    )

    writes = True

    def __init__(self, raw: RawConnection, options: BackendOptions, driver: Driver) -> None:
        super().__init__()
        self._raw = raw
        self._options = options
        self._driver = driver
        self._failures = (driver.PostgresError, driver.InterfaceError, driver.InternalClientError, OSError)
        timeout = options.statement_timeout
        # A session that is shared keeps no settings of ours, so asyncpg's limit is the only one. It costs more than
        # the guard: four readings of the clock and a timer for each statement.
        self._timeout = timeout if options.pgbouncer else None
        self._guard = None if timeout is None or options.pgbouncer else timeout + _GRACE_SECONDS
        self._loop = asyncio.get_running_loop()
        self._deadline = _NEVER
        self._timer: asyncio.TimerHandle | None = None
        self._was_cancelled = False

    @property
    def is_open(self) -> bool:
        """Whether the session is there, as far as is known without asking the server."""
        return not self._raw.is_closed()

    @property
    def is_clean(self) -> bool:
        """Whether nothing was cancelled that the server may still be busy with, and no transaction is open.

        One for reading only must not have been told otherwise either, as a function can.
        """
        return not (self._was_cancelled or self._raw.is_in_transaction() or self._may_write())

    async def fetch(self, sql: str, args: Args = ()) -> Sequence[Row]:
        """Run a statement and return all of its rows."""
        self._start_clock()
        try:
            return await self._raw.fetch(sql, *args, timeout=self._timeout)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._deadline = _NEVER

    async def fetch_one(self, sql: str, args: Args = ()) -> Row | None:
        """Run a statement and return its first row; None if it has none."""
        self._start_clock()
        try:
            return await self._raw.fetchrow(sql, *args, timeout=self._timeout)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._deadline = _NEVER

    async def fetch_value(self, sql: str, args: Args = ()) -> Any:
        """Run a statement and return the first column of its first row; None if it has no row."""
        self._start_clock()
        try:
            return await self._raw.fetchval(sql, *args, timeout=self._timeout)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._deadline = _NEVER

    async def execute(self, sql: str, args: Args = ()) -> int:
        """Run a statement and return how many rows it touched; 0 for one that touches none.

        Without arguments it may be several statements, which are then one transaction.
        """
        return _touched(await self._execute(sql, args))

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Run a statement once a row of arguments, for all of them or for none."""
        self._start_clock()
        try:
            await self._raw.executemany(sql, rows, timeout=self._timeout)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._deadline = _NEVER

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``, through a cursor on the server.

        A cursor lives in a transaction; outside of one it gets its own.
        """
        owns = not self._raw.is_in_transaction()
        if owns:
            await self.begin()
        try:
            try:
                cursor = await self._raw.cursor(sql, *args, timeout=self._timeout)
                while rows := await cursor.fetch(size):
                    yield rows
            except BaseException as error:
                self._fail(error)
                raise
            if owns:
                await self.commit()
                owns = False
        finally:
            # Left early: the pool ends the transaction, since nothing may be awaited while a generator is closed
            # by the collector. A cancelled task has no time to wait either.
            self._was_cancelled = self._was_cancelled or owns

    async def begin(self, isolation: Isolation | None = None, read_only: bool = False) -> None:
        """Start a transaction."""
        options = self._options
        words = ["BEGIN"]
        if isolation is not None:
            words.append(f"ISOLATION LEVEL {Isolation(isolation).value.upper()}")
        if read_only:
            words.append("READ ONLY")
        sql = " ".join(words)
        if options.pgbouncer:
            sql += "".join(f"; SET LOCAL {name} = {value}" for name, value in time_outs(options).items())
        await self._execute(sql)

    async def commit(self) -> None:
        """Make the transaction true.

        Raises:
            TransactionError: It had failed before; the server answers such a COMMIT with a ROLLBACK.
        """
        if await self._execute("COMMIT") == "ROLLBACK":
            raise TransactionError(
                f"the transaction on database {self._options.alias!r} had failed before its end, so nothing was stored"
            )

    async def rollback(self) -> None:
        """Undo the transaction; does nothing where the server has ended it."""
        await self._execute("ROLLBACK")
        self._was_cancelled = False

    async def savepoint(self, name: str) -> None:
        """Mark a place inside the transaction."""
        await self._execute(f"SAVEPOINT {name}")

    async def release(self, name: str) -> None:
        """Forget a mark and keep what was done since."""
        await self._execute(f"RELEASE SAVEPOINT {name}")

    async def rollback_to(self, name: str) -> None:
        """Undo what was done since a mark, and forget it."""
        await self._execute(f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")

    async def only_read(self) -> None:
        """Tell the session again that it is for reading only, if it says itself that it was told otherwise."""
        if self._may_write():
            await self._execute(f"SET {_READING} = on")

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        await self._execute("SELECT 1")

    async def clean(self) -> None:
        """Wait for a cancellation to be over, end an open transaction, and undo what the session was told."""
        # Without looking for a transaction: after a cancellation the last known state may be old. Outside of one the
        # server takes the word as well.
        await self.rollback()
        if not self._options.pgbouncer:
            try:
                await self._raw.reset(timeout=self._timeout)
            except self._failures as error:
                self._fail(error)

    async def close(self) -> None:
        """End the session; a second call does nothing."""
        self._stop_clock()
        await self._raw.close(timeout=_GRACE_SECONDS)

    def terminate(self) -> None:
        """Drop the session at once."""
        self._stop_clock()
        try:
            self._raw.terminate()
        except RuntimeError:
            # asyncpg wants a last turn of the loop; one that was closed without ending its generators has none, and
            # what is left of the session ends with its socket.
            if not self._loop.is_closed():
                raise

    async def _execute(self, sql: str, args: Args = ()) -> str:
        self._start_clock()
        try:
            return await self._raw.execute(sql, *args, timeout=self._timeout)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._deadline = _NEVER

    def _may_write(self) -> bool:
        """Tell whether a session that was opened for reading only has been told otherwise."""
        if not self._options.read_only or self._options.pgbouncer:
            return False
        # The server reports every change of it.
        return getattr(self._raw.get_settings(), _READING, "on") != "on"

    def _start_clock(self) -> None:
        if self._guard is None:
            return
        # One timer for many statements, which looks at the deadline of the latest when it fires.
        self._deadline = self._loop.time() + self._guard
        if self._timer is None:
            self._timer = self._loop.call_later(self._guard, self._look)

    def _look(self) -> None:
        """Drop a session whose server has not kept its own limit, and does not answer at all."""
        self._timer = None
        if self._deadline == _NEVER or self._guard is None:
            return
        remaining = self._deadline - self._loop.time()
        if remaining > 0:
            self._timer = self._loop.call_later(remaining, self._look)
        else:
            self._raw.terminate()

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fail(self, error: BaseException) -> None:
        """Raise ours in place of an error of the driver, and note what the pool has to know."""
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            self._was_cancelled = True
        if isinstance(error, OverflowError) or type(error) is ValueError:
            raise UnreadableValueError("a date or time of the result is outside what Python has") from error
        if isinstance(error, self._failures):
            raise translated(error, self._options, self._driver, is_open=self.is_open) from error


def time_outs(options: BackendOptions) -> dict[str, int]:
    """Give the time-outs of a session, in milliseconds as the server takes them."""
    limits = {"statement_timeout": options.statement_timeout, "lock_timeout": options.lock_timeout}
    # 0 means no limit to the server, so a very short one must not become it.
    return {name: max(1, round(limit * 1000)) for name, limit in limits.items() if limit is not None}


def _touched(status: str) -> int:
    """Read the number of rows out of what the server says: ``INSERT 0 3``, ``UPDATE 3``, ``CREATE TABLE``."""
    verb, _, count = status.rpartition(" ")
    return int(count) if count.isdigit() and verb != "SELECT" else 0
