"""MariaDB's connection apart from the contract that all engines share (tests/contract/db)."""

import asyncio
import datetime as dt
import ssl
from typing import cast

import asyncmy.errors
import pytest

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.mysql import MySQLBackend
from openviper.db.backends.mysql.address import connect_arguments
from openviper.db.backends.mysql.driver import Driver
from openviper.db.backends.mysql.errors import translated
from openviper.db.backends.mysql.exchange import Exchange, Guard
from openviper.db.backends.mysql.literals import written
from openviper.db.backends.mysql.texts import batches, storing, unlimited
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseConfigurationError,
    DatabaseReadOnlyError,
    IntegrityError,
    LockTimeoutError,
    QueryError,
    SerializationError,
    StatementTimeoutError,
    TableNotFound,
)

DRIVER: Driver = cast("Driver", asyncmy)


def options(address: str = "mariadb://joe:s%C3%A9cret@db:3307/shop") -> BackendOptions:
    return BackendOptions(alias="default", scheme="mariadb", address=address)


def quote(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def told(number: int, message: str, sql: str = "") -> Exception:
    return translated(asyncmy.errors.OperationalError(number, message), options(), DRIVER, sql=sql, is_open=True)


def test_values_are_written_into_the_text() -> None:
    """Each type has one form; a list is one value in brackets, and one without values holds nothing."""
    values: tuple[object, ...] = (
        "it's",
        7,
        True,
        None,
        1.0,
        b"\x00'",
        dt.date(2026, 1, 2),
        dt.timedelta(hours=-1, microseconds=5),
        [1, "x"],
        [],
    )
    assert written(", ".join(["%s"] * len(values)), values, quote).decode() == (
        "'it''s', 7, 1, NULL, 1.0e0, x'0027', DATE'2026-01-02', TIME'-00:59:59.999995', (1,'x'), "
        "(SELECT NULL WHERE FALSE)"
    )


@pytest.mark.parametrize(
    ("sql", "args"), [("%s", (1, 2)), ("%s %s", (1,)), ("100%", (1,)), ("%(a)s", (1,)), ("%s", ({},))]
)
def test_statement_that_does_not_fit_its_values_is_refused(sql: str, args: tuple[object, ...]) -> None:
    """Nothing is sent then."""
    with pytest.raises(QueryError):
        written(sql, args, quote)


def test_address_is_read() -> None:
    """Names and passwords are decoded; a password is sent as it is encoded everywhere else."""
    found = connect_arguments(options())
    assert (found["host"], found["port"], found["user"], found["database"]) == ("db", 3307, "joe", "shop")
    assert found["password"] == "sécret".encode()
    assert found["ssl"] is None


@pytest.mark.parametrize(
    ("mode", "checks", "names"),
    [
        ("required", ssl.CERT_NONE, False),
        ("VERIFY_CA", ssl.CERT_REQUIRED, False),
        ("verify_identity", ssl.CERT_REQUIRED, True),
    ],
)
def test_encryption_is_as_the_address_says(mode: str, checks: ssl.VerifyMode, names: bool) -> None:
    """Each mode of MySQL's own client means what it means there."""
    context = connect_arguments(options(f"mariadb://joe@db/shop?ssl_mode={mode}"))["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (checks, names)


@pytest.mark.parametrize("end", [":x/y", "/y?ssl-mode=maybe", "/y?charset=latin1", "/y?ssl-ca=/no/such/file", "/y?a"])
def test_address_that_cannot_be_read_is_not_shown(end: str) -> None:
    """The error names the option that is wrong, and not the password."""
    with pytest.raises(DatabaseConfigurationError, match="cannot be used") as caught:
        connect_arguments(options(f"mariadb://joe:hidden@db{end}"))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (1213, SerializationError),
        (1205, LockTimeoutError),
        (1969, StatementTimeoutError),
        (1792, DatabaseReadOnlyError),
        (2013, ConnectionLostError),
        (1146, TableNotFound),
        (9999, QueryError),
    ],
)
def test_errors_have_our_names(number: int, kind: type[Exception]) -> None:
    """Each kind is told by its number."""
    assert type(told(number, "Table 'shop.book' doesn't exist")) is kind


def test_names_of_a_broken_constraint_are_read() -> None:
    """Names are told, whichever way the session quotes them; values are not."""
    for quoted in ("`", '"'):
        text = "(`db`.`book`, CONSTRAINT `book_author` FOREIGN KEY (`author_id`) REFERENCES `author` (`id`))"
        error = told(
            1452, f"Cannot add or update a child row: a foreign key constraint fails {text.replace('`', quoted)}"
        )
        assert isinstance(error, IntegrityError)
        assert (error.constraint, error.table, error.columns) == ("book_author", "book", ("author_id",))
    error = told(
        1062, "Duplicate entry 'sec' for key 'ret' for key 'book_isbn'", "INSERT INTO `book` (isbn) VALUES (%s)"
    )
    assert isinstance(error, IntegrityError)
    assert (error.constraint, error.table) == ("book_isbn", "book")
    assert "sec" not in str(error)


def test_values_are_cut_out_of_messages() -> None:
    """What the server quotes is told only where it stands in the statement as it was before its values."""
    text = "Incorrect integer value: 'hidden' for column 'size' at row 1"
    assert "hidden" not in str(told(1366, text, "UPDATE note SET size = %s"))
    assert "'size'" in str(told(1366, text, "UPDATE note SET size = %s"))
    assert "hidden" not in str(told(1064, "You have an error near 'hidden word' at line 1", "SELECT %s word"))


def test_texts_tell_what_they_do() -> None:
    """What would store a transaction by itself is known by its first words."""
    assert storing(" create table a (b int)") == "CREATE"
    assert storing("CREATE TEMPORARY TABLE a (b int)") is None
    assert unlimited("SHOW TABLES") == "SHOW TABLES"
    assert unlimited("(SELECT 1)") == "SET STATEMENT max_statement_time=0 FOR (SELECT 1)"
    long = "x" * 300_000
    assert [len(one) > 300_000 for one in batches("SELECT %s;", [(long,), (1,), (long,)], quote)] == [True, True]


async def test_exchange_goes_on_where_it_was_left() -> None:
    """Whoever waits may be cancelled; the work knows nothing of it, and is carried on by another."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return await ready + 1

    exchange = Exchange(work())
    waiting = asyncio.create_task(exchange.run())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    ready.set_result(6)
    assert await exchange.run() == 7


async def test_guard_gives_up_on_a_server_that_never_answers() -> None:
    """It is called once the time of the latest question is over, and not between two of them."""
    given_up = asyncio.Event()
    guard = Guard(0.01, given_up.set)
    guard.start()
    guard.rest()
    guard.start()
    await asyncio.wait_for(given_up.wait(), 5)
    guard.stop()


@pytest.mark.parametrize(("scheme", "counts"), [("mysql", True), ("mariadb", False)])
async def test_keys_are_counted_where_no_rows_come_back(scheme: str, counts: bool) -> None:
    """MariaDB gives rows of an INSERT, MySQL the first key that it has made."""
    backend = MySQLBackend(BackendOptions(alias="default", scheme=scheme, address=f"{scheme}://joe@db/shop"))
    assert backend.counts_keys is counts
    assert get_dialect(scheme).key_words == ("" if counts else "returning")
