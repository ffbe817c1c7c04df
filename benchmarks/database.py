"""What the layer above a driver costs: one row by its key, through the pool, against the driver alone.

``python -m benchmarks.database [--rounds N] [--postgres URL]`` prints the medians per query. The bare side of SQLite is
a thread with a connection of the standard library and a future for each query; that of PostgreSQL is asyncpg with its
connections behind a semaphore. PostgreSQL is left out where no URL is given.
"""

import argparse
import asyncio
import queue
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers

from benchmarks.rounds import medians, table, turns
from openviper.conf import settings
from openviper.db.connections import close_db, get_database

QUERIES: Final = 1000
CONNECTIONS: Final = 5
SELECT: Final = "SELECT id, name FROM bench WHERE id = "

Get: TypeAlias = Callable[[int], Awaitable[object]]


async def ours(placeholder: str) -> Get:
    """The same table and statement through the framework."""
    database = get_database()
    await database.execute("DROP TABLE IF EXISTS bench")
    await database.execute("CREATE TABLE bench (id INTEGER PRIMARY KEY, name TEXT)")
    for number in range(100):
        await database.execute(f"INSERT INTO bench VALUES ({number}, 'name {number}')")
    sql = f"{SELECT}{placeholder}"
    return lambda number: get_database().fetch(sql, (number,))


async def bare_postgresql(url: str) -> Get:
    """The driver with the smallest pool that there is."""
    free = [await asyncpg.connect(url) for _ in range(CONNECTIONS)]
    places = asyncio.Semaphore(CONNECTIONS)

    async def get(number: int) -> object:
        async with places:
            connection = free.pop()
            try:
                return await connection.fetch(f"{SELECT}$1", number)
            finally:
                free.append(connection)

    return get


def bare_sqlite(path: Path) -> Get:
    """A thread with a connection, one hop a query."""
    jobs: queue.SimpleQueue[tuple[asyncio.Future[object], int]] = queue.SimpleQueue()
    loop = asyncio.get_running_loop()

    def work() -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        while True:
            future, number = jobs.get()
            loop.call_soon_threadsafe(future.set_result, connection.execute(f"{SELECT}?", (number,)).fetchall())

    threading.Thread(target=work, daemon=True).start()

    def get(number: int) -> Awaitable[object]:
        future: asyncio.Future[object] = loop.create_future()
        jobs.put((future, number))
        return future

    return get


async def measure(sides: dict[str, Get], *, rounds: int) -> dict[str, float]:
    """Give the seconds of one query on each side."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for name in turns(sides, rounds=rounds):
        get = sides[name]
        began = time.perf_counter()
        for number in range(QUERIES):
            await get(number % 100)
        taken[name].append((time.perf_counter() - began) / QUERIES)
    return medians(taken)


async def compare(url: str, *, rounds: int) -> dict[str, float]:
    """Measure one engine."""
    settings.reset()
    settings.configure(DATABASE_URL=url, DATABASE_POOL_SIZE=CONNECTIONS, DATABASE_MAX_OVERFLOW=0)
    is_sqlite = url.startswith("sqlite")
    sides = {"openviper": await ours("?" if is_sqlite else "$1")}
    path = Path(url.removeprefix("sqlite:///"))
    sides["driver"] = bare_sqlite(path) if is_sqlite else await bare_postgresql(url)
    try:
        return await measure(sides, rounds=rounds)
    finally:
        await get_database().execute("DROP TABLE bench")
        await close_db()


def main() -> int:
    """Print a table for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--postgres", default="", help="URL of a database in which a table may be made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite:///{folder}/bench.db", options.postgres):
            if url:
                print(url.partition(":")[0])
                seconds = asyncio.run(compare(url, rounds=options.rounds))
                print(table(seconds, against="driver", unit=1e-6, unit_name="us"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
