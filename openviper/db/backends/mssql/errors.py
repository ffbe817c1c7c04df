"""What SQL Server and pyodbc raise, in our words, by the number that the server gives to each error.

A driver has room for a state of five letters and a text, at whose end the number stands in brackets.
"""

import re
from collections.abc import Callable
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.mssql.driver import Driver
from openviper.db.backends.told import lock_held, lost, out_of_time, read_only, table_in, without_values
from openviper.db.exceptions import IntegrityError, ORMException, QueryError, SerializationError, TableNotFound

__all__ = ["UNDOING", "number_of", "translated"]

#: One of two that wait for each other: the server undoes the whole transaction.
UNDOING: Final = frozenset({1205})

_UNIQUE: Final = frozenset({2601, 2627})
_NOT_NULL: Final = frozenset({515})
_CONFLICT: Final = frozenset({547})
# A row that has changed since the transaction began, as a snapshot sees it.
_SERIALIZATION: Final = frozenset({1205, 3960, 3961})
_LOCK: Final = frozenset({1222})
_NO_TABLE: Final = frozenset({208, 3701})
_READ_ONLY: Final = frozenset({3906, 3908, 978})
# Killed, the server stops, or the database goes away.
_LOST: Final = frozenset({596, 6005, 6006, 10053, 10054, 10060, 40197, 40501, 40613})
_NUMBER: Final = re.compile(r"\((-?\d+)\)(?=\s|\(|;|$)")
_PREFIX: Final = re.compile(r"^(?:\[[^\]]*\]\s*)+")


def number_of(error: BaseException) -> int:
    """Give the number of an error; 0 if it has none."""
    found = _NUMBER.findall(_text(error))
    # Several errors of one statement stand in one text; the first is the reason.
    return int(found[0]) if found else 0


def translated(
    error: BaseException,
    options: BackendOptions,
    driver: Driver,
    *,
    sql: str = "",
    is_open: bool = True,
    is_expired: bool = False,
) -> ORMException:
    """Return the error of ours that says what the driver's says.

    Args:
        error: What pyodbc raised.
        options: Of the database.
        driver: pyodbc.
        sql: The statement without its values.
        is_open: Whether the session is still there.
        is_expired: Whether we have stopped the statement for the time it took.
    """
    state = str(error.args[0]) if isinstance(error, driver.Error) and error.args else ""
    number = number_of(error)
    if number in _LOST or state.startswith("08") or not is_open:
        return lost(options, was_sent=True)
    if is_expired or state in {"HYT00", "HYT01"}:
        return out_of_time(options, state)
    message = _message(error)
    for numbers, make in _MAKERS:
        if number in numbers:
            return make(message, sql)
    return _limit(number, message, options) or QueryError(
        without_values(message, sql), sqlstate=str(number) if number else state or None
    )


def _limit(number: int, message: str, options: BackendOptions) -> ORMException | None:
    if number in _SERIALIZATION:
        return SerializationError(message, sqlstate=str(number))
    if number in _LOCK:
        return lock_held(options, str(number))
    return read_only(options) if number in _READ_ONLY else None


def _text(error: BaseException) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)


def _message(error: BaseException) -> str:
    """Give what the server says, without who says it and without the number."""
    text = _PREFIX.sub("", _text(error))
    return _NUMBER.split(text, maxsplit=1)[0].strip()


def _name(text: str) -> str:
    return text.rpartition(".")[2].strip("[]")


def _found(pattern: str, message: str) -> str | None:
    match = re.search(pattern, message)
    return _name(match[1]) if match else None


def _duplicate(message: str, sql: str) -> IntegrityError:
    # Violation of UNIQUE KEY constraint 'uq'. Cannot insert duplicate key in object 'dbo.note'. The duplicate key value
    # is (x). Or: ... duplicate key row in object 'dbo.note' with unique index 'ix'.
    name = _found(r"(?:constraint|unique index) '([^']+)'", message)
    return IntegrityError(
        f"a row with the same value of the unique key {name!r} is there already",
        kind="unique",
        constraint=name,
        table=_found(r"object '([^']+)'", message),
    )


def _missing(message: str, sql: str) -> IntegrityError:
    # Cannot insert the value NULL into column 'name', table 'shop.dbo.note'; column does not allow nulls.
    column = _found(r"column '([^']+)'", message)
    return IntegrityError(
        f"column {column!r} must not be NULL",
        kind="not null",
        table=_found(r"table '([^']+)'", message),
        columns=[column] if column else [],
    )


def _conflict(message: str, sql: str) -> IntegrityError:
    # The INSERT statement conflicted with the CHECK constraint "ck". The conflict occurred in database "shop", ...
    name = _found(r'constraint "([^"]+)"', message)
    is_check = "CHECK constraint" in message
    return IntegrityError(
        f"the {'check' if is_check else 'foreign key'} {name!r} refuses the row",
        kind="check" if is_check else "foreign key",
        constraint=name,
        # The table that is named is the one that is referred to.
        table=table_in(sql) or None,
    )


def _unknown_table(message: str, sql: str) -> TableNotFound:
    return TableNotFound(None, _found(r"'([^']+)'", message) or table_in(sql))


_MAKERS: Final[tuple[tuple[frozenset[int], Callable[[str, str], ORMException]], ...]] = (
    (_UNIQUE, _duplicate),
    (_NOT_NULL, _missing),
    (_CONFLICT, _conflict),
    (_NO_TABLE, _unknown_table),
)
