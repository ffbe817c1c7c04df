"""The databases of each event loop: made by the first that asks, closed when the loop ends."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from openviper.conf import settings
from openviper.db.addresses import parse_url, read_options, state_default
from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.backends.base import Backend, BackendOptions
from openviper.db.connections.database import Database
from openviper.db.connections.guard import ReadOnlyDatabase
from openviper.db.dialects.engines import get_dialect
from openviper.db.routers import load, slot

__all__ = ["close_db", "configure_db", "get_database", "reset", "reset_engine"]


#: Event loops that stand still and keep their connections; of more, the oldest lose them.
_MOST_STILL: Final = 16


class _Loop:
    """The databases of one event loop, and what closes them when the loop ends."""

    __slots__ = ("databases", "keeper", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        #: None once it was dropped, so that no thread goes on with it.
        self.loop: asyncio.AbstractEventLoop | None = loop
        self.databases: dict[str, Database] = {}
        # asyncio.run() closes the generators that were begun under it, while the loop can still await: the only
        # moment after the last line of a script in which connections can be closed in good order.
        self.keeper = self._keep()
        with suppress(StopIteration):
            self.keeper.__anext__().send(None)

    async def _keep(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        if self.loop is not None and _loops.get(self.loop) is self:
            del _loops[self.loop]
        databases, self.databases = list(self.databases.values()), {}
        if _here.state is self:
            _here.state = None
        await asyncio.gather(*(database.close() for database in databases))


class _Here(threading.local):
    """The loop that this thread asked for last, so that asking again costs no look-up."""

    state: _Loop | None = None


_loops: dict[asyncio.AbstractEventLoop, _Loop] = {}
_here = _Here()


def get_database(using: str | None = None) -> Database:
    """Return a database of the running event loop; nothing is opened by that.

    Args:
        using: Its alias; None means ``default``.

    Raises:
        DatabaseConfigurationError: The settings have no such alias, or say something about it that cannot work.
        RuntimeError: There is no running event loop.
    """
    alias = DEFAULT_ALIAS if using is None else using
    loop = asyncio.get_running_loop()
    state = _here.state
    if state is None or state.loop is not loop:
        state = _here.state = _state_of(loop)
    return state.databases.get(alias) or _make(state, alias)


async def close_db() -> None:
    """Close the connections of the running event loop; the next query opens new ones."""
    state = _loops.get(asyncio.get_running_loop())
    if state is not None:
        await state.keeper.aclose()


def configure_db(url: str, echo: bool = False) -> None:
    """State the default database in a program, whatever the settings say; limits and pools stay those of the settings.

    For scripts and tests. Connections to an earlier one are dropped; ``reset_engine()`` takes it back.

    Args:
        url: Its address, such as ``sqlite:///shop.db`` or ``postgresql://user:password@host/name``.
        echo: Whether every statement is logged.

    Raises:
        DatabaseBackendNotFoundError: It names an engine that is not there.
        DatabaseConfigurationError: It is no URL.
    """
    parse_url(url)
    state_default({"URL": url, "ECHO": echo})
    reset()


async def reset_engine() -> None:
    """Close the connections of the running event loop, drop those of others, and forget what was configured.

    What ``configure_db()`` said is forgotten as well, and the settings are read again; a second call does nothing.
    """
    await close_db()
    state_default(None)
    reset()


def reset() -> None:
    """Drop the connections of every event loop and what was read from the settings; for tests."""
    for state in list(_loops.values()):
        _drop(state)
    _here.state = None
    slot.used.clear()
    slot.is_spread = False


def _state_of(loop: asyncio.AbstractEventLoop) -> _Loop:
    state = _loops.get(loop)
    if state is None:
        _drop_left()
        state = _loops[loop] = _Loop(loop)
    return state


def _drop_left() -> None:
    """Drop the connections of loops that were left: closed without ending their generators, or not closed at all."""
    # One that stands still may be run again, and then opens new connections.
    still = [(loop, other) for loop, other in list(_loops.items()) if not loop.is_running()]
    for place, (loop, other) in enumerate(still):
        if loop.is_closed() or place < len(still) - _MOST_STILL:
            _drop(other)


def _drop(state: _Loop) -> None:
    if state.loop is not None:
        _loops.pop(state.loop, None)
    state.loop = None
    for database in state.databases.values():
        database.backend.terminate()
    state.databases.clear()


def _make(state: _Loop, alias: str) -> Database:
    options = read_options(alias)
    load()
    if alias in slot.primaries and not options.is_replica:
        # A router says that it is one, which is as good as the alias itself saying so.
        options = replace(options, read_only=True, is_replica=True)
    backend = _make_backend(options)
    # Decided once: `reset()` and the end of a loop forget it together with the connections.
    kind = ReadOnlyDatabase if options.read_only else Database
    database = kind(backend, get_dialect(backend.dialect_name, use_tz=settings.USE_TZ))
    slot.used.add(alias)
    slot.is_spread = len(slot.used) > 1
    state.databases[alias] = database
    return database


def _make_backend(options: BackendOptions) -> Backend:
    # A project loads the driver of its own engine only.
    if options.scheme == "sqlite":
        from openviper.db.backends.sqlite import SQLiteBackend  # its driver

        return SQLiteBackend(options)
    if options.scheme == "postgresql":
        from openviper.db.backends.postgresql import PostgreSQLBackend  # its driver

        return PostgreSQLBackend(options)
    if options.scheme == "oracle":
        from openviper.db.backends.oracle import OracleBackend  # its driver

        return OracleBackend(options)
    if options.scheme == "mssql":
        from openviper.db.backends.mssql import SQLServerBackend  # its driver

        return SQLServerBackend(options)
    from openviper.db.backends.mysql import MySQLBackend  # its driver

    return MySQLBackend(options)
