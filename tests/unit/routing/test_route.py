"""One route."""

import functools
import uuid
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import pytest

from openviper.http.request import Request
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Depends, Form, Header, Path
from openviper.routing.route import Mount, Route, Shared


async def detail(book_id: int) -> None: ...


def test_route_knows_what_its_handler_takes() -> None:
    """Name, methods and converters come from the function and its annotations."""
    route = Route.build("/b/{book_id}", detail, methods=("get", "POST"), name=None)
    assert (route.name, sorted(route.methods)) == ("detail", ["GET", "POST"])
    assert route.pattern.parameters[0].converter.name == "int"


def test_route_below_a_prefix_keeps_its_handler() -> None:
    """Prefix and namespace stand in front; the route itself stays as it was."""
    route = Route.build("/b", functools.partial(detail, 1), methods=("GET",), name=None)
    below = route.below("/{shop:slug}", "shop")
    assert (below.path, below.name, below.handler) == ("/{shop:slug}/b", "shop:partial", route.handler)
    assert route.path == "/b"
    assert route.below("", None) is route


def test_empty_path_is_the_prefix_itself() -> None:
    """Alone it is the root."""
    route = Route.build("", detail, methods=("GET",), name=None)
    assert route.below("/b", None).path == "/b"
    assert route.below("", None).path == "/"


def test_single_method_may_stand_alone() -> None:
    """A text is one method, not a method for each letter."""
    assert Route.build("/b", detail, methods="get", name=None).methods == {"GET"}


@pytest.mark.parametrize("methods", [(), ("GET POST",), ("",), ("ГЕТ",), "", "GET,POST"])
def test_method_must_be_one(methods: Iterable[str]) -> None:
    """No method, or no method's name, is refused with the path."""
    with pytest.raises(RouteError, match="route '/b'"):
        Route.build("/b", detail, methods=methods, name=None)


def _list_in_path(ids: list[int]) -> None: ...


def _number_as_text(n: str) -> None: ...


def _number_as_amount(n: float) -> None: ...


def _key_as_text(u: str) -> None: ...


def _request(request: Request) -> None: ...


def _lone_request(req): ...  # type: ignore[no-untyped-def]  # the point of the test


@pytest.mark.parametrize(
    ("path", "handler", "why"),
    [
        ("/{ids}", _list_in_path, "one value, so 'ids' cannot be a list"),
        ("/{n:int}", _number_as_text, "'n' is of type str, but {n:int} gives int"),
        ("/{n:int}", _number_as_amount, "'n' is of type float, but {n:int} gives int"),
        ("/{request}", _request, "'request' is the request, so no parameter can have that name"),
        ("/{req}", _lone_request, "'req' is the request, so no parameter can have that name"),
        ("/{u:uuid}", _key_as_text, "'u' is of type str, but {u:uuid} gives UUID"),
    ],
)
def test_argument_that_its_path_parameter_cannot_give_is_refused(
    path: str, handler: Callable[..., object], why: str
) -> None:
    """A parameter of the path, or of a prefix above it, is checked against the annotation."""
    with pytest.raises(RouteError, match=why) as caught:
        Route.build(path, handler, methods="GET", name=None)
    assert handler.__name__ in str(caught.value)
    with pytest.raises(RouteError, match=why):
        Route.build("", handler, methods="GET", name=None).below(path, None)


def test_text_of_the_path_is_left_to_the_annotation() -> None:
    """A kind that gives text fits every annotation, which converts it afterwards."""

    async def handler(number: int, key: uuid.UUID, rest: str) -> None: ...

    route = Route.build("/{number:str}/{key:slug}/{rest:path}", handler, methods="GET", name=None)
    assert [one.converter.name for one in route.pattern.parameters] == ["str", "slug", "path"]


def _default(page=1): ...  # type: ignore[no-untyped-def]  # the point of the test


def _second(request, page): ...  # type: ignore[no-untyped-def]  # the point of the test


def _beside_annotated(thing: Request, page): ...  # type: ignore[no-untyped-def]  # the point of the test


def _two(first, second): ...  # type: ignore[no-untyped-def]  # the point of the test


@pytest.mark.parametrize(
    ("handler", "name"), [(_default, "page"), (_second, "page"), (_beside_annotated, "page"), (_two, "second")]
)
def test_argument_without_annotation_that_nothing_gives_is_refused(handler: Callable[..., object], name: str) -> None:
    """Only one argument can stand for the request, and none that has a default; a prefix may still give others."""
    route = Route.build("/{book_id}", handler, methods="GET", name=None)
    with pytest.raises(RouteError, match=f"{handler.__name__}: the argument '{name}' has no annotation"):
        route.check_complete()
    route.below(f"/{{{name}}}", None).check_complete()


@pytest.mark.parametrize("path", ["/{tenant}", "/{tenant:int}/s", "/a}"])
def test_mount_stands_at_a_literal_path(path: str) -> None:
    """Parameters of a mount, or of a prefix above it, would stand in its path as text."""
    with pytest.raises(RouteError, match="literal path"):
        Mount(path, _app)


async def _app(*_: object) -> None: ...


def test_route_reads_a_path_by_itself() -> None:
    """The values of its parameters by name, or None."""
    route = Route.build("/b/{book_id}", detail, methods=("GET",), name=None).below("/{shop:slug}", None)
    assert route.match("/eu/b/7") == {"shop": "eu", "book_id": 7}
    assert route.match("/b/7") is None


def test_body_and_form_in_one_handler_are_refused() -> None:
    """A request has one body, so it is JSON or a form."""

    async def handler(data: dict[str, int], title: str = Form()) -> None: ...

    with pytest.raises(RouteError, match="one body"):
        Route.build("/", handler, methods=("POST",), name=None).check_complete()


def test_dependencies_of_a_route_are_checked() -> None:
    """What is no Depends, or depends on nothing that can be called, is found before a request comes."""
    for wrong in (print, Depends(7)):  # type: ignore[arg-type]  # the point of the test
        shared = Shared(dependencies=(wrong,))
        with pytest.raises(RouteError, match="Depends"):
            Route.build("/", lambda: None, methods=("GET",), name=None, shared=shared).check_complete()


def _complete(path: str, handler: Any, *dependencies: Any) -> Route:
    shared = Shared(dependencies=tuple(map(Depends, dependencies)))
    route = Route.build(path, handler, methods=("GET",), name=None, shared=shared)
    route.check_complete()
    return route


def _plain() -> None: ...


def test_dependencies_of_a_route_are_looked_at() -> None:
    """A parameter that the path has not, and one of another type, are told when the routes are put together."""

    def missing(item_id: Annotated[int, Path()]) -> None: ...

    def number(key: int) -> None: ...

    def several(key: list[int]) -> None: ...

    def handler(key: uuid.UUID) -> None: ...

    with pytest.raises(RouteError, match="'item_id' is marked"):
        _complete("/", _plain, missing)
    with pytest.raises(RouteError, match="'key' is of type int"):
        _complete("/{key}", handler, number)
    with pytest.raises(RouteError, match="cannot be a list"):
        _complete("/{key}", handler, several)


def test_arguments_of_dependencies_need_annotations() -> None:
    """One without is the request if it can be, and else a mistake, as in a handler (A-69)."""

    def pages(skip=0, limit=10):  # type: ignore[no-untyped-def]  # the point of the test
        return skip, limit

    def taken(anything): ...  # type: ignore[no-untyped-def]  # the point of the test

    class Pages:
        def __init__(self, query=None): ...  # type: ignore[no-untyped-def]  # the point of the test

    def handler(value: object = Depends(pages)) -> None: ...

    with pytest.raises(RouteError, match="pages: the argument 'skip' has no annotation"):
        _complete("/", handler)
    with pytest.raises(RouteError, match="the argument 'query' has no annotation"):
        _complete("/", _plain, Pages)
    _complete("/", _plain, taken)


def test_parameter_for_what_a_dependency_makes_of_it() -> None:
    """``{user}`` may be the text that a dependency makes the argument ``user`` of; other sources keep their names."""

    async def find_user(user: str) -> dict[str, str]:
        return {"name": user}

    async def read_token(token: Annotated[str, Header()] = "") -> str:
        return token

    async def show(user: Annotated[dict[str, str], Depends(find_user)]) -> None: ...

    async def both(token: str, sent: Annotated[str, Depends(read_token)]) -> None: ...

    async def wrong(user: Annotated[str, Depends(read_token)]) -> None: ...

    _complete("/{user}", show)
    _complete("/{token}", both)
    with pytest.raises(RouteError, match="comes from elsewhere"):
        _complete("/{user}", wrong)
