"""What is read of an answer: in the thread of the connection, whose driver blocks."""

from collections.abc import Iterable, Sequence

from openviper.db.backends.base import Row
from openviper.db.backends.mssql.driver import RawConnection, RawCursor
from openviper.db.backends.mssql.session import Session, drain

__all__ = ["RowStream", "all_rows", "close_all", "first_row", "named_rows", "touched_rows"]


class RowStream:
    """Rows that are on their way, and those that had to be read before their time.

    Args:
        cursor: What they come by.
    """

    __slots__ = ("cursor", "is_over", "rest")

    def __init__(self, cursor: RawCursor) -> None:
        self.cursor = cursor
        self.rest: list[Row] = []
        self.is_over = False

    def take(self, size: int) -> list[Row]:
        """Give rows that were read before, at most so many."""
        rows, self.rest = self.rest[:size], self.rest[size:]
        return rows

    def drain(self, session: Session) -> list[Row]:
        """Read what is left, in the thread."""
        rows = self.cursor.fetchall()
        self.is_over = True
        session.shut(self.cursor)
        return rows


def close_all(opened: Iterable[RawConnection]) -> None:
    """Close sessions, in the thread that opened them."""
    for raw in opened:
        raw.close()


def all_rows(cursor: RawCursor) -> Sequence[Row]:
    """Give all rows of an answer."""
    rows = cursor.fetchall() if cursor.description else ()
    # A statement behind it may fail, or put the session in order.
    drain(cursor)
    return rows


def first_row(cursor: RawCursor) -> Row | None:
    """Give the first row of an answer; None if it has none."""
    return cursor.fetchone() if cursor.description else None


def named_rows(cursor: RawCursor) -> tuple[tuple[str, ...], Sequence[Row]]:
    """Give the names of the columns of an answer, and all of its rows."""
    names = tuple(column[0] for column in cursor.description or ())
    return names, all_rows(cursor)


def touched_rows(cursor: RawCursor) -> int:
    """Give how many rows a statement has touched."""
    touched = 0 if cursor.description else max(0, cursor.rowcount)
    drain(cursor)
    return touched
