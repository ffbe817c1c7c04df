"""Databases of a test's own: copies of one that was made for the whole session, with the tables of all models.

A copy is a database like any other, so what a test does in it is done for real: transactions are committed, their
handlers run, an application in another thread or on another event loop sees the same rows.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from openviper.conf import settings
from openviper.db.addresses import database_aliases, read_options, state_default
from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.connections import Database, close_db, get_connection, get_database, init_db, reset
from openviper.db.registry import registry
from openviper.db.routers import load, slot
from openviper.exceptions import ImproperlyConfigured
from openviper.testing.copies import TableCopies

__all__ = ["TestDatabases"]

#: Coroutine functions that write rows.
Fill = Callable[[], Awaitable[None]]

# Whoever runs tests on the server of the site itself has taken the wrong settings, and would load it with copies.
_NOT_FOR_TESTS: Final = frozenset({"prod", "production", "main", "live"})
_LONGEST_NAME: Final = 63
_SERVER_URL: Final = re.compile(r"(?P<server>[^/]*//[^/?]*)(?:/(?P<name>[^?]*))?(?P<query>\?.*)?", re.DOTALL)


class TestDatabases:
    """The databases of a session of tests.

    Args:
        folder: Where the files of SQLite go.
        fill: Writes the rows that every test begins with, once, into empty tables; None leaves them empty.
        keep: Whether the databases stay when the session ends, as the last test left them.
    """

    __test__ = False  # pytest would collect it by its name

    def __init__(self, folder: Path, fill: Fill | None = None, *, keep: bool = False) -> None:
        self._folder = folder
        self._fill = fill
        self._keep = keep
        self._twins: dict[str, _Twin] = {}
        self._entries: dict[str, dict[str, object]] = {}
        self._version: int | None = None

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Let every alias lead to a copy of its own, for one test.

        Raises:
            ImproperlyConfigured: A database on a server is called like one that is no place for tests.
            ORMException: A database cannot be made.
        """
        self._make_originals()
        for twin in self._twins.values():
            twin.copy()
        try:
            with self._stated({alias: twin.copy_url for alias, twin in self._twins.items()}):
                yield
        finally:
            if not self._keep:
                for twin in self._twins.values():
                    twin.drop_copy()

    def end(self) -> dict[str, str]:
        """Drop everything that was made, unless it is to be kept.

        Returns:
            Where the copies are that were kept, by alias: a file, or the name of a database on its server.
        """
        if self._keep:
            return {alias: twin.place for alias, twin in self._twins.items()}
        self._drop()
        return {}

    def _drop(self) -> None:
        for twin in self._twins.values():
            twin.drop()
        self._twins = {}
        self._version = None

    def _make_originals(self) -> None:
        # A module of models that was imported since then has brought tables that are not there.
        if self._version == registry.version:
            return
        self._drop()
        self._entries = {alias: _read_entry(alias) for alias in database_aliases()}
        by_address: dict[str, _Twin] = {}
        for alias, entry in self._entries.items():
            # What may only be read is another view of the default database, as replicas are.
            options = read_options(DEFAULT_ALIAS if _only_reads(alias, entry) else alias)
            twin = by_address.get(options.address) or self._make_twin(options.scheme, options.address, len(by_address))
            self._twins[alias] = by_address[options.address] = twin
        for twin in by_address.values():
            twin.make()
        with self._stated({alias: twin.url for alias, twin in self._twins.items()}):
            _await_apart(self._write_originals)
        self._version = registry.version

    def _make_twin(self, scheme: str, address: str, number: int) -> "_Twin":
        if scheme == "sqlite":
            return _FileTwin(self._folder, number)
        twin = _SERVERS.get(scheme)
        if twin is None:
            raise ImproperlyConfigured(
                f"the fixture 'db' makes copies of databases of SQLite, PostgreSQL and MariaDB, not of {scheme}; state "
                "one of these for the tests, or make tables in a database of your own with init_db()"
            )
        return twin(address)

    async def _write_originals(self) -> None:
        for alias, entry in self._entries.items():
            if not _only_reads(alias, entry):
                await init_db(using=alias)
        if self._fill is not None and self._entries:
            await self._fill()
        # In good order, so that what was written is in the file itself.
        await close_db()

    @contextmanager
    def _stated(self, urls: Mapping[str, str]) -> Iterator[None]:
        """Let the aliases have these addresses, on every event loop."""
        entries = {alias: {**entry, "URL": urls[alias]} for alias, entry in self._entries.items()}
        # What a program has said with configure_db() goes before the settings, so it has to be silent meanwhile.
        said = state_default(None)
        try:
            with settings.overridden(DATABASES={**settings.DATABASES, **entries}, DATABASE_URL=""):
                reset()
                yield
        finally:
            reset()
            state_default(said)


class _Twin(Protocol):
    """A database that is made once, and copied for every test."""

    url: str
    copy_url: str
    #: Where the copy is, for people.
    place: str

    def make(self) -> None:
        """Make it, empty."""

    def copy(self) -> None:
        """Make the copy."""

    def drop_copy(self) -> None:
        """Drop the copy."""

    def drop(self) -> None:
        """Drop the database."""


class _FileTwin:
    """A file of SQLite; one that the settings have in memory is a file as well, as memory is seen by one loop only."""

    def __init__(self, folder: Path, number: int) -> None:
        self._file = folder / f"original-{number}.sqlite3"
        self._copy = folder / f"test-{number}.sqlite3"
        self.url, self.copy_url = f"sqlite:///{self._file}", f"sqlite:///{self._copy}"
        self.place = str(self._copy)

    def make(self) -> None:
        _remove(self._file)

    def copy(self) -> None:
        _remove(self._copy)
        # No connection to it is open, so there is nothing beside the file.
        shutil.copyfile(self._file, self._copy)

    def drop_copy(self) -> None:
        _remove(self._copy)

    def drop(self) -> None:
        _remove(self._file)


class _ServerTwin:
    """A database on a PostgreSQL server, ``test_<name>``, which is copied by the server itself."""

    #: A database that every server has.
    _base = "postgres"

    def __init__(self, address: str) -> None:
        found = _SERVER_URL.fullmatch(address)
        if found is None:
            raise ImproperlyConfigured(
                "the address of a database has no host; write postgresql://user:password@host/name"
            )
        name = found["name"] or self._base
        if name.lower() in _NOT_FOR_TESTS:
            raise ImproperlyConfigured(
                f"tests make databases beside the one of the settings, and that is called {name!r}; "
                "name the settings for development in OPENVIPER_SETTINGS_MODULE"
            )
        # Processes of pytest-xdist work side by side.
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        ending = f"_{worker}" if worker else ""
        self._copy = f"test_{name}"[: _LONGEST_NAME - len(ending) - len("_empty")] + ending
        self._original = f"{self._copy}_empty"

        def named(name: str) -> str:
            return f"{found['server']}/{name}{found['query'] or ''}"

        self._server = named(self._base)
        self._seen: object = None
        self.url, self.copy_url = named(self._original), named(self._copy)
        self.place = self._copy

    def make(self) -> None:
        self._send(*self._dropping(), f'CREATE DATABASE "{self._original}"')

    def copy(self) -> None:
        _await_apart(self._renew)

    def drop_copy(self) -> None:
        # Where the next test finds it untouched it is as good as new, and making one takes a tenth of a second.
        pass

    def drop(self) -> None:
        self._send(*self._dropping())

    async def _renew(self) -> None:
        async with _opened(self._server) as database:
            if self._seen is not None and self._seen == await self._look(database):
                return
            await database.execute(_drop(self._copy))
            await database.execute(f'CREATE DATABASE "{self._copy}" TEMPLATE "{self._original}"')
            self._seen = await self._look(database)

    async def _look(self, database: Database) -> object:
        """Give what stays the same while nobody writes on the server; None while somebody uses the copy."""
        is_used = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1)"
        return await database.fetch_value(
            f"SELECT CASE WHEN {is_used} THEN NULL ELSE pg_snapshot_xmax(pg_current_snapshot())::text END",
            (self._copy,),
        )

    def _dropping(self) -> list[str]:
        self._seen = None
        return [_drop(self._copy), _drop(self._original)]

    def _send(self, *statements: str) -> None:
        async def send() -> None:
            async with _opened(self._server) as database:
                for statement in statements:
                    await database.execute(statement)

        _await_apart(send)


class _MariaDBTwin(_ServerTwin):
    """A database on a MariaDB server, ``test_<name>``, whose tables are copied one by one."""

    _base = "information_schema"

    def make(self) -> None:
        super().make()
        self._copies = TableCopies(self._original, self._copy)

    async def _renew(self) -> None:
        async with _opened(self._server) as database, get_connection() as session:
            await self._copies.renew(session)
            # What others have prepared may be of tables that are no more.
            database.backend.renew()

    def _dropping(self) -> list[str]:
        return [f'DROP DATABASE IF EXISTS "{name}"' for name in (self._copy, self._original)]


#: Engines on a server, and what is made there.
_SERVERS: Final[Mapping[str, type[_ServerTwin]]] = {"postgresql": _ServerTwin, "mariadb": _MariaDBTwin}


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    """Give a database by its address, on an event loop that asks for no other."""
    with settings.overridden(DATABASES={DEFAULT_ALIAS: {"URL": url}}):
        said = state_default(None)
        try:
            yield get_database()
        finally:
            state_default(said)


def _drop(name: str) -> str:
    return f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{file}{ending}").unlink(missing_ok=True)


def _only_reads(alias: str, entry: Mapping[str, object]) -> bool:
    load()  # routers say which aliases are replicas as well
    return bool(entry.get("READ_ONLY")) or entry.get("ROLE") == "replica" or alias in slot.primaries


def _read_entry(alias: str) -> dict[str, object]:
    """Give the options of an alias, without its address."""
    stated: Mapping[str, Any] = settings.DATABASES.get(alias) or {}
    options = {**{name: value for name, value in stated.items() if name != "OPTIONS"}, **(stated.get("OPTIONS") or {})}
    return {name: value for name, value in options.items() if name != "URL"}


def _await_apart(function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Await something on an event loop of its own, whether or not one is running here."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, function()).result()
