"""What is used of python-oracledb: its asyncio connections and their cursors."""

# ruff: noqa: D102, N802 - names and behaviour are the driver's

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from openviper.db.backends.base import Row

__all__ = ["Driver", "FetchInfo", "RawConnection", "RawCursor", "RawVariable"]


class RawVariable(Protocol):
    """A place that the server reads values from, or fills."""

    def getvalue(self, pos: int = 0) -> Any: ...


class FetchInfo(Protocol):
    """What is known of a column of a result."""

    type_code: object
    precision: int | None
    scale: int | None


class RawCursor(Protocol):
    """What statements are sent by."""

    arraysize: int
    prefetchrows: int
    rowcount: int
    description: Sequence[tuple[str, *tuple[object, ...]]] | None

    async def execute(self, statement: str, parameters: Sequence[object] | None = None) -> object: ...
    async def executemany(self, statement: str, parameters: Sequence[Sequence[object]] | int) -> None: ...
    async def fetchall(self) -> list[Row]: ...
    async def fetchmany(self, size: int | None = None) -> list[Row]: ...
    async def fetchone(self) -> Row | None: ...
    def setinputsizes(self, *args: object) -> object: ...
    def var(
        self, typ: object, *, arraysize: int = 1, outconverter: Callable[[Any], object] | None = None
    ) -> RawVariable: ...
    def close(self) -> None: ...


class RawConnection(Protocol):
    """A session."""

    autocommit: bool
    call_timeout: int
    inputtypehandler: Callable[[RawCursor, object, int], RawVariable | None] | None
    outputtypehandler: Callable[[RawCursor, FetchInfo], RawVariable | None] | None

    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...
    async def ping(self) -> None: ...
    async def close(self) -> None: ...
    def cursor(self) -> RawCursor: ...
    def cancel(self) -> None: ...
    def is_healthy(self) -> bool: ...


class Driver(Protocol):
    """The module itself."""

    connect_async: Callable[..., Any]

    @property
    def Error(self) -> type[Exception]: ...
    @property
    def DB_TYPE_BINARY_DOUBLE(self) -> object: ...
    @property
    def DB_TYPE_BLOB(self) -> object: ...
    @property
    def DB_TYPE_CLOB(self) -> object: ...
    @property
    def DB_TYPE_LONG(self) -> object: ...
    @property
    def DB_TYPE_LONG_RAW(self) -> object: ...
    @property
    def DB_TYPE_NUMBER(self) -> object: ...
    @property
    def DB_TYPE_TIMESTAMP(self) -> object: ...
