"""The example site, as a visitor of the source finds it."""

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.contract.db.engines import POSTGRES, is_listening
from tests.contract.orm.conftest import on_server
from tests.integration.processes import run, serve, viperctl

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "bookshop"
# The database of a developer stays with the developer.
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.sqlite3*", "staticfiles", "uploads")
PERSON = {"Accept": "text/html"}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100


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
    # Tests have databases of their own, and a check opens none.
    assert list(bookshop.glob("*.sqlite3*")) == []


def test_bookshop_answers_people_and_programs(bookshop: Path) -> None:
    """Under a real server: tables filled by ``lifecycle.py``, a visit counted by the plugin (C-113, C-402, C-412)."""
    with serve(bookshop) as server:
        status, page = server.get("/books", PERSON)
        assert status == 200
        assert page.count('class="card"') == 24
        assert "visitor number 1 today" in page
        assert "visitor number 2 today" in server.get("/books/3", PERSON)[1]
        assert server.get("/api/books/3")[1].startswith('{"id":3,"title":"Treasure Island"')
        assert server.get("/books/99999", PERSON)[0] == 404
        assert "prefers-color-scheme" in server.get("/static/shop.css")[1]
        assert server.stop() == 0


@pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("REQUIRE_SERVICES"), reason="curl is not installed"
)
def test_commands_of_the_readme_do_what_they_say(bookshop: Path, tmp_path: Path) -> None:
    """Searches, faults, an order, exports, an upload and its download, as a reader types them."""
    folder = tmp_path / "reader"
    folder.mkdir()
    (folder / "cover.png").write_bytes(PICTURE)
    readme = (bookshop / "README.md").read_text()
    shutil.copy(bookshop / "README.md", folder)
    found = re.search(r"```sh\nshop=\S+\n(.*?)```", readme, re.DOTALL)
    assert found is not None

    with serve(bookshop) as server:
        host, port = server.address()
        typed = run(["bash", "-ec", f"shop=http://{host}:{port}\n{found[1]}"], folder)
        assert server.stop() == 0

    assert typed.returncode == 0, typed.stderr
    for said in (
        '"field":"size"',
        '"code":"not-found"',
        "Not on our shelves",
        '"field":"lines.1.book_id"',
        '{"count":1,"orders":[',
        "content-encoding: gzip",
        '{"detail":"Authentication required."}',
        '{"book_id":3,"size":25608,',
        "is no picture",
        "211   P   N   G",
        "\n304\n",
    ):
        assert said in typed.stdout, said
    for copy in ("Treasure Island.png", "part.png", "whole.png"):
        assert (folder / copy).read_bytes() == PICTURE
    assert len((folder / "books.csv").read_text().splitlines()) == 1401


def test_bookshop_opens_with_the_rows_of_its_command(bookshop: Path) -> None:
    """``seed`` fills the database of the project from whatever folder; a start leaves its rows, and orders, alone."""
    command = [sys.executable, str(bookshop / "viperctl.py"), "seed", "--rows", "300", "--seed", "5", "--json"]
    seeded = run(command, bookshop.parent)
    assert seeded.returncode == 0, seeded.stderr
    assert (bookshop / "shop.sqlite3").exists()

    for _ in range(2):
        with serve(bookshop) as server:
            assert json.loads(server.get("/api/health")[1])["rows"] == json.loads(seeded.stdout)["models"]
            assert server.stop() == 0


@pytest.mark.skipif(
    not is_listening(POSTGRES) and not os.environ.get("REQUIRE_SERVICES"), reason="no PostgreSQL is running here"
)
def test_bookshop_moves_to_postgresql_by_its_settings(bookshop: Path) -> None:
    """Nothing but the address is changed: the shop opens, sells and passes its tests on a server."""
    name = f"bookshop_{os.getpid()}"
    url = urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    asyncio.run(on_server(POSTGRES, f"CREATE DATABASE {name}"))
    try:
        with serve(bookshop, OPENVIPER_DATABASE_URL=url) as server:
            assert json.loads(server.get("/api/health")[1])["rows"]["books"] == 1400
            assert '"title":"Moby-Dick"' in server.get("/api/books?q=WHALE+melville")[1]
            assert server.stop() == 0
        tested = run(
            [sys.executable, "viperctl.py", "test", "tests/test_queries.py", "-k", "buyer or api"],
            bookshop,
            OPENVIPER_DATABASE_URL=url,
        )
        assert tested.returncode == 0, tested.stdout
    finally:
        asyncio.run(on_server(POSTGRES, f"DROP DATABASE {name} WITH (FORCE)"))
    assert list(bookshop.glob("*.sqlite3*")) == []


def test_bookshop_holds_no_secret_for_production(bookshop: Path) -> None:
    """With nothing but the example's files, a production start refuses for want of a SECRET_KEY."""
    with serve(bookshop, OPENVIPER_ENV="production") as server:
        assert server.wait() == 1
        assert "SECRET_KEY" in server.output
