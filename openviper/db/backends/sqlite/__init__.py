"""SQLite through the standard library: one thread a connection, one hop a query."""

from openviper.db.backends.sqlite.backend import SQLiteBackend

__all__ = ["SQLiteBackend"]
