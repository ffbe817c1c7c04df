"""One database in one event loop: each statement on the connection that it belongs to."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from openviper.db.backends.base import Args, Backend, Naming, Row, Statements
from openviper.db.connections.leases import Lease, current_lease
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import ConnectionLostError, DatabaseOperationNotSupportedError
from openviper.db.monitor import is_watched, note_query

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Database", "fetch_named", "is_write"]

T = TypeVar("T")

# How the statements of models begin, so that nothing else need be looked at.
_WRITES: Final = ("INSERT ", "UPDATE ", "DELETE ")
_READS: Final = frozenset({"SELECT", "VALUES"})
_COMMENT: Final = re.compile(r"--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_WRITE_WORD: Final = re.compile(r"(?i)\b(?:INSERT|UPDATE|DELETE|REPLACE|MERGE)\b")


class Database:
    """One alias in one event loop: runs statements where they belong.

    Args:
        backend: Where connections come from.
        dialect: How its engine is written for.
    """

    __slots__ = ("_is_echoed", "_tasks", "alias", "backend", "dialect", "dialect_name", "options")

    def __init__(self, backend: Backend, dialect: Dialect) -> None:
        self.backend = backend
        self.dialect = dialect
        self.options = backend.options
        self.alias = backend.options.alias
        self.dialect_name = backend.dialect_name
        self._is_echoed = backend.options.echo
        self._tasks: set[asyncio.Task[None]] = set()

    def fetch(self, sql: str, args: Args = ()) -> Coroutine[object, object, Sequence[Row]]:
        """Run a statement and return all of its rows."""
        return self._run(sql, args, lambda connection: connection.fetch(sql, args))

    def fetch_named(self, sql: str, args: Args = ()) -> Coroutine[Any, Any, tuple[tuple[str, ...], Sequence[Row]]]:
        """Run a statement and return the names of its columns, none where they are not known, and all of its rows."""
        return self._run(sql, args, lambda connection: fetch_named(connection, sql, args))

    def fetch_one(self, sql: str, args: Args = ()) -> Coroutine[object, object, Row | None]:
        """Run a statement and return its first row; None if it has none."""
        return self._run(sql, args, lambda connection: connection.fetch_one(sql, args))

    def fetch_value(self, sql: str, args: Args = ()) -> Coroutine[object, object, Any]:
        """Run a statement and return the first column of its first row; None if it has no row."""
        return self._run(sql, args, lambda connection: connection.fetch_value(sql, args))

    def execute(self, sql: str, args: Args = ()) -> Coroutine[object, object, int]:
        """Run a statement and return how many rows it touched; 0 for one that touches none."""
        return self._run(sql, args, lambda connection: connection.execute(sql, args))

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> int | None:
        """Run a statement once a row of arguments, for all of them or for none.

        Returns:
            How many rows it touched; None where the driver does not say.
        """
        return await self._run(sql, (), lambda connection: connection.execute_many(sql, rows))

    async def run(self, function: "Callable[[sqlite3.Connection], T]", *, sql: str = "", args: Args = ()) -> T:
        """Call a function with the raw connection, in one hop; SQLite only.

        Args:
            function: Runs in the thread of the connection, and may write there.
            sql: What it sends, for the query log and to tell whether it writes; empty means that it may.
            args: The values in it, for the query log.

        Raises:
            DatabaseOperationNotSupportedError: The engine has no such hop.
        """
        if not self.dialect.features.lends_connection:
            raise DatabaseOperationNotSupportedError(f"database {self.alias!r} is no SQLite; send statements instead")

        def call(connection: Any) -> Awaitable[T]:  # only the connection of SQLite has this method
            hop: Awaitable[T] = connection.run(function)
            return hop

        return await self._run(sql, args, call)

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``; to be closed if it is left early.

        Inside a transaction other statements may run between two lists; outside, the stream holds a connection.
        """
        if self._is_echoed or is_watched():
            with note_query(self.alias, sql, args, is_logged=self._is_echoed):
                pass  # a stream is as slow as its reader, so what counts is that it was sent
        writes = self.backend.splits_writes and is_write(sql)
        lease = self.lease(writes=writes)
        if lease is not None:
            async with aclosing(lease.connection.stream(sql, args, size)) as lists:
                while rows := await lease.run(lambda _: anext(lists, None)):
                    yield rows
            return
        connection = await self.backend.acquire(writes=writes)
        try:
            async with aclosing(connection.stream(sql, args, size)) as lists:
                async for rows in lists:
                    yield rows
        finally:
            self.backend.release(connection)

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run something in a task that is waited for when the database is closed."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what was spawned, and close every connection."""
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        await self.backend.close()

    def lease(self, *, writes: bool) -> Lease | None:
        """Return what a block around the running code holds for such a statement; None sends it to the pool."""
        lease = current_lease(self.alias)
        if lease is None or lease.is_transaction:
            return lease
        # A pinned connection of SQLite only reads; and what outlives its block goes back to the pool.
        return None if lease.is_over or (writes and self.backend.splits_writes) else lease

    def _run(self, sql: str, args: Args, call: Callable[[Statements], Awaitable[T]]) -> Coroutine[object, object, T]:
        # The calls of this class hand a coroutine on instead of awaiting it: each level would be paid by every query.
        return self._watch(sql, args, call) if self._is_echoed or is_watched() else self._send(sql, call)

    async def _watch(self, sql: str, args: Args, call: Callable[[Statements], Awaitable[T]]) -> T:
        with note_query(self.alias, sql, args, is_logged=self._is_echoed):
            return await self._send(sql, call)

    async def _send(self, sql: str, call: Callable[[Statements], Awaitable[T]]) -> T:
        backend = self.backend
        writes = backend.splits_writes and is_write(sql)
        if (lease := self.lease(writes=writes)) is not None:
            return await lease.run(call)
        if not writes and backend.reads is not None:
            return await call(backend.reads)
        connection = backend.take(writes=writes) or await backend.acquire(writes=writes)
        try:
            return await call(connection)
        except ConnectionLostError as error:
            # What was under way may have been carried out, and twice would be wrong.
            if error.was_sent:
                raise
        finally:
            backend.release(connection)
        # The connection had broken while nobody used it: one more, on a new one.
        connection = await backend.acquire(writes=writes)
        try:
            return await call(connection)
        finally:
            backend.release(connection)


async def fetch_named(connection: Statements, sql: str, args: Args) -> tuple[tuple[str, ...], Sequence[Row]]:
    """Run a statement and give the names of its columns, none where they are not known, and all of its rows.

    Args:
        connection: What it runs on.
        sql: The statement.
        args: The values in it.
    """
    if isinstance(connection, Naming):
        return await connection.fetch_named(sql, args)
    rows = await connection.fetch(sql, args)
    # Rows of asyncpg have their names with them.
    return tuple(cast("Mapping[str, object]", rows[0]).keys()) if rows else (), rows


def is_write(sql: str) -> bool:
    """Tell whether a statement belongs on the connection that writes; in doubt it does.

    A SELECT does not: where connections are told apart, in files of SQLite, it changes nothing. Other engines have
    functions and clauses by which it does, see ``only_reads()``.
    """
    return not sql.startswith("SELECT ") and (sql.startswith(_WRITES) or _reads_not(sql))


def _reads_not(sql: str) -> bool:
    text = _COMMENT.sub(" ", sql).lstrip(" \t\r\n(")
    match = re.match(r"[A-Za-z]+", text)
    word = match[0].upper() if match else ""
    if word in {"WITH", "EXPLAIN"}:
        return _WRITE_WORD.search(text) is not None
    return word not in _READS
