"""What a handler asks for."""

import datetime as dt
import enum
import functools
import uuid
from typing import Annotated, Literal

import pytest

from openviper.http.request import Request
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import read_signature
from openviper.routing.exceptions import RouteError


class Colour(enum.Enum):
    RED = "red"


class OwnRequest(Request):
    pass


class Unknown:
    pass


async def _handler(
    key: uuid.UUID,
    /,
    request: Request,
    own: OwnRequest,
    page: int = 1,
    tags: list[str] | None = None,
    when: dt.date | None = None,
    colour: Colour = Colour.RED,
    *rest: str,
    order: Literal["asc", "desc"] = "asc",
    **others: str,
) -> None: ...


def test_every_argument_is_read_once() -> None:
    """Kind, type, list, default and position are known before the first request."""
    signature = read_signature(_handler)
    found = {a.name: (a.kind, a.annotation, a.is_list, a.default) for a in signature.arguments}
    assert signature.is_async
    assert signature.name.endswith("test_arguments._handler")
    assert found == {
        "key": ("value", uuid.UUID, False, UNSET),
        "request": ("request", Request, False, UNSET),
        "own": ("request", OwnRequest, False, UNSET),
        "page": ("value", int, False, 1),
        "tags": ("value", str, True, None),
        "when": ("value", dt.date, False, None),
        "colour": ("value", Colour, False, Colour.RED),
        "order": ("value", Literal["asc", "desc"], False, "asc"),
    }
    assert signature.arguments[0].is_positional
    assert signature.arguments[0].implied_converter == "uuid"


def test_annotations_may_be_text() -> None:
    """A module with postponed annotations is read alike."""

    async def handler(page: "int") -> None: ...

    assert read_signature(handler).arguments[0].annotation is int


def test_callables_of_every_kind_are_told_async_or_not() -> None:
    """Partials, callable objects and classes with an async call are seen through."""

    class AsyncCall:
        async def __call__(self) -> None: ...

    class SyncCall:
        def __call__(self) -> None: ...

    assert read_signature(AsyncCall()).is_async
    assert not read_signature(SyncCall()).is_async
    assert read_signature(functools.partial(_handler, uuid.uuid4())).is_async
    assert not read_signature(lambda: None).is_async


def _wrong_type(thing: Unknown) -> None: ...


def _wrong_union(thing: int | str) -> None: ...


def _wrong_alias(thing: dict[str, int]) -> None: ...


@pytest.mark.parametrize("handler", [_wrong_type, _wrong_union, _wrong_alias])
def test_type_that_no_part_of_a_request_gives_is_refused(handler: object) -> None:
    """Handler and argument are named when the route is registered, not when a client calls."""
    with pytest.raises(RouteError, match="'thing' is of type") as caught:
        read_signature(handler)  # type: ignore[arg-type]  # a parameter of several functions
    assert getattr(handler, "__name__", "") in str(caught.value)


def test_unknown_name_in_an_annotation_is_named() -> None:
    """A forward reference to nothing says which name."""

    async def handler(page: int) -> None: ...

    handler.__annotations__["page"] = "NotThere"

    with pytest.raises(RouteError, match="'NotThere', which is not defined"):
        read_signature(handler)


def test_handler_must_be_callable() -> None:
    """A route to a number is a mistake of its author."""
    with pytest.raises(RouteError, match="not 3"):
        read_signature(3)  # type: ignore[arg-type]  # the point of the test


def test_annotated_type_stands_for_what_it_annotates() -> None:
    """`Annotated[int, ...]` is read as int."""

    async def handler(page: Annotated[int, "unused"] = 1) -> None: ...

    assert read_signature(handler).arguments[0].annotation is int
