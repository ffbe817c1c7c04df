"""The call plan of a route."""

import contextlib
import dataclasses
import datetime as dt
import enum
import functools
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

import msgspec
import pytest

from openviper.exceptions import PermissionDenied, Unauthorized, ValidationError
from openviper.http.request import Request
from openviper.http.response import JSONResponse, PlainTextResponse, Response
from openviper.primitives.json import decode
from openviper.routing.params import Body, Depends, Header, Query
from openviper.routing.plan import compile_plan
from openviper.routing.route import Route
from openviper.types import Message
from tests.unit.routing.calls import call, faults, refusal


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class OwnRequest(Request):
    pass


async def _receive() -> Message:
    return {"type": "http.request", "body": b"0123456789", "more_body": False}


async def _run(handler: Any, path: str = "/", values: tuple[object, ...] = (), query: bytes = b"") -> Response:
    route = Route.build(path, handler, methods=("GET",), name=None)
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}
    answer = await compile_plan(route, max_body_bytes=5)(scope, _receive, values)
    if isinstance(answer, str):
        return PlainTextResponse(answer)
    if isinstance(answer, bytes):
        return Response(answer, media_type="application/json")
    assert isinstance(answer, Response)
    return answer


async def test_arguments_come_from_path_query_and_request() -> None:
    """Each argument is fetched from where its name stands, converted to its annotation."""

    async def handler(
        key: uuid.UUID,
        /,
        request: Request,
        book_id: int,
        page: int,
        ratio: float = 0.5,
        *,
        tags: list[int] | None = None,
        wanted: bool = False,
        colour: Colour = Colour.RED,
        since: dt.date | None = None,
        order: Literal["asc", "desc"] = "asc",
        q: str = "",
    ) -> dict[str, object]:
        assert request.path_params == {"key": key, "book_id": book_id}
        return {
            "page": page, "ratio": ratio, "tags": tags, "wanted": wanted, "colour": colour, "since": since,
            "order": order, "q": q, "book": book_id,
        }  # fmt: skip

    key = uuid.uuid4()
    query = b"page=2&tags=1&tags=2&wanted=true&colour=blue&since=2026-01-02&order=desc&q=a%20b"
    response = await _run(handler, "/{key}/{book_id:int}", (key, 7), query)
    assert decode(response.body) == {
        "page": 2, "ratio": 0.5, "tags": [1, 2], "wanted": True, "colour": "blue", "since": "2026-01-02",
        "order": "desc", "q": "a b", "book": 7,
    }  # fmt: skip


async def test_every_wrong_value_is_reported_at_once() -> None:
    """One 422 names each field, where it was looked for, and what it should have been."""

    async def handler(
        day: dt.date, page: int, size: int, colour: Colour = Colour.RED, tags: list[int] | None = None
    ) -> None: ...

    with pytest.raises(ValidationError) as caught:
        await _run(handler, "/{day}", ("tomorrow",), b"size=big&colour=green&tags=1&tags=x")
    faults = {(fault["field"], fault["in"], fault["type"]) for fault in caught.value.validation_errors}  # type: ignore[index]  # our own shape
    assert faults == {
        ("day", "path", "invalid"),
        ("page", "query", "missing"),
        ("size", "query", "invalid"),
        ("colour", "query", "invalid"),
        ("tags", "query", "invalid"),
    }
    messages = " ".join(fault["message"] for fault in caught.value.validation_errors)  # type: ignore[index]  # our own shape
    assert "'big' is not a whole number." in messages
    assert "'green' is not one of red, blue." in messages


async def test_request_without_annotation_and_of_an_own_class() -> None:
    """A lone argument that the path does not name is the request; a subclass is built as such."""

    async def plain(anything):  # type: ignore[no-untyped-def]  # the point of the test
        return anything.method

    async def own(request: OwnRequest) -> str:
        return type(request).__name__

    assert (await _run(plain)).body == b"GET"
    assert (await _run(own)).body == b"OwnRequest"


async def test_limit_of_the_application_holds_for_the_request() -> None:
    """The request that a handler gets refuses bodies over the plan's limit."""

    async def handler(request: Request) -> int:
        return len(await request.body())

    with pytest.raises(Exception, match="5 bytes"):
        await _run(handler)


async def test_plain_function_runs_in_a_thread() -> None:
    """A handler that may block never blocks the loop; a coroutine that it hides is awaited."""

    def where() -> dict[str, bool]:
        return {"main": threading.current_thread() is threading.main_thread()}

    async def later() -> str:
        return "awaited"

    assert (await _run(where)).body == b'{"main":false}'
    assert (await _run(lambda: later())).body == b"awaited"  # noqa: PLW0108 - a plain function around a coroutine


async def test_response_of_the_handler_is_the_answer() -> None:
    """What a handler built goes out as it is."""
    answer = JSONResponse({"a": 1}, 201)

    async def handler() -> JSONResponse:
        return answer

    assert await _run(handler) is answer


async def test_default_that_can_change_is_not_shared() -> None:
    """A list as default is new for each request."""

    async def handler(tags: list[str] = []) -> list[str]:  # noqa: B006 - the point of the test
        tags.append("x")
        return tags

    route = Route.build("/", handler, methods=("GET",), name=None)
    plan = compile_plan(route, max_body_bytes=5)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    assert [await plan(scope, _receive, ()) for _ in range(2)] == [b'["x"]', b'["x"]']


async def test_decorator_in_the_usual_style_gets_arguments_by_position() -> None:
    """A wrapper calls its first argument as it likes; arguments that are keyword-only keep their names."""

    async def inner(req: Request, n: int, *, size: int = 1) -> list[object]:
        return [req.method, n, size]

    @functools.wraps(inner)
    async def wrapper(request: Request, *args: Any, **kwargs: Any) -> list[object]:
        return await inner(request, *args, **kwargs)

    assert (await _run(wrapper, "/{n}", (7,), b"size=2")).body == b'["GET",7,2]'


async def test_client_cannot_override_what_a_partial_binds() -> None:
    """An argument that its author fixed is not looked for in the query."""

    async def view(*, admin: bool = False, page: int = 1) -> list[object]:
        return [admin, page]

    handler = functools.partial(view, admin=False)
    assert (await _run(handler, query=b"admin=true&page=2")).body == b"[false,2]"


async def test_text_of_the_path_is_converted_by_the_annotation() -> None:
    """A kind that gives text leaves the conversion to the argument, and a wrong value to a 422."""

    async def handler(colour: Colour, number: int) -> list[object]:
        return [colour.name, number]

    path = "/{colour:slug}/{number:str}"
    assert (await _run(handler, path, ("blue", "7"))).body == b'["BLUE",7]'
    with pytest.raises(ValidationError) as caught:
        await _run(handler, path, ("green", "abc"))
    assert [fault["in"] for fault in caught.value.validation_errors] == ["path", "path"]  # type: ignore[index]  # our own shape


async def test_names_of_a_project_cannot_become_source() -> None:
    """Whatever a parameter is called, the plan treats it as a name."""

    async def handler(errors: int = 1, query: int = 2, text: int = 3, scope: int = 4, values: int = 5) -> list[int]:
        return [errors, query, text, scope, values]

    assert (await _run(handler, query=b"text=9")).body == b"[1,2,9,4,5]"


class Row(msgspec.Struct):
    number: int


async def test_list_of_structs_is_encoded_whatever_it_holds() -> None:
    """A handler that says what its list holds is answered faster, and may be wrong about it."""

    async def rows() -> list[Row]:
        return [Row(1), Row(2)]

    async def others() -> list[Row]:
        return [{1: uuid.UUID(int=0)}]  # type: ignore[list-item]  # the point of the test

    assert (await _run(rows)).body == b'[{"number":1},{"number":2}]'
    assert (await _run(others)).body == b'[{"1":"00000000-0000-0000-0000-000000000000"}]'


async def test_status_of_the_route_is_that_of_its_data() -> None:
    """Data has the status that the route names; a response and a pair bring their own."""

    async def struct() -> Row:
        return Row(1)

    async def pair() -> object:
        return {"a": 1}, 202

    async def text() -> str:
        return "a"

    for handler, status in ((struct, 201), (pair, 202), (text, 201)):
        route = Route.build("/", handler, methods=("GET",), name=None, status_code=201)
        scope = {"type": "http", "method": "GET", "headers": []}
        answer = await compile_plan(route, max_body_bytes=5)(scope, _receive, ())
        assert isinstance(answer, Response)
        assert answer.status_code == status


async def _member(authorization: Annotated[str, Header()] = "") -> str:
    if authorization != "yes":
        raise Unauthorized
    return "member"


async def _page(page: int = 1) -> int:
    return page


class Filters(msgspec.Struct):
    tag: str
    size: int = 1


@pytest.mark.parametrize("order", [(_member, _page), (_page, _member)])
async def test_refusal_of_a_dependency_wins_over_wrong_values(order: tuple[Any, Any]) -> None:
    """Whoever may not in is told so, whatever is wrong with the rest, and the body is not even asked for."""

    async def handler(
        body: dict[str, int], size: int, a: object = Depends(order[0]), b: object = Depends(order[1])
    ) -> None: ...

    route = Route.build("/", handler, methods=("POST",), name=None)
    plan = compile_plan(route, max_body_bytes=100)
    scope = {"type": "http", "method": "POST", "query_string": b"page=x", "headers": []}

    async def receive() -> Message:
        raise AssertionError("the body of a stranger was asked for")

    with pytest.raises(Unauthorized):
        await plan(scope, receive, ())


async def test_faults_of_all_are_told_where_no_dependency_refuses() -> None:
    """Values of dependencies, of the handler and of the body are in one answer; who needs a wrong one is not called."""
    called = []

    async def double(page: Annotated[int, Depends(_page)]) -> int:
        called.append("double")
        return page * 2

    async def tagged(filters: Annotated[Filters, Query()]) -> str:
        called.append("tagged")
        return filters.tag

    async def handler(
        note: Annotated[dict[str, int], Body()],
        size: int,
        member: Annotated[str, Depends(_member)],
        double: Annotated[int, Depends(double)],
        tag: Annotated[str, Depends(tagged)],
    ) -> list[object]:
        return [note, size, member, double, tag]

    headers = [(b"authorization", b"yes")]
    assert await faults(handler, query=b"page=x&tag=a", body=b'{"a": "b"}', headers=headers) == [
        ("query", ["page"], "invalid"),
        ("query", ["size"], "missing"),
        ("body", ["a"], "invalid"),
    ]
    assert called == ["tagged"]
    assert await call(handler, query=b"page=2&size=1&tag=a", body=b"{}", headers=headers) == [{}, 1, "member", 4, "a"]


async def test_dependency_that_needs_the_body_comes_after_the_others() -> None:
    """It is called when the body is right, and before wrong values of the handler count."""

    async def owner(note: dict[str, int], member: Annotated[str, Depends(_member)]) -> None:
        if "forbidden" in note:
            raise PermissionDenied

    async def handler(size: int, first: None = Depends(owner), second: int = Depends(_page)) -> None: ...

    request: dict[str, Any] = {"query": b"size=x", "headers": [(b"authorization", b"yes")]}
    assert (await refusal(handler, body=b'{"forbidden": 1}', **request))[0] == 403
    assert await faults(handler, body=b'{"forbidden": "a"}', **request) == [
        ("body", ["forbidden"], "invalid"),
        ("query", ["size"], "invalid"),
    ]
    assert (await refusal(handler, body=b"{", query=b""))[0] == 401


async def test_uncached_dependency_of_a_shared_one_runs_once() -> None:
    """What is called anew for each that depends on it is called once for one that is shared."""
    called = []

    def count() -> int:
        called.append(1)
        return len(called)

    def shared(number: Annotated[int, Depends(count, use_cache=False)]) -> int:
        return number

    async def handler(
        a: Annotated[int, Depends(shared)],
        b: Annotated[int, Depends(shared)],
        c: Annotated[int, Depends(count, use_cache=False)],
    ) -> list[int]:
        return [a, b, c]

    assert await call(handler) == [1, 1, 2]


@dataclasses.dataclass
class Basket:
    things: list[int] = dataclasses.field(default_factory=list)


async def test_default_is_new_at_every_depth() -> None:
    """What a handler does to a default is not there for the next request, whatever it is made of."""

    async def handler(
        basket: Basket = Basket(),  # noqa: B008 - the point of the test
        table: Annotated[dict[str, list[int]], Body()] = {"a": []},  # noqa: B006 - the point of the test
    ) -> list[object]:
        basket.things.append(1)
        table["a"].append(1)
        return [basket.things, table]

    assert [await call(handler) for _ in range(2)] == [[[1], {"a": [1]}]] * 2


async def test_default_that_cannot_be_copied_is_shared() -> None:
    """Such as a lock is what its author wrote."""
    lock = threading.Lock()

    async def handler(note: Annotated[Any, Body()] = lock) -> list[bool]:
        return [note is lock]

    assert await call(handler) == [True]


def _timed(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def _awaited(function: Any) -> Any:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize("around", [_timed, _awaited, contextlib.asynccontextmanager])
async def test_decorated_async_generator_is_run(around: Any) -> None:
    """A decorator, one of contextlib too, does not keep a guard from guarding, nor a clean-up from running."""
    log: list[str] = []

    async def guard(allowed: bool = False) -> AsyncIterator[str]:
        if not allowed:
            raise Unauthorized
        try:
            yield "value"
        except KeyError:
            log.append("kept to itself")
        log.append("closed")

    async def handler(value: str = Depends(around(guard)), fail: bool = False) -> list[str]:
        if fail:
            raise KeyError(value)
        return [value]

    assert (await refusal(handler))[0] == 401
    assert await call(handler, query=b"allowed=true") == ["value"]
    with pytest.raises(KeyError):
        await call(handler, query=b"allowed=true&fail=true")
    assert log == ["closed", "kept to itself", "closed"]


@pytest.mark.parametrize("around", [_timed, _awaited, contextlib.contextmanager])
async def test_decorated_plain_generator_is_run(around: Any) -> None:
    """The same holds for plain generators, which run in threads."""
    log: list[bool] = []

    def connection() -> Iterator[str]:
        yield "value"
        log.append(threading.current_thread() is threading.main_thread())

    async def handler(value: str = Depends(around(connection))) -> list[str]:
        return [value]

    assert await call(handler) == ["value"]
    assert log == [False]


async def test_generator_that_nobody_would_run_is_an_error() -> None:
    """A guard behind a decorator that hides it is no reason to let everybody in; an expression is a value."""

    async def guard() -> AsyncIterator[None]:
        if called:
            raise Unauthorized
        yield

    called: list[int] = []

    def hidden() -> object:
        return guard()

    async def handler(nothing: object = Depends(hidden)) -> None: ...

    async def numbers(given: Any = Depends(lambda: (number for number in (1, 2)))) -> list[int]:
        return list(given)

    with pytest.raises(RuntimeError, match="nobody runs"):
        await call(handler)
    assert await call(numbers) == [1, 2]


async def test_dependency_may_take_a_parameter_as_text() -> None:
    """The handler decides what the path is made of; a dependency gets the text of it, or converts text itself."""

    async def text_of(item_id: str) -> str:
        return item_id

    async def number_of(key: int) -> int:
        return key

    async def handler(
        item_id: int, key: str, text: Annotated[str, Depends(text_of)], number: Annotated[int, Depends(number_of)]
    ) -> list[object]:
        return [item_id, key, text, number]

    assert await call(handler, "/{item_id}/{key}", (7, "8")) == [7, "8", "7", 8]
    assert await faults(handler, path="/{item_id}/{key}", values=(7, "x")) == [("path", ["key"], "invalid")]
