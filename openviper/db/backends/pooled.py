"""What the databases on a server have in common: connections that are lent by a pool."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Generic, TypeVar

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.pool import Pool, PooledConnection, PoolLimits

__all__ = ["PooledBackend"]

C = TypeVar("C", bound=PooledConnection)


class PooledBackend(ABC, Generic[C]):
    """One database in the running event loop.

    Args:
        options: What the settings say about it.
    """

    dialect_name: str
    splits_writes = False
    reads = None

    def __init__(self, options: BackendOptions) -> None:
        self.options = options
        limits = PoolLimits(
            alias=options.alias,
            size=options.pool_size,
            overflow=options.max_overflow,
            timeout=options.pool_timeout,
            recycle=options.pool_recycle,
        )
        pool: Pool[C] = Pool(self._open, limits)
        self._pool = pool
        self.release = pool.release
        self.renew = pool.renew
        self.close = pool.close
        self.terminate = pool.terminate

    def take(self, *, writes: bool) -> C | None:
        """Lend a connection if one lies ready; None means that ``acquire`` is to be awaited."""
        return self._pool.take()

    async def acquire(self, *, writes: bool) -> C:
        """Lend a connection, waiting for one if need be.

        Raises:
            PoolTimeoutError: None became free in time.
            ConnectionLostError: The server cannot be reached, or refuses.
            DatabaseConfigurationError: The server is of another kind than the URL says.
        """
        return await self._pool.acquire()

    async def _start(self, made: C, told: Awaitable[object]) -> C:
        """Give a new connection once it has been told what it has to know; one that cannot be told is dropped.

        Args:
            made: The connection.
            told: Tells it.
        """
        try:
            await told
        except BaseException:
            # Whoever waits for a connection may have been cancelled, and nobody else knows this one.
            made.terminate()
            raise
        return made

    @abstractmethod
    async def _open(self) -> C:
        """Open a connection and tell its session what it has to know."""
