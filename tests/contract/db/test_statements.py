"""What every engine does with a statement."""

import asyncio

import pytest

from openviper.db.connections import get_connection, get_database, request_connection
from openviper.db.exceptions import DatabaseReadOnlyError, IntegrityError, QueryError, TableNotFound
from openviper.db.monitor import max_queries
from tests.contract.db.engines import Engine, Notes


async def test_rows_come_back(notes: Notes) -> None:
    """A statement gives its rows, its first row or its first value, and says how many rows it has touched."""
    assert await notes.add(1) == 1
    assert await notes.add(2) == 1
    database = notes.database
    assert [tuple(row) for row in await database.fetch("SELECT id, name FROM note ORDER BY id")] == [
        (1, "note 1"),
        (2, "note 2"),
    ]
    assert tuple(await database.fetch_one("SELECT id FROM note ORDER BY id") or ()) == (1,)
    assert await database.fetch_one("SELECT id FROM note WHERE id = 7") is None
    assert await database.fetch_value("SELECT count(*) FROM note") == 2
    assert await database.fetch_value("SELECT id FROM note WHERE id = 7") is None
    assert await database.execute("UPDATE note SET size = 1") == 2
    assert await database.execute("CREATE TABLE other (id INTEGER)") == 0
    assert await database.execute("DROP TABLE other") == 0


async def test_write_gives_rows_back(notes: Notes) -> None:
    """A write with RETURNING is stored, and gives its rows."""
    sql = notes.engine.text("INSERT INTO note (id, name) VALUES (?, ?) RETURNING id")
    assert [tuple(row) for row in await notes.database.fetch(sql, (5, "five"))] == [(5,)]
    assert await notes.numbers() == [5]


async def test_many_rows_are_stored_together_or_not_at_all(notes: Notes) -> None:
    """Of many rows with one that is refused, none is stored."""
    sql = notes.engine.text("INSERT INTO note (id, name) VALUES (?, ?)")
    await notes.database.execute_many(sql, [(number, str(number)) for number in range(5)])
    with pytest.raises(IntegrityError):
        await notes.database.execute_many(sql, [(10, "ten"), (11, "eleven"), (1, "again")])
    assert await notes.numbers() == [0, 1, 2, 3, 4]


async def test_stream_gives_lists(notes: Notes) -> None:
    """Rows come in lists of the size that was asked for; one that is left early gives its connection back."""
    sql = notes.engine.text("INSERT INTO note (id, name) VALUES (?, ?)")
    await notes.database.execute_many(sql, [(number, str(number)) for number in range(5)])
    select = "SELECT id FROM note ORDER BY id"
    lists = [[row[0] for row in rows] async for rows in notes.database.stream(select, size=2)]
    assert lists == [[0, 1], [2, 3], [4]]
    for _ in range(20):
        stream = notes.database.stream(select, size=2)
        assert len(await anext(stream)) == 2
        await stream.aclose()
    assert len(await notes.numbers()) == 5


@pytest.mark.parametrize(
    ("sql", "kind", "columns"),
    [
        ("INSERT INTO note (id, name) VALUES (2, 'note 1')", "unique", ("name",)),
        ("INSERT INTO note (id, name) VALUES (2, NULL)", "not null", ("name",)),
        ("INSERT INTO note (id, name, size) VALUES (2, 'b', -1)", "check", ()),
        ("INSERT INTO note (id, name, parent) VALUES (2, 'b', 77)", "foreign key", ()),
    ],
)
async def test_broken_constraint_is_told(notes: Notes, sql: str, kind: str, columns: tuple[str, ...]) -> None:
    """The error says which rule was broken and on which columns, and holds no value of the row."""
    await notes.add(1)
    with pytest.raises(IntegrityError) as caught:
        await notes.database.execute(sql)
    assert caught.value.kind == kind
    if columns:
        assert (caught.value.table, caught.value.columns) == ("note", columns)
    assert "note 1" not in str(caught.value)
    assert "77" not in str(caught.value)


async def test_missing_table_is_named(notes: Notes) -> None:
    """A table that is not there is named by an error of its own."""
    with pytest.raises(TableNotFound) as caught:
        await notes.database.fetch("SELECT * FROM nothing_here")
    assert caught.value.table_name == "nothing_here"


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nothing FROM note", "SELECT 'open"])
async def test_wrong_statement_is_refused(notes: Notes, sql: str) -> None:
    """SQL with a mistake is an error of the query, and the connection serves the next one."""
    with pytest.raises(QueryError):
        await notes.database.fetch(sql)
    assert await notes.numbers() == []


async def test_wrong_number_of_values_is_refused(notes: Notes) -> None:
    """A value too few or too many is an error of the query."""
    sql = notes.engine.text("SELECT id FROM note WHERE id = ?")
    for args in ((), (1, 2)):
        with pytest.raises(QueryError):
            await notes.database.fetch(sql, args)


async def test_read_only_database_refuses_writes(notes: Notes) -> None:
    """An alias with READ_ONLY reads, and refuses every write, whichever way it is sent."""
    if notes.engine.name == "sqlite-memory":
        pytest.skip("a database in memory that is never written has no table to read")
    await notes.add(1)
    from openviper.db.connections import close_db

    await close_db()
    notes.engine.configure(READ_ONLY=True)
    assert await notes.numbers() == [1]
    with pytest.raises(DatabaseReadOnlyError):
        await notes.add(2)
    async with get_connection() as connection:
        with pytest.raises(DatabaseReadOnlyError):
            await connection.execute("DELETE FROM note")
    assert await notes.numbers() == [1]
    await close_db()
    notes.engine.configure()


async def test_pinned_connection_loses_no_write(notes: Notes) -> None:
    """What is written in a block of request_connection() is stored at once, and seen from outside."""
    async with request_connection():
        await notes.add(1)
        async with request_connection():
            assert await notes.numbers() == [1]
        results = await asyncio.gather(notes.add(2), notes.add(3), notes.numbers())
        assert list(results[:2]) == [1, 1]
    assert await notes.numbers() == [1, 2, 3]


async def test_raw_connection_is_put_in_order(notes: Notes) -> None:
    """A transaction that is left open on a raw connection is undone before anybody else gets the connection."""
    async with get_connection() as connection:
        await connection.begin()
        await connection.execute("INSERT INTO note (id, name) VALUES (1, 'lost')")
    assert await asyncio.gather(*(notes.numbers() for _ in range(5))) == [[]] * 5
    assert await notes.add(2) == 1


async def test_queries_are_counted(notes: Notes) -> None:
    """The budget sees every statement, also those of child tasks and those that fail."""
    async with max_queries(4) as log:
        await notes.add(1)
        await asyncio.gather(notes.numbers(), notes.numbers())
        with pytest.raises(QueryError):
            await notes.database.fetch("SELEC 1")
    assert log.count == 4
    assert log.records[0].parameters == ("int", "str(6)")
    assert log.records[0].caller.startswith(__file__.rpartition("/")[0])
    assert log.records[-1].failed == "QueryError"


async def test_database_is_made_once_a_loop(engine: Engine) -> None:
    """Asking again gives the same object, and opens nothing."""
    assert get_database() is get_database("default")
    assert get_database().dialect_name == engine.name.partition("-")[0]
