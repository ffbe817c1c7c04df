"""The engines that every test of this folder runs on, and the table that it finds there."""

import asyncio
import os
import re
import socket
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers

from openviper.conf import settings
from openviper.db.connections import Database, get_database
from openviper.db.transactions import atomic

MARIADB = os.environ.get("MARIADB_URL", "mariadb://root@127.0.0.1:3306/").replace("mysql://", "mariadb://")
POSTGRES = os.environ.get("POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
CREATE = (
    "CREATE TABLE note (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE, size INTEGER CHECK (size >= 0), "
    "parent INTEGER REFERENCES note (id))"
)
_SLOW = {"postgresql": "SELECT pg_sleep(60)", "mariadb": "SELECT sleep(60)"}

_ASLEEP = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' "
    "AND pid <> pg_backend_pid() AND datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%sleep(60)%' "
    "AND id <> connection_id() AND db = DATABASE()",
}


@dataclass(frozen=True)
class Engine:
    """One engine under test."""

    name: str
    url: str

    @property
    def is_sqlite(self) -> bool:
        """Whether it is one of the two kinds of SQLite."""
        return self.name.startswith("sqlite")

    @property
    def undoes_tables(self) -> bool:
        """Whether a transaction can hold CREATE TABLE."""
        return self.name != "mariadb"

    @property
    def slow(self) -> str:
        """A statement that takes longer than any test waits."""
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        return _SLOW.get(self.name, endless)

    async def until_asleep(self) -> None:
        """Wait until the server is at work on the slow statement."""
        async with asyncio.timeout(10):
            while await self.ask(_ASLEEP[self.name]) != 1:
                await asyncio.sleep(0)

    async def ask(self, sql: str) -> Any:
        """Ask a server over a connection beside the pool, and give the first value of the answer."""
        if self.name == "mariadb":
            return await on_mariadb(sql, database=urlsplit(self.url).path[1:])
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    def text(self, sql: str) -> str:
        """Write the placeholders of the engine for ``?``."""
        if self.name == "mariadb":
            return sql.replace("?", "%s")
        numbers = count(1)
        return sql if self.is_sqlite else re.sub(r"\?", lambda _: f"${next(numbers)}", sql)

    def configure(self, **options: object) -> None:
        """Set the default database, with options."""
        settings.reset()
        settings.configure(DATABASES={"default": {"OPTIONS": {"URL": self.url, **options}}})


@dataclass(frozen=True)
class Notes:
    """The table of a test."""

    engine: Engine

    @property
    def database(self) -> Database:
        """The default database of the running loop."""
        return get_database()

    async def add(self, number: int, name: str | None = None) -> int:
        """Add a row."""
        sql = self.engine.text("INSERT INTO note (id, name) VALUES (?, ?)")
        return await self.database.execute(sql, (number, name or f"note {number}"))

    async def numbers(self) -> list[int]:
        """Give the keys of all rows."""
        return [row[0] for row in await self.database.fetch("SELECT id FROM note ORDER BY id")]


def is_listening(url: str) -> bool:
    """Tell whether something answers at the address of a server."""
    match = re.search(r"@([^:/]+)(?::(\d+))?", url)
    assert match is not None
    try:
        socket.create_connection((match[1], int(match[2] or 5432)), timeout=2).close()
    except OSError:
        return False
    return True


async def on_mariadb(*script: str, database: str | None = None) -> Any:
    """Run statements beside the pool, and give the first value of the last one."""
    import asyncmy  # installed on some machines

    parts = urlsplit(MARIADB)
    raw = await asyncmy.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        database=database,
        autocommit=True,
    )
    try:
        async with raw.cursor() as cursor:
            for sql in script:
                await cursor.execute(sql)
            row = await cursor.fetchone() if cursor.description else None
            return row[0] if row else None
    finally:
        await raw.ensure_closed()


def whole(database: Database) -> AbstractAsyncContextManager[object]:
    """Give a block that makes tables or drops them, as a whole where the engine can."""
    return atomic(database.alias) if database.dialect.features.ddl_in_transaction else nullcontext()
