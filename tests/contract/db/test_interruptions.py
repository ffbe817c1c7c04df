"""Cancellations and broken connections."""

import asyncio
from contextlib import suppress

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers
import pytest

from openviper.db.connections import close_db, get_connection, get_database
from openviper.db.exceptions import ConnectionLostError, QueryError, TransactionError
from openviper.db.transactions import atomic, on_commit, on_rollback
from tests.contract.db.engines import POSTGRES, Engine, Notes

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
ACTIVE = f"{WAITING} AND state = 'active'"


async def until(connection: "Watcher", sql: str, value: object) -> None:
    """Ask until the answer is right."""
    async with asyncio.timeout(10):
        while await connection.ask(sql) != value:
            await asyncio.sleep(0)


class Watcher:
    """A connection beside the pool."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, sql: str) -> object:
        connection = await asyncpg.connect(self._url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


async def test_cancelled_query_ends_at_once(notes: Notes) -> None:
    """Whoever cancels does not wait for the query, and the only connection is right afterwards."""
    await notes.add(1)
    for _ in range(5):
        task = asyncio.create_task(notes.database.fetch(notes.engine.slow))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await task
        assert await notes.numbers() == [1]
    results = await asyncio.gather(*(notes.numbers() for _ in range(20)))
    assert results == [[1]] * 20


async def test_cancelled_query_is_cancelled_on_the_server(postgres: Engine) -> None:
    """The server stops the statement, and the same session serves the next one."""
    postgres.configure(POOL_SIZE=1, MAX_OVERFLOW=0)
    watcher = Watcher(postgres.url)
    session = await get_database().fetch_value("SELECT pg_backend_pid()")
    for _ in range(3):
        task = asyncio.create_task(get_database().fetch(postgres.slow))
        await until(watcher, ACTIVE, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await get_database().fetch_value("SELECT pg_backend_pid()") == session
        await until(watcher, ACTIVE, 0)
    await close_db()


async def test_many_cancellations_poison_nothing(notes: Notes) -> None:
    """Of many queries that are cancelled at any moment, none leaves its answer to another (C-011o)."""

    async def ask(number: int) -> None:
        sql = notes.engine.text("SELECT CAST(? AS INTEGER)")
        assert await notes.database.fetch_value(sql, (number,)) == number

    for turn in range(60):
        tasks = [asyncio.create_task(ask(turn * 10 + number)) for number in range(10)]
        for _ in range(turn % 12):
            await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results if result is not None} <= {asyncio.CancelledError}
        assert results[1::2] == [None] * 5
    await asyncio.gather(*(ask(number) for number in range(20)))


async def test_cancelled_block_is_rolled_back(notes: Notes) -> None:
    """A task that is cancelled in a block leaves nothing of it, and its handlers for a rollback run."""
    ran: list[str] = []
    at_work = asyncio.Event()

    async def write() -> None:
        async with atomic():
            await notes.add(1)
            on_rollback(lambda: ran.append("undone"))
            at_work.set()
            await notes.database.fetch(notes.engine.slow)

    task = asyncio.create_task(write())
    await at_work.wait()
    if not notes.engine.is_sqlite:
        await notes.engine.until_asleep()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ran == ["undone"]
    assert await notes.numbers() == []
    assert await notes.add(2) == 1


async def test_block_that_was_cancelled_at_any_moment_is_whole(notes: Notes) -> None:
    """Wherever a cancellation falls, COMMIT included, the rows and the handlers agree."""
    for moment in range(40):
        ran: list[str] = []

        async def write(number: int, ran: list[str]) -> None:
            async with atomic():
                on_commit(lambda: ran.append("kept"))
                on_rollback(lambda: ran.append("lost"))
                await notes.add(number)
                async with atomic():
                    await notes.add(number + 1000)

        task = asyncio.create_task(write(moment, ran))
        if notes.engine.is_sqlite:
            for _ in range(moment):
                await asyncio.sleep(0)
        else:
            async with asyncio.timeout(0.0002 * moment):
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(task)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stored = [number for number in await notes.numbers() if number % 1000 == moment]
        assert stored == ([moment, moment + 1000] if ran == ["kept"] else [])


async def test_time_limit_inside_a_block_spoils_it(notes: Notes) -> None:
    """A query that is given up inside a block takes the block with it; one in an inner block only that."""
    with pytest.raises(TransactionError):
        async with atomic():
            await notes.add(1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await notes.database.fetch(notes.engine.slow)
    async with atomic():
        await notes.add(2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), atomic():
                await notes.add(3)
                await notes.database.fetch(notes.engine.slow)
        await notes.add(4)
    assert await notes.numbers() == [2, 4]


async def test_interrupted_write_never_ends_up_outside_its_transaction(sqlite_notes: Notes) -> None:
    """SQLite undoes a whole transaction when a write is interrupted; what follows in the block is not stored alone."""
    endless = "INSERT INTO note (id, name) WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n) "
    with pytest.raises(TransactionError):
        async with atomic():
            await sqlite_notes.add(1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), atomic():
                    await sqlite_notes.database.execute(f"{endless} SELECT i, i FROM n")
            await sqlite_notes.add(2)
    assert await sqlite_notes.numbers() == []
    assert await sqlite_notes.add(3) == 1


async def end_session(url: str, pid: object) -> None:
    """Have the server end a session."""
    watcher = Watcher(url)
    await watcher.ask(f"SELECT pg_terminate_backend({pid})")
    await until(watcher, f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}", 0)


async def test_session_that_the_server_ended_is_replaced(postgres_notes: Notes) -> None:
    """A connection that broke while nobody used it costs no error: in a query, in a block, in a stream."""
    postgres_notes.engine.configure(POOL_SIZE=1, MAX_OVERFLOW=0)
    await close_db()
    pids: list[object] = []
    for use in (postgres_notes.numbers, in_block, in_stream):
        pids.append(await get_database().fetch_value("SELECT pg_backend_pid()"))
        await end_session(postgres_notes.engine.url, pids[-1])
        await use()
    assert len(set(pids)) == 3


async def in_block() -> None:
    async with atomic():
        assert await get_database().fetch_value("SELECT 1") == 1


async def in_stream() -> None:
    assert [len(rows) async for rows in get_database().stream("SELECT 1")] == [1]


async def test_session_that_ends_in_a_block_loses_the_block(postgres_notes: Notes) -> None:
    """In a transaction the error leaves the block, its handlers for a rollback run, and the next one is served."""
    ran: list[str] = []
    with pytest.raises(ConnectionLostError):
        async with atomic():
            await postgres_notes.add(1)
            on_rollback(lambda: ran.append("undone"))
            pid = await postgres_notes.database.fetch_value("SELECT pg_backend_pid()")
            await end_session(postgres_notes.engine.url, pid)
            await postgres_notes.add(2)
    assert ran == ["undone"]
    assert await postgres_notes.numbers() == []


async def test_session_that_ends_before_the_commit_loses_the_block(postgres_notes: Notes) -> None:
    """A COMMIT that cannot be sent stores nothing and says so."""
    with pytest.raises(ConnectionLostError):
        async with atomic():
            await postgres_notes.add(1)
            pid = await postgres_notes.database.fetch_value("SELECT pg_backend_pid()")
            await end_session(postgres_notes.engine.url, pid)
    assert await postgres_notes.numbers() == []


async def test_session_that_ends_in_a_statement_is_not_repeated(postgres_notes: Notes) -> None:
    """A statement that was under way may have been carried out, so the error says so and nothing is sent again."""
    task = asyncio.create_task(postgres_notes.database.fetch("SELECT pg_backend_pid(), pg_sleep(60)"))
    watcher = Watcher(postgres_notes.engine.url)
    await until(watcher, ACTIVE, 1)
    await watcher.ask(WAITING.replace("count(*)", "pg_terminate_backend(pid)"))
    with pytest.raises(ConnectionLostError) as caught:
        await task
    assert caught.value.was_sent
    assert await watcher.ask(ACTIVE) == 0


async def test_server_that_is_not_there_is_named(postgres: Engine) -> None:
    """An address where nobody listens, or a wrong name, is a lost connection that shows no password."""
    for url in ("postgresql://joe:hidden@127.0.0.1:1/x", f"{POSTGRES.rpartition('/')[0]}/no_such_database"):
        Engine("postgresql", url).configure()
        with pytest.raises(ConnectionLostError, match="cannot be reached") as caught:
            await get_database().fetch("SELECT 1")
        assert "hidden" not in str(caught.value)
        await close_db()
    assert postgres.url


async def test_changed_table_is_read_again(postgres_notes: Notes) -> None:
    """A prepared statement whose table was altered is prepared again; in a transaction that fails once."""
    read = "SELECT * FROM note"
    async with get_connection() as other:
        assert await postgres_notes.database.fetch(read) == []
        await other.execute("ALTER TABLE note ADD colour TEXT")
        assert await postgres_notes.database.fetch(read) == []
        async with atomic():
            await postgres_notes.database.fetch(read)
        await other.execute("ALTER TABLE note ADD shade TEXT")
        with pytest.raises(QueryError):
            async with atomic():
                await postgres_notes.database.fetch(read)
        async with atomic():
            await postgres_notes.database.fetch(read)


async def test_session_is_put_back_as_it_was(postgres: Engine) -> None:
    """What code sets in the session of a raw connection is gone for the next user, and our limits are not."""
    postgres.configure(POOL_SIZE=1, MAX_OVERFLOW=0, STATEMENT_TIMEOUT=7.0)
    async with get_connection() as connection:
        await connection.execute("SET search_path TO pg_catalog; SET statement_timeout = 1234")
    assert await get_database().fetch_value("SHOW search_path") == '"$user", public'
    assert await get_database().fetch_value("SHOW statement_timeout") == "7s"
    await close_db()


async def test_statements_behind_a_shared_pool(postgres: Engine) -> None:
    """With PGBOUNCER nothing is kept in the session: limits hold for a transaction, nothing is prepared by name."""
    postgres.configure(PGBOUNCER=True, STATEMENT_TIMEOUT=3.0)
    assert await get_database().fetch_value("SHOW statement_timeout") == "0"
    assert await get_database().fetch_value("SELECT $1::int + 1", (1,)) == 2
    async with atomic():
        assert await get_database().fetch_value("SHOW statement_timeout") == "3s"
        assert await get_database().fetch_value("SHOW lock_timeout") == "10s"
    assert await get_database().fetch_value("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''") == 0
    await close_db()


async def slow_commit(notes: Notes, seconds: float) -> None:
    """Let each COMMIT that follows a new row take so long."""
    await notes.database.execute(
        "CREATE OR REPLACE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$; "
        "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION nap()"
    )


COMMITTING = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"


async def test_cancelled_commit_is_waited_for(postgres_notes: Notes) -> None:
    """A task that is cancelled during its COMMIT waits for what becomes of it, and then is cancelled."""
    await slow_commit(postgres_notes, 0.3)
    ran: list[str] = []

    async def write() -> None:
        async with atomic():
            await postgres_notes.add(1)
            on_commit(lambda: ran.append("kept"))
            on_rollback(lambda: ran.append("lost"))

    task = asyncio.create_task(write())
    await until(Watcher(postgres_notes.engine.url), COMMITTING, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ran == ["kept"]
    assert await postgres_notes.numbers() == [1]


async def test_commit_of_unknown_outcome_runs_no_handler(
    postgres_notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the connection breaks during a COMMIT nobody knows what became of it; log and error say so."""
    await slow_commit(postgres_notes, 60)
    watcher = Watcher(postgres_notes.engine.url)
    ran: list[str] = []

    async def write() -> None:
        async with atomic():
            await postgres_notes.add(1)
            on_commit(lambda: ran.append("kept"))
            on_rollback(lambda: ran.append("lost"))

    task = asyncio.create_task(write())
    await until(watcher, COMMITTING, 1)
    await watcher.ask(COMMITTING.replace("count(*)", "pg_terminate_backend(pid)"))
    with pytest.raises(ConnectionLostError) as caught:
        await task
    assert caught.value.was_sent
    assert ran == []
    assert "whose outcome is unknown" in caplog.text
