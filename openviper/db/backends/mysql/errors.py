"""What MariaDB, MySQL and asyncmy raise, in our words, by the number that the server gives to each error."""

import re
from collections.abc import Callable
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.mysql.driver import Driver
from openviper.db.backends.told import lost, read_only
from openviper.db.exceptions import (
    IntegrityError,
    LockTimeoutError,
    ORMException,
    QueryError,
    SerializationError,
    StatementTimeoutError,
    TableNotFound,
)

__all__ = ["DUPLICATE", "UNDOING", "number_of", "table_of", "translated"]

#: A row with the same key is there.
DUPLICATE: Final = frozenset({1062, 1169, 1586})
#: A deadlock, or a row that has changed since the transaction began: the server undoes all of it.
UNDOING: Final = frozenset({1020, 1213})

_NOT_NULL: Final = frozenset({1048, 1364})
_FOREIGN_KEY: Final = frozenset({1216, 1217, 1451, 1452})
_CHECK: Final = frozenset({3819, 4025})
_LOCK: Final = frozenset({1205, 3572})
_TIMEOUT: Final = frozenset({1969, 3024})
_NO_TABLE: Final = frozenset({1051, 1146})
_READ_ONLY: Final = frozenset({1290, 1792, 1836})
# The driver found no connection, or lost it; the server stops, or an administrator ended the session.
_LOST: Final = frozenset({0, 1053, 1077, 1079, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 4031})

_TARGET: Final = re.compile(r"(?is)^\s*(?:INSERT\s+(?:IGNORE\s+)?INTO|UPDATE|REPLACE\s+INTO)\s+[`\"]?(\w+)")
# (`shop`.`note`, CONSTRAINT `note_parent` FOREIGN KEY (`parent`) REFERENCES; quoted as names are in the session.
_REFERENCE: Final = re.compile(
    r"\([`\"][^`\"]+[`\"]\.[`\"]([^`\"]+)[`\"], CONSTRAINT [`\"]([^`\"]+)[`\"] FOREIGN KEY \(([^)]+)\)"
)


def number_of(error: BaseException) -> int:
    """Give the number of an error; 0 if it has none."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def table_of(sql: str) -> str | None:
    """Give the table that a statement writes to; None if it is not seen."""
    match = _TARGET.match(sql)
    return match[1] if match else None


def translated(
    error: BaseException, options: BackendOptions, driver: Driver, *, sql: str = "", is_open: bool
) -> ORMException:
    """Return the error of ours that says what the driver's says.

    Args:
        error: What asyncmy raised.
        options: Of the database.
        driver: asyncmy.
        sql: The statement without its values.
        is_open: Whether the session is still there.
    """
    number = number_of(error)
    if not isinstance(error, driver.errors.MySQLError) or number in _LOST or not is_open:
        # asyncmy refuses a closed connection before anything is sent: 0, or 2006 where it finds out itself.
        was_sent = number not in {0, 2006} or not isinstance(error, driver.errors.MySQLError)
        return lost(options, was_sent=was_sent)
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    for numbers, make in _MAKERS:
        if number in numbers:
            return make(message, sql)
    return _limit(number, message, options) or QueryError(_without_values(message, sql), sqlstate=str(number))


def _limit(number: int, message: str, options: BackendOptions) -> ORMException | None:
    """Tell what a limit of ours, or another transaction, has ended; None if it is neither."""
    state = str(number)
    if number in UNDOING:
        return SerializationError(message, sqlstate=state)
    if number in _LOCK:
        return LockTimeoutError(
            f"{message}; make the transactions that hold the lock shorter, or raise LOCK_TIMEOUT", sqlstate=state
        )
    if number in _TIMEOUT:
        return StatementTimeoutError(
            f"a statement on database {options.alias!r} took longer than {options.statement_timeout or 0:g} seconds "
            "and was ended by the server; make it cheaper, or raise STATEMENT_TIMEOUT",
            sqlstate=state,
        )
    if number in _READ_ONLY:
        return read_only(options)
    return None


def _duplicate(message: str, sql: str) -> IntegrityError:
    # "Duplicate entry 'x' for key 'note.name'": the value may hold quotes itself, so the last word counts.
    key = message.rpartition(" for key ")[2].strip("'`").rpartition(".")[2] or None
    return IntegrityError(
        f"a row with the same value of the unique key {key!r} is there already",
        kind="unique",
        constraint=key,
        table=table_of(sql),
    )


def _missing(message: str, sql: str) -> IntegrityError:
    column = _quoted(message)
    return IntegrityError(f"column {column!r} must not be NULL", kind="not null", table=table_of(sql), columns=[column])


def _unreferenced(message: str, _: str) -> IntegrityError:
    match = _REFERENCE.search(message)
    if match is None:
        return IntegrityError("a foreign key refuses the row", kind="foreign key")
    columns = [name.strip(' `"') for name in match[3].split(",")]
    return IntegrityError(
        f"the foreign key {match[2]!r} of table {match[1]!r} refuses the row",
        kind="foreign key",
        constraint=match[2],
        table=match[1],
        columns=columns,
    )


def _unknown_table(message: str, _: str) -> TableNotFound:
    return TableNotFound(None, _quoted(message).rpartition(".")[2])


def _unchecked(message: str, sql: str) -> IntegrityError:
    # CONSTRAINT `note.size` failed for `shop`.`note`, or: Check constraint 'note_chk_1' is violated.
    match = re.search(r"[`\"]([^`\"]+)[`\"] failed|'([^']+)'", message)
    name = (match[1] or match[2]) if match else None
    return IntegrityError(f"the check {name!r} refuses the row", kind="check", constraint=name, table=table_of(sql))


def _quoted(message: str) -> str:
    match = re.search(r"'(.+?)'", message)
    return match[1] if match else message


def _without_values(message: str, sql: str) -> str:
    """Keep of what a message quotes the names and words of the statement; values were written into its text."""
    head, near, tail = message.partition(" near '")
    if near:
        # A mistake of syntax quotes the rest of the statement.
        word = re.match(r"\s*\w+", tail)
        return f"{head} near '{word[0]}'" if word and word[0] in sql else head
    return re.sub(r"'([^']*)'", lambda found: found[0] if _is_name(found[1], sql) else "'...'", message)


def _is_name(text: str, sql: str) -> bool:
    return (
        text in sql
        or re.fullmatch(r"[a-z ]+ (?:list|clause|statement)", text) is not None
        or ("." in text and all(part.strip("`") in sql for part in text.split(".")))
    )


_MAKERS: Final[tuple[tuple[frozenset[int], Callable[[str, str], ORMException]], ...]] = (
    (DUPLICATE, _duplicate),
    (_NOT_NULL, _missing),
    (_FOREIGN_KEY, _unreferenced),
    (_CHECK, _unchecked),
    (_NO_TABLE, _unknown_table),
)
