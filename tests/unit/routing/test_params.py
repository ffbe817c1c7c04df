"""Markers of arguments, and dependencies."""

import dataclasses
import importlib
import threading
from collections.abc import Callable
from pathlib import Path as File
from typing import Annotated, Any

import msgspec
import pytest
from pydantic import AfterValidator, Field, StringConstraints

from openviper.exceptions import Unauthorized
from openviper.http.request import Request
from openviper.primitives.unset import UNSET
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Body, Cookie, Depends, Form, Header, Path, Query
from openviper.routing.plan import compile_plan
from openviper.routing.route import Route, Shared
from openviper.routing.signatures import read_signature
from tests.unit.routing.calls import call, faults, make_app


async def test_marker_as_annotation_or_as_default() -> None:
    """Both spellings mean the same, and a type checker takes both."""

    async def handler(
        number: int = Path(ge=1),
        page: int = Query(1, ge=1, alias="p"),
        size: Annotated[int, Query(le=100)] = 20,
        bare: Annotated[str, Query] = "none",
        x_token: Annotated[str | None, Header()] = None,
        session: str = Cookie("none"),
    ) -> list[object]:
        return [number, page, size, bare, x_token, session]

    request: dict[str, Any] = {"path": "/{number}", "values": (7,)}
    assert await call(handler, **request) == [7, 1, 20, "none", None, "none"]
    headers = [(b"x-token", b"t"), (b"cookie", b"session=abc")]
    assert await call(handler, **request, query=b"p=2&size=3&bare=x", headers=headers) == [7, 2, 3, "x", "t", "abc"]
    request["values"] = (0,)
    assert await faults(handler, **request, query=b"p=0&size=101") == [
        ("path", ["number"], "invalid"),
        ("query", ["p"], "invalid"),
        ("query", ["size"], "invalid"),
    ]


def test_what_a_description_needs_is_kept() -> None:
    """Title, description, example and deprecation stay on the argument."""

    def handler(page: int = Query(1, title="Page", description="Which page.", example=3, deprecated=True)) -> None: ...

    marker = read_signature(handler).arguments[0].marker
    assert marker is not None
    assert (marker.title, marker.description, marker.example, marker.deprecated) == ("Page", "Which page.", 3, True)
    assert "Query" in repr(marker)


def test_path_marker_needs_a_parameter_of_the_path() -> None:
    """A name that the pattern does not have is refused before a request comes."""

    async def handler(number: int = Path()) -> None: ...

    with pytest.raises(RouteError, match=r"has no \{number\}"):
        Route.build("/", handler, methods=("GET",), name=None).check_complete()


def test_marker_of_another_part_keeps_out_of_the_path() -> None:
    """A query value cannot have the name of a parameter of the path."""

    async def handler(number: int = Query()) -> None: ...

    with pytest.raises(RouteError, match="comes from elsewhere"):
        Route.build("/{number}", handler, methods=("GET",), name=None)


class Pagination:
    def __init__(self, page: int = 1, size: Annotated[int, Query(le=50)] = 10) -> None:
        self.page, self.size = page, size


@dataclasses.dataclass
class Window:
    start: int
    request: Request


class Limits(msgspec.Struct):
    most: int = 5


class Checker:
    def __init__(self, role: str) -> None:
        self.role = role

    async def __call__(self, request: Request) -> str:
        return f"{self.role} {request.method}"


async def nested(pagination: Annotated[Pagination, Depends()], token: str = Header("none")) -> str:
    return f"{pagination.page} {token}"


async def test_everything_that_can_be_called_is_a_dependency() -> None:
    """Functions of both kinds, classes, Structs and objects; with arguments from every part of a request."""

    def where(book_id: int) -> list[object]:
        return [book_id, threading.current_thread() is threading.main_thread()]

    async def handler(
        pagination: Annotated[Pagination, Depends()],
        window: Annotated[Window, Depends(Window)],
        limits: Annotated[Limits, Depends],
        text: str = Depends(nested),
        role: str = Depends(Checker("admin")),
        place: list[object] = Depends(where),
        quick: list[object] = Depends(where, blocking=False, use_cache=False),
    ) -> list[object]:
        return [pagination.page, window.start, limits.most, text, role, place, quick]

    found = await call(handler, "/{book_id}", (4,), query=b"page=2&start=3", headers=[(b"token", b"t")])
    assert found == [2, 3, 5, "2 t", "admin POST", [4, False], [4, True]]


async def test_faults_of_dependencies_are_told_with_the_others() -> None:
    """What a dependency asks for is refused in the same answer; a value that two ask for once."""

    async def handler(
        text: Annotated[str, Depends(nested)], same: Annotated[Pagination, Depends()], number: int
    ) -> None: ...

    assert await faults(handler, query=b"page=x&number=y") == [
        ("query", ["page"], "invalid"),
        ("query", ["number"], "invalid"),
    ]


async def test_result_is_shared_within_a_request() -> None:
    """A callable runs once for all that depend on it, unless they ask otherwise."""
    calls: list[int] = []

    async def count() -> int:
        calls.append(1)
        return len(calls)

    async def above(number: Annotated[int, Depends(count)]) -> int:
        return number

    async def handler(
        first: Annotated[int, Depends(count)],
        second: Annotated[int, Depends(above)],
        third: Annotated[int, Depends(count, use_cache=False)],
    ) -> list[int]:
        return [first, second, third]

    assert await call(handler) == [1, 1, 2]


async def test_refusal_of_a_dependency_comes_before_the_body() -> None:
    """Who may not ask is told so, whatever the body holds."""

    async def authenticate() -> None:
        raise Unauthorized

    async def handler(
        user: Annotated[None, Depends(authenticate)], body: Annotated[dict[str, int], Body()]
    ) -> None: ...

    with pytest.raises(Unauthorized):
        await call(handler, body=b"oops")


async def test_dependency_takes_the_body() -> None:
    """A body that a dependency asks for is decoded before it is called."""

    async def total(items: list[Limits]) -> int:
        return sum(item.most for item in items)

    async def handler(number: Annotated[int, Depends(total)]) -> list[int]:
        return [number]

    assert await call(handler, body=b'[{"most": 2}, {"most": 3}]') == [5]


async def test_dependency_of_the_route_runs_without_an_argument() -> None:
    """Its result is dropped, and its refusal counts."""

    async def refuse(token: str = Header("none")) -> None:
        if token == "none":
            raise Unauthorized

    async def handler() -> list[int]:
        return [1]

    shared = Shared(dependencies=(Depends(refuse),))
    route = Route.build("/", handler, methods=("GET",), name=None, shared=shared)
    route.check_complete()
    plan = compile_plan(route, max_body_bytes=5)
    scope: dict[str, Any] = {"type": "http", "method": "GET", "headers": [(b"token", b"t")]}
    assert await plan(scope, _never, ()) == b"[1]"
    scope["headers"] = []
    with pytest.raises(Unauthorized):
        await plan(scope, _never, ())


async def test_tests_replace_dependencies() -> None:
    """An override counts for the requests made while it is there, at any depth."""

    def real() -> str:
        return "real"

    def fake(page: int = 1) -> str:
        return f"fake {page}"

    async def above(text: Annotated[str, Depends(real)]) -> str:
        return f"above {text}"

    async def handler(direct: Annotated[str, Depends(real)], deep: Annotated[str, Depends(above)]) -> list[str]:
        return [direct, deep]

    app = make_app()
    route = Route.build("/", handler, methods=("GET",), name=None)
    plan = compile_plan(route, max_body_bytes=5)
    scope = {"type": "http", "method": "GET", "headers": [], "query_string": b"page=2", "app": app}
    assert await plan(scope, _never, ()) == b'["real","above real"]'
    app.dependency_overrides[real] = fake
    assert await plan(scope, _never, ()) == b'["fake 2","above fake 2"]'
    app.dependency_overrides.clear()
    assert await plan(scope, _never, ()) == b'["real","above real"]'


async def _never() -> dict[str, Any]:
    raise AssertionError("nothing is received")


def _itself(value: "Annotated[int, Depends(_itself)]") -> None: ...


def _of_nothing(value: int = Depends(7)) -> None: ...  # type: ignore[arg-type]  # the point of the test


def _unknown(value: Annotated[int, Depends(lambda thing=object: thing)], other: object) -> None: ...


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (_itself, "depend on itself"),
        (_of_nothing, "not 7"),
        (_unknown, "'other' is of type"),
        (Pagination, "is a class"),
    ],
)
def test_mistake_is_found_when_the_route_is_registered(handler: Callable[..., object], message: str) -> None:
    """Handler and argument are named before a client calls."""
    with pytest.raises(RouteError, match=message):
        Route.build("/", handler, methods=("GET",), name=None)


async def test_constraints_of_pydantic_hold_for_single_values() -> None:
    """A rule in the words of pydantic is kept, and one that we cannot keep is refused with the argument's name."""

    async def handler(
        name: Annotated[str, StringConstraints(max_length=3)], age: Annotated[int, Field(ge=10)]
    ) -> list[object]:
        return [name, age]

    assert await call(handler, query=b"name=abc&age=10") == ["abc", 10]
    assert await faults(handler, query=b"name=abcd&age=1") == [
        ("query", ["name"], "invalid"),
        ("query", ["age"], "invalid"),
    ]

    async def wrong(name: Annotated[str, AfterValidator(str.upper)]) -> None: ...

    with pytest.raises(RouteError, match="'name' is annotated with AfterValidator"):
        Route.build("/", wrong, methods=("GET",), name=None)


@pytest.mark.parametrize("marker", [Query, Header, Cookie, Form, Body])
def test_ellipsis_means_that_a_value_must_be_there(marker: Any) -> None:
    """``Query(...)`` is how others say it, and is no value."""

    async def handler(value: str = marker(...)) -> None: ...

    async def annotated(value: Annotated[str, marker()] = ...) -> None: ...

    for one in (handler, annotated):
        assert read_signature(one).arguments[0].default is UNSET


@pytest.mark.parametrize("alias", ["x-ключ", "x token", "x:y", ""])
def test_name_of_a_header_is_one(alias: str) -> None:
    """An alias that no header can have is refused when the route is registered."""

    async def handler(token: Annotated[str, Header(alias=alias)] = "") -> None: ...

    with pytest.raises(RouteError, match="no name of a header"):
        read_signature(handler)


async def test_annotations_of_an_inherited_init_belong_to_its_module(
    tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class of another module brings the names of its annotations along, a dataclass those of its fields."""
    future = "from __future__ import annotations\n"
    base = future + (
        "import dataclasses, decimal\n"
        "class Base:\n"
        "    def __init__(self, price: decimal.Decimal = decimal.Decimal(1)): self.price = price\n"
        "@dataclasses.dataclass\n"
        "class Priced:\n"
        "    price: decimal.Decimal = decimal.Decimal(1)\n"
    )
    child = future + (
        "import dataclasses, datetime\n"
        "from base_of_others import Base, Priced\n"
        "class Child(Base): pass\n"
        "@dataclasses.dataclass\n"
        "class Dated(Priced):\n"
        "    day: datetime.date = datetime.date(2026, 1, 2)\n"
    )
    (tmp_path / "base_of_others.py").write_text(base)
    (tmp_path / "child_of_others.py").write_text(child)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("child_of_others")

    async def handler(child: Any = Depends(module.Child), dated: Any = Depends(module.Dated)) -> list[object]:
        return [child.price, dated.price, dated.day]

    assert await call(handler, query=b"price=2.5") == ["2.5", "2.5", "2026-01-02"]


def test_marker_says_what_it_does_not_take() -> None:
    """By its own name; a default has one source."""
    with pytest.raises(TypeError, match=r"Query\(\) has no option regex"):
        Query(regex="a")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TypeError, match=r"Body\(\) has no option media_type"):
        Body(media_type="a")
    with pytest.raises(TypeError, match="not both"):
        Query(1, default_factory=int)


def test_argument_has_one_marker() -> None:
    """The last one would count, and the rules of the others be lost."""

    async def twice(page: Annotated[int, Query(ge=1), Header()]) -> None: ...

    async def both(page: Annotated[int, Query(ge=1)] = Query(1)) -> None: ...

    async def mixed(page: Annotated[int, Depends(nested), Query()]) -> None: ...

    async def mixed_default(page: Annotated[int, Query()] = Depends(nested)) -> None: ...

    for handler in (twice, both, mixed, mixed_default):
        with pytest.raises(RouteError, match=r"'page' .*one is enough"):
            read_signature(handler)


async def test_alias_of_a_header_is_taken_as_it_is() -> None:
    """Also where it is the name of the argument, which would have hyphens."""

    async def handler(x_token: Annotated[str, Header(alias="x_token")] = "") -> list[str]:
        return [x_token]

    assert await call(handler, headers=[(b"x_token", b"1"), (b"x-token", b"2")]) == ["1"]
