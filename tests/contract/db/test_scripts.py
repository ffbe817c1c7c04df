"""Plain scripts: no application, several loops, no closing, and a process that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.db.engines import CREATE, Engine

ROOT = Path(__file__).parents[3]
BEGIN = """
import asyncio, os, sys
import openviper
from openviper.conf import settings
from openviper.db.connections import close_db, get_connection, get_database
from openviper.db.transactions import atomic

settings.configure(DATABASE_URL={url!r})
openviper.setup()
"""


def run(engine: Engine, code: str) -> "subprocess.Popen[str]":
    """Start a script that shows every warning."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "OPENVIPER"))}
    command = [sys.executable, "-W", "always", "-c"]
    return subprocess.Popen(
        [*command, BEGIN.format(url=engine.url) + code],
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_script_that_closes_nothing_ends_at_once(engine: Engine) -> None:
    """It ends with its own exit code and not a word, however it ends (C-016)."""
    code = """
async def main():
    print(await get_database().fetch_value("SELECT 7"))
    await asyncio.gather(*(get_database().fetch_value("SELECT 1") for _ in range(5)))
    sys.exit(5)

asyncio.run(main())
"""
    began = time.monotonic()
    process = run(engine, code)
    assert process.communicate(timeout=30) == ("7\n", "")
    assert process.returncode == 5
    assert time.monotonic() - began < 15


def test_script_that_ends_in_the_middle_of_a_query(engine: Engine) -> None:
    """Neither a query that runs nor an open transaction keeps a script from ending (C-016)."""
    code = f"""
async def main():
    tasks = [asyncio.create_task(get_database().fetch({engine.slow!r})) for _ in range(2)]
    async with atomic():
        await get_database().fetch_value("SELECT 1")
        raise KeyError("the end")

loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main())
except KeyError:
    print("over", flush=True)
sys.exit(4)
"""
    if engine.name == "sqlite-memory":
        pytest.skip("the queries take turns on one connection")
    process = run(engine, code)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("over\n", 4)


def test_two_loops_in_one_process(engine: Engine) -> None:
    """A second asyncio.run() opens connections of its own; close_db() may be called or not (C-016)."""
    code = """
async def main(number, closes):
    assert await get_database().fetch_value("SELECT 1") == 1
    async with atomic():
        print(number, await get_database().fetch_value("SELECT 2"))
    if closes:
        await close_db()
        assert await get_database().fetch_value("SELECT 1") == 1

asyncio.run(main(1, False))
asyncio.run(main(2, True))
asyncio.run(main(3, False))
"""
    process = run(engine, code)
    assert process.communicate(timeout=30) == ("1 2\n2 2\n3 2\n", "")
    assert process.returncode == 0


def test_killed_process_leaves_nothing_of_its_transaction(postgres: Engine, sqlite: Engine) -> None:
    """After kill -9 in the middle of a block only what was committed before is there, and the lock is free."""
    for engine in (postgres, sqlite):
        code = f"""
async def main():
    await get_database().execute("DROP TABLE IF EXISTS note")
    await get_database().execute({CREATE!r})
    await get_database().execute("INSERT INTO note (id, name) VALUES (1, 'kept')")
    async with atomic():
        await get_database().execute("INSERT INTO note (id, name) VALUES (2, 'lost')")
        async with atomic():
            await get_database().execute("INSERT INTO note (id, name) VALUES (3, 'lost too')")
        print("inside", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
        process = run(engine, code)
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        code = """
async def main():
    await get_database().execute("UPDATE note SET size = 1")
    print([row[0] for row in await get_database().fetch("SELECT id FROM note")])

asyncio.run(main())
"""
        assert run(engine, code).communicate(timeout=30) == ("[1]\n", "")


def test_database_is_not_loaded_by_an_application(sqlite: Engine) -> None:
    """Neither the framework nor a setup without databases loads this room or a driver."""
    code = """
print(sorted(name for name in sys.modules if name.partition(".")[0] in {"asyncpg", "sqlalchemy", "sqlite3"}))
"""
    process = run(sqlite, code)
    assert process.communicate(timeout=30) == ("[]\n", "")
