"""Middleware of single routes."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from openviper.http.request import Request
from openviper.http.response import Response
from openviper.routing.route import Plan, RouteMiddleware
from openviper.routing.wrapping import wrap_plan
from openviper.types import ASGIApp, Message, Receive, Scope

CallNext = Callable[[Request], Awaitable[Response]]


async def _receive() -> Message:
    return {"type": "http.request", "body": b"sent"}


def _plan(answer: ASGIApp | bytes, seen: list[str]) -> Plan:
    async def plan(scope: Scope, receive: Receive, values: Sequence[object]) -> ASGIApp | bytes:
        seen.append(f"handler of {scope['path']} with {list(values)}")
        return answer

    return plan


def _named(name: str, seen: list[str]) -> RouteMiddleware:
    async def middleware(request: Request, call_next: CallNext) -> Response:
        seen.append(f"{name} before")
        response = await call_next(request)
        seen.append(f"{name} after {response.status_code}")
        return response

    return middleware


async def _serve(plan: Plan, path: str = "/b/7") -> ASGIApp | bytes | str:
    return await plan({"type": "http", "method": "GET", "path": path, "headers": []}, _receive, [7])


async def test_first_middleware_is_outermost_and_the_values_reach_the_handler() -> None:
    """Each sees the request on the way in and the response on the way out."""
    seen: list[str] = []
    plan = wrap_plan(_plan(Response("x", 201), seen), [_named("outer", seen), _named("inner", seen)], 100)

    answer = await _serve(plan)

    assert isinstance(answer, Response)
    assert seen == ["outer before", "inner before", "handler of /b/7 with [7]", "inner after 201", "outer after 201"]


async def test_encoded_json_is_a_response_for_the_middleware() -> None:
    """A plan may give the bytes of a JSON text."""
    answer = await _serve(wrap_plan(_plan(b"[1]", []), [_named("one", [])], 100))

    assert isinstance(answer, Response)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


async def test_parameters_of_the_path_are_known_to_the_middleware() -> None:
    """As the converters gave them; a path without any has none."""
    seen: list[object] = []

    async def watch(request: Request, call_next: CallNext) -> Response:
        seen.append(request.path_params)
        return await call_next(request)

    await _serve(wrap_plan(_plan(b"1", []), [watch], 100, ["book_id"]))
    await _serve(wrap_plan(_plan(b"1", []), [watch], 100))

    assert seen == [{"book_id": 7}, {}]


async def test_middleware_may_answer_in_place_of_the_handler() -> None:
    """What it returns becomes a response as the result of a handler does; the handler is not called."""
    seen: list[str] = []

    async def refuse(request: Request, call_next: CallNext) -> object:
        return {"path": request.path}, 409

    answer = await _serve(wrap_plan(_plan(b"[1]", seen), [refuse], 100))

    assert isinstance(answer, Response)
    assert (answer.status_code, seen) == (409, [])


async def test_middleware_may_hand_on_another_request() -> None:
    """The handler gets the scope of the request that ``call_next`` was given."""
    seen: list[str] = []

    async def move(request: Request, call_next: CallNext) -> Response:
        return await call_next(Request({**request.scope, "path": "/moved"}, _receive))

    await _serve(wrap_plan(_plan(b"1", seen), [move], 100))

    assert seen == ["handler of /moved with [7]"]


async def test_body_is_bounded_for_middleware_too() -> None:
    """The request has the limit of the application."""
    lengths: list[int] = []

    async def read(request: Request, call_next: CallNext) -> Response:
        lengths.append(len(await request.body()))
        return await call_next(request)

    await _serve(wrap_plan(_plan(b"1", []), [read], 4))
    assert lengths == [4]
    with pytest.raises(Exception, match="413"):
        await _serve(wrap_plan(_plan(b"1", []), [read], 3))


async def test_errors_pass_through_the_middleware() -> None:
    """It may handle what a handler raises, as ``try`` around any other call."""

    async def fail(scope: Scope, receive: Receive, values: Sequence[object]) -> bytes:
        raise KeyError("absent")

    async def mend(request: Request, call_next: CallNext) -> object:
        try:
            return await call_next(request)
        except KeyError:
            return "mended"

    answer = await _serve(wrap_plan(fail, [mend], 100))
    assert isinstance(answer, Response)
    assert answer.status_code == 200


class _Prepared:
    """Has to do with the request only if it was told so."""

    def __init__(self, replacement: RouteMiddleware | None) -> None:
        self.replacement = replacement

    def prepare(self) -> RouteMiddleware | None:
        return self.replacement

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        raise AssertionError("asked without being prepared")


async def test_middleware_may_say_beforehand_what_it_will_do() -> None:
    """One that has nothing to do leaves the plan as it is; another is replaced."""
    seen: list[str] = []
    plan = _plan(b"1", seen)

    assert wrap_plan(plan, [_Prepared(None)], 100) is plan
    assert wrap_plan(plan, [], 100) is plan
    await _serve(wrap_plan(plan, [_Prepared(_named("real", seen)), _Prepared(None)], 100))
    assert seen == ["real before", "handler of /b/7 with [7]", "real after 200"]
