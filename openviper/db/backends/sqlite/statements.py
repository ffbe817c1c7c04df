"""The calls that whatever runs functions in the thread of a connection offers."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from openviper.db.backends.base import Args, Row
from openviper.db.backends.sqlite.session import execute_many, fetch_first

__all__ = ["Statements"]

T = TypeVar("T")


class Statements(ABC):
    """Statements, each of which is one function and so one hop to the thread and back."""

    __slots__ = ()

    @abstractmethod
    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with the raw connection, in one hop.

        Args:
            function: Runs in the thread of the connection. It must not keep what it is given.

        Raises:
            StatementTimeoutError: It took longer than ``statement_timeout``.
            ORMException: In place of what SQLite raises; anything else passes unchanged.
        """

    async def fetch(self, sql: str, args: Args = ()) -> Sequence[Row]:
        """Run a statement and return all of its rows."""
        return await self.run(lambda raw: raw.execute(sql, args).fetchall())

    async def fetch_named(self, sql: str, args: Args = ()) -> tuple[tuple[str, ...], Sequence[Row]]:
        """Run a statement and return the names of its columns, and all of its rows."""
        return await self.run(lambda raw: _named(raw.execute(sql, args)))

    async def fetch_one(self, sql: str, args: Args = ()) -> Row | None:
        """Run a statement and return its first row; None if it has none."""
        return await self.run(lambda raw: fetch_first(raw, sql, args))

    async def fetch_value(self, sql: str, args: Args = ()) -> Any:
        """Run a statement and return the first column of its first row; None if it has no row."""
        row = await self.run(lambda raw: fetch_first(raw, sql, args))
        return None if row is None else row[0]

    async def execute(self, sql: str, args: Args = ()) -> int:
        """Run a statement and return how many rows it touched; 0 for one that touches none."""
        return await self.run(lambda raw: max(raw.execute(sql, args).rowcount, 0))

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Run a statement once a row of arguments, for all of them or for none."""
        await self.run(lambda raw: execute_many(raw, sql, rows))


def _named(cursor: sqlite3.Cursor) -> tuple[tuple[str, ...], Sequence[Row]]:
    return tuple(column[0] for column in cursor.description or ()), cursor.fetchall()
