"""What PostgreSQL and asyncpg raise, in our words, by the code that the SQL standard gives to each error."""

import re
from collections.abc import Callable
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.postgresql.driver import Driver
from openviper.db.backends.told import lost, read_only
from openviper.db.exceptions import (
    IntegrityError,
    LockTimeoutError,
    ORMException,
    QueryError,
    SerializationError,
    StatementTimeoutError,
    TableNotFound,
    TransactionError,
)

__all__ = ["translated"]

_KINDS: Final = {
    "23502": "not null",
    "23503": "foreign key",
    "23505": "unique",
    "23514": "check",
    "23P01": "exclusion",
}
# The session is over: an administrator or a crash ended it, or the server is starting or stopping.
_ENDED: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})


def translated(error: BaseException, options: BackendOptions, driver: Driver, *, is_open: bool) -> ORMException:
    """Return the error of ours that says what the driver's says.

    Args:
        error: What asyncpg raised.
        options: Of the database.
        driver: asyncpg.
        is_open: Whether the session is still there.
    """
    if isinstance(error, driver.PostgresError):
        known = vars(type(error)).get("sqlstate") or error.__dict__.get("sqlstate")
        return _from_server(error, str(known or ""), options, is_open=is_open)
    if isinstance(error, TimeoutError):
        return StatementTimeoutError(
            f"database {options.alias!r} did not answer in time, and the statement was cancelled; "
            "make it cheaper, or raise STATEMENT_TIMEOUT"
        )
    if isinstance(error, driver.InterfaceError) and is_open:
        return QueryError(_without_values(str(error)))
    # asyncpg refuses a closed connection with its InterfaceError before anything is sent.
    was_sent = not isinstance(error, driver.InterfaceError)
    return lost(options, was_sent=was_sent)


def _from_server(error: Exception, state: str, options: BackendOptions, *, is_open: bool) -> ORMException:
    message = str(error).partition("\n")[0]  # the lines below are details, which hold values
    known: Callable[[], ORMException] | None = {
        "25006": lambda: read_only(options),
        "25P02": lambda: TransactionError(
            "an error before has made the transaction fail, and everything in it is refused until it ends; "
            "put what may fail into an atomic() of its own inside"
        ),
        "40001": lambda: SerializationError(message, sqlstate=state),
        "40P01": lambda: SerializationError(message, sqlstate=state),
        "42P01": lambda: TableNotFound(None, _quoted(message)),
        "55P03": lambda: LockTimeoutError(
            f"{message}; make the transactions that hold the lock shorter, or raise LOCK_TIMEOUT", sqlstate=state
        ),
    }.get(state)
    result: ORMException
    if known is not None:
        result = known()
    elif state.startswith("23"):
        result = _integrity(error, message, state)
    elif state == "57014" and "statement timeout" in message:
        result = StatementTimeoutError(
            f"a statement on database {options.alias!r} took longer than {options.statement_timeout or 0:g} seconds "
            "and was ended by the server; make it cheaper, or raise STATEMENT_TIMEOUT",
            sqlstate=state,
        )
    elif state.startswith("08") or state in _ENDED or not is_open:
        result = lost(options, was_sent=True)
    else:
        result = QueryError(_without_values(message), sqlstate=state or None)
    return result


def _integrity(error: Exception, message: str, state: str) -> IntegrityError:
    facts = vars(error)
    columns = [facts["column_name"]] if facts.get("column_name") else []
    # 'Key (isbn, edition)=(...) already exists.': the names are wanted, the values are not.
    if not columns and (match := re.match(r"Key \((.+?)\)=", str(facts.get("detail") or ""))):
        columns = match[1].split(", ")
    return IntegrityError(
        message,
        kind=_KINDS.get(state, ""),
        constraint=facts.get("constraint_name"),
        table=facts.get("table_name"),
        columns=columns,
    )


def _quoted(message: str) -> str:
    match = re.search(r'"(.+)"', message)
    return match[1] if match else message


def _without_values(message: str) -> str:
    """Cut the value out of 'invalid input for query argument $1: <value> (<reason>)', and keep the reason."""
    return re.sub(r"(?s)(query argument \$\d+): .* \((.*)\)$", r"\1 (\2)", message)
