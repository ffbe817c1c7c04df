"""What the ORM costs above a driver: rows into instances, values into statements, against the driver's bare rows.

``python -m benchmarks.orm [--rounds N] [--postgres URL]`` prints the medians of each operation and their ratio, on
SQLite and, where a URL is given, on PostgreSQL. The bare side sends the same statements with values that are ready and
makes nothing of the rows; see ``benchmarks.database`` for what the connections cost by themselves.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import queue
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers

from benchmarks.rounds import medians, table, turns
from openviper.conf import settings
from openviper.db import Model, fields
from openviper.db.connections import close_db, get_database, init_db

ITEMS: Final = 1000
GROUPS: Final = 10
AUTHORS: Final = 100
CONNECTIONS: Final = 5
#: Seconds of a slice of one side.
SLICE: Final = 0.05

COLUMNS: Final = "id, name, qty, price, ratio, active, created, day, note, grp"
SELECT: Final = f"SELECT {COLUMNS} FROM bench_item WHERE"
JOIN: Final = (
    "SELECT b.id, b.author_id, b.title, a.id, a.name FROM bench_book b JOIN bench_author a ON a.id = b.author_id"
)

Operation: TypeAlias = Callable[[], Awaitable[object]]


class Item(Model):
    """Ten columns of ten kinds."""

    id = fields.BigAutoField(primary_key=True)
    name = fields.CharField(max_length=100)
    qty = fields.IntegerField()
    price = fields.DecimalField(max_digits=10, decimal_places=2)
    ratio = fields.FloatField()
    active = fields.BooleanField()
    created = fields.DateTimeField()
    day = fields.DateField()
    note = fields.TextField(null=True)
    grp = fields.IntegerField(db_index=True)

    class Meta:
        """Made and dropped by the benchmark."""

        table_name = "bench_item"


class Author(Model):
    """Who is read along with a book."""

    name = fields.CharField(max_length=100)

    class Meta:
        """Made and dropped by the benchmark."""

        table_name = "bench_author"


class Book(Model):
    """One row of a join."""

    author = fields.ForeignKey(Author, related_name="books")
    title = fields.CharField(max_length=100)

    class Meta:
        """Made and dropped by the benchmark."""

        table_name = "bench_book"


class Driver(Protocol):
    """One engine's driver, as bare as it can be used."""

    def fetch(self, sql: str, *args: object) -> Awaitable[Sequence[Any]]:
        """Run a statement and give its rows."""

    def insert(self, rows: Sequence[Sequence[object]]) -> Awaitable[object]:
        """Store rows of items, without their keys, as fast as the driver can."""


class SQLite:
    """A thread with a connection of the standard library, and a future for each call.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._jobs: queue.SimpleQueue[tuple[asyncio.Future[Any], Callable[[], object]]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        threading.Thread(target=self._work, daemon=True).start()

    def fetch(self, sql: str, *args: object) -> "asyncio.Future[list[Any]]":
        """Run a statement and give its rows, in one hop."""
        return self._send(lambda: self._raw.execute(sql, args).fetchall())

    def insert(self, rows: Sequence[Sequence[object]]) -> "asyncio.Future[object]":
        """Store rows in one transaction and one hop."""
        sql = f"INSERT INTO bench_item ({COLUMNS[4:]}) VALUES ({', '.join('?' * 9)})"

        def store() -> None:
            self._raw.execute("BEGIN IMMEDIATE")
            self._raw.executemany(sql, rows)
            self._raw.execute("COMMIT")

        return self._send(store)

    def _send(self, job: Callable[[], object]) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put((future, job))
        return future

    def _work(self) -> None:
        while True:
            future, job = self._jobs.get()
            self._loop.call_soon_threadsafe(future.set_result, job())


class PostgreSQL:
    """asyncpg with its connections behind a semaphore.

    Args:
        connections: Open ones.
    """

    def __init__(self, connections: list[Any]) -> None:
        self._free = connections
        self._places = asyncio.Semaphore(len(connections))

    async def fetch(self, sql: str, *args: object) -> Sequence[Any]:
        """Run a statement and give its rows."""
        text = numbered(sql)
        rows: Sequence[Any] = await self._lend(lambda connection: connection.fetch(text, *args))
        return rows

    async def insert(self, rows: Sequence[Sequence[object]]) -> object:
        """Store rows by COPY."""
        names = COLUMNS.split(", ")[1:]
        return await self._lend(
            lambda connection: connection.copy_records_to_table("bench_item", records=rows, columns=names)
        )

    async def _lend(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        async with self._places:
            connection = self._free.pop()
            try:
                return await call(connection)
            finally:
                self._free.append(connection)


@cache
def numbered(sql: str) -> str:
    """Write the placeholders of a statement as PostgreSQL has them."""
    head, *parts = sql.split("?")
    return head + "".join(f"${place}{part}" for place, part in enumerate(parts, start=1))


def make_item(number: int) -> Item:
    """Make an instance that is not stored."""
    return Item(
        name=f"item {number}",
        qty=number,
        price=Decimal(number).scaleb(-2),
        ratio=number / 7,
        active=number % 2 == 0,
        created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=number),
        day=dt.date(2026, 1, 1) + dt.timedelta(days=number % 365),
        note=None if number % 3 else "a note",
        grp=number % GROUPS,
    )


async def fill() -> None:
    """Make the tables and their rows."""
    await init_db()
    await Item.objects.bulk_create([make_item(number) for number in range(ITEMS)])
    authors = await Author.objects.bulk_create([Author(name=f"author {number}") for number in range(AUTHORS)])
    await Book.objects.bulk_create([Book(author=author, title=f"book of {author.name}") for author in authors])


async def clear() -> None:
    """Drop what was made."""
    for model in (Book, Author, Item):
        await get_database().execute(f"DROP TABLE IF EXISTS {model._meta.table}")


async def our_operations() -> dict[str, Operation]:
    """Give the operations of the ORM."""
    known = await Item.objects.get(id=1)

    def save() -> Awaitable[object]:
        known.qty += 1
        return known.save()

    return {
        "get": lambda: Item.objects.get(id=500),
        "filter, 100 rows": lambda: Item.objects.filter(grp=5),
        "values, 100 rows": lambda: Item.objects.filter(grp=5).values(),
        "join, 100 rows": lambda: Book.objects.select_related("author"),
        "count": lambda: Item.objects.filter(grp=5).count(),
        "save one field": save,
        "create": lambda: make_item(GROUPS * ITEMS + 7).save(),
        "create 100": lambda: Item.objects.bulk_create([make_item(GROUPS * ITEMS + 7) for _ in range(100)]),
    }


def bare_operations(driver: Driver, row: Sequence[Any]) -> dict[str, Operation]:
    """Give the same operations of a driver.

    Args:
        driver: Of the engine.
        row: An item as the driver gave it, whose values are stored again.
    """
    values = tuple(row)[1:]
    marks = ", ".join("?" * len(values))
    numbers = itertools.count()
    return {
        "get": lambda: driver.fetch(f"{SELECT} id = ?", 500),
        "filter, 100 rows": lambda: driver.fetch(f"{SELECT} grp = ?", 5),
        "values, 100 rows": lambda: driver.fetch(f"{SELECT} grp = ?", 5),
        "join, 100 rows": lambda: driver.fetch(JOIN),
        "count": lambda: driver.fetch("SELECT count(*) FROM bench_item WHERE grp = ?", 5),
        # A new value each time: SQLite writes nothing where a row stays as it is.
        "save one field": lambda: driver.fetch("UPDATE bench_item SET qty = ? WHERE id = ?", next(numbers), 2),
        "create": lambda: driver.fetch(
            f"INSERT INTO bench_item ({COLUMNS[4:]}) VALUES ({marks}) RETURNING id", *values
        ),
        "create 100": lambda: driver.insert([values] * 100),
    }


async def seconds_of(operation: Operation) -> float:
    """Do an operation for a while and give the seconds that one takes."""
    count, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < SLICE:
        await operation()
        count += 1
    return taken / count


async def compare(url: str, *, rounds: int) -> None:
    """Measure one engine and print a table for each operation.

    Args:
        url: Of a database in which tables may be made.
        rounds: How many slices each side has.
    """
    settings.reset()
    settings.configure(DATABASE_URL=url, DATABASE_POOL_SIZE=CONNECTIONS, DATABASE_MAX_OVERFLOW=0)
    await clear()
    await fill()
    driver: Driver
    if url.startswith("sqlite"):
        driver = SQLite(Path(url.removeprefix("sqlite:///")))
    else:
        driver = PostgreSQL([await asyncpg.connect(url) for _ in range(CONNECTIONS)])
    row = (await driver.fetch(f"{SELECT} id = ?", 7))[0]
    ours, bare = await our_operations(), bare_operations(driver, row)
    try:
        for name, operation in ours.items():
            sides = {"openviper": operation, "driver": bare[name]}
            taken: dict[str, list[float]] = {side: [] for side in sides}
            for side in turns(sides, rounds=rounds):
                taken[side].append(await seconds_of(sides[side]))
            print(f"{name}\n{table(medians(taken), against='driver', unit=1e-6, unit_name='us')}")
    finally:
        await clear()
        await close_db()


def main() -> int:
    """Print the tables of each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--postgres", default="", help="URL of a database in which tables may be made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite:///{folder}/bench.db", options.postgres):
            if url:
                print(f"# {url.partition(':')[0]}")
                asyncio.run(compare(url, rounds=options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
