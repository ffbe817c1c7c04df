"""From method and path to a route."""

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.routing.exceptions import DuplicateRouteError
from openviper.routing.matcher import Matcher
from openviper.routing.route import Mount, Route


async def _handler() -> None: ...


async def _app(*_: object) -> None: ...


def _route(path: str, *methods: str) -> Route:
    return Route.build(path, _handler, methods=methods or ("GET",), name=path)


def _find(matcher: Matcher, path: str, method: str = "GET") -> tuple[str, list[object]] | None:
    found = matcher.find(method, path)
    return None if found is None else (found[0].path, list(found[1]))


TABLE = Matcher(
    _route(path)
    for path in (
        "/",
        "/books",
        "/books/",
        "/books/new",
        "/books/{book_id:int}",
        "/books/{slug:slug}",
        "/books/{name}",
        "/books/{name}.json",
        "/books/{book_id:int}/pages/{page:int}",
        "/books/{name}/authors",
        "/files/{rest:path}",
        "/files/{name}/raw",
        "/{tenant}/books/new/draft",
    )
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("/", [])),
        ("/books", ("/books", [])),
        ("/books/", ("/books/", [])),
        ("/books/new", ("/books/new", [])),
        ("/books/7", ("/books/{book_id:int}", [7])),
        ("/books/momo", ("/books/{slug:slug}", ["momo"])),
        ("/books/die ö", ("/books/{name}", ["die ö"])),
        ("/books/momo.json", ("/books/{name}.json", ["momo"])),
        ("/books/.json", ("/books/{name}", [".json"])),
        ("/books/7/pages/3", ("/books/{book_id:int}/pages/{page:int}", [7, 3])),
        ("/books/7/authors", ("/books/{name}/authors", ["7"])),
        ("/books/new/authors", ("/books/{name}/authors", ["new"])),
        ("/books/new/draft", None),
        ("/books/7/pages/x", None),
        ("/books/books/new/draft", ("/{tenant}/books/new/draft", ["books"])),
        ("/x/books/new/draft", ("/{tenant}/books/new/draft", ["x"])),
        ("/files/a/b", ("/files/{rest:path}", ["a/b"])),
        ("/files/a/raw", ("/files/{name}/raw", ["a"])),
        ("/files/", ("/files/{rest:path}", [""])),
        ("/files", None),
        ("/nothing", None),
        ("//books", None),
        ("", None),
        ("xbooks", None),
        ("xbooks/7", None),
        ("http://host/books/7", None),
        ("*", None),
    ],
)
def test_strictest_way_is_taken_and_left_again_where_it_ends(
    path: str, expected: tuple[str, list[object]] | None
) -> None:
    """Literal before int before slug before text, with a way back from each; values of a lost way are forgotten."""
    assert _find(TABLE, path) == expected


def test_every_get_route_answers_head() -> None:
    """HEAD is implied, and a route of its own wins."""
    matcher = Matcher([_route("/a"), _route("/b/{x}", "GET"), _route("/b/{x}", "HEAD"), _route("/c", "POST")])
    assert _find(matcher, "/a", "HEAD") == ("/a", [])
    found = matcher.find("HEAD", "/b/1")
    assert found is not None
    assert found[0].methods == {"HEAD"}
    assert _find(matcher, "/c", "HEAD") is None


def test_method_is_looked_for_along_every_way() -> None:
    """A literal without the method does not hide a parameter that has it."""
    matcher = Matcher([_route("/b/me"), _route("/b/{name}", "POST"), _route("/b/{key:int}", "PUT")])
    assert _find(matcher, "/b/me", "POST") == ("/b/{name}", ["me"])
    assert _find(matcher, "/b/7", "POST") == ("/b/{name}", ["7"])
    assert matcher.allowed_methods("/b/me") == {"GET", "HEAD", "POST"}
    assert matcher.allowed_methods("/b/7") == {"POST", "PUT"}
    assert matcher.allowed_methods("/c") == set()


@pytest.mark.parametrize("paths", [("/a", "/a"), ("/b/{x}", "/b/{y}"), ("/f/{x:path}", "/f/{y:path}")])
def test_two_routes_for_one_address_are_refused(paths: tuple[str, str]) -> None:
    """The second would never be reached; both handlers are named."""
    with pytest.raises(DuplicateRouteError, match=r"_handler.*_handler"):
        Matcher(_route(path) for path in paths)


def test_longest_mount_wins_and_ends_at_a_slash() -> None:
    """A mount takes its own path and what lies below it, nothing beside it."""
    matcher = Matcher([], [Mount("/a", _app), Mount("/a/b", _app)])
    for path, prefix in {"/a": "/a", "/a/": "/a", "/a/x": "/a", "/a/b/c": "/a/b", "/ab": None, "/": None}.items():
        mount = matcher.find_mount(path)
        assert (mount.path if mount else None) == prefix
    everything = Matcher([], [Mount("", _app)]).find_mount("/anything")
    assert everything is not None


@given(st.text())
def test_any_path_is_answered_without_an_error(path: str) -> None:
    """Whatever a client sends, the look-up gives a route or nothing."""
    TABLE.find("GET", path)
    TABLE.find_mount(path)


def _calls(work: Callable[[], object]) -> int:
    count = 0

    def watch(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_cost_of_a_lookup_does_not_grow_with_the_number_of_routes() -> None:
    """Five hundred routes take as many calls as five."""
    few, many = (Matcher(_route(f"/res{n}/{{key:int}}/detail") for n in range(count)) for count in (5, 500))
    assert _calls(lambda: few.find("GET", "/res4/42/detail")) == _calls(lambda: many.find("GET", "/res499/42/detail"))
    assert _calls(lambda: many.find("GET", "/res499/42/detail")) <= 4


def test_cost_of_a_path_that_is_not_there_does_not_grow_with_the_number_of_routes() -> None:
    """The methods of a path are found for five hundred routes in as many calls as for five."""
    few, many = (
        Matcher(_route(f"/res{n}/{{key:int}}/detail", "GET", "POST") for n in range(count)) for count in (5, 500)
    )
    assert many.allowed_methods("/res499/42/detail") == {"GET", "HEAD", "POST"}
    assert _calls(lambda: few.allowed_methods("/absent")) == _calls(lambda: many.allowed_methods("/absent"))
    assert _calls(lambda: many.allowed_methods("/absent")) <= 12
