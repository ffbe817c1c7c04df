"""The example site, as a visitor of the source finds it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.integration.processes import run, serve, viperctl

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "bookshop"
# Rows that a developer has seeded stay with the developer; ``data`` of an app is part of the source.
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "stock.json", "uploads")
PERSON = {"Accept": "text/html"}


@pytest.fixture
def bookshop(tmp_path: Path) -> Path:
    """A copy of the example, so that no test leaves anything in the source."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "bookshop", ignore=LEFT_OUT))


def test_bookshop_passes_its_tests_and_check(bookshop: Path) -> None:
    """The example's own tests pass, and its settings hold."""
    tested = run([sys.executable, "viperctl.py", "test"], bookshop)
    checked = viperctl(bookshop, "check")

    assert tested.returncode == 0, tested.stdout
    assert "failed" not in tested.stdout
    assert checked.returncode == 0, checked.stderr
    assert not (bookshop / "data").exists()


def test_bookshop_answers_people_and_programs(bookshop: Path) -> None:
    """Under a real server: books loaded by ``lifecycle.py``, a visit counted by the plugin (C-113, C-402, C-412)."""
    with serve(bookshop) as server:
        status, page = server.get("/books", PERSON)
        assert status == 200
        assert page.count('class="card"') == 24
        assert "visitor number 1 today" in page
        assert "visitor number 2 today" in server.get("/books/3", PERSON)[1]
        assert server.get("/api/books/3")[1].startswith('{"id":3,"title":"Treasure Island"')
        assert server.get("/books/99999", PERSON)[0] == 404
        assert server.stop() == 0


def test_bookshop_opens_with_the_rows_of_its_command(bookshop: Path) -> None:
    """``seed`` writes the same rows for the same seed, from whatever folder, and the next start reads them."""
    command = [sys.executable, str(bookshop / "viperctl.py"), "seed", "--rows", "300", "--seed", "5"]
    seeded = run([*command, "--json"], bookshop.parent)
    assert seeded.returncode == 0, seeded.stderr
    file = bookshop / "data" / "stock.json"
    first = file.read_bytes()
    run(command, bookshop)

    assert file.read_bytes() == first
    with serve(bookshop) as server:
        assert json.loads(server.get("/api/health")[1])["rows"] == json.loads(seeded.stdout)["models"]
        assert server.stop() == 0


def test_bookshop_holds_no_secret_for_production(bookshop: Path) -> None:
    """With nothing but the example's files, a production start refuses for want of a SECRET_KEY."""
    with serve(bookshop, OPENVIPER_ENV="production") as server:
        assert server.wait() == 1
        assert "SECRET_KEY" in server.output
