"""Oracle's connection, against a double of its driver: no server of it has run these tests."""

import asyncio
import datetime as dt
import sys
from decimal import Decimal
from typing import Any, cast

import pytest

from openviper.db.backends.base import BackendOptions, Isolation
from openviper.db.backends.oracle.backend import OracleBackend
from openviper.db.backends.oracle.connection import OracleConnection
from openviper.db.backends.oracle.errors import translated
from openviper.db.backends.oracle.handlers import input_handler, output_handler
from openviper.db.backends.oracle.texts import places_in, storing, waiting
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseConfigurationError,
    DatabaseOperationNotSupportedError,
    DatabaseReadOnlyError,
    IntegrityError,
    LockTimeoutError,
    ORMException,
    QueryError,
    SerializationError,
    StatementTimeoutError,
    TableNotFound,
)
from tests.unit.db.backends.oracle_double import Column, FakeConnection, FakeDriver, refusal

START = "ALTER SESSION SET TIME_ZONE = '+00:00'"
NAMES = [("ID", 0), ("name", 0)]


def options(address: str = "oracle://joe:s3cret@db/shop", **said: Any) -> BackendOptions:
    return BackendOptions(alias="default", scheme="oracle", address=address, **said)


def make_backend(
    monkeypatch: pytest.MonkeyPatch, raw: FakeConnection | Exception, said: BackendOptions | None = None
) -> tuple[OracleBackend, FakeDriver]:
    driver = FakeDriver(raw)
    monkeypatch.setitem(sys.modules, "oracledb", driver)
    return OracleBackend(said or options()), driver


def driver_of(raw: FakeConnection | None = None) -> Any:
    """Give the double of the module, which has less than the module."""
    return FakeDriver(raw)


def connected(raw: FakeConnection, **said: Any) -> OracleConnection:
    raw.autocommit = True
    return OracleConnection(cast("Any", raw), options(**said), driver_of(raw), start=START)


async def test_session_is_told_how_to_write_and_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks are in UTC, texts are compared by code point, statements store themselves and have a limit."""
    raw = FakeConnection()
    backend, driver = make_backend(monkeypatch, raw, options(lock_timeout=2.5, statement_timeout=0.0001))
    connection = await backend.acquire(writes=True)
    assert driver.arguments == {
        "user": "joe",
        "password": "s3cret",
        "host": "db",
        "port": 1521,
        "service_name": "shop",
        "stmtcachesize": 200,
        "tcp_connect_timeout": 10.0,
    }
    assert raw.statements == [
        (
            "ALTER SESSION SET TIME_ZONE = '+00:00' NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS' "
            "NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6' NLS_NUMERIC_CHARACTERS = '.,' NLS_SORT = BINARY "
            "NLS_COMP = BINARY DDL_LOCK_TIMEOUT = 3"
        )
    ]
    assert (raw.autocommit, raw.call_timeout) == (True, 1)
    backend.release(connection)
    assert backend.take(writes=False) is connection
    backend.release(connection)
    await backend.close()
    assert raw.calls == ["close"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("oracle://joe@db:1522/?sid=XE", {"port": 1522, "sid": "XE"}),
        (
            "oracle://joe@db/shop?protocol=tcps&wallet_location=/w&wallet-password=x",
            {"protocol": "tcps", "wallet_location": "/w", "wallet_password": "x"},
        ),
    ],
)
async def test_address_has_options(monkeypatch: pytest.MonkeyPatch, address: str, said: dict[str, object]) -> None:
    """They are those of the driver, with its names or ours."""
    backend, driver = make_backend(monkeypatch, FakeConnection(), options(address))
    await backend.acquire(writes=False)
    assert said.items() <= driver.arguments.items()
    assert ("sid" in driver.arguments) is not ("service_name" in driver.arguments)
    await backend.close()


def test_unknown_option_is_refused_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is named."""
    with pytest.raises(DatabaseConfigurationError, match=r"no option 'mode', there are sid, protocol") as caught:
        make_backend(monkeypatch, FakeConnection(), options("oracle://joe:s3cret@db/shop?mode=sysdba"))
    assert "s3cret" not in str(caught.value)


async def test_server_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says why, and how to reach it stays unsaid."""
    backend, _ = make_backend(monkeypatch, refusal("DPY-6005", "cannot connect to database (x).\nmore"))
    with pytest.raises(ConnectionLostError, match="database 'default' cannot be reached") as caught:
        await backend.acquire(writes=False)
    assert "s3cret" not in str(caught.value)


async def test_rows_and_names() -> None:
    """Names without quotes come in capitals, and are given as they were written."""
    raw = FakeConnection(SELECT=[NAMES, (1, "a"), (2, "b")])
    connection = connected(raw)
    assert await connection.fetch("SELECT id, name FROM note") == [(1, "a"), (2, "b")]
    assert await connection.fetch_one("SELECT id FROM note") == (1, "a")
    assert await connection.fetch_value("SELECT id FROM note") == 1
    assert await connection.fetch_named("SELECT 1") == (("id", "name"), [(1, "a"), (2, "b")])
    assert await connection.execute("SELECT 1 FROM dual") == 0
    assert await connection.execute("DELETE FROM note WHERE id = :1", (1,)) == 1


async def test_value_stands_once_for_each_of_its_marks() -> None:
    """The driver counts marks and not names, so a value that stands twice is sent twice."""
    raw = FakeConnection()
    await connected(raw).execute("UPDATE note SET a = :2, b = ':3', \"c:4\" = :1 WHERE d = :2 -- :9", ("x", "y"))
    assert raw.sent[0][1] == [["y", "x", "y"]]


@pytest.mark.parametrize("args", [(), (1, 2)])
async def test_values_that_do_not_fit_are_refused(args: tuple[object, ...]) -> None:
    """Nothing is sent then."""
    raw = FakeConnection()
    with pytest.raises(QueryError, match="places for 1 values"):
        await connected(raw).execute("DELETE FROM note WHERE id = :1", args)
    assert raw.sent == []


async def test_key_of_a_new_row_comes_in_a_variable() -> None:
    """RETURNING fills it, and what asks sees a row."""
    raw = FakeConnection()
    connection = connected(raw)
    assert await connection.fetch_value("INSERT INTO note (name) VALUES (:1) RETURNING id INTO :2", ("a",)) == 1
    assert await connection.fetch_value('INSERT INTO note ("Id") VALUES (DEFAULT) RETURNING "Id" INTO :1') == 2
    # One row is whole by itself, and stores itself without another round trip.
    assert raw.sent[0][1:] == ([["a"]], True)
    assert raw.calls == []


async def test_values_of_several_rows_are_one_round_trip() -> None:
    """Keys come back in the order of the rows, and all rows are stored or none."""
    raw = FakeConnection()
    sql = "INSERT INTO note (name, size) VALUES (:1, :2) RETURNING id INTO :3"
    assert await connected(raw).fetch(sql, ("a", 1, "b", 2, "c", 3)) == [(1,), (2,), (3,)]
    assert raw.sent == [(sql, [["a", 1], ["b", 2], ["c", 3]], False)]
    assert raw.calls == ["commit"]


@pytest.mark.parametrize("in_block", [False, True])
async def test_rows_of_which_one_fails_leave_nothing(in_block: bool) -> None:
    """Outside of a transaction they are one of their own; inside, what was before them stays."""
    raw = FakeConnection(INSERT=refusal("ORA-00001", "unique constraint (SHOP.UQ_NOTE) violated"))
    connection = connected(raw)
    if in_block:
        await connection.begin()
    with pytest.raises(IntegrityError):
        await connection.execute_many("INSERT INTO note (name) VALUES (:1)", [("a",), ("a",)])
    if in_block:
        assert raw.statements[0] == "SAVEPOINT openviper_many"
        assert raw.statements[-1] == "ROLLBACK TO SAVEPOINT openviper_many"
        assert (raw.calls, raw.autocommit) == ([], False)
    else:
        assert (raw.calls, raw.autocommit) == (["rollback"], True)


async def test_many_rows_are_counted() -> None:
    """No row is no statement."""
    raw = FakeConnection()
    connection = connected(raw)
    assert await connection.execute_many("DELETE FROM note WHERE id = :1", [(1,), (2,)]) == 2
    assert await connection.execute_many("DELETE FROM note WHERE id = :1", []) == 0
    assert len(raw.sent) == 1


async def test_transaction_keeps_statements_until_its_end() -> None:
    """Autocommit is off inside; above read committed there is one level; marks are not forgotten one by one."""
    raw = FakeConnection()
    connection = connected(raw)
    await connection.begin(Isolation.REPEATABLE_READ)
    assert not connection.is_clean
    await connection.savepoint("s1")
    await connection.execute("DELETE FROM note")
    await connection.rollback_to("s1")
    await connection.release("s1")
    await connection.commit()
    assert raw.statements == [
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SAVEPOINT s1",
        "DELETE FROM note",
        "ROLLBACK TO SAVEPOINT s1",
    ]
    assert [stores for _, _, stores in raw.sent] == [False] * 4
    assert (raw.calls, raw.autocommit, connection.is_clean) == (["commit"], True, True)


async def test_plain_transaction_begins_without_a_word() -> None:
    """The engine begins it with its first statement."""
    raw = FakeConnection()
    connection = connected(raw)
    await connection.begin()
    await connection.rollback()
    assert (raw.sent, raw.calls) == ([], ["rollback"])


async def test_transaction_for_reading_refuses_writes() -> None:
    """It sees one state of the database, and nothing is sent that writes."""
    raw = FakeConnection(SELECT=[NAMES])
    connection = connected(raw)
    await connection.begin(read_only=True)
    await connection.fetch("SELECT 'delete' FROM note")
    for sql in ("DELETE FROM note", "WITH x AS (SELECT 1 FROM dual) INSERT INTO note SELECT 1 FROM x"):
        with pytest.raises(DatabaseReadOnlyError):
            await connection.execute(sql)
    await connection.rollback()
    await connection.execute("DELETE FROM note")
    assert raw.statements == ["SET TRANSACTION READ ONLY", "SELECT 'delete' FROM note", "DELETE FROM note"]


async def test_table_is_not_made_inside_a_transaction() -> None:
    """The engine would store all that was done before; a setting of the session stores nothing."""
    raw = FakeConnection()
    connection = connected(raw)
    await connection.begin()
    await connection.execute("ALTER SESSION SET NLS_SORT = BINARY")
    with pytest.raises(DatabaseOperationNotSupportedError, match="CREATE inside a transaction"):
        await connection.execute("CREATE TABLE note (id NUMBER)")


@pytest.mark.parametrize("sql", ["create table x (a number)", " TRUNCATE TABLE x", "Grant select on x to y"])
def test_what_stores_is_known_by_its_word(sql: str) -> None:
    """In any case of letters."""
    assert storing(sql)
    assert storing("SELECT 1 FROM dual") is None


async def test_stream_gives_lists_of_a_size() -> None:
    """The driver fetches as many rows in a round trip; its cursor is closed at the end."""
    raw = FakeConnection(SELECT=[NAMES, *((n, "x") for n in range(5))])
    found = [len(rows) async for rows in connected(raw).stream("SELECT id, name FROM note", size=2)]
    assert found == [2, 2, 1]


async def test_locked_rows_are_waited_for_as_long_as_the_settings_say() -> None:
    """A session has no such limit, so the statement has it."""
    raw = FakeConnection(SELECT=[NAMES])
    connection = connected(raw, lock_timeout=1.5)
    await connection.fetch("SELECT id FROM note FOR UPDATE")
    await connection.fetch("SELECT id FROM note FOR UPDATE OF note.id NOWAIT")
    assert raw.statements == [
        "SELECT id FROM note FOR UPDATE WAIT 2",
        "SELECT id FROM note FOR UPDATE OF note.id NOWAIT",
    ]
    assert waiting("SELECT 1 FROM t FOR UPDATE OF t.id", 3) == "SELECT 1 FROM t FOR UPDATE OF t.id WAIT 3"
    assert waiting("SELECT ' FOR UPDATE' FROM t", 3) == "SELECT ' FOR UPDATE' FROM t"
    assert waiting("SELECT 1 FROM t FOR UPDATE", None) == "SELECT 1 FROM t FOR UPDATE"


async def test_cancelled_statement_is_stopped_on_the_server() -> None:
    """Whoever waits leaves at once, and the session is put in order before its next statement."""
    raw = FakeConnection(SELECT="slow")
    connection = connected(raw)
    task = asyncio.create_task(connection.fetch("SELECT 1 FROM dual"))
    while raw.stopped is None:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not connection.is_clean
    assert await connection.execute("DELETE FROM note") == 1
    assert raw.calls == ["cancel"]
    assert connection.is_clean


async def test_clean_undoes_and_tells_again() -> None:
    """So the next user finds a session as it was opened."""
    raw = FakeConnection()
    connection = connected(raw)
    await connection.begin()
    await connection.clean()
    assert (raw.calls, raw.statements, raw.autocommit) == (["rollback"], [START], True)


async def test_session_that_was_dropped_is_not_used() -> None:
    """It says so before anything is sent, so that the statement may go to another one."""
    raw = FakeConnection()
    connection = connected(raw)
    connection.terminate()
    assert not connection.is_open
    with pytest.raises(ConnectionLostError) as caught:
        await connection.fetch("SELECT 1 FROM dual")
    assert not caught.value.was_sent
    await connection.close()
    await asyncio.sleep(0)
    assert raw.calls == ["cancel", "close"]


async def test_broken_session_is_replaced() -> None:
    """One that does not answer is not lent."""
    raw = FakeConnection()
    connection = connected(raw)
    raw.is_alive = False
    with pytest.raises(ConnectionLostError):
        await connection.ping()
    assert not connection.is_open


@pytest.mark.parametrize(
    ("code", "message", "kind", "says"),
    [
        ("ORA-00060", "deadlock detected while waiting for resource", SerializationError, "deadlock"),
        ("ORA-08177", "can't serialize access for this transaction", SerializationError, "serialize"),
        ("ORA-00054", "resource busy and acquire with NOWAIT specified", LockTimeoutError, "LOCK_TIMEOUT"),
        ("ORA-30006", "resource busy; acquire with WAIT timeout expired", LockTimeoutError, "LOCK_TIMEOUT"),
        ("DPY-4024", "call timeout of 60000 ms exceeded", StatementTimeoutError, "60 seconds"),
        ("ORA-00942", "table or view does not exist", TableNotFound, "note"),
        ("ORA-00942", 'table or view "SHOP"."GONE" does not exist', TableNotFound, "gone"),
        ("ORA-01456", "may not perform insert inside a READ ONLY transaction", DatabaseReadOnlyError, "reading"),
        ("ORA-03113", "end-of-file on communication channel", ConnectionLostError, "broke"),
        ("DPY-4011", "the database or network closed the connection", ConnectionLostError, "broke"),
        ("ORA-01722", "invalid number", QueryError, "invalid number"),
    ],
)
def test_errors_are_of_our_classes(code: str, message: str, kind: type[ORMException], says: str) -> None:
    """By the code that the engine gives to each."""
    error = translated(refusal(code, message), options(), driver_of(), sql="SELECT a FROM note WHERE b = :1")
    assert isinstance(error, kind)
    assert says in str(error)
    if isinstance(error, QueryError) and not isinstance(error, TableNotFound):
        assert error.sqlstate == code


@pytest.mark.parametrize(
    ("code", "message", "kind", "constraint", "columns"),
    [
        ("ORA-00001", "unique constraint (SHOP.UQ_NOTE_NAME) violated", "unique", "uq_note_name", ()),
        (
            "ORA-00001",
            "unique constraint (SHOP.UQ) violated on table SHOP.NOTE columns (A, B)\nORA-03301: row with (A:s3cret)",
            "unique",
            "uq",
            ("a", "b"),
        ),
        ("ORA-02291", "integrity constraint (SHOP.FK_A) violated - parent key not found", "foreign key", "fk_a", ()),
        ("ORA-02292", "integrity constraint (SHOP.fk_a) violated - child record found", "foreign key", "fk_a", ()),
        ("ORA-01400", 'cannot insert NULL into ("SHOP"."NOTE"."NAME")', "not null", None, ("name",)),
        ("ORA-01407", 'cannot update ("SHOP"."NOTE"."NAME") to NULL', "not null", None, ("name",)),
        ("ORA-02290", "check constraint (SHOP.CK_SIZE) violated", "check", "ck_size", ()),
    ],
)
def test_refused_row_says_by_what(
    code: str, message: str, kind: str, constraint: str | None, columns: tuple[str, ...]
) -> None:
    """Names are given as models have them, and values are not."""
    error = translated(refusal(code, message), options(), driver_of(), sql="INSERT INTO note (name) VALUES (:1)")
    assert isinstance(error, IntegrityError)
    assert (error.kind, error.constraint, error.table) == (kind, constraint, "note")
    assert tuple(error.columns) == columns
    assert "s3cret" not in str(error)


def test_values_in_messages_are_left_out() -> None:
    """What a message quotes is kept if it stands in the statement."""
    error = refusal("ORA-01858", "found 's3cret' in column 'born'")
    told = translated(error, options(), driver_of(), sql="UPDATE note SET born = :1")
    assert str(told) == "found '...' in column 'born'"


def test_types_of_parameters_lose_nothing() -> None:
    """A moment keeps its fractions of a second, a float all of its digits; the rest is the driver's choice."""
    driver, cursor = driver_of(), cast("Any", FakeConnection().cursor())
    choose = input_handler(driver)
    moment: Any = choose(cursor, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 3)
    number: Any = choose(cursor, 1.5, 1)
    assert (moment.typ, moment.arraysize) == ("timestamp", 3)
    assert number.typ == "binary double"
    assert [choose(cursor, one, 1) for one in (1, "a", dt.date(2026, 1, 1), Decimal(1), b"", None)] == [None] * 6


def test_types_of_columns_lose_nothing() -> None:
    """Long texts come with their rows; a number is an int or a decimal, and never a float."""
    driver, cursor = driver_of(), cast("Any", FakeConnection().cursor())
    choose = output_handler(driver)

    def kind_of(column: Any) -> Any:
        return choose(cursor, column)

    assert kind_of(Column("clob")).typ == "long"
    assert kind_of(Column("blob")).typ == "long raw"
    assert kind_of(Column("number", 10, 0)) is None
    assert kind_of(Column("varchar2")) is None
    read = kind_of(Column("number", 0, -127)).outconverter
    assert [read(text) for text in ("12", "-3", "1.50", "1E+40")] == [12, -3, Decimal("1.50"), Decimal("1E+40")]
    assert kind_of(Column("number", 8, 2)).outconverter("3.5") == Decimal("3.5")


def test_places_are_found() -> None:
    """Those at the end are filled by the server."""
    assert places_in('INSERT INTO t (a) VALUES (:1) RETURNING id, "B c" INTO :2, :3') == ((0,), 1, 2)
    assert places_in("SELECT ' RETURNING id INTO :1' FROM dual") == ((), 0, 0)
