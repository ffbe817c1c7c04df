"""Blocks that hold a connection: for what only a connection can do, or for what a session keeps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openviper.db.backends.base import Connection
from openviper.db.connections.database import Database
from openviper.db.connections.guard import ReadOnlyConnection
from openviper.db.connections.leases import Lease, enter_lease, leave_lease
from openviper.db.connections.loops import get_database

__all__ = ["get_connection", "request_connection"]


@asynccontextmanager
async def get_connection(using: str | None = None, *, writes: bool = True) -> AsyncIterator[Connection]:
    """Hold a connection for the length of a block, for what only a connection can do.

    Inside ``atomic()`` it is that of the transaction, and the queries of other tasks wait until the block ends.
    Outside, each statement is a transaction of its own, and what the block sets in the session is undone before its
    next use.

    One of a database for reading only takes the statements that the database takes.

    Args:
        using: Alias of the database; None means ``default``.
        writes: False is enough for reading; SQLite has many such connections and only one that writes.

    Raises:
        PoolTimeoutError: No connection became free in time.
    """
    database = get_database(using)
    lease = database.lease(writes=writes)
    if lease is not None:
        await lease.enter()
        try:
            lease.check()
            yield _handed_out(lease.connection, database)
        finally:
            lease.leave()
        return
    connection = await database.backend.acquire(writes=writes)
    try:
        yield _handed_out(connection, database)
    finally:
        database.backend.release(connection, is_dirty=True)


def _handed_out(connection: Connection, database: Database) -> Connection:
    return ReadOnlyConnection(connection, database.options) if database.options.read_only else connection


@asynccontextmanager
async def request_connection(using: str | None = None) -> AsyncIterator[None]:
    """Let every query of the block run on one connection, one after the other; each is still true at once.

    It saves nothing that the pool does not save already, and is for what a session keeps: temporary tables, advisory
    locks. SQLite's pinned connection is for reading; writes go the usual way.

    Args:
        using: Alias of the database; None means ``default``.
    """
    database = get_database(using)
    if database.lease(writes=False) is not None:
        yield
        return
    connection = await database.backend.acquire(writes=False)
    lease = Lease(connection, alias=database.alias, timeout=database.options.statement_timeout)
    before = enter_lease(lease)
    try:
        yield
    finally:
        leave_lease(lease, before)
        lease.is_over = True
        database.backend.release(connection, is_dirty=True)
