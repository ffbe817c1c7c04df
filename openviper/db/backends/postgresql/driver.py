"""What is used of asyncpg, which comes without types."""

# ruff: noqa: ASYNC109, D102, N802 - names and behaviour are asyncpg's

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol

from openviper.db.backends.base import Args, Row

__all__ = ["Driver", "RawConnection", "RawCursor"]


class RawCursor(Protocol):
    """A cursor on the server."""

    async def fetch(self, n: int) -> Sequence[Row]: ...


class RawConnection(Protocol):
    """A session."""

    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> Sequence[Row]: ...
    async def fetchrow(self, query: str, *args: object, timeout: float | None = None) -> Row | None: ...
    async def fetchval(self, query: str, *args: object, timeout: float | None = None) -> Any: ...
    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str: ...
    async def executemany(self, command: str, args: Iterable[Args], *, timeout: float | None = None) -> None: ...
    async def cursor(self, query: str, *args: object, timeout: float | None = None) -> RawCursor: ...
    async def reset(self, *, timeout: float | None = None) -> None: ...
    async def close(self, *, timeout: float | None = None) -> None: ...
    def terminate(self) -> None: ...
    def is_closed(self) -> bool: ...
    def is_in_transaction(self) -> bool: ...
    def get_settings(self) -> object: ...


class _Exceptions(Protocol):
    @property
    def ClientConfigurationError(self) -> type[Exception]: ...


class Driver(Protocol):
    """The module itself."""

    exceptions: _Exceptions
    PostgresError: type[Exception]
    InterfaceError: type[Exception]
    InternalClientError: type[Exception]
    connect: Callable[..., Awaitable[Any]]
