"""The typed body in a plan: one for the handler and its dependencies."""

from typing import Annotated, Any

import msgspec
import pytest

from openviper import OpenViper
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Body, Depends
from openviper.routing.payload import check_bodies
from openviper.routing.route import Route, Shared
from openviper.testing import LifespanFailedError, TestClient
from tests.unit.routing.calls import call, faults


class Order(msgspec.Struct):
    number: int


class Note(msgspec.Struct):
    text: str


def _number_of(order: Order) -> int:
    return order.number


def _number_or(order: Order | None = None) -> int:
    return order.number if order else 0


async def test_body_of_handler_and_dependency_is_one() -> None:
    """What both ask for by one name and type is the whole body; one who needs it decides that it must be there."""

    async def handler(order: Order, number: Annotated[int, Depends(_number_of)]) -> list[int]:
        return [order.number, number]

    async def optional(order: Order, number: Annotated[int, Depends(_number_or)]) -> list[int]:
        return [order.number, number]

    for both in (handler, optional):
        assert await call(both, body=b'{"number": 1}') == [1, 1]
        assert await faults(both, body=b'{"number": "x"}') == [("body", ["number"], "invalid")]
        assert await faults(both) == [("body", [], "missing")]


async def test_bodies_of_two_names_are_keys_of_one() -> None:
    """The part of a dependency stands beside that of the handler."""

    async def handler(note: Note, number: Annotated[int, Depends(_number_of)]) -> list[Any]:
        return [note.text, number]

    assert await call(handler, body=b'{"order": {"number": 1}, "note": {"text": "a"}}') == ["a", 1]
    assert await faults(handler, body=b'{"order": {}}') == [
        ("body", ["note"], "missing"),
        ("body", ["order", "number"], "missing"),
    ]


def _route(handler: Any) -> Route:
    return Route.build("/", handler, methods=("POST",), name=None)


def test_one_name_of_two_types_is_refused() -> None:
    """A body cannot be two things; handler and name are told."""

    async def handler(order: Note, number: Annotated[int, Depends(_number_of)]) -> None: ...

    with pytest.raises(RouteError, match="'order' is asked for in the body twice"):
        check_bodies([_route(handler)])


@pytest.mark.parametrize(
    "kind", [Order | Note, Order | dict, Annotated[object, Body()], Annotated[int, Body(min_length=1)], list[complex]]
)
async def test_bodies_that_cannot_be_read_keep_the_application_from_starting(kind: object) -> None:
    """A mistake in a type is told when the application starts, not to the first visitor."""

    async def handler(thing: Any) -> None: ...

    handler.__annotations__["thing"] = kind
    app = OpenViper(routes=[])
    try:
        app.post("/")(handler)
    except RouteError:
        return  # told even earlier
    with pytest.raises(LifespanFailedError, match="handler"):
        async with TestClient(app):
            pass


def test_form_of_a_dependency_of_the_route_is_looked_at() -> None:
    """A form beside a JSON body is refused wherever the two are asked for."""
    from openviper.routing.params import Form

    def token(token: Annotated[str, Form()]) -> str:
        return token

    async def handler(order: Order) -> None: ...

    shared = Shared(dependencies=(Depends(token),))
    route = Route.build("/", handler, methods=("POST",), name=None, shared=shared)
    with pytest.raises(RouteError, match="one body"):
        route.check_complete()
