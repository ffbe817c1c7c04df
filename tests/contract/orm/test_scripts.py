"""Models in plain scripts: no application, several loops, nothing closed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.contract.db.engines import Engine

ROOT: Final = Path(__file__).parents[3]
BEGIN: Final = """
import asyncio, sys
import openviper
from openviper.db import Model, fields
from openviper.db.connections import close_db, configure_db, init_db, reset_engine
from openviper.db.transactions import atomic


class Score(Model):
    player = fields.CharField(max_length=20, unique=True)
    points = fields.IntegerField(default=0)

    class Meta:
        table_name = "script_score"


configure_db({url!r})
openviper.setup()
"""


def run(engine: Engine, code: str, folder: Path) -> tuple[str, str, int]:
    """Run a script that shows every warning; gives what it writes and its exit code."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "OPENVIPER"))}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", BEGIN.format(url=engine.url) + code],
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize("engine", ["sqlite-file", "postgresql"], indirect=True)
def test_models_in_several_loops(engine: Engine, tmp_path: Path) -> None:
    """Rows that one loop wrote are read in others, whether the database is closed between them or not (C-016)."""
    code = """
async def write(name):
    async with atomic():
        await Score.objects.create(player=name, points=len(name))

async def read(closes):
    print([score.player for score in await Score.objects.order_by("id")])
    if closes:
        await close_db()
        print(await Score.objects.all().count())

asyncio.run(init_db(drop_first=True))
asyncio.run(write("ann"))
asyncio.run(read(True))
asyncio.run(write("bea"))
asyncio.run(read(False))
asyncio.run(reset_engine())
"""
    assert run(engine, code, tmp_path) == ("['ann']\n1\n['ann', 'bea']\n", "", 0)


def test_script_that_closes_nothing(engine: Engine, tmp_path: Path) -> None:
    """It ends at once, with its own exit code and not a word (C-016)."""
    code = """
async def main():
    await init_db(drop_first=True)
    score = await Score.objects.create(player="ann")
    await asyncio.gather(*(Score.objects.get(player="ann") for _ in range(20)))
    score.points = 5
    await score.save()
    print((await Score.objects.get(pk=score.pk)).points)
    sys.exit(7)

asyncio.run(main())
"""
    assert run(engine, code, tmp_path) == ("5\n", "", 7)


@pytest.mark.parametrize("engine", ["sqlite-file"], indirect=True)
def test_script_leaves_one_file(engine: Engine, tmp_path: Path) -> None:
    """Whatever a script did last, its end closes the file in good order, and no log stays beside it."""
    for last in ("init_db(drop_first=True)", "init_db()", "Score.objects.all().count()", "cancelled()"):
        code = f"""
async def cancelled():
    task = asyncio.ensure_future(Score.objects.create(player="ann"))
    await asyncio.sleep(0)
    task.cancel()

async def main():
    await {last}

asyncio.run(main())
"""
        assert run(engine, code, tmp_path) == ("", "", 0)
        assert [one.name for one in tmp_path.iterdir()] == ["shop.db"]


def test_script_that_fails_in_a_block(engine: Engine, tmp_path: Path) -> None:
    """An error that nobody handles is all that is seen, and the block is undone."""
    code = """
async def main():
    await init_db(drop_first=True)
    try:
        async with atomic():
            await Score.objects.create(player="ann")
            raise KeyError("the end")
    finally:
        print(await Score.objects.all().count())

asyncio.run(main())
"""
    out, error, status = run(engine, code, tmp_path)
    assert (out, status) == ("0\n", 1)
    assert error.endswith("KeyError: 'the end'\n")
    assert error.count("Traceback") == 1


def test_loop_that_is_only_closed(engine: Engine, tmp_path: Path) -> None:
    """A loop that is run by hand and closed leaves no thread that keeps the process, and no error for the next."""
    code = """
async def main():
    await init_db(drop_first=True)
    await Score.objects.create(player="ann")
    return await Score.objects.all().count()

for _ in range(2):
    loop = asyncio.new_event_loop()
    print(loop.run_until_complete(main()))
    loop.close()
"""
    out, error, status = run(engine, code, tmp_path)
    assert (out, status) == ("1\n1\n", 0)
    if engine.is_sqlite:
        assert error == ""


def test_table_that_is_missing_is_named(engine: Engine, tmp_path: Path) -> None:
    """A script that forgot its tables is told the model and the table."""
    code = """
from openviper.db.exceptions import TableNotFound

async def main():
    try:
        await Score.objects.all().count()
    except TableNotFound as error:
        print(error.table_name)
        print("Score" in str(error), "script_score" in str(error))

asyncio.run(main())
"""
    if not engine.is_sqlite:
        _ = run(engine, "asyncio.run(init_db())\nprint(1)", tmp_path)
        clean = "from openviper.db.connections import get_database\n"
        clean += 'async def drop():\n    await get_database().execute("DROP TABLE script_score")\nasyncio.run(drop())\n'
        assert run(engine, clean, tmp_path)[2] == 0
    assert run(engine, code, tmp_path) == ("script_score\nTrue True\n", "", 0)
