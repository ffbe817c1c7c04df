"""What is done with the raw connection, in its thread: opening, the ends of transactions, several rows at once."""

import sqlite3
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from openviper.db.backends.base import Args, BackendOptions, Row
from openviper.db.backends.sqlite.functions import add_functions
from openviper.db.exceptions import TransactionError

__all__ = [
    "MEMORY",
    "begin_reading",
    "clean",
    "commit",
    "execute_many",
    "fetch_first",
    "open_file",
    "roll_back",
    "roll_back_to",
]

#: The address of a database that lives in memory, and as long as its connection.
MEMORY: Final = ":memory:"

_STATEMENTS: Final = 512


def open_file(options: BackendOptions, *, writes: bool) -> sqlite3.Connection:
    """Open the file, or a database in memory, ready for use.

    Args:
        options: What the settings say about the database.
        writes: Whether the connection may change it.
    """
    in_memory = options.address == MEMORY
    mode = "ro" if options.read_only else "rwc"
    target = MEMORY if in_memory else f"file:{quote(options.address)}?mode={mode}"
    timeout = options.lock_timeout if options.lock_timeout is not None else 2**31 / 1000 - 1
    raw = sqlite3.connect(
        target,
        uri=not in_memory,
        timeout=timeout,
        isolation_level=None,  # transactions are begun by us: Python's own way leaves DDL and savepoints outside
        check_same_thread=False,  # interrupt() is called by the loop
        cached_statements=_STATEMENTS,
    )
    try:
        if not (in_memory or options.read_only):
            _use_log(raw, until=time.monotonic() + timeout)
        raw.execute("PRAGMA foreign_keys=ON")
        add_functions(raw)
        if not writes or options.read_only:
            raw.execute("PRAGMA query_only=ON")
    except BaseException:
        raw.close()
        raise
    return raw


def _use_log(raw: sqlite3.Connection, *, until: float) -> None:
    """Switch to the write-ahead log, which the file then keeps."""
    # SQLite does not wait by itself here: two connections that switch at once would wait for each other.
    while raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            raw.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)  # this is the connection's own thread
        else:
            return  # or the file system cannot share memory, and the file stays as it is


def fetch_first(raw: sqlite3.Connection, sql: str, args: Args) -> Row | None:
    """Run a statement and return its first row; None if it has none."""
    cursor = raw.execute(sql, args)
    row: Row | None = cursor.fetchone()
    # Without this the statement stays open, and so does the state of the database that it reads.
    cursor.close()
    return row


def execute_many(raw: sqlite3.Connection, sql: str, rows: Iterable[Args]) -> None:
    """Run a statement once a row of arguments, for all of them or for none."""
    if raw.in_transaction:
        raw.execute("SAVEPOINT openviper_many")
        end, undo = "RELEASE SAVEPOINT openviper_many", "ROLLBACK TO SAVEPOINT openviper_many"
    else:
        raw.execute("BEGIN IMMEDIATE")
        end, undo = "COMMIT", "ROLLBACK"
    try:
        raw.executemany(sql, rows)
        raw.execute(end)
    except BaseException:
        if raw.in_transaction:
            raw.execute(undo)
            if undo != "ROLLBACK":
                raw.execute(end)
        raise


def begin_reading(raw: sqlite3.Connection) -> None:
    """Start a transaction that refuses writes."""
    raw.execute("PRAGMA query_only=ON")
    raw.execute("BEGIN")


def commit(raw: sqlite3.Connection) -> None:
    """Make the transaction true."""
    raw.execute("COMMIT")


def roll_back(raw: sqlite3.Connection) -> None:
    """Undo the transaction, if there still is one."""
    if not raw.in_transaction:
        return  # SQLite ends a transaction by itself when a write is interrupted or the disk is full
    raw.execute("ROLLBACK")


def roll_back_to(raw: sqlite3.Connection, name: str) -> None:
    """Undo what was done since a mark, and forget it.

    Raises:
        TransactionError: SQLite has undone the whole transaction by itself.
    """
    if not raw.in_transaction:
        raise TransactionError(
            "SQLite has undone the whole transaction, not only the inner block: it does so when a write is interrupted "
            "or the disk is full"
        )
    raw.execute(f"ROLLBACK TO SAVEPOINT {name}")
    raw.execute(f"RELEASE SAVEPOINT {name}")


def clean(raw: sqlite3.Connection, cursors: Iterable[sqlite3.Cursor]) -> None:
    """Close what was left open and end the transaction."""
    for cursor in cursors:
        cursor.close()
    roll_back(raw)
