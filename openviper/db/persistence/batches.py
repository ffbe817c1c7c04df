"""Sending many rows: as few round trips as the engine allows, and all of the rows or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from openviper.db.backends.base import Args, Row
from openviper.db.connections import Database
from openviper.db.transactions import atomic

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Statement", "execute_statements", "send_rows", "send_statements"]

Rows: TypeAlias = Sequence[Row]


class Statement(NamedTuple):
    """Text and arguments."""

    sql: str
    args: Args


async def send_statements(database: Database, statements: Sequence[Statement]) -> list[Rows]:
    """Run statements, for all of them or for none, and give the rows of each.

    SQLite takes all of them in one hop; elsewhere each is a round trip, and several are a transaction.

    Args:
        database: Where to.
        statements: At least one.
    """
    first = statements[0]
    if database.dialect.features.lends_connection:
        return await database.run(lambda raw: _run_all(raw, statements), sql=first.sql, args=first.args)
    if len(statements) == 1:
        return [await database.fetch(first.sql, first.args)]
    async with atomic(database.alias):
        return [await database.fetch(one.sql, one.args) for one in statements]


async def execute_statements(database: Database, statements: Sequence[Statement]) -> int:
    """Run statements, for all of them or for none, and give how many rows they touched.

    Args:
        database: Where to; its engine takes lists as parameters.
        statements: At least one.
    """
    if len(statements) == 1:
        return await database.execute(*statements[0])
    async with atomic(database.alias):
        return sum([await database.execute(*one) for one in statements])


async def send_rows(database: Database, sql: str, rows: Rows) -> int:
    """Run a statement once a row of arguments, for all of them or for none, and give how many rows it touched.

    Args:
        database: Where to.
        sql: The statement.
        rows: At least one.
    """
    if database.dialect.features.lends_connection:
        return await database.run(lambda raw: _run_many(raw, sql, rows), sql=sql, args=rows[0])
    touched = await database.execute_many(sql, rows)
    return len(rows) if touched is None else touched


def _run_all(raw: "sqlite3.Connection", statements: Sequence[Statement]) -> list[Rows]:
    with _whole(raw):
        return [raw.execute(one.sql, one.args).fetchall() for one in statements]


def _run_many(raw: "sqlite3.Connection", sql: str, rows: Rows) -> int:
    with _whole(raw):
        return raw.executemany(sql, rows).rowcount


@contextmanager
def _whole(raw: "sqlite3.Connection") -> Iterator[None]:
    """Keep all of the block or nothing of it, also inside a transaction."""
    if raw.in_transaction:
        begin, end, undo = ("SAVEPOINT openviper_batch", "RELEASE openviper_batch", "ROLLBACK TO openviper_batch")
    else:
        begin, end, undo = "BEGIN IMMEDIATE", "COMMIT", ""
    raw.execute(begin)
    try:
        yield
        raw.execute(end)
    except BaseException:
        # A full disk or an interruption may have ended the transaction already.
        if raw.in_transaction:
            raw.execute(undo or "ROLLBACK")
            if undo:
                raw.execute(end)
        raise
