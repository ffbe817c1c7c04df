"""What is used of pyodbc: connections and cursors that block, so that they live in a thread."""

# ruff: noqa: D102, N802 - names and behaviour are pyodbc's

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from openviper.db.backends.base import Args, Row

__all__ = ["Driver", "RawConnection", "RawCursor"]


class RawCursor(Protocol):
    """What statements are sent by; also what another thread stops them by."""

    @property
    def description(self) -> Sequence[tuple[str, *tuple[object, ...]]] | None: ...
    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: str, *params: object) -> object: ...
    def executemany(self, sql: str, params: Sequence[Args], /) -> None: ...
    def fetchone(self) -> Row | None: ...
    def fetchall(self) -> list[Row]: ...
    def fetchmany(self, size: int, /) -> list[Row]: ...
    def nextset(self) -> bool: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class RawConnection(Protocol):
    """A session."""

    timeout: int

    def cursor(self) -> RawCursor: ...
    def close(self) -> None: ...


class Driver(Protocol):
    """The module itself."""

    pooling: bool
    connect: Callable[..., Any]
    drivers: Callable[[], list[str]]

    @property
    def Error(self) -> type[Exception]: ...
