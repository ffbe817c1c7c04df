"""One session of Oracle.

Statements store themselves outside of a transaction: autocommit is on, and off from ``begin()`` to its end. The driver
ends a call that takes too long, and the session stays. Whoever is cancelled goes at once: the call is carried on by a
task of its own, which has the server stop it, and the next statement waits for that.

The driver counts a mark such as ``:1`` each time that it stands in a statement, so values are repeated for it. A
statement with the values of several rows is sent once, and run by the server for each of them.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from contextlib import suppress
from contextvars import Context
from typing import Any, Final, TypeVar

from openviper.db.backends.base import Args, BackendOptions, Isolation, Row
from openviper.db.backends.oracle.driver import Driver, RawConnection, RawCursor
from openviper.db.backends.oracle.errors import translated
from openviper.db.backends.oracle.rows import run_whole
from openviper.db.backends.oracle.texts import PLAIN, expand, places_in, storing, waiting
from openviper.db.backends.pool import PooledConnection
from openviper.db.backends.told import lost, refuse_write
from openviper.db.exceptions import DatabaseOperationNotSupportedError

__all__ = ["OracleConnection"]

#: Seconds that a call which nobody waits for has to end after it was stopped.
_GRACE_SECONDS: Final = 5.0
#: Seconds that it may take before it is stopped.
_PATIENCE_SECONDS: Final = 0.01

T = TypeVar("T")


class OracleConnection(PooledConnection):
    """One session.

    Args:
        raw: The driver's connection.
        options: What the settings say about the database.
        driver: python-oracledb.
        start: Tells a session what it has to know.
    """

    __slots__ = ("_driver", "_in_block", "_is_gone", "_is_reading", "_loop", "_options", "_raw", "_start", "_tail")

    writes = True

    def __init__(self, raw: RawConnection, options: BackendOptions, driver: Driver, *, start: str) -> None:
        super().__init__()
        self._raw = raw
        self._options = options
        self._driver = driver
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._in_block = False
        self._is_gone = False
        self._is_reading = options.read_only
        self._tail: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the session is there, as far as is known without asking the server."""
        return not self._is_gone and self._raw.is_healthy()

    @property
    def is_clean(self) -> bool:
        """Whether no call is under way that nobody waits for, and no transaction is open."""
        return self._tail is None and not self._in_block

    async def start(self) -> None:
        """Tell the session what it has to know."""
        await self._do(self._execute(self._start, ()), self._start)

    async def fetch(self, sql: str, args: Args = ()) -> Sequence[Row]:
        """Run a statement and return all of its rows; with the values of several rows it is run for each of them."""
        return await self._do(self._fetch(sql, args), sql)

    async def fetch_one(self, sql: str, args: Args = ()) -> Row | None:
        """Run a statement and return its first row; None if it has none."""
        rows = await self._do(self._fetch(sql, args, is_one=True), sql)
        return rows[0] if rows else None

    async def fetch_value(self, sql: str, args: Args = ()) -> Any:
        """Run a statement and return the first column of its first row; None if it has no row."""
        row = await self.fetch_one(sql, args)
        return None if row is None else row[0]

    async def fetch_named(self, sql: str, args: Args = ()) -> tuple[tuple[str, ...], Sequence[Row]]:
        """Run a statement and return the names of its columns, and all of its rows."""

        async def fetch() -> tuple[tuple[str, ...], Sequence[Row]]:
            cursor = await self._execute(sql, args)
            names = [column[0] for column in cursor.description or ()]
            rows = await cursor.fetchall() if names else []
            cursor.close()
            # Names without quotes come in capitals.
            return tuple(name.lower() if name.isupper() else name for name in names), rows

        return await self._do(fetch(), sql)

    async def execute(self, sql: str, args: Args = ()) -> int:
        """Run a statement and return how many rows it touched; 0 for one that touches none."""

        async def execute() -> int:
            cursor = await self._execute(sql, args)
            touched = 0 if cursor.description else max(0, cursor.rowcount)
            cursor.close()
            return touched

        return await self._do(execute(), sql)

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> int:
        """Run a statement once a row of arguments, for all of them or for none; returns how many rows it touched."""
        places = places_in(sql)
        given = [expand(places, row) for row in rows]
        if not given:
            return 0
        cursor, _ = await self._do(self._whole(sql, given), sql)
        return max(0, cursor.rowcount)

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``, a round trip each."""
        cursor = await self._do(self._execute(sql, args, size=size), sql)
        try:
            while rows := await self._do(cursor.fetchmany(size), sql):
                yield rows
        finally:
            if not self._is_gone:
                cursor.close()

    async def begin(self, isolation: Isolation | None = None, read_only: bool = False) -> None:
        """Start a transaction; above ``read committed`` the engine knows ``serializable`` alone."""
        self._raw.autocommit = False
        self._in_block = True
        self._is_reading = read_only or self._options.read_only
        if read_only:
            await self._tell("SET TRANSACTION READ ONLY")
        elif isolation in (Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE):
            await self._tell("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")

    async def commit(self) -> None:
        """Make the transaction true."""
        await self._do(self._raw.commit(), "COMMIT", checks=False)
        self._end()

    async def rollback(self) -> None:
        """Undo the transaction; does nothing where there is none."""
        await self._do(self._raw.rollback(), "ROLLBACK", checks=False)
        self._end()

    async def savepoint(self, name: str) -> None:
        """Mark a place inside the transaction."""
        await self._tell(f"SAVEPOINT {name}")

    async def release(self, name: str) -> None:
        """Do nothing: marks are forgotten with the transaction, and a new one of the same name takes their place."""

    async def rollback_to(self, name: str) -> None:
        """Undo what was done since a mark."""
        await self._tell(f"ROLLBACK TO SAVEPOINT {name}")

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        await self._do(self._raw.ping(), "", checks=False)

    async def clean(self) -> None:
        """Wait for a cancelled call to be over, end an open transaction, and tell the session again what it is told."""
        await self.rollback()
        await self._tell(self._start)

    async def close(self) -> None:
        """End the session; a second call does nothing."""
        if self._is_gone:
            return
        await self._settle()
        self._is_gone = True
        with suppress(self._driver.Error):
            await self._raw.close()

    def terminate(self) -> None:
        """Drop the session at once; what is left of it is closed by a task, as far as the loop still runs."""
        if self._is_gone:
            return
        self._is_gone = True
        if self._tail is not None:
            self._tail.cancel()
        if not self._loop.is_closed():
            with suppress(self._driver.Error):
                self._raw.cancel()
            self._tail = self._loop.create_task(self._drop(), context=Context())

    async def _drop(self) -> None:
        with suppress(self._driver.Error, OSError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._raw.close()

    async def _tell(self, sql: str) -> None:
        """Send what is ours: a session that only reads, and the rule for blocks, are about the statements of users."""
        await self._do(self._execute(sql, ()), sql, checks=False)

    def _end(self) -> None:
        self._raw.autocommit = True
        self._in_block = False
        self._is_reading = self._options.read_only

    async def _do(self, work: Coroutine[Any, Any, T], sql: str, *, checks: bool = True) -> T:
        """Carry a call on to its end, whether whoever asked for it waits or not."""
        try:
            self._check(sql, checks=checks)
            await self._settle()
        except BaseException:
            work.close()
            raise
        task = self._loop.create_task(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._tail = self._loop.create_task(self._stop(task), context=Context())
            raise
        except (self._driver.Error, OSError) as error:
            raise translated(error, self._options, self._driver, sql=sql, is_open=self.is_open) from error

    def _check(self, sql: str, *, checks: bool) -> None:
        if self._is_gone:
            raise lost(self._options, was_sent=False)
        if not checks or sql is self._start:
            return
        if self._is_reading:
            refuse_write(sql, self._options)
        if self._in_block and not sql.startswith(PLAIN) and (word := storing(sql)):
            raise DatabaseOperationNotSupportedError(
                f"{word} inside a transaction would store all that was done before it, as the engine of database "
                f"{self._options.alias!r} cannot undo it; send it outside of atomic()"
            )

    async def _settle(self) -> None:
        """Wait until no call is under way that nobody waits for."""
        if (tail := self._tail) is not None:
            await asyncio.wait([tail])
            self._tail = None
            if self._is_gone:
                raise lost(self._options, was_sent=False)

    async def _stop(self, task: "asyncio.Task[Any]") -> None:
        """Have the server stop a call that is not over in a moment."""
        await asyncio.wait([task], timeout=_PATIENCE_SECONDS)
        if not task.done():
            with suppress(self._driver.Error):
                self._raw.cancel()
            await asyncio.wait([task], timeout=_GRACE_SECONDS)
        if not task.done():
            task.cancel()
            self._tail = None
            self.terminate()
        elif not task.cancelled():
            task.exception()  # nobody is left to be told

    async def _execute(self, sql: str, args: Args, *, size: int | None = None) -> RawCursor:
        cursor = self._raw.cursor()
        if size is not None:
            cursor.arraysize = cursor.prefetchrows = size
        lock = self._options.lock_timeout
        text = waiting(sql, None if lock is None else math.ceil(lock))
        await cursor.execute(text, expand(places_in(sql), args))
        return cursor

    async def _fetch(self, sql: str, args: Args, *, is_one: bool = False) -> Sequence[Row]:
        places = places_in(sql)
        if places.returned or (places.given and len(args) > places.given):
            width = places.given or 1
            rows = [expand(places, args[start : start + width]) for start in range(0, len(args), width)] or [()]
            return (await self._whole(sql, rows))[1]
        cursor = await self._execute(sql, args)
        found: Sequence[Row] = ()
        if cursor.description:
            found = [row for row in [await cursor.fetchone()] if row is not None] if is_one else await cursor.fetchall()
        cursor.close()
        return found

    async def _whole(self, sql: str, rows: Sequence[Sequence[object]]) -> tuple[RawCursor, Sequence[Row]]:
        return await run_whole(self._raw, sql, rows, driver=self._driver, in_block=self._in_block)
