"""Which connection a statement runs on, and how long a connection lives."""

import asyncio
import gc
import threading

import pytest

from openviper.conf import settings
from openviper.db.connections import close_db, get_connection, get_database, reset
from openviper.db.connections.database import is_write
from openviper.db.exceptions import DatabaseAliasNotFoundError, DatabaseOperationNotSupportedError


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "  select 1",
        "(SELECT 1)",
        "/* INSERT */ SELECT 1",
        "-- UPDATE\nSELECT 1",
        "VALUES (1)",
        "EXPLAIN QUERY PLAN SELECT 1",
        "WITH a AS (SELECT 1) SELECT * FROM a",
    ],
)
def test_statement_that_reads(sql: str) -> None:
    """What begins by reading may go to a connection that can only read."""
    assert not is_write(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO a VALUES (1)",
        "/* SELECT */ delete from a",
        "WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a",
        "WITH a AS (SELECT 1) MERGE INTO b USING a ON 1 = 1 WHEN MATCHED THEN DO NOTHING",
        "EXPLAIN ANALYZE DELETE FROM a",
        "PRAGMA user_version = 3",
        "VACUUM",
        "CREATE TABLE selects (a)",
        "REPLACE INTO a VALUES (1)",
        "",
        "?",
    ],
)
def test_statement_that_may_write(sql: str) -> None:
    """Everything else goes to the connection that writes."""
    assert is_write(sql)


def test_database_needs_a_loop() -> None:
    """Outside of an event loop there is no database."""
    settings.configure(DATABASE_URL="sqlite://")
    with pytest.raises(RuntimeError):
        get_database()


async def test_aliases_are_databases_of_their_own() -> None:
    """Each alias has its own engine and tables, and an unknown one is named."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "other": {"URL": "sqlite://"}})
    await get_database().execute("CREATE TABLE a (id INTEGER)")
    await get_database("other").execute("CREATE TABLE a (id INTEGER)")
    await get_database("other").execute("INSERT INTO a VALUES (1)")
    assert await get_database().fetch("SELECT * FROM a") == []
    async with get_connection("other") as connection:
        assert await connection.fetch("SELECT * FROM a") == [(1,)]
    with pytest.raises(DatabaseAliasNotFoundError, match="'third'"):
        get_database("third")
    await close_db()


async def test_function_runs_in_one_hop() -> None:
    """On SQLite a function gets the raw connection; an engine without such a hop refuses."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "pg": {"URL": "postgresql://127.0.0.1:1/x"}})
    assert await get_database().run(lambda raw: raw.execute("SELECT 7").fetchone()[0]) == 7
    with pytest.raises(DatabaseOperationNotSupportedError):
        await get_database("pg").run(lambda raw: raw.total_changes)
    await close_db()


def test_loop_that_ends_closes_its_connections() -> None:
    """asyncio.run() leaves no thread of a connection behind, and the next one finds new connections."""
    settings.configure(DATABASE_URL="sqlite://")

    async def count() -> object:
        await get_database().execute("CREATE TABLE a (id INTEGER)")
        return await get_database().fetch_value("SELECT count(*) FROM a")

    assert [asyncio.run(count()) for _ in range(3)] == [0, 0, 0]


def test_loop_that_was_only_closed_is_cleared_by_the_next() -> None:
    """A loop that ends without closing its generators is cleared away by the next loop that asks."""
    settings.configure(DATABASE_URL="sqlite://")

    async def ask() -> object:
        return await get_database().fetch_value("SELECT 1")

    for _ in range(3):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(ask()) == 1
        loop.close()
    assert asyncio.run(ask()) == 1
    gc.collect()


def test_loops_that_nobody_closes_lose_their_connections() -> None:
    """Those that stand still keep their connections up to a number of them; an older one that runs again opens new."""
    settings.configure(DATABASE_URL="sqlite://")

    def threads() -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name == "openviper-sqlite-default"]

    async def ask() -> object:
        return await get_database().fetch_value("SELECT 1")

    before = set(threads())
    loops = [asyncio.new_event_loop() for _ in range(20)]
    made: list[threading.Thread] = []
    for loop in loops:
        assert loop.run_until_complete(ask()) == 1
        made += [one for one in threads() if one not in before and one not in made]
    for one in made[:3]:
        one.join(timeout=30)
    assert [one.is_alive() for one in made] == [False] * 3 + [True] * 17
    assert loops[0].run_until_complete(ask()) == 1
    for loop in loops:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    assert asyncio.run(ask()) == 1
    gc.collect()


def test_reset_drops_everything() -> None:
    """After a reset the settings are read again, in a loop that goes on as well."""

    async def ask() -> list[str]:
        settings.configure(DATABASES={"default": {"URL": "sqlite://", "POOL_TIMEOUT": 1.0}})
        first = get_database()
        await first.fetch("SELECT 1")
        settings.reset()
        settings.configure(DATABASES={"default": {"URL": "sqlite://", "POOL_TIMEOUT": 2.0}})
        reset()
        await get_database().fetch("SELECT 1")
        return [str(database.options.pool_timeout) for database in (first, get_database())]

    assert asyncio.run(ask()) == ["1.0", "2.0"]


def test_turns_of_two_loops_in_one_thread() -> None:
    """Two loops that run in turn keep their own databases."""
    settings.configure(DATABASE_URL="sqlite://")

    async def make() -> object:
        database = get_database()
        await database.fetch("SELECT 1")
        return database

    async def look() -> object:
        return get_database()

    with asyncio.Runner() as first, asyncio.Runner() as second:
        made = [first.run(make()), second.run(make())]
        assert made[0] is not made[1]
        assert [first.run(look()), second.run(look())] == made
