"""What is done with the raw connection, in its thread: one statement, its rows, several rows at once."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from openviper.db.backends.base import Args, BackendOptions, Row
from openviper.db.backends.mssql.driver import RawConnection, RawCursor

__all__ = ["Session", "drain", "session_start"]

_OWN_KEYS: Final = re.compile(r"SET IDENTITY_INSERT (.+?) ON;")
#: Milliseconds for no limit.
_NO_LIMIT: Final = -1


class Session:
    """A session, and the statement that runs on it.

    Args:
        raw: pyodbc's connection.
    """

    __slots__ = ("_cursor", "raw")

    def __init__(self, raw: RawConnection) -> None:
        self.raw = raw
        self._cursor: RawCursor | None = None

    def interrupt(self) -> None:
        """Stop the statement that runs; called by another thread."""
        if (cursor := self._cursor) is not None:
            cursor.cancel()

    def close(self) -> None:
        """End the session."""
        self.raw.close()

    def run(self, sql: str, args: Args, read: Callable[[RawCursor], Any]) -> Any:
        """Run a statement and give what is read of it; the cursor is closed then.

        Args:
            sql: The statement.
            args: Its values.
            read: Takes what is wanted.
        """
        cursor = self.open(sql, args)
        try:
            return read(cursor)
        finally:
            self.shut(cursor)

    def open(self, sql: str, args: Args) -> RawCursor:
        """Run a statement and give its cursor, at the first result that has rows or a number of them.

        Args:
            sql: The statement.
            args: Its values.
        """
        cursor = self._cursor = self.raw.cursor()
        try:
            cursor.execute(sql, *args)
            # What changes the session, in front of a statement, has no result.
            while cursor.description is None and cursor.rowcount < 0 and cursor.nextset():
                pass
        except BaseException:
            self.shut(cursor)
            if own := _OWN_KEYS.match(sql):
                self.run(f"SET IDENTITY_INSERT {own[1]} OFF", (), drain)
            raise
        return cursor

    def shut(self, cursor: RawCursor) -> None:
        """Close a cursor."""
        self._cursor = None
        cursor.close()

    def run_many(self, sql: str, rows: Sequence[Args], *, owns: bool) -> None:
        """Run a statement once a row of arguments, for all of them or for none.

        Args:
            sql: The statement.
            rows: Its values; at least one row.
            owns: Whether it is a transaction of its own; otherwise it is marked inside of one.
        """
        begin, undo = ("BEGIN", "ROLLBACK") if owns else ("SAVE", "ROLLBACK")
        name = "" if owns else " openviper_many"
        self.run(f"{begin} TRANSACTION{name}", (), drain)
        try:
            cursor = self._cursor = self.raw.cursor()
            try:
                cursor.executemany(sql, rows)
            finally:
                self.shut(cursor)
            if owns:
                self.run("COMMIT TRANSACTION", (), drain)
        except BaseException:
            # An error may have undone the transaction already.
            self.run(f"IF XACT_STATE() {'<>' if owns else '='} {0 if owns else 1} {undo} TRANSACTION{name}", (), drain)
            raise

    def state(self) -> int:
        """Give 1 inside a transaction, 0 outside, and -1 in one that can only be undone."""
        row: Row = self.run("SELECT XACT_STATE()", (), lambda cursor: cursor.fetchone())
        return int(row[0])


def drain(cursor: RawCursor) -> None:
    """Let a text of several statements run to its end."""
    while cursor.nextset():
        pass


def session_start(options: BackendOptions) -> str:
    """Write what a session is told, whatever the settings of the server and of the account are.

    Args:
        options: What the settings say about the database.
    """
    lock = options.lock_timeout
    # 0 would mean not to wait at all.
    wait = _NO_LIMIT if lock is None else max(1, round(lock * 1000))
    return (
        "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON; "
        "SET NUMERIC_ROUNDABORT, XACT_ABORT, NOCOUNT, IMPLICIT_TRANSACTIONS OFF; "
        "SET LANGUAGE us_english; SET DATEFORMAT ymd; SET DATEFIRST 7; "
        f"SET LOCK_TIMEOUT {wait}; SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
