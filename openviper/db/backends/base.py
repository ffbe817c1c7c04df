"""What an engine offers: options as data, the contract of a connection and of a backend.

Placeholders in SQL text are those of the engine: ``?`` for SQLite, ``$1`` for PostgreSQL.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

__all__ = ["Args", "Backend", "BackendOptions", "Connection", "Isolation", "Naming", "Reading", "Row", "Statements"]

Args: TypeAlias = Sequence[object]
#: What the driver hands out for a row: a tuple, or something that is read like one.
Row: TypeAlias = Sequence[Any]
#: For opening a connection, where the settings let one be waited for without a limit.
_CONNECT_SECONDS: Final = 60.0


class Isolation(StrEnum):
    """How far a transaction is kept apart from others; an engine may give more than is asked."""

    READ_COMMITTED = "read committed"
    REPEATABLE_READ = "repeatable read"
    SERIALIZABLE = "serializable"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendOptions:
    """What the settings say about one database.

    Args:
        alias: Its name in the settings.
        scheme: The engine as its URL names it, without ``+driver``.
        address: What the driver connects to: an absolute path or ``:memory:``, or a URL without ``+driver``. It may
            hold a password, so it is left out of every text about these options.
        pool_size: Connections that are kept open, at least 1.
        max_overflow: Connections beyond them while all are in use.
        pool_timeout: Seconds that one may be waited for; None means no limit.
        pool_recycle: Seconds after which a connection is replaced.
        statement_timeout: Seconds that one statement may take; None means no limit.
        lock_timeout: Seconds that a statement may wait for what others hold; None means no limit.
        statement_cache: Prepared statements that a connection keeps; 0 prepares none by name.
        pgbouncer: Whether statements of one session may reach the server through different connections.
        read_only: Whether every write is refused, as it is to a replica.
        is_replica: Whether it follows another database, which has the same rows.
        echo: Whether every statement is logged.
    """

    alias: str
    scheme: str
    address: str
    pool_size: int = 5
    max_overflow: int = 10
    pool_timeout: float | None = 10.0
    pool_recycle: float = 3600.0
    statement_timeout: float | None = 60.0
    lock_timeout: float | None = 10.0
    statement_cache: int = 200
    pgbouncer: bool = False
    read_only: bool = False
    is_replica: bool = False
    echo: bool = False

    def __repr__(self) -> str:
        return f"BackendOptions(alias={self.alias!r}, scheme={self.scheme!r})"

    @property
    def connect_timeout(self) -> float:
        """Seconds that opening a connection may take.

        It has a limit also where waiting for a connection has none: a server that does not answer would hold its
        place in the pool for ever.
        """
        return self.pool_timeout or _CONNECT_SECONDS


class Statements(Protocol):
    """What statements are sent to.

    Every method may raise an ``ORMException`` in place of what the driver raises, which is its cause.
    """

    async def fetch(self, sql: str, args: Args = ()) -> Sequence[Row]:
        """Run a statement and return all of its rows."""

    async def fetch_one(self, sql: str, args: Args = ()) -> Row | None:
        """Run a statement and return its first row; None if it has none."""

    async def fetch_value(self, sql: str, args: Args = ()) -> Any:
        """Run a statement and return the first column of its first row; None if it has no row."""

    async def execute(self, sql: str, args: Args = ()) -> int:
        """Run a statement and return how many rows it touched; 0 for one that touches none."""

    async def execute_many(self, sql: str, rows: Iterable[Args]) -> int | None:
        """Run a statement once a row of arguments, for all of them or for none.

        Returns:
            How many rows it touched; None where the driver does not say.
        """


@runtime_checkable
class Naming(Protocol):
    """What gives the names of columns beside bare rows."""

    async def fetch_named(self, sql: str, args: Args = ()) -> tuple[tuple[str, ...], Sequence[Row]]:
        """Run a statement and return the names of its columns, and all of its rows."""


@runtime_checkable
class Reading(Protocol):
    """What has sessions that were told to refuse writes, and that a statement might tell otherwise."""

    async def only_read(self) -> None:
        """Tell the session again, if it may have been told otherwise."""


class Connection(Statements, Protocol):
    """One session of a database; used by one task at a time."""

    @property
    def is_open(self) -> bool:
        """Whether the session is there, as far as is known without asking the server."""

    def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """Run a statement and give its rows in lists of at most ``size``; to be closed by whoever leaves it early."""

    async def begin(self, isolation: Isolation | None = None, read_only: bool = False) -> None:
        """Start a transaction."""

    async def commit(self) -> None:
        """Make the transaction true.

        Raises:
            TransactionError: It had failed before, so that the engine has rolled it back.
        """

    async def rollback(self) -> None:
        """Undo the transaction; does nothing where the engine has done so itself."""

    async def savepoint(self, name: str) -> None:
        """Mark a place inside the transaction."""

    async def release(self, name: str) -> None:
        """Forget a mark and keep what was done since."""

    async def rollback_to(self, name: str) -> None:
        """Undo what was done since a mark, and forget it."""

    async def close(self) -> None:
        """End the session; a second call does nothing."""


class Backend(Protocol):
    """One database in one event loop: where its connections come from."""

    @property
    def dialect_name(self) -> str:
        """The engine: ``sqlite`` or ``postgresql``."""

    @property
    def options(self) -> BackendOptions:
        """What the settings say about it."""

    @property
    def splits_writes(self) -> bool:
        """Whether writes have to be announced when a connection is asked for."""

    @property
    def reads(self) -> Statements | None:
        """What runs reads outside of transactions for all tasks together; None if each takes a connection."""

    def take(self, *, writes: bool) -> Connection | None:
        """Lend a connection if one lies ready; None means that ``acquire`` is to be awaited."""

    async def acquire(self, *, writes: bool) -> Connection:
        """Lend a connection, waiting for one if need be.

        Raises:
            PoolTimeoutError: None became free in time.
            LockTimeoutError: The engine has one writer at a time, and its turn did not come in time.
            ConnectionLostError: The database cannot be reached.
        """

    def release(self, connection: Any, *, is_dirty: bool = False) -> None:
        """Take a connection back; nothing is sent to the server.

        Args:
            connection: What was lent by this backend.
            is_dirty: Whether the session may have been changed, so that it is put in order before its next use.
        """

    def renew(self) -> None:
        """Have every connection of now replaced before its next use, where it may know types that are no more."""

    async def close(self) -> None:
        """Close every connection; those that are lent are cut off."""

    def terminate(self) -> None:
        """Drop every connection without a word to the server."""
