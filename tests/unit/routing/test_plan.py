"""The call plan of a route."""

import datetime as dt
import enum
import functools
import threading
import uuid
from typing import Any, Literal

import pytest

from openviper.exceptions import ValidationError
from openviper.http.request import Request
from openviper.http.response import JSONResponse, Response
from openviper.primitives.json import decode
from openviper.routing.plan import compile_plan
from openviper.routing.route import Route
from openviper.types import Message


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
    return await compile_plan(route, max_body_bytes=5)(scope, _receive, values)


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
    assert [(await plan(scope, _receive, ())).body for _ in range(2)] == [b'["x"]', b'["x"]']


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
