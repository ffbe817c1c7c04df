"""Engines for the tests of databases: SQLite in a file and in memory, and PostgreSQL where there is one."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers
import pytest

from openviper.db.connections import close_db, get_database
from tests.contract.db.engines import CREATE, MARIADB, POSTGRES, Engine, Notes, is_listening, on_mariadb


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database on the server of this machine, for this run of the tests alone."""
    if not is_listening(POSTGRES) and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("no PostgreSQL is running here")
    name = f"openviper_test_{uuid.uuid4().hex[:12]}"
    asyncio.run(on_server(f"CREATE DATABASE {name}"))
    yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    asyncio.run(on_server(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A database on the MariaDB server of this machine, for this run of the tests alone."""
    if not is_listening(MARIADB) and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("no MariaDB is running here")
    name = f"openviper_test_{uuid.uuid4().hex[:12]}"
    asyncio.run(on_mariadb(f"CREATE DATABASE {name}"))
    yield urlsplit(MARIADB)._replace(path=f"/{name}").geturl()
    asyncio.run(on_mariadb(f"DROP DATABASE {name}"))


async def on_server(sql: str) -> None:
    connection = await asyncpg.connect(POSTGRES)
    await connection.execute(sql)
    await connection.close()


@pytest.fixture(params=["sqlite-file", "sqlite-memory", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """One engine after the other."""
    return make_engine(request.param, request, tmp_path)


@pytest.fixture
def postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """PostgreSQL, for what only a server does."""
    return make_engine("postgresql", request, tmp_path)


@pytest.fixture
def mariadb(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """MariaDB, for what only a server does."""
    return make_engine("mariadb", request, tmp_path)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """SQLite in a file, for what only a file does."""
    return make_engine("sqlite-file", request, tmp_path)


def make_engine(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    urls = {"sqlite-file": f"sqlite:///{tmp_path / 'notes.db'}", "sqlite-memory": "sqlite:///:memory:"}
    server = {"mariadb": "mariadb_url"}.get(name, "postgres_url")
    engine = Engine(name, urls.get(name) or request.getfixturevalue(server))
    engine.configure()
    return engine


@pytest.fixture
async def notes(engine: Engine) -> AsyncIterator[Notes]:
    """The table, empty."""
    async for made in make_notes(engine):
        yield made


@pytest.fixture
async def postgres_notes(postgres: Engine) -> AsyncIterator[Notes]:
    """The table, empty, on PostgreSQL."""
    async for made in make_notes(postgres):
        yield made


@pytest.fixture
async def mariadb_notes(mariadb: Engine) -> AsyncIterator[Notes]:
    """The table, empty, on MariaDB."""
    async for made in make_notes(mariadb):
        yield made


@pytest.fixture
async def sqlite_notes(sqlite: Engine) -> AsyncIterator[Notes]:
    """The table, empty, in a SQLite file."""
    async for made in make_notes(sqlite):
        yield made


async def make_notes(engine: Engine) -> AsyncIterator[Notes]:
    await get_database().execute("DROP TABLE IF EXISTS note")
    await get_database().execute(CREATE)
    yield Notes(engine)
    await close_db()
