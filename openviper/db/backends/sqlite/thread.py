"""What the thread of a SQLite connection adds to an error: the cause that a function of ours has left."""

import sqlite3

from openviper.db.backends.sqlite.functions import failure_of

__all__ = ["add_cause"]


def add_cause(error: Exception) -> None:
    """Name the error of a function of ours that SQLite has stumbled over."""
    if isinstance(error, sqlite3.Error):
        error.__cause__ = failure_of(error)
