"""A double of python-oracledb: the calls of its documentation that are used, and a server that answers by rules."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Column", "FakeConnection", "FakeDriver", "FakeError", "refusal"]


class FakeError(Exception):
    """What the driver raises."""


@dataclass
class Reason:
    """What an error of the driver holds."""

    full_code: str
    message: str


def refusal(code: str, message: str) -> FakeError:
    """Make an error as the driver does."""
    return FakeError(Reason(code, f"{code}: {message}"))


@dataclass
class Column:
    """What is known of a column of a result."""

    type_code: object
    precision: int | None = None
    scale: int | None = None


@dataclass
class FakeVariable:
    """A place that the server fills."""

    typ: object
    arraysize: int = 1
    outconverter: Callable[[Any], object] | None = None
    values: list[list[object]] = field(default_factory=list)

    def getvalue(self, pos: int = 0) -> list[object]:
        return self.values[pos]


class FakeCursor:
    """What statements are sent by."""

    def __init__(self, connection: "FakeConnection") -> None:
        self.connection = connection
        self.arraysize = 100
        self.prefetchrows = 2
        self.rowcount = 0
        self.description: Sequence[tuple[str, object]] | None = None
        self.sizes: tuple[object, ...] = ()
        self.rows: list[tuple[object, ...]] = []
        self.is_closed = False

    def var(
        self, typ: object, *, arraysize: int = 1, outconverter: Callable[[Any], object] | None = None
    ) -> FakeVariable:
        return FakeVariable(typ, arraysize, outconverter)

    def setinputsizes(self, *args: object) -> None:
        self.sizes = args

    async def execute(self, statement: str, parameters: Sequence[object] | None = None) -> None:
        given = [one for one in parameters or () if not isinstance(one, FakeVariable)]
        outs = [one for one in parameters or () if isinstance(one, FakeVariable)]
        await self._send(statement, [given], outs)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[object]]) -> None:
        await self._send(statement, [list(row) for row in parameters], [one for one in self.sizes if one is not None])

    async def _send(self, sql: str, rows: list[list[object]], outs: Sequence[Any]) -> None:
        raw = self.connection
        raw.sent.append((sql, rows, raw.autocommit))
        await asyncio.sleep(0)
        answer = next((one for start, one in raw.answers.items() if sql.startswith(start)), None)
        if isinstance(answer, Exception):
            raise answer
        if answer == "slow":
            raw.stopped = asyncio.get_running_loop().create_future()
            await raw.stopped
            raise refusal("ORA-01013", "user requested cancel of current operation")
        for one in outs:
            one.values = [[raw.next_key()] for _ in rows]
        if isinstance(answer, list):
            self.description = answer[0]
            self.rows = list(answer[1:])
        self.rowcount = len(rows) if not isinstance(answer, list) else -1

    async def fetchall(self) -> list[tuple[object, ...]]:
        rows, self.rows = self.rows, []
        return rows

    async def fetchmany(self, size: int | None = None) -> list[tuple[object, ...]]:
        size = size or self.arraysize
        rows, self.rows = self.rows[:size], self.rows[size:]
        return rows

    async def fetchone(self) -> tuple[object, ...] | None:
        return self.rows.pop(0) if self.rows else None

    def close(self) -> None:
        self.is_closed = True


class FakeConnection:
    """A session."""

    def __init__(self, **answers: object) -> None:
        self.autocommit = False
        self.call_timeout = 0
        self.inputtypehandler: Any = None
        self.outputtypehandler: Any = None
        #: What comes of statements, by how they begin: rows behind a description, an error, or ``slow``.
        self.answers: dict[str, Any] = answers
        #: Statements with the rows of their values, and whether they store themselves.
        self.sent: list[tuple[str, list[list[object]], bool]] = []
        self.calls: list[str] = []
        self.stopped: asyncio.Future[None] | None = None
        self.is_alive = True
        self.keys = 0

    def next_key(self) -> int:
        self.keys += 1
        return self.keys

    @property
    def statements(self) -> list[str]:
        return [sql for sql, _, _ in self.sent]

    def cursor(self) -> FakeCursor:
        return FakeCursor(self)

    async def commit(self) -> None:
        self.calls.append("commit")

    async def rollback(self) -> None:
        self.calls.append("rollback")

    async def ping(self) -> None:
        self.calls.append("ping")
        if not self.is_alive:
            raise refusal("DPY-4011", "the database or network closed the connection")

    async def close(self) -> None:
        self.calls.append("close")
        self.is_alive = False

    def cancel(self) -> None:
        self.calls.append("cancel")
        if self.stopped is not None and not self.stopped.done():
            self.stopped.set_result(None)

    def is_healthy(self) -> bool:
        return self.is_alive


class FakeDriver:
    """The module."""

    Error = FakeError
    DB_TYPE_BINARY_DOUBLE = "binary double"
    DB_TYPE_BLOB = "blob"
    DB_TYPE_CLOB = "clob"
    DB_TYPE_LONG = "long"
    DB_TYPE_LONG_RAW = "long raw"
    DB_TYPE_NUMBER = "number"
    DB_TYPE_TIMESTAMP = "timestamp"

    def __init__(self, raw: FakeConnection | Exception | None = None) -> None:
        self.raw = raw
        self.arguments: dict[str, object] = {}

    async def connect_async(self, **arguments: object) -> FakeConnection:
        self.arguments = arguments
        if isinstance(self.raw, Exception):
            raise self.raw
        return self.raw or FakeConnection()
