"""Sending many rows: all of them or none, in memory."""

from collections.abc import AsyncIterator

import pytest

from openviper.db.connections import Database, close_db, configure_db, get_database, reset_engine
from openviper.db.exceptions import IntegrityError
from openviper.db.monitor import max_queries
from openviper.db.persistence.batches import Statement, execute_statements, send_rows, send_statements
from openviper.db.transactions import atomic

INSERT = "INSERT INTO batch VALUES (?)"


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """A database with a table of unique numbers."""
    configure_db("sqlite:///:memory:")
    found = get_database()
    await found.execute("CREATE TABLE batch (number INTEGER UNIQUE)")
    yield found
    await close_db()
    await reset_engine()


async def numbers(database: Database) -> list[int]:
    return [row[0] for row in await database.fetch("SELECT number FROM batch ORDER BY number")]


async def test_rows_of_each_statement_come_back(database: Database) -> None:
    """Several statements are one hop to SQLite, and each has its rows."""
    with max_queries(1):
        found = await send_statements(
            database, [Statement(f"{INSERT} RETURNING number", [1]), Statement(f"{INSERT} RETURNING number * 10", [2])]
        )
    assert [[tuple(row) for row in rows] for rows in found] == [[(1,)], [(20,)]]


async def test_one_that_fails_takes_back_the_others(database: Database) -> None:
    """Nothing of what was sent together stays, neither of statements nor of rows."""
    with pytest.raises(IntegrityError):
        await send_statements(database, [Statement(INSERT, [1]), Statement(INSERT, [1])])
    with pytest.raises(IntegrityError):
        await send_rows(database, INSERT, [(2,), (3,), (2,)])
    with pytest.raises(IntegrityError):
        await execute_statements(database, [Statement(INSERT, [4]), Statement(INSERT, [4])])
    assert await numbers(database) == []


async def test_transaction_around_keeps_its_own_work(database: Database) -> None:
    """Inside a transaction a savepoint stands for it, so what came before is not lost."""
    async with atomic():
        await database.execute(INSERT, (1,))
        with pytest.raises(IntegrityError):
            async with atomic():
                await send_rows(database, INSERT, [(2,), (1,)])
        assert await send_rows(database, INSERT, [(3,), (4,)]) == 2
    assert await numbers(database) == [1, 3, 4]


async def test_touched_rows_are_counted_over_all_statements(database: Database) -> None:
    """Statements that give no rows say how many they touched, together."""
    assert await send_rows(database, INSERT, [(1,), (2,), (3,)]) == 3
    change = "UPDATE batch SET number = number + 10 WHERE number > ?"
    assert await execute_statements(database, [Statement(change, [1]), Statement(change, [12])]) == 3
