"""SQL Server's connection, against a double of its driver: no server of it has run these tests."""

import asyncio
import sys
import threading
from typing import Any

import pytest

from openviper.db.backends.base import BackendOptions, Isolation
from openviper.db.backends.mssql.address import connection_text
from openviper.db.backends.mssql.backend import SQLServerBackend
from openviper.db.backends.mssql.connection import SQLServerConnection
from openviper.db.backends.mssql.errors import translated
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseConfigurationError,
    DatabaseReadOnlyError,
    IntegrityError,
    LockTimeoutError,
    ORMException,
    QueryError,
    SerializationError,
    StatementTimeoutError,
    TableNotFound,
    TransactionError,
)
from tests.unit.db.backends.mssql_double import FakeConnection, FakeDriver, refusal

LEVEL = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
DUPLICATE = (
    "Violation of UNIQUE KEY constraint 'uq_note'. Cannot insert duplicate key in object 'dbo.note'. "
    "The duplicate key value is (s3cret). (2627)"
)
DEADLOCK = "Transaction (Process ID 5) was deadlocked on lock resources and has been chosen as the victim. (1205)"


def options(address: str = "mssql://joe:s3c}ret@db/shop", **said: Any) -> BackendOptions:
    return BackendOptions(alias="default", scheme="mssql", address=address, **said)


def driver_of(raw: FakeConnection | None = None) -> Any:
    """Give the double of the module, which has less than the module."""
    return FakeDriver(raw)


async def opened(raw: FakeConnection, **said: Any) -> SQLServerConnection:
    connection = SQLServerConnection(options(**said), driver_of(raw), text="Driver={x}")
    await connection.open()
    return connection


def make_backend(
    monkeypatch: pytest.MonkeyPatch, raw: FakeConnection | Exception, said: BackendOptions | None = None
) -> tuple[SQLServerBackend, FakeDriver]:
    driver = FakeDriver(raw)
    monkeypatch.setitem(sys.modules, "pyodbc", driver)
    return SQLServerBackend(said or options()), driver


async def test_session_is_told_how_to_read_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the settings of the server are: standard SQL, dates in one order, a limit for locks."""
    raw = FakeConnection()
    backend, driver = make_backend(monkeypatch, raw, options(lock_timeout=2.5, statement_timeout=30.0))
    connection = await backend.acquire(writes=True)
    assert driver.texts == [
        (
            "Driver={ODBC Driver 18 for SQL Server};Server={db,1433};Database={shop};UID={joe};PWD={s3c}}ret};"
            "APP={openviper}"
        )
    ]
    assert (driver.words, driver.pooling, raw.timeout) == ({"autocommit": True, "timeout": 10}, False, 31)
    assert raw.sent == [
        (
            (
                "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, "
                "QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT, XACT_ABORT, NOCOUNT, IMPLICIT_TRANSACTIONS OFF; "
                "SET LANGUAGE us_english; SET DATEFORMAT ymd; SET DATEFIRST 7; "
                "SET LOCK_TIMEOUT 2500; SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
            ),
            (),
        )
    ]
    backend.release(connection)
    assert backend.take(writes=False) is connection
    backend.release(connection)
    await backend.close()
    assert raw.is_closed


def test_address_says_how_to_connect() -> None:
    """Options have the names that the ODBC driver knows; nothing of a password can end it early."""
    text = connection_text(
        options(
            "mssql://db:14330/?driver=FreeTDS&encrypt=no&trust_server_certificate=yes&trusted-connection=yes",
            read_only=True,
        ),
        [],
    )
    assert text == (
        "Driver={FreeTDS};Server={db,14330};Encrypt={no};TrustServerCertificate={yes};Trusted_Connection={yes};"
        "ApplicationIntent={ReadOnly};APP={openviper}"
    )


@pytest.mark.parametrize(
    ("address", "drivers", "says"),
    [
        ("mssql://joe:s3cret@db/shop", ["SQLite3"], "no ODBC driver for SQL Server is installed"),
        ("mssql://joe:s3cret@db/shop?pwd=x", ["ODBC Driver 18 for SQL Server"], "no option 'pwd'"),
        ("mssql://joe:s3cret@db:port/shop", ["ODBC Driver 18 for SQL Server"], "ValueError"),
    ],
)
def test_address_that_cannot_be_used(address: str, drivers: list[str], says: str) -> None:
    """The error says why, and nothing of the password."""
    with pytest.raises(DatabaseConfigurationError, match=says) as caught:
        connection_text(options(address), drivers)
    assert "s3cret" not in str(caught.value)


async def test_server_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said with the alias."""
    backend, _ = make_backend(monkeypatch, refusal("28000", "Login failed for user 'joe'. (18456)"))
    with pytest.raises(ConnectionLostError, match=r"database 'default' cannot be reached: Login failed") as caught:
        await backend.acquire(writes=False)
    assert "s3c" not in str(caught.value)


async def test_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up after the time that a connection may be waited for; what comes later is closed."""
    raw = FakeConnection()
    backend, driver = make_backend(monkeypatch, raw, options(pool_timeout=0.01))
    driver.gate = threading.Event()
    with pytest.raises(ConnectionLostError, match=r"did not answer in 0\.01 seconds"):
        await backend.acquire(writes=False)
    driver.gate.set()
    assert await asyncio.to_thread(raw.closed.wait, 10)


async def test_statements_and_their_rows() -> None:
    """Values are sent one by one; a cursor is closed with its statement."""
    raw = FakeConnection(SELECT=[(1,), (2,)])
    connection = await opened(raw)
    assert await connection.fetch("SELECT id FROM note WHERE a = ? AND b = ?", ("x", 1)) == [(1,), (2,)]
    assert await connection.fetch_one("SELECT id FROM note") == (1,)
    assert await connection.fetch_value("SELECT id FROM note") == 1
    assert await connection.fetch_named("SELECT id FROM note") == (("id",), [(1,), (2,)])
    assert await connection.execute("DELETE FROM note") == 1
    assert await connection.execute("SELECT 1") == 0
    assert await connection.fetch("DELETE FROM note") == ()
    assert raw.sent[1] == ("SELECT id FROM note WHERE a = ? AND b = ?", ("x", 1))
    assert raw.closed_cursors == len(raw.sent)
    await connection.close()


async def test_number_of_rows_is_that_of_the_statement_that_has_one() -> None:
    """What allows keys of one's own stands in front of the INSERT, and has none."""
    raw = FakeConnection()
    connection = await opened(raw)
    sql = "SET IDENTITY_INSERT note ON; INSERT INTO note (id) VALUES (?); SET IDENTITY_INSERT note OFF"
    assert await connection.execute(sql, (1,)) == 1
    raw.answers["SET IDENTITY_INSERT note ON"] = refusal("23000", DUPLICATE)
    with pytest.raises(IntegrityError):
        await connection.execute(sql, (1,))
    # The session would refuse keys that the engine makes.
    assert raw.statements[-1] == "SET IDENTITY_INSERT note OFF"
    await connection.close()


@pytest.mark.parametrize(("in_block", "state"), [(False, 0), (True, 1)])
async def test_many_rows_are_stored_or_none(in_block: bool, state: int) -> None:
    """Outside of a transaction they are one of their own; inside, what was before them stays."""
    raw = FakeConnection()
    connection = await opened(raw)
    rows = [(1, "a"), (2, "b")]
    if in_block:
        await connection.begin()
    await connection.execute_many("INSERT INTO note (id, name) VALUES (?, ?)", rows)
    await connection.execute_many("INSERT INTO note (id, name) VALUES (?, ?)", [])
    raw.answers["INSERT"] = refusal("23000", DUPLICATE)
    with pytest.raises(IntegrityError):
        await connection.execute_many("INSERT INTO note (id, name) VALUES (?, ?)", rows)
    insert = "INSERT INTO note (id, name) VALUES (?, ?)"
    if in_block:
        assert raw.statements == [
            "BEGIN TRANSACTION",
            "SAVE TRANSACTION openviper_many",
            insert,
            "SAVE TRANSACTION openviper_many",
            insert,
            "IF XACT_STATE() = 1 ROLLBACK TRANSACTION openviper_many",
            "SELECT XACT_STATE()",
        ]
    else:
        assert raw.statements == [
            "BEGIN TRANSACTION",
            insert,
            "COMMIT TRANSACTION",
            "BEGIN TRANSACTION",
            insert,
            "IF XACT_STATE() <> 0 ROLLBACK TRANSACTION",
        ]
    await connection.close()


async def test_transaction_has_words_for_all_of_it() -> None:
    """The level is that of the session, so it is put back; marks are not forgotten one by one."""
    raw = FakeConnection()
    connection = await opened(raw)
    await connection.begin(Isolation.SERIALIZABLE)
    assert not connection.is_clean
    await connection.savepoint("s1")
    await connection.rollback_to("s1")
    await connection.release("s1")
    await connection.commit()
    await connection.begin()
    await connection.rollback()
    assert raw.statements == [
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRANSACTION",
        "SAVE TRANSACTION s1",
        "ROLLBACK TRANSACTION s1",
        f"COMMIT TRANSACTION; {LEVEL}",
        "BEGIN TRANSACTION",
        f"IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; {LEVEL}",
    ]
    await connection.close()


async def test_transaction_for_reading_refuses_writes() -> None:
    """The engine has none, so statements are looked at before they are sent."""
    raw = FakeConnection(SELECT=[(1,)])
    connection = await opened(raw)
    await connection.begin(read_only=True)
    await connection.fetch("SELECT [update] FROM note")
    for sql in ("UPDATE note SET a = 1", "SELECT 1 INTO copy FROM note", "EXEC drop_all"):
        with pytest.raises(DatabaseReadOnlyError):
            await connection.execute(sql)
    await connection.rollback()
    assert await connection.execute("UPDATE note SET a = 1") == 1
    await connection.close()


@pytest.mark.parametrize(("error", "state"), [(refusal("40001", DEADLOCK), 1), (refusal("23000", DUPLICATE), -1)])
async def test_transaction_that_the_server_has_undone_goes_no_further(error: Exception, state: int) -> None:
    """What followed would be stored alone; after its end the session goes on."""
    raw = FakeConnection(UPDATE=error)
    raw.state = state
    connection = await opened(raw)
    await connection.begin()
    with pytest.raises((SerializationError, IntegrityError)):
        await connection.execute("UPDATE note SET a = 1")
    for go_on in (connection.execute("DELETE FROM note"), connection.commit(), connection.rollback_to("s1")):
        with pytest.raises(TransactionError):
            await go_on
    await connection.rollback()
    assert await connection.execute("DELETE FROM note") == 1
    await connection.close()


async def test_stream_gives_lists_and_makes_way() -> None:
    """A session has one answer at a time: another statement has the rest of the rows read first."""
    raw = FakeConnection(SELECT=[(n,) for n in range(5)])
    connection = await opened(raw)
    found = []
    async for rows in connection.stream("SELECT id FROM note", size=2):
        found.append(len(rows))
        if len(found) == 1:
            await connection.execute("DELETE FROM note")
    assert found == [2, 2, 1]
    assert connection.is_clean
    await connection.close()


async def test_cancelled_statement_is_stopped() -> None:
    """Whoever waits leaves at once; the next statement comes after it."""
    raw = FakeConnection(SELECT="slow")
    connection = await opened(raw)
    task = asyncio.create_task(connection.fetch("SELECT 1"))
    await asyncio.to_thread(raw.started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await connection.execute("DELETE FROM note") == 1
    assert raw.cancelled
    await connection.close()


async def test_statement_that_takes_too_long_is_stopped() -> None:
    """By us, since the limit of the driver is in whole seconds."""
    raw = FakeConnection(SELECT="slow")
    connection = await opened(raw, statement_timeout=0.01)
    with pytest.raises(StatementTimeoutError, match=r"0\.01 seconds"):
        await connection.fetch("SELECT 1")
    await connection.close()


async def test_broken_session_is_dropped() -> None:
    """It is not lent again; one that is closed says so before anything is sent."""
    raw = FakeConnection(SELECT=refusal("08S01", "Communication link failure (0)"))
    connection = await opened(raw)
    with pytest.raises(ConnectionLostError) as caught:
        await connection.ping()
    assert caught.value.was_sent
    assert not connection.is_open
    with pytest.raises(ConnectionLostError) as caught:
        await connection.fetch("SELECT 1")
    assert not caught.value.was_sent
    await connection.close()


async def test_clean_undoes_and_tells_again() -> None:
    """So the next user finds a session as it was opened."""
    raw = FakeConnection()
    connection = await opened(raw)
    await connection.begin()
    await connection.clean()
    assert raw.statements[-1].startswith("IF @@TRANCOUNT > 0 ROLLBACK")
    assert raw.sent[-1] == raw.sent[0]
    await connection.close()


@pytest.mark.parametrize(
    ("state", "text", "kind", "says"),
    [
        ("40001", DEADLOCK, SerializationError, "deadlocked"),
        ("42000", "Snapshot isolation transaction aborted due to update conflict. (3960)", SerializationError, "abort"),
        ("42000", "Lock request time out period exceeded. (1222)", LockTimeoutError, "LOCK_TIMEOUT"),
        ("HYT00", "Query timeout expired (0)", StatementTimeoutError, "60 seconds"),
        ("42S02", "Invalid object name 'dbo.gone'. (208)", TableNotFound, "gone"),
        (
            "25000",
            'Failed to update database "shop" because the database is read-only. (3906)',
            DatabaseReadOnlyError,
            "",
        ),
        ("08S01", "TCP Provider: Error code 0x2746 (10054)", ConnectionLostError, "broke"),
        (
            "HY000",
            "Cannot continue the execution because the session is in the kill state. (596)",
            ConnectionLostError,
            "",
        ),
        ("22018", "Conversion failed when converting the value 's3cret' to data type int. (245)", QueryError, "'...'"),
    ],
)
def test_errors_are_of_our_classes(state: str, text: str, kind: type[ORMException], says: str) -> None:
    """By the number that the engine gives to each, and no value is in them."""
    error = translated(refusal(state, text), options(), driver_of(), sql="SELECT a FROM note")
    assert isinstance(error, kind)
    assert says in str(error)
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("text", "kind", "constraint", "columns"),
    [
        (DUPLICATE, "unique", "uq_note", ()),
        (
            (
                "Cannot insert duplicate key row in object 'dbo.note' with unique index 'ix_note'. "
                "The duplicate key value is (s3cret). (2601)"
            ),
            "unique",
            "ix_note",
            (),
        ),
        (
            (
                'The INSERT statement conflicted with the FOREIGN KEY constraint "fk_a". The conflict occurred in '
                'database "shop", table "dbo.author", column \'id\'. (547)'
            ),
            "foreign key",
            "fk_a",
            (),
        ),
        ('The DELETE statement conflicted with the REFERENCE constraint "fk_a". (547)', "foreign key", "fk_a", ()),
        ('The INSERT statement conflicted with the CHECK constraint "ck_a". (547)', "check", "ck_a", ()),
        (
            (
                "Cannot insert the value NULL into column 'name', table 'shop.dbo.note'; column does not allow nulls. "
                "INSERT fails. (515)"
            ),
            "not null",
            None,
            ("name",),
        ),
    ],
)
def test_refused_row_says_by_what(text: str, kind: str, constraint: str | None, columns: tuple[str, ...]) -> None:
    """Its values are left out."""
    error = translated(refusal("23000", text), options(), driver_of(), sql="INSERT INTO note (name) VALUES (?)")
    assert isinstance(error, IntegrityError)
    assert (error.kind, error.constraint, error.table) == (kind, constraint, "note")
    assert tuple(error.columns) == columns
    assert "s3cret" not in str(error)
