"""A double of pyodbc: the calls of its documentation that are used, and a server that answers by rules."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["FakeConnection", "FakeDriver", "FakeError", "refusal"]


class FakeError(Exception):
    """What the driver raises."""


def refusal(state: str, text: str) -> FakeError:
    """Make an error as the driver does."""
    return FakeError(state, f"[{state}] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{text} (SQLExecDirectW)")


class FakeCursor:
    """What statements are sent by."""

    def __init__(self, connection: "FakeConnection") -> None:
        self.connection = connection
        self.description: list[tuple[str, object]] | None = None
        self.rowcount = -1
        self.rows: list[tuple[object, ...]] = []
        self.sets: list[tuple[list[tuple[str, object]] | None, int]] = []

    def execute(self, sql: str, *params: object) -> "FakeCursor":
        self.connection.sent.append((sql, params))
        answer = self.connection.answer(sql)
        if isinstance(answer, list):
            self.description, self.rows = [("id", int)], list(answer)
        # A text of several statements has a result for each; what sets something up has none to show.
        elif sql.startswith("SET IDENTITY_INSERT") and ";" in sql:
            self.sets = [(None, 1), (None, -1)]
        elif sql.startswith(("INSERT", "UPDATE", "DELETE", "MERGE")):
            self.rowcount = 1
        return self

    def executemany(self, sql: str, params: Sequence[Sequence[object]], /) -> None:
        self.connection.sent.append((sql, tuple(map(tuple, params))))
        self.connection.answer(sql)

    def fetchone(self) -> tuple[object, ...] | None:
        return self.rows.pop(0) if self.rows else None

    def fetchall(self) -> list[tuple[object, ...]]:
        rows, self.rows = self.rows, []
        return rows

    def fetchmany(self, size: int, /) -> list[tuple[object, ...]]:
        rows, self.rows = self.rows[:size], self.rows[size:]
        return rows

    def nextset(self) -> bool:
        if not self.sets:
            return False
        self.description, self.rowcount = self.sets.pop(0)
        return True

    def cancel(self) -> None:
        self.connection.cancelled += 1
        self.connection.stop.set()

    def close(self) -> None:
        self.connection.closed_cursors += 1


class FakeConnection:
    """A session."""

    def __init__(self, **answers: object) -> None:
        self.timeout = 0
        #: What comes of statements, by how they begin: rows, an error, or ``slow``.
        self.answers: dict[str, Any] = answers
        self.sent: list[tuple[str, tuple[object, ...]]] = []
        #: What XACT_STATE() gives.
        self.state = 1
        self.started = threading.Event()
        self.stop = threading.Event()
        self.cancelled = 0
        self.closed_cursors = 0
        self.closed = threading.Event()

    @property
    def statements(self) -> list[str]:
        """What was sent after the session was told what it has to know."""
        return [sql for sql, _ in self.sent if not sql.startswith("SET ANSI_NULLS")]

    def answer(self, sql: str) -> Any:
        if sql == "SELECT XACT_STATE()":
            return [(self.state,)]
        found = next((one for start, one in self.answers.items() if sql.startswith(start)), None)
        if isinstance(found, Exception):
            raise found
        if found == "slow":
            self.started.set()
            self.stop.wait(10)
            raise refusal("HY008", "Operation canceled (0)")
        return found

    def cursor(self) -> FakeCursor:
        return FakeCursor(self)

    @property
    def is_closed(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        self.closed.set()


class FakeDriver:
    """The module."""

    Error = FakeError

    def __init__(self, raw: FakeConnection | Exception | None = None, drivers: Sequence[str] | None = None) -> None:
        self.raw = raw
        self.pooling = True
        self.texts: list[str] = []
        self.words: dict[str, object] = {}
        #: Is waited for before a session is there.
        self.gate: threading.Event | None = None
        names = ["SQLite3", "ODBC Driver 9 for SQL Server", "ODBC Driver 18 for SQL Server"]
        self.drivers: Callable[[], list[str]] = lambda: list(names if drivers is None else drivers)

    def connect(self, text: str, **words: object) -> FakeConnection:
        self.texts.append(text)
        self.words = words
        if isinstance(self.raw, Exception):
            raise self.raw
        if self.gate is not None:
            self.gate.wait(10)
        return self.raw or FakeConnection()
