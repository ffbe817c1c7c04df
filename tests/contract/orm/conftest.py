"""Engines with the tables of the shop: each test finds them empty."""

import asyncio
import os
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers
import pytest

from openviper.conf import settings
from openviper.core.context import request_tree
from openviper.db.connections import Database, close_db, get_connection, get_database, reset
from openviper.db.dialects.engines import get_dialect
from openviper.db.options import Options
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of
from tests.contract.db.engines import MARIADB, POSTGRES, Engine, is_listening, on_mariadb
from tests.contract.orm import circle, web
from tests.contract.orm import models as shop
from tests.contract.orm.places import Configure

SERVERS = {"postgresql": "shop_url", "mariadb": "mariadb_shop"}
MODELS: list[Options] = [getattr(shop, name)._meta for name in shop.__all__ if name != "Genre"]
MODELS += [getattr(circle, name)._meta for name in circle.__all__]
MODELS += [getattr(web, name)._meta for name in web.__all__]
MODELS += [one.through._meta for options in MODELS[:] for one in options.many_fields if one.given_through is None]


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables, to be copied."""
    path = tmp_path_factory.mktemp("shop") / "empty.db"
    with closing(sqlite3.connect(path)) as raw:
        for statement in statements("sqlite"):
            raw.execute(statement)
        raw.commit()
    return path


@pytest.fixture(scope="session")
def shop_url() -> Iterator[str]:
    """A PostgreSQL database with the tables, for this run of the tests alone."""
    with postgres_shop() as url:
        yield url


@pytest.fixture(scope="session")
def other_shop_url() -> Iterator[str]:
    """Another PostgreSQL database with the tables."""
    with postgres_shop() as url:
        yield url


@contextmanager
def postgres_shop() -> Iterator[str]:
    if not is_listening(POSTGRES) and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("no PostgreSQL is running here")
    name = f"openviper_shop_{uuid.uuid4().hex[:12]}"
    url = urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    asyncio.run(on_server(POSTGRES, f"CREATE DATABASE {name}"))
    # What a crash would lose is of no interest here.
    asyncio.run(on_server(POSTGRES, f"ALTER DATABASE {name} SET synchronous_commit = off"))
    try:
        asyncio.run(on_server(url, *statements("postgresql")))
        yield url
    finally:
        asyncio.run(on_server(POSTGRES, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def mariadb_shop() -> Iterator[str]:
    """A MariaDB database with the tables, for this run of the tests alone."""
    if not is_listening(MARIADB) and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("no MariaDB is running here")
    name = f"openviper_shop_{uuid.uuid4().hex[:12]}"
    asyncio.run(on_mariadb(f"CREATE DATABASE {name}"))
    try:
        strict = "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'"
        asyncio.run(on_mariadb(strict, *statements("mariadb"), database=name))
        yield urlsplit(MARIADB)._replace(path=f"/{name}").geturl()
    finally:
        asyncio.run(on_mariadb(f"DROP DATABASE {name}"))


async def on_server(url: str, *script: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for sql in script:
            await connection.execute(sql)
    finally:
        await connection.close()


def statements(name: str) -> list[str]:
    """Give the DDL of the tables."""
    return create_statements([schema_of(one) for one in MODELS], get_dialect(name))


@pytest.fixture(params=["sqlite-file", "sqlite-memory", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """One engine after the other."""
    return make_engine(request.param, request, tmp_path)


@pytest.fixture
async def database(engine: Engine) -> AsyncIterator[Database]:
    """The default database, on one engine after the other, with empty tables."""
    async for made in open_database(engine):
        yield made


@pytest.fixture
def postgres_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """PostgreSQL; made before the loop of a test runs, as the first one makes the database in a loop of its own."""
    return make_engine("postgresql", request, tmp_path)


@pytest.fixture
async def postgres(postgres_engine: Engine) -> AsyncIterator[Database]:
    """The default database on PostgreSQL alone, for what only a server does."""
    async for made in open_database(postgres_engine):
        yield made


@pytest.fixture
async def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The default database in a SQLite file alone, for what only a file does."""
    async for made in open_database(make_engine("sqlite-file", request, tmp_path)):
        yield made


def make_engine(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    urls = {"sqlite-file": f"sqlite:///{tmp_path / 'shop.db'}", "sqlite-memory": "sqlite:///:memory:"}
    if name == "sqlite-file":
        shutil.copy(request.getfixturevalue("shop_file"), tmp_path / "shop.db")
    engine = Engine(name, urls.get(name) or request.getfixturevalue(SERVERS[name]))
    engine.configure()
    return engine


async def open_database(engine: Engine) -> AsyncIterator[Database]:
    database = get_database()
    if engine.name == "sqlite-memory":
        for statement in statements("sqlite"):
            await database.execute(statement)
    if engine.name == "postgresql":
        await database.execute(emptied_on_postgres())
    if engine.name == "mariadb":
        await empty_tables(database)
    yield database
    await close_db()


def emptied_on_postgres() -> str:
    """Give what empties the tables in one turn; TRUNCATE makes a new file for each, and a test would wait for them."""
    filled = "\n".join(f"IF EXISTS (SELECT FROM {one.table}) THEN DELETE FROM {one.table}; END IF;" for one in MODELS)
    return f"""DO $$ BEGIN
        SET LOCAL session_replication_role = replica;
        {filled}
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
    END $$"""


async def empty_tables(database: Database) -> None:
    """Empty the tables that hold rows, and let their keys begin anew; to empty all of them would take a second."""
    async with get_connection(database.alias) as connection:
        await connection.execute("SET foreign_key_checks = 0")
        filled = " UNION ".join(f"(SELECT '{one.table}' FROM {one.table} LIMIT 1)" for one in MODELS)
        counted = (
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1"
        )
        for (name,) in await connection.fetch(f"{filled} UNION {counted}"):
            await connection.execute(f"TRUNCATE TABLE {name}")


@pytest.fixture
async def configure(shop_file: Path, tmp_path: Path) -> AsyncIterator[Configure]:
    """Three files with the tables, and whatever routers a test has; ``gone`` is a server that does not answer.

    A replica is filled by way of an alias that no router knows: ``into_one``.
    """
    entries: dict[str, Any] = {}
    for alias in ("default", "one", "two"):
        path = shutil.copy(shop_file, tmp_path / f"{alias}.db")
        entries[alias] = entries[f"into_{alias}"] = {"OPTIONS": {"URL": f"sqlite:///{path}"}}
    entries["gone"] = {"OPTIONS": {"URL": f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"}}

    def set_up(*routers: object, **more: object) -> None:
        settings.reset()
        settings.configure(DATABASES={**entries, "ROUTERS": list(routers), **more})
        reset()  # whether a database is a replica is decided once
        request_tree.begin()  # a test is a tree of its own

    yield set_up
    await close_db()
