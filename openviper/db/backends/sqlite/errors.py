"""What SQLite raises, in our words."""

import re
import sqlite3
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseReadOnlyError,
    FieldValueError,
    IntegrityError,
    LockTimeoutError,
    ORMException,
    QueryError,
    StatementTimeoutError,
    TableNotFound,
)

__all__ = ["closed", "timed_out", "translated"]

_KINDS: Final = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_ROWID": "unique",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign key",
    "SQLITE_CONSTRAINT_NOTNULL": "not null",
    "SQLITE_CONSTRAINT_CHECK": "check",
}
# What a unique index of expressions is called in a message; its name stands between quotes.
_INDEX: Final = re.compile(r"index '(.+)'")


def closed(options: BackendOptions) -> ConnectionLostError:
    """Return the error for what is sent through a connection that is closed."""
    return ConnectionLostError(f"the connection to database {options.alias!r} is closed")


def timed_out(options: BackendOptions) -> StatementTimeoutError:
    """Return the error for a statement that was interrupted because its time was over."""
    return StatementTimeoutError(
        f"a statement on database {options.alias!r} took longer than {options.statement_timeout or 0:g} seconds and "
        "was interrupted; make it cheaper, or raise STATEMENT_TIMEOUT",
        sqlstate="SQLITE_INTERRUPT",
    )


def translated(error: sqlite3.Error, options: BackendOptions) -> ORMException:
    """Return the error of ours that says what SQLite's says."""
    message = str(error)
    # Errors of the module itself, such as a wrong number of arguments, have no code.
    name = str(vars(error).get("sqlite_errorname", ""))
    result: ORMException
    if isinstance(error, sqlite3.IntegrityError):
        result = _integrity(message, name)
    elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        result = LockTimeoutError(
            f"database {options.alias!r} was locked by another process for more than "
            f"{options.lock_timeout or 0:g} seconds; make its transactions shorter, or raise LOCK_TIMEOUT",
            sqlstate=name,
        )
    elif name.startswith("SQLITE_READONLY"):
        result = DatabaseReadOnlyError(
            f"a write was refused: database {options.alias!r}, or the transaction, is for reading only"
        )
    elif name == "SQLITE_FULL":
        result = QueryError(
            f"database {options.alias!r} is full: the disk has no room, or the file is as large as it may be; nothing "
            "of the statement was stored, and a transaction around it is undone as a whole",
            sqlstate=name,
        )
    elif "parser stack overflow" in message:
        result = QueryError(
            "the statement has more brackets within each other than SQLite reads: some 100 levels, of which each query "
            "in another one takes up to 20; read the inner ones first, and give their keys as a list",
            sqlstate=name or None,
        )
    elif match := re.fullmatch(r"no such table: (?:\w+\.)?(.+)", message):
        result = TableNotFound(None, match[1])
    elif isinstance(error, sqlite3.ProgrammingError) and "closed" in message:
        result = ConnectionLostError(f"the connection to database {options.alias!r} is closed")
    elif isinstance(error.__cause__, FieldValueError):
        # One of our own functions refused a value.
        result = QueryError(str(error.__cause__), sqlstate=name or None)
    else:
        result = QueryError(message, sqlstate=name or None)
    return result


def _integrity(message: str, name: str) -> IntegrityError:
    # "UNIQUE constraint failed: book.isbn, book.edition"; a check has its name there, a foreign key nothing.
    _, _, subject = message.partition(": ")
    kind = _KINDS.get(name, "")
    if kind == "check":
        return IntegrityError(message, kind=kind, constraint=subject or None)
    if found := _INDEX.fullmatch(subject):  # of expressions, which have no columns to be named
        return IntegrityError(message, kind=kind, constraint=found[1])
    places = [place.rpartition(".") for place in subject.split(", ") if "." in place]
    table = places[0][0] if places else None
    return IntegrityError(message, kind=kind, table=table, columns=[column for _, _, column in places])
