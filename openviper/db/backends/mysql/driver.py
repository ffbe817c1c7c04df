"""What is used of asyncmy: its connection, since a cursor would cost each query 30 microseconds and a second copy."""

# ruff: noqa: D102, N802 - names and behaviour are asyncmy's
# ruff: noqa: SLF001 - a connection has no public way to its rows but a cursor, and none to the state of its socket

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from openviper.db.backends.base import Row

__all__ = [
    "FOUND_ROWS",
    "Driver",
    "RawConnection",
    "RawResult",
    "abort",
    "broken",
    "finish",
    "read_rows",
    "reset",
    "result_of",
]

#: Asks the server to count the rows that an UPDATE finds, and not only those that it changes.
FOUND_ROWS: Final = 2

_RESET_SESSION: Final = 0x1F


class RawResult(Protocol):
    """What a statement has given."""

    rows: Sequence[Row] | None
    description: Sequence[tuple[str, *tuple[object, ...]]] | None
    affected_rows: int
    insert_id: int
    has_next: bool
    unbuffered_active: bool

    async def _read_rowdata_packet_unbuffered(self) -> Row | None: ...
    async def _finish_unbuffered_query(self) -> None: ...
    def _take_pending_rows(self, limit: int | None = None) -> list[Row]: ...


class RawConnection(Protocol):
    """A session."""

    server_version: str
    server_status: int
    connected: bool
    _result: RawResult | None
    _stream_broken: bool
    _transport: asyncio.WriteTransport | None

    async def query(self, sql: bytes | str, unbuffered: bool = False) -> int: ...
    async def next_result(self) -> int: ...
    async def ping(self, reconnect: bool = True) -> None: ...
    async def ensure_closed(self) -> None: ...
    async def _execute_command(self, command: int, sql: bytes) -> None: ...
    async def _read_ok_packet(self) -> object: ...
    def close(self) -> None: ...
    def escape(self, obj: object) -> str: ...
    def thread_id(self) -> int: ...
    def get_transaction_status(self) -> bool: ...


class _Errors(Protocol):
    @property
    def MySQLError(self) -> type[Exception]: ...


class Driver(Protocol):
    """The module itself."""

    errors: _Errors
    connect: Callable[..., Awaitable[Any]]


def result_of(raw: RawConnection) -> RawResult | None:
    """Give what the last statement has given; None where the session ended before."""
    return raw._result


def broken(raw: RawConnection) -> bool:
    """Tell whether the socket of a session is gone, without asking the server."""
    return not raw.connected or raw._stream_broken


async def reset(raw: RawConnection) -> None:
    """Bring a session into the state of a new one: transaction, variables, locks and temporary tables are gone."""
    await raw._execute_command(_RESET_SESSION, b"")
    await raw._read_ok_packet()


async def read_rows(result: RawResult, size: int | None) -> list[Row]:
    """Read rows of an answer that is still under way.

    Args:
        result: The answer.
        size: Most rows; None means all.
    """
    rows: list[Row] = []
    while size is None or len(rows) < size:
        row = await result._read_rowdata_packet_unbuffered()
        if row is None:
            break
        rows.append(row)
        rows += result._take_pending_rows(None if size is None else size - len(rows))
    return rows


async def finish(raw: RawConnection) -> None:
    """Read an answer to its end, and throw it away."""
    result = raw._result
    if result is not None and result.unbuffered_active:
        await result._finish_unbuffered_query()


def abort(raw: RawConnection) -> None:
    """Drop a session without a word, and what waits to be sent with it."""
    if raw._transport is not None:
        raw._transport.abort()
    raw.close()
