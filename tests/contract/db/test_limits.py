"""Every limit, by exceeding it."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from openviper.db.connections import close_db, get_connection, get_database
from openviper.db.exceptions import LockTimeoutError, PoolTimeoutError, SerializationError, StatementTimeoutError
from openviper.db.transactions import atomic
from tests.contract.db.engines import CREATE, Engine, Notes

NO_LIMIT = {
    "postgresql": "SELECT current_setting('statement_timeout')::int + current_setting('lock_timeout')::int || ''",
    "mariadb": "SELECT cast(round(@@max_statement_time + (@@innodb_lock_wait_timeout < 31536000)) AS char)",
}
SESSIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE()",
}


async def start(engine: Engine, **options: object) -> Notes:
    """Make the table anew, with other options."""
    await close_db()
    engine.configure(**options)
    await get_database().execute("DROP TABLE IF EXISTS note")
    await get_database().execute(CREATE)
    return Notes(engine)


async def test_statement_that_takes_too_long_is_ended(engine: Engine) -> None:
    """STATEMENT_TIMEOUT ends a statement, and the connection serves the next one at once (C-011r)."""
    notes = await start(engine, STATEMENT_TIMEOUT=0.2, POOL_SIZE=1, MAX_OVERFLOW=0)
    with pytest.raises(StatementTimeoutError, match=r"longer than 0\.2 seconds") as caught:
        await notes.database.fetch(engine.slow)
    assert isinstance(caught.value, TimeoutError)
    await notes.add(1)
    with pytest.raises(StatementTimeoutError):
        async with atomic():
            await notes.add(2)
            await notes.database.fetch(engine.slow)
    assert await notes.numbers() == [1]
    await close_db()


async def test_statement_without_limit_may_take_long(engine: Engine) -> None:
    """None switches the limits off."""
    notes = await start(engine, STATEMENT_TIMEOUT=None, LOCK_TIMEOUT=None, POOL_TIMEOUT=None)
    assert await notes.add(1) == 1
    if not engine.is_sqlite:
        assert await notes.database.fetch_value(NO_LIMIT[engine.name]) == "0"
    await close_db()


async def test_lock_that_others_hold_is_waited_for_so_long(postgres: Engine) -> None:
    """LOCK_TIMEOUT ends the wait for a row that another transaction has locked (C-011r)."""
    notes = await start(postgres, LOCK_TIMEOUT=0.2)
    await notes.add(1)
    async with get_connection() as other:
        await other.begin()
        await other.execute("UPDATE note SET size = 1")
        with pytest.raises(LockTimeoutError, match="LOCK_TIMEOUT"):
            await notes.database.execute("UPDATE note SET size = 2")
        await other.rollback()
    assert await notes.database.execute("UPDATE note SET size = 2") == 1
    await close_db()


async def test_turn_to_write_is_waited_for_so_long(sqlite: Engine) -> None:
    """On SQLite the wait for the other writers of the process ends, and the error names who is writing."""
    notes = await start(sqlite, LOCK_TIMEOUT=0.2)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def write_for_long() -> None:
        async with atomic():
            await notes.add(1)
            entered.set()
            await leave.wait()

    writer = asyncio.create_task(write_for_long(), name="the long writer")
    await entered.wait()
    assert await notes.numbers() == []  # readers do not wait
    with pytest.raises(LockTimeoutError, match=r"the long writer \(.*write_for_long at .*test_limits.py"):
        await notes.add(2)
    leave.set()
    await writer
    assert await notes.numbers() == [1]
    await close_db()


async def test_other_process_is_waited_for_so_long(sqlite: Engine) -> None:
    """On SQLite a lock of another process is waited for as well, and has an error that says so."""
    notes = await start(sqlite, LOCK_TIMEOUT=0.2)
    other = sqlite3.connect(sqlite.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for write in (notes.add(1), add_in_block(notes)):
        with pytest.raises(LockTimeoutError, match="another process"):
            await write
    other.execute("COMMIT")
    other.close()
    assert await notes.add(1) == 1
    await close_db()


async def add_in_block(notes: Notes) -> None:
    async with atomic():
        await notes.add(2)


async def test_pool_that_is_empty_names_the_holders(postgres: Engine) -> None:
    """POOL_TIMEOUT ends the wait for a connection, and the error says who has them, since when and where (C-011r)."""
    await start(postgres, POOL_SIZE=1, MAX_OVERFLOW=1, POOL_TIMEOUT=0.2)
    entered, leave = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        async with get_connection():
            entered.release()
            await leave.wait()

    holders = [asyncio.create_task(hold(), name=f"holder {number}") for number in range(2)]
    for _ in holders:
        await entered.acquire()
    with pytest.raises(PoolTimeoutError) as caught:
        await get_database().fetch("SELECT 1")
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.alias == "default"
    assert len(caught.value.holders) == 2
    assert all(age >= 0.2 for _, age in caught.value.holders)
    assert "holder 0 (" in str(caught.value)
    assert f"hold at {__file__}" in str(caught.value)
    leave.set()
    await asyncio.gather(*holders)
    assert await get_database().fetch_value("SELECT 1") == 1
    await close_db()


async def test_pool_serves_many_more_tasks_than_it_has_places(engine: Engine) -> None:
    """A hundred tasks share three connections."""
    notes = await start(engine, POOL_SIZE=2, MAX_OVERFLOW=1)
    await notes.add(1)
    results = await asyncio.gather(*(notes.numbers() for _ in range(100)))
    assert results == [[1]] * 100
    if not engine.is_sqlite:
        assert await notes.database.fetch_value(SESSIONS[engine.name]) <= 3
    await close_db()


async def test_transactions_in_each_others_way(postgres: Engine) -> None:
    """Of two transactions that wait for each other, one fails with an error that tells to try again."""
    notes = await start(postgres)
    await notes.database.execute("ALTER TABLE note ADD stamp INTEGER")
    await notes.add(1)
    await notes.add(2)
    both = asyncio.Barrier(2)

    async def touch(*numbers: int) -> None:
        async with atomic():
            for number in numbers:
                await notes.database.execute("UPDATE note SET size = 1 WHERE id = $1", (number,))
                if number == numbers[0]:
                    await both.wait()

    results = await asyncio.gather(touch(1, 2), touch(2, 1), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [SerializationError]
    await close_db()


async def test_fifty_writers_never_meet_a_locked_database(sqlite: Engine) -> None:
    """Fifty tasks write at once, in blocks and without, while others read; every row is stored."""
    notes = await start(sqlite, LOCK_TIMEOUT=60.0)

    async def write(number: int) -> None:
        if number % 2:
            await notes.add(number)
            return
        async with atomic():
            await notes.numbers()
            await notes.add(number)
            await asyncio.sleep(0)
            await notes.database.execute("UPDATE note SET size = 1 WHERE id = ?", (number,))

    reads = [asyncio.create_task(notes.numbers()) for _ in range(50)]
    await asyncio.gather(*(write(number) for number in range(50)))
    await asyncio.gather(*reads)
    assert await notes.numbers() == list(range(50))
    await close_db()


def test_writers_of_several_loops_wait_for_each_other(sqlite: Engine) -> None:
    """Loops in several threads write to one file, and SQLite's own waiting lets each of them through."""
    asyncio.run(make_table(sqlite))
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            asyncio.run(write_some(sqlite, first))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number * 100,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(asyncio.run(Notes(sqlite).numbers())) == 40


async def make_table(engine: Engine) -> None:
    engine.configure(LOCK_TIMEOUT=60.0)
    await get_database().execute(CREATE)


async def write_some(engine: Engine, first: int) -> None:
    async def write(number: int) -> None:
        async with atomic():
            await Notes(engine).add(number)

    await asyncio.gather(*(write(first + number) for number in range(10)))


async def test_file_keeps_what_was_promised(sqlite: Engine, tmp_path: Path) -> None:
    """A file has a write-ahead log, foreign keys are on, and a file that cannot be opened says why."""
    notes = await start(sqlite)
    assert await notes.database.fetch_value("SELECT * FROM pragma_journal_mode") == "wal"
    for writes in (True, False):
        async with get_connection(writes=writes) as connection:
            assert await connection.fetch_value("PRAGMA foreign_keys") == 1
    await close_db()
    Engine("sqlite-file", f"sqlite:///{tmp_path / 'nowhere' / 'a.db'}").configure()
    with pytest.raises(ConnectionError, match="its folder does not exist"):
        await get_database().fetch("SELECT 1")
    await close_db()
