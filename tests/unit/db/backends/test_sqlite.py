"""SQLite's connection apart from the contract that all engines share (tests/contract/db)."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.sqlite import SQLiteBackend
from openviper.db.backends.sqlite.connection import SQLiteConnection
from openviper.db.backends.sqlite.errors import translated
from openviper.db.backends.sqlite.session import open_file
from openviper.db.exceptions import ConnectionLostError, DatabaseReadOnlyError, LockTimeoutError, QueryError

MEMORY = BackendOptions(alias="default", scheme="sqlite", address=":memory:")


def failure(run: str, *, before: str = "CREATE TABLE a (id INTEGER)") -> sqlite3.Error:
    """Give the error that SQLite raises for a statement."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute(before)
    try:
        raw.execute(run)
    except sqlite3.Error as error:
        return error
    finally:
        raw.close()
    raise AssertionError("it works")


def test_errors_have_our_names() -> None:
    """Each kind is told by SQLite's own code."""
    read_only = failure("INSERT INTO a VALUES (1)", before="PRAGMA query_only=ON")
    assert isinstance(translated(read_only, MEMORY), QueryError)  # the table is not there
    wrong = translated(failure("SELECT nothing"), MEMORY)
    assert isinstance(wrong, QueryError)
    assert wrong.sqlstate == "SQLITE_ERROR"
    assert isinstance(
        translated(sqlite3.ProgrammingError("Cannot operate on a closed database."), MEMORY), ConnectionLostError
    )


def test_locked_and_read_only_files(tmp_path: Path) -> None:
    """A file that is locked, or may not be written, has errors of its own."""
    path = str(tmp_path / "a.db")
    first, second = (sqlite3.connect(path, isolation_level=None, timeout=0) for _ in range(2))
    first.execute("CREATE TABLE a (id INTEGER)")
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as caught:
        second.execute("INSERT INTO a VALUES (1)")
    assert isinstance(translated(caught.value, MEMORY), LockTimeoutError)
    first.execute("COMMIT")
    second.execute("PRAGMA query_only=ON")
    with pytest.raises(sqlite3.OperationalError) as caught:
        second.execute("INSERT INTO a VALUES (1)")
    assert isinstance(translated(caught.value, MEMORY), DatabaseReadOnlyError)
    first.close()
    second.close()


async def test_many_rows_inside_a_transaction_are_undone_alone() -> None:
    """A refused row in a transaction undoes its own statement and leaves the transaction."""
    connection = SQLiteConnection(MEMORY, writes=True)
    await connection.open()
    await connection.execute("CREATE TABLE a (id INTEGER UNIQUE)")
    await connection.begin()
    await connection.execute("INSERT INTO a VALUES (1)")
    with pytest.raises(ValueError, match="UNIQUE"):
        await connection.execute_many("INSERT INTO a VALUES (?)", [(2,), (1,)])
    await connection.commit()
    assert await connection.fetch("SELECT id FROM a") == [(1,)]
    await connection.close()


async def test_error_of_a_function_passes_unchanged() -> None:
    """What a function raises in the thread of the connection reaches the caller as it is."""
    connection = SQLiteConnection(MEMORY, writes=True)
    await connection.open()
    with pytest.raises(ZeroDivisionError):
        await connection.run(lambda _: 1 // 0)
    assert await connection.fetch_value("SELECT 1") == 1
    await connection.close()
    await connection.close()
    with pytest.raises(ConnectionLostError, match="closed"):
        await connection.fetch("SELECT 1")


async def test_thread_ends_with_its_connection() -> None:
    """Closed or dropped, a connection leaves no thread behind."""
    for end in ("close", "terminate"):
        connection = SQLiteConnection(MEMORY, writes=True)
        await connection.open()
        (thread,) = [it for it in threading.enumerate() if it.name == "openviper-sqlite-default"]
        assert thread.daemon
        if end == "close":
            await connection.close()
        else:
            connection.terminate()
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()


async def test_opening_that_is_cancelled_leaves_no_thread(tmp_path: Path) -> None:
    """A file that is being opened when the caller is cancelled is closed again."""
    options = BackendOptions(alias="cancelled", scheme="sqlite", address=str(tmp_path / "a.db"))
    opening = asyncio.create_task(SQLiteConnection(options, writes=True).open())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    for thread in [it for it in threading.enumerate() if it.name == "openviper-sqlite-cancelled"]:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()


async def test_close_waits_for_an_opening_that_was_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is still being opened for somebody who has left is closed when the database is, log and all."""
    options = BackendOptions(alias="default", scheme="sqlite", address=str(tmp_path / "a.db"))
    may_open = threading.Event()

    def open_late(options: BackendOptions, *, writes: bool) -> sqlite3.Connection:
        raw = open_file(options, writes=writes)
        raw.execute("CREATE TABLE late (id INTEGER)")
        may_open.wait(5)
        return raw

    monkeypatch.setattr("openviper.db.backends.sqlite.connection.open_file", open_late)
    backend = SQLiteBackend(options)
    asking = asyncio.create_task(backend.acquire(writes=True))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    closing = asyncio.create_task(backend.close())
    assert not (await asyncio.wait([closing], timeout=0.05))[0]
    may_open.set()
    await closing

    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]


async def test_close_that_is_cancelled_closes_all_the_same(tmp_path: Path) -> None:
    """The file is closed when its thread comes to it, although nobody waits for that any more."""
    connection = SQLiteConnection(
        BackendOptions(alias="left", scheme="sqlite", address=str(tmp_path / "a.db")), writes=True
    )
    await connection.open()
    may_go_on = threading.Event()
    running = asyncio.create_task(connection.run(lambda raw: (raw.execute("CREATE TABLE a (id)"), may_go_on.wait(5))))
    await asyncio.sleep(0)
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    may_go_on.set()
    await running
    for thread in [it for it in threading.enumerate() if it.name == "openviper-sqlite-left"]:
        await asyncio.to_thread(thread.join, 5)

    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]


async def test_interrupt_hits_no_other_job() -> None:
    """A query that is cancelled again and again never takes the next one with it."""
    backend = SQLiteBackend(MEMORY)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    for turn in range(30):
        connection = await backend.acquire(writes=True)
        query = asyncio.create_task(connection.fetch(endless))
        for _ in range(turn % 4):
            await asyncio.sleep(0)
        query.cancel()
        await asyncio.gather(query, return_exceptions=True)
        backend.release(connection)
        connection = await backend.acquire(writes=False)
        assert await connection.fetch_value("SELECT count(*) FROM (VALUES (1), (2), (3))") == 3
        backend.release(connection)
    await backend.close()
