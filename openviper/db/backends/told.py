"""What servers say in their own words and all of them mean alike, in ours."""

import re
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseReadOnlyError,
    LockTimeoutError,
    StatementTimeoutError,
)

__all__ = ["lock_held", "lost", "out_of_time", "read_only", "refuse_write", "table_in", "without_values"]

_READING: Final = re.compile(r"(?i)[\s(]*(?:SELECT|WITH|EXPLAIN|VALUES)\b")
_WRITING: Final = re.compile(r"(?i)\b(?:INSERT|UPDATE|DELETE|MERGE|INTO)\b(?!\s+OF\b)")
_LOCKING: Final = re.compile(r"(?i)\bFOR\s+UPDATE\b")
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE: Final = re.compile(r"(?i)\b(?:FROM|INTO|UPDATE)\s+[\"\[]?(\w+)")


def lost(options: BackendOptions, *, was_sent: bool) -> ConnectionLostError:
    """Say that a connection broke.

    Args:
        options: Of the database.
        was_sent: Whether a statement was under way.
    """
    end = "while a statement was under way, which may have been carried out" if was_sent else "before it was used"
    return ConnectionLostError(f"the connection to database {options.alias!r} broke {end}", was_sent=was_sent)


def out_of_time(options: BackendOptions, state: str) -> StatementTimeoutError:
    """Say that a statement was ended for the time it took.

    Args:
        options: Of the database.
        state: What the engine calls the error.
    """
    return StatementTimeoutError(
        f"a statement on database {options.alias!r} took longer than {options.statement_timeout or 0:g} seconds "
        "and was ended; make it cheaper, or raise STATEMENT_TIMEOUT",
        sqlstate=state,
    )


def lock_held(options: BackendOptions, state: str) -> LockTimeoutError:
    """Say that others hold what a statement waited for.

    Args:
        options: Of the database.
        state: What the engine calls the error.
    """
    return LockTimeoutError(
        f"a statement on database {options.alias!r} waited for rows that others have locked; make the transactions "
        "that hold the lock shorter, or raise LOCK_TIMEOUT",
        sqlstate=state,
    )


def read_only(options: BackendOptions) -> DatabaseReadOnlyError:
    """Say that a write was refused.

    Args:
        options: Of the database.
    """
    return DatabaseReadOnlyError(
        f"a write was refused: database {options.alias!r}, or the transaction, is for reading only"
    )


def refuse_write(sql: str, options: BackendOptions) -> None:
    """Let through what reads, where the engine has no session that only does so.

    It looks at words, so a function that writes gets by.

    Args:
        sql: The statement.
        options: Of the database.

    Raises:
        DatabaseReadOnlyError: The statement writes, or may.
    """
    bare = _LITERAL.sub("''", sql)
    if not _READING.match(bare) or _WRITING.search(_LOCKING.sub(" ", bare)):
        raise read_only(options)


def table_in(sql: str) -> str:
    """Give the first table that a statement names; empty if none is seen."""
    match = _TABLE.search(sql)
    return match[1] if match else ""


def without_values(message: str, sql: str) -> str:
    """Keep of what a message quotes what stands in the statement, whose values are not in its text.

    Args:
        message: What the server says.
        sql: The statement.
    """
    return re.sub(
        r"'([^']*)'|\"([^\"]*)\"", lambda one: one[0] if (one[1] or one[2] or "") in sql else "'...'", message
    )
