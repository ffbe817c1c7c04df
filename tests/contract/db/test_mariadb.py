"""What MariaDB's sessions do beside the contract that all engines share."""

import asyncio
import datetime as dt
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from functools import partial

import pytest

from openviper.db.connections import close_db, get_connection, get_database
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseConfigurationError,
    LockTimeoutError,
    QueryError,
    SerializationError,
    TransactionError,
)
from openviper.db.transactions import atomic, on_rollback
from tests.contract.db.engines import MARIADB, Engine, Notes

MINE = "SELECT connection_id()"


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 7


class Plain(Enum):
    ONE = 1


@pytest.mark.parametrize(
    "value",
    [
        "it's a \\' test % %s \" ` \n \r \x1a \0 😀",
        "\\",
        "';",
        b"\x00'\\\xff\x1a",
        b"",
        "",
        2**63 - 1,
        -(2**63),
        1.5,
        1e-300,
        -0.1,
        1e22,
        Decimal("-12345678901234567890.123456789"),
        None,
        dt.date(1, 1, 1),
    ],
)
async def test_value_comes_back(mariadb: Engine, value: object) -> None:
    """A value is written so that the server reads the same one, whatever the session was told about backslashes."""
    get = "CAST(%s AS DATE)" if isinstance(value, dt.date) else "%s"
    for mode in ("", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"):
        async with get_connection() as connection:
            await connection.execute(f"SET sql_mode = '{mode}'")
            found = await connection.fetch_value(f"SELECT {get}", (value,))
            assert found == value
            assert type(found) is type(value)
    await close_db()


async def test_value_is_never_bent(mariadb: Engine) -> None:
    """A moment keeps its instant, a member is its value, and what has no form is refused."""
    ask = get_database().fetch_value
    moment = dt.datetime(2024, 5, 1, 12, 30, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert await ask("SELECT CAST(%s AS DATETIME(6))", (moment,)) == dt.datetime(2024, 5, 1, 10, 30, 0, 5)  # noqa: DTZ001 - what the engine gives
    assert await ask("SELECT %s", (Colour.RED,)) == "red"
    assert await ask("SELECT %s", (Size.BIG,)) == 7
    assert await ask("SELECT %s = 1.1", (1.1,)) == 1
    for value in (
        {"a": 1},
        object(),
        Plain.ONE,
        float("nan"),
        float("-inf"),
        Decimal("NaN"),
        "\udc27",
        moment.timetz(),
    ):
        with pytest.raises(QueryError):
            await ask("SELECT %s", (value,))
    await close_db()


async def test_percent_sign_without_values_is_itself(mariadb: Engine) -> None:
    """A statement without values is sent as it is; with values a percent sign is written twice."""
    assert await get_database().fetch_value("SELECT 'a%' LIKE '%%'") == 1
    assert await get_database().fetch_value("SELECT concat(%s, '%%')", ("a",)) == "a%"
    with pytest.raises(QueryError, match="percent sign"):
        await get_database().fetch_value("SELECT '%' || %s", ("a",))
    await close_db()


async def test_cancelled_query_is_stopped_on_the_server(mariadb: Engine) -> None:
    """The server stops the statement, and the same session serves the next one."""
    mariadb.configure(POOL_SIZE=1, MAX_OVERFLOW=0)
    async with get_connection() as connection:
        session = await connection.fetch_value(MINE)
        for _ in range(3):
            task = asyncio.create_task(connection.fetch(mariadb.slow))
            await mariadb.until_asleep()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await connection.fetch_value(MINE) == session
    assert await get_database().fetch_value(MINE) == session
    await close_db()


async def test_cancelled_stream_keeps_its_session(mariadb: Engine) -> None:
    """A stream that is left or cancelled in the middle leaves nothing behind, inside of a transaction too."""
    endless = "SELECT a.seq FROM seq_1_to_1000000 AS a CROSS JOIN seq_1_to_1000000 AS b"
    async with atomic():
        session = await get_database().fetch_value(MINE)
        stream = get_database().stream(endless, size=10)
        assert len(await anext(stream)) == 10
        await stream.aclose()
        assert await get_database().fetch_value(MINE) == session
    await close_db()


async def test_statements_between_the_lists_of_a_stream(mariadb: Engine) -> None:
    """Other statements of the transaction may run between two lists; no row is lost."""
    found: list[int] = []
    async with atomic():
        async for rows in get_database().stream("SELECT seq FROM seq_1_to_1000", size=300):
            found += [row[0] for row in rows]
            assert await get_database().fetch_value("SELECT 5") == 5
    assert found == list(range(1, 1001))
    await close_db()


async def end_session(engine: Engine, number: object) -> None:
    await engine.ask(f"KILL {number}")
    async with asyncio.timeout(10):
        while await engine.ask(f"SELECT count(*) FROM information_schema.processlist WHERE id = {number}") != 0:
            await asyncio.sleep(0)


async def test_session_that_the_server_ended_is_replaced(mariadb_notes: Notes) -> None:
    """A connection that broke while nobody used it costs no error: in a query, in a block, in a stream."""
    mariadb_notes.engine.configure(POOL_SIZE=1, MAX_OVERFLOW=0)
    await close_db()
    numbers: list[object] = []
    for use in (mariadb_notes.numbers, in_block, in_stream):
        numbers.append(await get_database().fetch_value(MINE))
        await end_session(mariadb_notes.engine, numbers[-1])
        await use()
    assert len(set(numbers)) == 3


async def in_block() -> None:
    async with atomic():
        assert await get_database().fetch_value("SELECT 1") == 1


async def in_stream() -> None:
    assert [len(rows) async for rows in get_database().stream("SELECT 1")] == [1]


async def test_session_that_ends_in_a_block_loses_the_block(mariadb_notes: Notes) -> None:
    """In a transaction the error leaves the block, its handlers for a rollback run, and the next one is served."""
    for last in (mariadb_notes.add, None):
        ran: list[str] = []
        with pytest.raises(ConnectionLostError):
            async with atomic():
                await mariadb_notes.add(1)
                on_rollback(partial(ran.append, "undone"))
                await end_session(mariadb_notes.engine, await mariadb_notes.database.fetch_value(MINE))
                if last is not None:
                    await last(2)
        assert ran == ["undone"]
        assert await mariadb_notes.numbers() == []


async def test_session_that_ends_in_a_statement_is_not_repeated(mariadb_notes: Notes) -> None:
    """A statement that was under way may have been carried out, so the error says so and nothing is sent again."""
    engine = mariadb_notes.engine
    task = asyncio.create_task(mariadb_notes.database.fetch(engine.slow))
    await engine.until_asleep()
    number = await engine.ask(
        "SELECT id FROM information_schema.processlist WHERE info LIKE '%sleep(60)%' AND id <> connection_id()"
    )
    await engine.ask(f"KILL {number}")
    with pytest.raises(ConnectionLostError) as caught:
        await task
    assert caught.value.was_sent


async def test_server_that_is_not_there_is_named(mariadb: Engine) -> None:
    """An address where nobody listens, or a wrong name, is a lost connection that shows no password."""
    for url in ("mariadb://joe:hidden@127.0.0.1:1/x", f"{MARIADB.rpartition('/')[0]}/no_such_database"):
        Engine("mariadb", url).configure()
        with pytest.raises(ConnectionLostError, match="cannot be reached") as caught:
            await get_database().fetch("SELECT 1")
        assert "hidden" not in str(caught.value)
        await close_db()


async def test_server_of_the_other_kind_is_refused(mariadb: Engine) -> None:
    """MySQL and MariaDB differ in what they store, so the URL says which one it is (C-011v)."""
    Engine("mariadb", mariadb.url.replace("mariadb://", "mysql://")).configure()
    with pytest.raises(DatabaseConfigurationError, match="begin its URL with mariadb://"):
        await get_database().fetch("SELECT 1")
    await close_db()


async def test_session_is_put_back_as_it_was(mariadb: Engine) -> None:
    """What code sets in the session of a raw connection is gone for the next user, and our limits are not."""
    mariadb.configure(POOL_SIZE=1, MAX_OVERFLOW=0, STATEMENT_TIMEOUT=7.0)
    async with get_connection() as connection:
        await connection.execute("SET @a = 1, max_statement_time = 1, sql_mode = '', time_zone = '+05:00'")
    asked = "SELECT @a, @@max_statement_time, @@time_zone, @@sql_mode LIKE '%NO_BACKSLASH%', @@collation_connection"
    assert tuple(await get_database().fetch_one(asked) or ()) == (None, 7.0, "+00:00", 1, "utf8mb4_nopad_bin")
    await close_db()


async def test_lock_that_others_hold_is_waited_for_so_long(mariadb_notes: Notes) -> None:
    """LOCK_TIMEOUT ends the wait for a row that another transaction has locked, in whole seconds."""
    await close_db()
    mariadb_notes.engine.configure(LOCK_TIMEOUT=0.2)
    await mariadb_notes.add(1)
    async with get_connection() as other:
        await other.begin()
        await other.execute("UPDATE note SET size = 1")
        with pytest.raises(LockTimeoutError, match="LOCK_TIMEOUT"):
            await mariadb_notes.database.execute("UPDATE note SET size = 2")
        await other.rollback()
    assert await mariadb_notes.database.execute("UPDATE note SET size = 2") == 1


async def test_transactions_in_each_others_way(mariadb_notes: Notes) -> None:
    """Of two in a deadlock one is undone as a whole: nothing that follows in it is stored, in no inner block either."""
    await mariadb_notes.add(1)
    await mariadb_notes.add(2)
    both = asyncio.Barrier(2)
    caught: list[SerializationError] = []

    async def touch(*numbers: int) -> None:
        async with atomic():
            await mariadb_notes.add(10 + numbers[0])
            try:
                async with atomic():
                    for number in numbers:
                        await mariadb_notes.database.execute("UPDATE note SET size = 1 WHERE id = %s", (number,))
                        if number == numbers[0]:
                            await both.wait()
            except SerializationError as error:
                caught.append(error)
                await mariadb_notes.add(100)

    results = await asyncio.gather(touch(1, 2), touch(2, 1), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [TransactionError]
    assert len(caught) == 1
    stored = await mariadb_notes.numbers()
    assert len(stored) == 3
    assert 100 not in stored


async def test_isolation_decides_what_is_seen(mariadb_notes: Notes) -> None:
    """What others store during a transaction is seen in it, unless it asks for the same answer to the same question."""
    for number, (level, is_seen) in enumerate((("read committed", True), ("repeatable read", False), (None, True))):
        async with atomic(isolation=level):
            before = await mariadb_notes.numbers()
            await mariadb_notes.engine.ask(f"INSERT INTO note (id, name) VALUES ({number}, '{number}')")
            assert (await mariadb_notes.numbers() == [*before, number]) is is_seen


async def test_row_that_is_found_counts(mariadb_notes: Notes) -> None:
    """An UPDATE counts the rows that it finds, whether they change or not."""
    await mariadb_notes.add(1)
    for _ in range(2):
        assert await mariadb_notes.database.execute("UPDATE note SET size = 3") == 1


async def test_message_keeps_names_and_hides_values(mariadb_notes: Notes) -> None:
    """Values stand in the text of a statement; what the server quotes of it is told without them."""
    ask = mariadb_notes.database.fetch
    with pytest.raises(QueryError, match="Unknown column 'nothing'"):
        await ask("SELECT nothing FROM note WHERE name = %s", ("hidden",))
    for sql in ("SELECT id FROM note WHERE name = %s name", "SELECT extractvalue(%s, 'x')", "SELECT %s REGEXP '('"):
        try:
            await ask(sql, ("hidden",))
        except QueryError as error:
            assert "hidden" not in str(error)  # noqa: PT017 - the server takes some of them
