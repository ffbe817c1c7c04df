"""The engines on which every form is tried: one connection each, spoken to without waiting."""

import asyncio
import os
import re
import socket
import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from openviper.db.dialects.base import Dialect
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Conversion, StorageForm
from openviper.db.fields.base import AnyField

POSTGRES: Final = os.environ.get("POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
MARIADB: Final = os.environ.get("MARIADB_URL", "mysql://root@127.0.0.1:3306/")


class Store(ABC):
    """One connection to one engine."""

    name: str

    def __init__(self) -> None:
        self.dialect: Dialect = get_dialect(self.name)

    @abstractmethod
    def send(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once a row."""

    @abstractmethod
    def fetch(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    def text(self, sql: str) -> str:
        """Write the placeholders of the engine for ``?``."""
        return sql


class SQLiteStore(Store):
    name = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.raw = sqlite3.connect(":memory:", isolation_level=None)
        self.raw.execute("PRAGMA foreign_keys = ON")

    def send(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        for row in rows:
            self.raw.execute(sql, row)

    def fetch(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        return self.raw.execute(sql, args).fetchall()

    def close(self) -> None:
        self.raw.close()


class PostgreSQLStore(Store):
    name = "postgresql"

    def __init__(self) -> None:
        super().__init__()
        import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers

        self.runner = asyncio.Runner()
        self.database = f"openviper_test_{uuid.uuid4().hex[:12]}"
        self.server = self.runner.run(asyncpg.connect(POSTGRES))
        self.runner.run(self.server.execute(f"CREATE DATABASE {self.database}"))
        url = urlsplit(POSTGRES)._replace(path=f"/{self.database}").geturl()
        # A statement that was prepared for an earlier table of the name knows the types of its columns.
        self.raw = self.runner.run(
            asyncpg.connect(url, statement_cache_size=0, server_settings={"synchronous_commit": "off"})
        )

    def send(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        if rows and not rows[0]:
            self.runner.run(self.raw.execute(sql))
            return
        self.runner.run(self.raw.executemany(self.text(sql), rows))

    def fetch(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.runner.run(self.raw.fetch(self.text(sql), *args))]

    def close(self) -> None:
        self.runner.run(self.raw.close())
        self.runner.run(self.server.execute(f"DROP DATABASE {self.database} WITH (FORCE)"))
        self.runner.run(self.server.close())
        self.runner.close()

    def text(self, sql: str) -> str:
        numbers = count(1)
        return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)


class MariaDBStore(Store):
    name = "mariadb"

    def __init__(self) -> None:
        super().__init__()
        import asyncmy  # type: ignore[import-not-found, import-untyped, unused-ignore]  # installed on some machines

        parts = urlsplit(MARIADB)
        self.runner = asyncio.Runner()
        self.database = f"openviper_test_{uuid.uuid4().hex[:12]}"
        self.raw = self.runner.run(
            asyncmy.connect(
                host=parts.hostname,
                port=parts.port or 3306,
                user=parts.username,
                password=parts.password or "",
                charset="utf8mb4",
                # What one test stores nobody else reads, so no disk has to be waited for.
                autocommit=False,
                init_command="SET sql_mode = 'STRICT_ALL_TABLES'",
            )
        )
        self.send(f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4", [()])
        self.send(f"USE {self.database}", [()])

    def send(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        self.runner.run(self._send(self.text(sql), rows))

    def fetch(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        return self.runner.run(self._fetch(self.text(sql), args))

    def close(self) -> None:
        self.send(f"DROP DATABASE {self.database}", [()])
        self.runner.run(self.raw.ensure_closed())
        self.runner.close()

    def text(self, sql: str) -> str:
        return sql.replace("?", "%s")

    async def _send(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        async with self.raw.cursor() as cursor:
            for row in rows:
                await cursor.execute(sql, tuple(row) or None)

    async def _fetch(self, sql: str, args: Sequence[object]) -> list[tuple[Any, ...]]:
        async with self.raw.cursor() as cursor:
            await cursor.execute(sql, tuple(args) or None)
            return list(await cursor.fetchall())


STORES: Final[dict[str, type[Store]]] = {one.name: one for one in (SQLiteStore, PostgreSQLStore, MariaDBStore)}


def why_missing(name: str) -> str | None:
    """Say why an engine cannot be tried here; None if it can."""
    if name == "sqlite":
        return None
    if name == "mariadb" and find_spec("asyncmy") is None:
        return "asyncmy is not installed"
    url = urlsplit({"postgresql": POSTGRES, "mariadb": MARIADB}[name])
    try:
        socket.create_connection((url.hostname or "", url.port or 0), timeout=2).close()
    except OSError:
        return f"no {name} is running here"
    return None


def compiled(conversion: Conversion | None) -> Callable[[Any], Any]:
    """Make a function of an expression, as a query does."""
    written = "v" if conversion is None else conversion.write("v", null=True)
    made: Callable[[Any], Any] = eval(f"lambda v: {written}", {} if conversion is None else dict(conversion.names))
    return made


class Column:
    """A table with one column of a field."""

    def __init__(self, store: Store, field: AnyField, *, use_tz: bool) -> None:
        field.attach("v", owner="matrix.Row")
        self.store = store
        self.field = field
        self.form: StorageForm = get_dialect(store.name, use_tz=use_tz).form_of(field)
        self.bind = compiled(self.form.bind)
        self.read = compiled(self.form.read)

    def fill(self, values: Sequence[object]) -> None:
        """Store values, one a row; they are what ``clean`` gives."""
        self.store.send("DELETE FROM matrix", [()])
        self.store.send(
            "INSERT INTO matrix (n, v) VALUES (?, ?)", [(n, self.bind(value)) for n, value in enumerate(values)]
        )

    def values(self) -> list[Any]:
        """Give what is stored, in the order in which it was."""
        return [self.read(row[0]) for row in self.store.fetch("SELECT v FROM matrix ORDER BY n")]

    def in_order(self) -> list[int]:
        """Give the positions of the values in the order of the engine."""
        collate = ' COLLATE "C"' if self.store.name == "postgresql" and self.is_text else ""
        return [row[0] for row in self.store.fetch(f"SELECT n FROM matrix ORDER BY v{collate}, n")]

    def equal_to(self, value: object) -> list[int]:
        """Give the positions of the values that the engine finds equal to one."""
        return [row[0] for row in self.store.fetch("SELECT n FROM matrix WHERE v = ? ORDER BY n", self.bind(value))]

    @property
    def is_text(self) -> bool:
        return self.form.family == "text"


@contextmanager
def table_of(store: Store, field: AnyField, *, use_tz: bool = True) -> Iterator[Column]:
    """Make the table for a field, and drop it in the end."""
    column = Column(store, field, use_tz=use_tz)
    collation = f" COLLATE {column.form.collation}" if column.form.collation else ""
    store.send("DROP TABLE IF EXISTS matrix", [()])
    store.send(f"CREATE TABLE matrix (n INTEGER, v {column.form.column_type}{collation})", [()])
    yield column
    store.send("DROP TABLE matrix", [()])
