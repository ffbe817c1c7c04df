"""The routes command."""

import io
import json
from typing import TYPE_CHECKING

import pytest

from openviper.core.flexible_adapter import open_project
from openviper.core.project import find_project
from openviper.management import call_command

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

ASGI = """
from openviper.app import OpenViper

app = OpenViper()
inner = OpenViper(routes=[])

class Books:
    async def __call__(self, scope, receive, send): ...

@app.get("/")
async def home(): ...

@app.route("/books/{book_id:int}", ["post", "DELETE", "PURGE"], name="book")
def change(book_id: int): ...

@inner.get("/list")
async def listing(): ...

app.mount("/api", inner)
app.mount("/files", Books())
"""

FOREIGN = """
class Other:
    async def __call__(self, scope, receive, send): ...
app = Other()
"""

TABLE = """\
PATH                 METHODS            NAME     HANDLER
/                    GET                home     asgi.home
/books/{book_id:int} POST,DELETE,PURGE  book     asgi.change
/api/list            GET                listing  asgi.listing
/files/...           *                           asgi.Books
"""


@pytest.fixture
def books(site: "Site") -> "Site":
    site.write({"settings.py": "", "asgi.py": ASGI})
    return site


def test_routes_are_a_table(books: "Site") -> None:
    """A pipe gets aligned text: path, methods in a fixed order, name, handler; mounted applications too."""
    done = books.run("routes")

    assert (done.code, done.err) == (0, "")
    assert [line.split() for line in done.out.splitlines()] == [line.split() for line in TABLE.splitlines()]
    assert (
        len({line.find(word) for line, word in zip(done.out.splitlines(), ("METHODS", "GET", "POST"), strict=False)})
        == 1
    )


def test_routes_can_be_read_by_programs(books: "Site") -> None:
    """``--json`` prints a list of path, methods, name and handler."""
    rows = json.loads(books.run("routes", "--json").out)

    assert rows[1] == {
        "path": "/books/{book_id:int}",
        "methods": ["POST", "DELETE", "PURGE"],
        "name": "book",
        "handler": "asgi.change",
        "tags": [],
    }


VIEWS = """
from openviper.app import OpenViper
from openviper.http.views import View, action

app = OpenViper(routes=[])

class Listed(View):
    async def get(self, request): ...

class Books(Listed):
    async def put(self, request, book_id: int): ...

    @action(detail=True, methods=["POST"])
    async def lend(self, request, book_id: int): ...

Books.register(app, "/books", tags=["books", "shop"])
"""


def test_methods_and_actions_of_views_are_named_by_their_class(site: "Site") -> None:
    """Each has a row, and tags have a column where there are any."""
    site.write({"settings.py": "", "asgi.py": VIEWS})

    rows = [line.split() for line in site.run("routes").out.splitlines()]

    assert rows == [
        ["PATH", "METHODS", "NAME", "TAGS", "HANDLER"],
        ["/books", "GET", "Books", "books,shop", "asgi.Books.get"],
        ["/books/{book_id:int}", "PUT", "Books", "books,shop", "asgi.Books.put"],
        ["/books/{book_id:int}/lend", "POST", "Books-lend", "books,shop", "asgi.Books.lend"],
    ]


def test_terminal_gets_a_drawn_table(books: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows the same rows in colours."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    environ: dict[str, str] = {}
    open_project(find_project(books.root, environ=environ), environ)
    out = Terminal()

    call_command("routes", stdout=out)

    assert "/books/{book_id:int}" in out.getvalue()
    assert "\x1b[" in out.getvalue()


def test_routes_beside_the_settings_are_found(package_layout: "Site") -> None:
    """A project without an ``asgi`` module shows the routes that it would be served with."""
    assert package_layout.run("routes").out.splitlines()[1].split() == ["/", "GET", "home", "web.routes.home"]


def test_project_without_routes_says_so(site: "Site") -> None:
    """An application without routes is one line, exit code 0."""
    site.write({"settings.py": ""})

    assert site.run("routes").out == "The application has no routes.\n"
    assert site.run("routes", "--json").out == "[]\n"


def test_foreign_application_cannot_be_asked(site: "Site") -> None:
    """An application of another kind is named with its type, exit code 1."""
    site.write({"settings.py": "", "asgi.py": FOREIGN})

    done = site.run("routes")

    assert (done.code, done.out) == (1, "")
    assert done.err == "asgi:app is of type Other; only the routes of an OpenViper are known\n"


def test_folder_without_a_project_is_an_error(site: "Site") -> None:
    """Where there is no project there are no routes: a message and exit code 1."""
    done = site.run("routes")

    assert done.code == 1
    assert "no project found" in done.err


@pytest.mark.parametrize("fault", ["{}['cfg']", "import sys; sys.exit(0)", "import nowhere_to_be_found"])
def test_routes_that_fail_are_one_message(root_layout: "Site", fault: str) -> None:
    """A fault in the ``routes`` module is told in one line with its place, without a traceback of the framework."""
    root_layout.write({"routes.py": fault})

    outcome = root_layout.run("routes")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("the project's routes cannot be loaded: ")
    assert "routes.py, line 1)" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("words", [["routes", "--json"], ["check", "--json"], ["settings", "--json"]])
def test_json_is_not_mixed_with_what_the_project_prints(root_layout: "Site", words: list[str]) -> None:
    """Settings, apps and routes may print: it goes to stderr, and stdout is the document of the command alone."""
    for name in ("settings.py", "routes.py", "blog/__init__.py"):
        file = root_layout.root / name
        file.write_text(f"print('imported {name}')\n{file.read_text()}")

    outcome = root_layout.spawn(*words)

    assert json.loads(outcome.out)
    assert "imported settings.py" in outcome.err
