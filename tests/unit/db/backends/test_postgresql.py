"""PostgreSQL's connection apart from the contract that all engines share (tests/contract/db)."""

import asyncio
from collections.abc import Sequence

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers
import pytest

from openviper.db.backends.base import BackendOptions, Row
from openviper.db.backends.postgresql import PostgreSQLBackend
from openviper.db.backends.postgresql.connection import PostgreSQLConnection, time_outs
from openviper.db.backends.postgresql.errors import translated
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseConfigurationError,
    IntegrityError,
    QueryError,
    StatementTimeoutError,
)

OPTIONS = BackendOptions(alias="default", scheme="postgresql", address="postgresql://127.0.0.1:1/x")


class Silent:
    """A session whose server never answers."""

    def __init__(self) -> None:
        self.broken = asyncio.get_running_loop().create_future()

    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> Sequence[Row]:
        await self.broken
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    def terminate(self) -> None:
        if not self.broken.done():
            self.broken.set_result(None)

    def is_closed(self) -> bool:
        return self.broken.done()

    def is_in_transaction(self) -> bool:
        return False


def test_time_outs_are_whole_milliseconds() -> None:
    """The shortest limit is one millisecond, since 0 switches it off; None is left out."""
    limits = BackendOptions(alias="a", scheme="b", address="c", statement_timeout=0.0001, lock_timeout=None)
    assert time_outs(limits) == {"statement_timeout": 1}
    assert time_outs(OPTIONS) == {"statement_timeout": 60_000, "lock_timeout": 10_000}


async def test_server_that_never_answers_is_given_up() -> None:
    """A while after the time-out that the server should have kept, the session is dropped."""
    options = BackendOptions(alias="default", scheme="postgresql", address="", statement_timeout=-4.99)
    connection = PostgreSQLConnection(Silent(), options, asyncpg)  # type: ignore[arg-type]  # it has what is needed
    with pytest.raises(ConnectionLostError) as caught:
        await connection.fetch("SELECT 1")
    assert caught.value.was_sent
    assert not connection.is_open


def test_values_are_cut_out_of_messages() -> None:
    """What the driver says about a wrong value is told without the value, over several lines too."""
    error = asyncpg.DataError("invalid input for query argument $2: 'se\ncret (x)' ('str' is no integer)")
    told = translated(error, OPTIONS, asyncpg, is_open=True)
    assert isinstance(told, QueryError)
    assert "cret" not in str(told)
    error = asyncpg.InterfaceError("invalid input for query argument $2: 'se\ncret (x)' ('str' is no integer)")
    assert str(translated(error, OPTIONS, asyncpg, is_open=True)) == (
        "invalid input for query argument $2 ('str' is no integer)"
    )


def test_names_of_a_broken_constraint_are_read() -> None:
    """Columns come from the detail, which holds values that are not told."""
    error = asyncpg.UniqueViolationError('duplicate key value violates unique constraint "book_key"')
    error.constraint_name, error.table_name = "book_key", "book"
    error.detail = "Key (isbn, edition)=(978, secret) already exists."
    told = translated(error, OPTIONS, asyncpg, is_open=True)
    assert isinstance(told, IntegrityError)
    assert (told.kind, told.constraint, told.table, told.columns) == ("unique", "book_key", "book", ("isbn", "edition"))
    assert "secret" not in str(told)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncpg.AdminShutdownError("terminating"), ConnectionLostError),
        (ConnectionResetError("reset"), ConnectionLostError),
        (TimeoutError(), StatementTimeoutError),
        (asyncpg.QueryCanceledError("canceling statement due to statement timeout"), StatementTimeoutError),
        (asyncpg.QueryCanceledError("canceling statement due to user request"), QueryError),
    ],
)
def test_errors_have_our_names(error: Exception, kind: type[Exception]) -> None:
    """Each kind is told by the code of the standard, or by the way in which the connection broke."""
    assert type(translated(error, OPTIONS, asyncpg, is_open=True)) is kind


async def test_address_that_cannot_be_read_is_not_shown() -> None:
    """A URL with a mistake is an error of the settings, without the password in it."""
    options = BackendOptions(alias="default", scheme="postgresql", address="postgresql://joe:s3cret@host:port/x")
    with pytest.raises(DatabaseConfigurationError, match="cannot be used") as caught:
        await PostgreSQLBackend(options).acquire(writes=False)
    assert "s3cret" not in str(caught.value)
