"""Reads on SQLite outside of transactions share threads, and none of them is felt by another."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import Callable

import pytest

from openviper.db.connections import close_db, get_connection, get_database, reset
from openviper.db.exceptions import ConnectionLostError, PoolTimeoutError, QueryError, StatementTimeoutError
from tests.contract.db.engines import Engine, Notes


def echo(number: int) -> "asyncio.Task[object]":
    """Start a read that gives its own number back."""
    return asyncio.create_task(get_database().fetch_value("SELECT ?", (number,)))


def start(function: Callable[[sqlite3.Connection], object]) -> "asyncio.Task[object]":
    """Start a function in the thread of a reading connection."""
    return asyncio.create_task(get_database().run(function, sql="SELECT 1"))


async def test_slow_read_keeps_nobody_waiting(sqlite_notes: Notes) -> None:
    """Beside statements that do not end, others are answered."""
    database = get_database()
    slow = [asyncio.create_task(database.fetch(sqlite_notes.engine.slow)) for _ in range(3)]
    reads = [echo(number) for number in range(100)]
    assert await asyncio.gather(*reads) == list(range(100))
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    assert all(isinstance(it, asyncio.CancelledError) for it in await asyncio.gather(*slow, return_exceptions=True))
    assert await sqlite_notes.numbers() == []


async def test_answer_does_not_wait_behind_a_slow_read(sqlite_notes: Notes) -> None:
    """What a thread has read before it came to a slow statement is handed out at once."""
    first, slow = echo(1), asyncio.create_task(get_database().fetch(sqlite_notes.engine.slow))
    assert await first == 1
    assert not slow.done()
    slow.cancel()


async def test_slow_reads_run_side_by_side(sqlite: Engine) -> None:
    """Each of them has a thread of its own, up to the size of the pool."""
    sqlite.configure(POOL_SIZE=4, MAX_OVERFLOW=0)
    barrier = threading.Barrier(4)
    waits = [start(lambda _: barrier.wait(30)) for _ in range(4)]
    assert sorted(str(turn) for turn in await asyncio.gather(*waits)) == ["0", "1", "2", "3"]
    await close_db()


async def test_read_that_is_cancelled_in_the_line_never_runs(sqlite: Engine) -> None:
    """Whoever leaves the line is passed over, and those behind get their own answers."""
    sqlite.configure(POOL_SIZE=1, MAX_OVERFLOW=0)
    started, go_on, ran = threading.Event(), threading.Event(), []

    def hold(_: sqlite3.Connection) -> None:
        started.set()
        go_on.wait(30)

    holding = start(hold)
    while not started.is_set():
        await asyncio.sleep(0)
    leaving = start(lambda _: ran.append("left"))
    staying = [echo(number) for number in range(5)]
    await asyncio.sleep(0)
    leaving.cancel()
    go_on.set()
    await holding
    assert await asyncio.gather(*staying) == [0, 1, 2, 3, 4]
    assert (ran, leaving.cancelled()) == ([], True)
    await close_db()


async def test_cancellation_hits_no_other_read(sqlite_notes: Notes) -> None:
    """Of reads that are cancelled at random, all others get their own answer."""
    chance = random.Random(7)
    slow = sqlite_notes.engine.slow
    for _ in range(20):
        reads = [echo(number) for number in range(40)]
        endless = [asyncio.create_task(get_database().fetch(slow)) for _ in range(3)]
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        gone = set(chance.sample(range(40), 10))
        for number in gone:
            reads[number].cancel()
        for task in endless:
            task.cancel()
        answers = await asyncio.gather(*reads, return_exceptions=True)
        for number, answer in enumerate(answers):
            assert answer == number or (number in gone and isinstance(answer, asyncio.CancelledError))
        await asyncio.gather(*endless, return_exceptions=True)


async def test_time_is_that_of_the_statement(sqlite: Engine) -> None:
    """A statement that takes too long is ended alone; what waited behind it is answered."""
    sqlite.configure(POOL_SIZE=1, MAX_OVERFLOW=0, STATEMENT_TIMEOUT=0.3)
    slow = asyncio.create_task(get_database().fetch(sqlite.slow))
    reads = [echo(number) for number in range(20)]
    with pytest.raises(StatementTimeoutError, match=r"0\.3 seconds"):
        await slow
    assert await asyncio.gather(*reads) == list(range(20))
    await close_db()


async def test_line_that_does_not_move_is_refused(sqlite: Engine) -> None:
    """When no connection becomes free in time, who waits is told who has them."""
    sqlite.configure(POOL_SIZE=1, MAX_OVERFLOW=0, POOL_TIMEOUT=0.2)

    async def ask_for_ever() -> object:
        return await get_database().fetch(sqlite.slow)

    slow = asyncio.create_task(ask_for_ever())
    reads = [echo(number) for number in range(5)]
    refused = await asyncio.gather(*reads, return_exceptions=True)
    early = [answer for answer in refused if not isinstance(answer, BaseException)]
    assert early == list(range(len(early)))
    errors = [answer for answer in refused if isinstance(answer, PoolTimeoutError)]
    assert len(errors) + len(early) == 5
    assert errors
    assert all("ask_for_ever" in str(error) for error in errors)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    assert await echo(7) == 7
    await close_db()


async def test_connections_that_are_held_count(sqlite: Engine) -> None:
    """A connection that a block holds is none that the line could use."""
    sqlite.configure(POOL_SIZE=1, MAX_OVERFLOW=0, POOL_TIMEOUT=0.2)
    async with get_connection(writes=False):
        with pytest.raises(PoolTimeoutError):
            await asyncio.create_task(get_database().fetch("SELECT 1"))
    assert await echo(1) == 1
    await close_db()


async def test_failure_is_that_of_one_read(sqlite_notes: Notes) -> None:
    """An error reaches whoever asked, and nobody else, whether SQLite or a function raised it."""

    def begin(raw: sqlite3.Connection) -> None:
        raw.execute("BEGIN")
        raw.execute("SELECT * FROM note").fetchall()

    wrong = asyncio.create_task(get_database().fetch("SELECT nothing"))
    broken = start(lambda _: 1 // 0)
    open_ended = start(begin)
    reads = [echo(number) for number in range(5)]
    assert await asyncio.gather(*reads) == [0, 1, 2, 3, 4]
    with pytest.raises(QueryError, match="nothing"):
        await wrong
    with pytest.raises(ZeroDivisionError):
        await broken
    await open_ended
    await sqlite_notes.add(1)
    assert await sqlite_notes.numbers() == [1]  # a transaction that was left open would not see it


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_end_refuses_who_waits(sqlite: Engine, how: str) -> None:
    """When the database is closed, reads that run and reads that wait end with an error, all of them."""
    sqlite.configure(POOL_SIZE=2, MAX_OVERFLOW=0)
    slow = [asyncio.create_task(get_database().fetch(sqlite.slow)) for _ in range(5)]
    await asyncio.sleep(0)
    if how == "close":
        await close_db()
    else:
        reset()
    errors = await asyncio.gather(*slow, return_exceptions=True)
    assert len(errors) == 5
    assert all(isinstance(error, QueryError | ConnectionLostError) for error in errors)
    assert await echo(7) == 7
    await close_db()
