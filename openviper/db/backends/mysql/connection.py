"""The statements and the transactions of one session of MariaDB or MySQL.

SQL is read as the standard has it: backslashes mean themselves, double quotes are those of names, ``||`` joins texts.
MySQL gives no rows back of an INSERT; it tells the first key that it has counted up, from which those of the other rows
follow, since one statement gets its keys in a row.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from openviper.db.backends.base import Args, BackendOptions, Isolation, Row
from openviper.db.backends.mysql.driver import Driver, RawConnection, RawResult, finish, read_rows
from openviper.db.backends.mysql.exchange import Exchange
from openviper.db.backends.mysql.session import MySQLSession, RowStream
from openviper.db.backends.mysql.texts import batches, counts_rows, unlimited

__all__ = ["MySQLConnection"]

#: Asks how far apart keys are, which servers that copy each other set.
_STEP: Final = "SELECT @@SESSION.auto_increment_increment"


class MySQLConnection(MySQLSession):
    """One session.

    Args:
        raw: asyncmy's connection.
        options: What the settings say about the database.
        driver: asyncmy.
        start: Tells a new session what it has to know.
        kill: Has the server stop what a session does, by the number of the session.
        counts_keys: Whether an INSERT that gives no rows stands for the keys that it has made.
    """

    __slots__ = ("_counts_keys", "_step")

    def __init__(
        self,
        raw: RawConnection,
        options: BackendOptions,
        driver: Driver,
        *,
        start: str,
        kill: Callable[[int], Awaitable[None]],
        counts_keys: bool = False,
    ) -> None:
        super().__init__(raw, options, driver, start=start, kill=kill)
        self._counts_keys = counts_keys
        self._step = 0

    async def fetch(self, sql: str, args: Args = ()) -> Sequence[Row]:
        """Run a statement and return all of its rows."""
        result = await self._query(sql, args)
        return await self._keys(result) if result.rows is None else result.rows

    async def fetch_one(self, sql: str, args: Args = ()) -> Row | None:
        """Run a statement and return its first row; None if it has none."""
        result = await self._query(sql, args)
        rows = await self._keys(result) if result.rows is None else result.rows
        return rows[0] if rows else None

    async def fetch_value(self, sql: str, args: Args = ()) -> Any:
        """Run a statement and return the first column of its first row; None if it has no row."""
        result = await self._query(sql, args)
        rows = await self._keys(result) if result.rows is None else result.rows
        return rows[0][0] if rows else None

    async def fetch_named(self, sql: str, args: Args = ()) -> tuple[tuple[str, ...], Sequence[Row]]:
        """Run a statement and return the names of its columns, and all of its rows."""
        result = await self._query(sql, args)
        return tuple(column[0] for column in result.description or ()), result.rows or ()

    async def execute(self, sql: str, args: Args = ()) -> int:
        """Run a statement and return how many rows it touched; 0 for one that touches none.

        Without arguments it may be several statements; the number is that of the first.
        """
        result = await self._query(sql, args)
        if result.rows is None:
            return result.affected_rows
        return len(result.rows) if counts_rows(sql) else 0

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> int:
        """Run a statement once a row of arguments, for all of them or for none; returns how many rows it touched."""
        touched = 0
        is_outer = not self._in_block
        await (self.begin() if is_outer else self.savepoint("openviper_many"))
        try:
            for text in batches(sql, rows, self._raw.escape):
                answers: list[RawResult] = []
                answers.append(await self._send(sql, text, answers=answers))
                touched += sum(one.affected_rows for one in answers)
        except BaseException as error:
            # A cancelled task has no time to wait: the pool, or the block around, ends the transaction.
            if not isinstance(error, asyncio.CancelledError):
                await (self.rollback() if is_outer else self.rollback_to("openviper_many"))
            raise
        await (self.commit() if is_outer else self.release("openviper_many"))
        return touched

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``, as they come from the server.

        When another statement is sent in between, what is left of the rows is read first.
        """
        if self._options.scheme == "mariadb" and self._options.statement_timeout is not None:
            sql = unlimited(sql)
        result = await self._query(sql, args, is_stream=True)
        stream = self._stream = RowStream(result)
        try:
            while rows := stream.take(size) or await self._run(sql, read_rows(result, size)):
                yield rows
        finally:
            if self._stream is stream:
                self._stream = None
            # Whoever leaves early does not wait for the rest of the rows; the next statement does.
            if result.unbuffered_active and self._tail is None:
                self._leave(Exchange(finish(self._raw)))

    async def begin(self, isolation: Isolation | None = None, read_only: bool = False) -> None:
        """Start a transaction."""
        self._is_undone = False
        sql = "START TRANSACTION READ ONLY" if read_only else "START TRANSACTION"
        if isolation is not None:
            sql = f"SET TRANSACTION ISOLATION LEVEL {Isolation(isolation).value.upper()}; {sql}"
        try:
            await self._query(sql)
        finally:
            # After a failure too: whether the server has begun is not known, and the session is put in order then.
            self._in_block = True

    async def commit(self) -> None:
        """Make the transaction true.

        Raises:
            TransactionError: It had failed before; the server has rolled it back.
        """
        await self._query("COMMIT")
        self._in_block = False

    async def rollback(self) -> None:
        """Undo the transaction; does nothing where the server has ended it."""
        self._is_undone = False
        await self._query("ROLLBACK")
        self._in_block = False

    async def savepoint(self, name: str) -> None:
        """Mark a place inside the transaction."""
        await self._query(f"SAVEPOINT {name}")

    async def release(self, name: str) -> None:
        """Forget a mark and keep what was done since."""
        await self._query(f"RELEASE SAVEPOINT {name}")

    async def rollback_to(self, name: str) -> None:
        """Undo what was done since a mark, and forget it.

        Raises:
            TransactionError: The server has undone the whole transaction, as it does with one of those in a deadlock.
        """
        await self._query(f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")

    async def only_read(self) -> None:
        """Tell the session again that it is for reading only; of itself it never tells what it was told."""
        await self._query("SET SESSION TRANSACTION READ ONLY")

    async def _keys(self, result: RawResult) -> Sequence[Row]:
        """Give the keys that an INSERT has made, where the engine gives no rows of it."""
        first = result.insert_id if self._counts_keys else 0
        # 0 is told of whatever is no INSERT, and of one that brings its own keys.
        if not first:
            return ()
        if result.affected_rows > 1 and not self._step:
            self._step = int(((await self._query(_STEP)).rows or [(1,)])[0][0])
        return [(first + place * self._step,) for place in range(result.affected_rows)]
