"""Databases that are for reading only: what would write is refused before anything is sent.

The sessions are opened for reading only as well, which refuses what a text does not show. So nothing is let through
that would change the session, and one that a function may have changed is told anew before its next statement.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from openviper.db.backends.base import Args, BackendOptions, Connection, Isolation, Reading, Row, Statements
from openviper.db.connections.database import Database, fetch_named
from openviper.db.connections.reading import changes_session, only_looks
from openviper.db.exceptions import DatabaseReadOnlyError, ORMException

if TYPE_CHECKING:
    import sqlite3

__all__ = ["ReadOnlyConnection", "ReadOnlyDatabase", "check_reading", "refuse_write"]

T = TypeVar("T")


class ReadOnlyDatabase(Database):
    """A database with ``READ_ONLY``, or a replica."""

    __slots__ = ()

    async def run(self, function: "Callable[[sqlite3.Connection], T]", *, sql: str = "", args: Args = ()) -> T:
        """See ``Database``; what does not say that it reads is refused."""
        check_reading(sql, self.options)
        return await super().run(function, sql=sql, args=args)

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """See ``Database``; what may change its session is read at once."""
        check_reading(sql, self.options)
        if changes_session(sql):
            for some in _lists_of(await self.fetch(sql, args), size):
                yield some
            return
        async with aclosing(super().stream(sql, args, size)) as lists:
            async for some in lists:
                yield some

    def _run(self, sql: str, args: Args, call: Callable[[Statements], Awaitable[T]]) -> Coroutine[object, object, T]:
        check_reading(sql, self.options)
        if changes_session(sql):
            return super()._run(sql, args, lambda connection: _reading_on(connection, call))
        return super()._run(sql, args, call)


class ReadOnlyConnection:
    """A connection of a database that is for reading only, as ``get_connection()`` hands it out.

    Args:
        connection: The connection itself.
        options: Of its database.
    """

    __slots__ = ("_connection", "_options")

    def __init__(self, connection: Connection, options: BackendOptions) -> None:
        self._connection = connection
        self._options = options

    @property
    def is_open(self) -> bool:
        """See ``Connection``."""
        return self._connection.is_open

    def fetch(self, sql: str, args: Args = ()) -> Coroutine[object, object, Sequence[Row]]:
        """See ``Connection``."""
        return self._read(sql, lambda connection: connection.fetch(sql, args))

    def fetch_named(self, sql: str, args: Args = ()) -> Coroutine[Any, Any, tuple[tuple[str, ...], Sequence[Row]]]:
        """See ``Database``."""
        return self._read(sql, lambda connection: fetch_named(connection, sql, args))

    def fetch_one(self, sql: str, args: Args = ()) -> Coroutine[object, object, Row | None]:
        """See ``Connection``."""
        return self._read(sql, lambda connection: connection.fetch_one(sql, args))

    def fetch_value(self, sql: str, args: Args = ()) -> Coroutine[object, object, Any]:
        """See ``Connection``."""
        return self._read(sql, lambda connection: connection.fetch_value(sql, args))

    def execute(self, sql: str, args: Args = ()) -> Coroutine[object, object, int]:
        """See ``Connection``."""
        return self._read(sql, lambda connection: connection.execute(sql, args))

    def execute_many(self, sql: str, rows: Iterable[Args]) -> Coroutine[object, object, int | None]:
        """See ``Connection``."""
        return self._read(sql, lambda connection: connection.execute_many(sql, rows))

    async def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """See ``Connection``; what may change its session is read at once, as other statements may come in between."""
        check_reading(sql, self._options)
        if changes_session(sql):
            for some in _lists_of(await self.fetch(sql, args), size):
                yield some
            return
        async with aclosing(self._connection.stream(sql, args, size)) as lists:
            async for some in lists:
                yield some

    async def begin(self, isolation: Isolation | None = None, read_only: bool = True) -> None:
        """See ``Connection``; every transaction here refuses writes."""
        await self._connection.begin(isolation, True)

    async def commit(self) -> None:
        """See ``Connection``."""
        await self._connection.commit()

    async def rollback(self) -> None:
        """See ``Connection``."""
        await self._connection.rollback()

    async def savepoint(self, name: str) -> None:
        """See ``Connection``."""
        await self._connection.savepoint(name)

    async def release(self, name: str) -> None:
        """See ``Connection``."""
        await self._connection.release(name)

    async def rollback_to(self, name: str) -> None:
        """See ``Connection``."""
        await self._connection.rollback_to(name)

    async def close(self) -> None:
        """See ``Connection``."""
        await self._connection.close()

    async def _read(self, sql: str, call: Callable[[Statements], Awaitable[T]]) -> T:
        check_reading(sql, self._options)
        return await (_reading_on(self._connection, call) if changes_session(sql) else call(self._connection))


def check_reading(sql: str, options: BackendOptions) -> None:
    """Refuse a statement that does not show by its text that it reads.

    Args:
        sql: The statement; an empty one may do anything.
        options: Of the database.

    Raises:
        DatabaseReadOnlyError: It may write, or change what its session may do.
    """
    if not only_looks(sql):
        raise refuse_write(options)


def refuse_write(options: BackendOptions) -> DatabaseReadOnlyError:
    """Make the error of a write that was not sent.

    Args:
        options: Of the database.
    """
    why = "a replica" if options.is_replica else "READ_ONLY"
    return DatabaseReadOnlyError(
        f"nothing was sent: database {options.alias!r} is {why}, so it is for reading only; "
        "name the database that may be written with using()"
    )


def _lists_of(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """Give rows in lists of at most so many, as a stream does."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


async def _reading_on(connection: Statements, call: Callable[[Statements], Awaitable[T]]) -> T:
    """Run a statement that may change its session, and undo that part of it which would let the next one write."""
    try:
        result = await call(connection)
    except ORMException:
        # A transaction that has failed takes no statement, and its end undoes what was set inside.
        with suppress(ORMException):
            await _tell_again(connection)
        raise
    await _tell_again(connection)
    return result


async def _tell_again(connection: Statements) -> None:
    if isinstance(connection, Reading):
        await connection.only_read()
