"""Copies of MariaDB databases, whose server has none: made table by table once, and put in order for each test."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from openviper.db.backends.base import Connection

__all__ = ["TableCopies"]

Shape: TypeAlias = Sequence[tuple[object, ...]]

_TABLES = "SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = %s"
_COLUMNS = (
    "SELECT table_name, column_name, column_type, is_nullable, column_default, is_generated "
    "FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, ordinal_position"
)
_INDEXES = (
    "SELECT table_name, index_name, column_name, non_unique FROM information_schema.statistics "
    "WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index"
)


@dataclass(frozen=True, slots=True)
class _Original:
    """What is known of the database that is copied.

    Args:
        counters: Tables, and the next key of those that count.
        filled: Tables with rows.
        columns: Names of the columns of each table that rows are made of.
        shape: See ``_shape_of``.
    """

    counters: Mapping[str, int | None]
    filled: Collection[str]
    columns: Mapping[str, Sequence[str]]
    shape: Shape


class TableCopies:
    """The copy of one database.

    Args:
        original: Name of the database that is copied.
        copy: Name of the copy; both are valid between quotes.
    """

    def __init__(self, original: str, copy: str) -> None:
        self._names = (original, copy)
        self._original: _Original | None = None

    async def renew(self, session: Connection) -> None:
        """Let the copy have the tables and rows of the original; only what differs is made again.

        Args:
            session: A connection of the server, with quotes as the SQL standard has them.
        """
        original, copy = self._names
        # Rows and tables come in any order.
        await session.execute("SET foreign_key_checks = 0")
        if self._original is None:
            self._original = await _look_at(session, original)
            await self._make(session, self._original)
        elif await _shape_of(session, copy) != self._original.shape:
            await self._make(session, self._original)
        else:
            await self._restore(session, self._original)

    async def _make(self, session: Connection, known: _Original) -> None:
        original, copy = self._names
        await session.execute(f'DROP DATABASE IF EXISTS "{copy}"')
        await session.execute(f'CREATE DATABASE "{copy}"')
        await session.execute(f'USE "{copy}"')
        for table in known.counters:
            row = await session.fetch_one(f'SHOW CREATE TABLE "{original}"."{table}"')
            await session.execute(str(row[1] if row else ""))
        for table in known.filled:
            await self._fill(session, known, table)

    async def _restore(self, session: Connection, known: _Original) -> None:
        _, copy = self._names
        counters = await _counters_of(session, copy)
        filled = await _filled_of(session, copy, known.counters)
        changed = [table for table, counter in known.counters.items() if counters[table] != counter]
        for table in {*changed, *filled, *known.filled}:
            await session.execute(f'TRUNCATE TABLE "{copy}"."{table}"')
            if table in known.filled:
                await self._fill(session, known, table)
            counter = known.counters[table]
            if counter is not None and counter > 1:
                await session.execute(f'ALTER TABLE "{copy}"."{table}" AUTO_INCREMENT = {counter}')

    async def _fill(self, session: Connection, known: _Original, table: str) -> None:
        original, copy = self._names
        names = ", ".join(f'"{name}"' for name in known.columns[table])
        await session.execute(
            f'INSERT INTO "{copy}"."{table}" ({names}) SELECT {names} FROM "{original}"."{table}"'  # noqa: S608 - names of our own models
        )


async def _look_at(session: Connection, database: str) -> _Original:
    counters = await _counters_of(session, database)
    shape = await _shape_of(session, database)
    columns: dict[str, list[str]] = {table: [] for table in counters}
    for row in await session.fetch(_COLUMNS, (database,)):
        if row[5] == "NEVER":
            columns[row[0]].append(row[1])
    return _Original(counters, await _filled_of(session, database, counters), columns, shape)


async def _shape_of(session: Connection, database: str) -> Shape:
    """Give what changes with the definition of any table."""
    found = [*await session.fetch(_COLUMNS, (database,)), *await session.fetch(_INDEXES, (database,))]
    return [tuple(row) for row in found]


async def _counters_of(session: Connection, database: str) -> dict[str, int | None]:
    return {row[0]: row[1] for row in await session.fetch(_TABLES, (database,))}


async def _filled_of(session: Connection, database: str, tables: Collection[str]) -> set[str]:
    if not tables:
        return set()
    # One question for all: each would be a round trip of its own.
    parts = [f'(SELECT \'{table}\' FROM "{database}"."{table}" LIMIT 1)' for table in tables]  # noqa: S608 - names of tables
    return {row[0] for row in await session.fetch(" UNION ALL ".join(parts))}
