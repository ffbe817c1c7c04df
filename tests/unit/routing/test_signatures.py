"""What a handler asks for."""

import datetime as dt
import enum
import functools
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import pytest

from openviper.http.request import Request
from openviper.primitives.unset import UNSET
from openviper.routing.exceptions import RouteError
from openviper.routing.signatures import read_signature

if TYPE_CHECKING:
    from decimal import Decimal


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
    assert signature.style == "coroutine"
    assert signature.name.endswith("test_signatures._handler")
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
    assert [a.name for a in signature.arguments if not a.is_positional] == ["order"]
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

    handlers = (AsyncCall(), SyncCall(), functools.partial(_handler, uuid.uuid4()), lambda: None)
    assert [read_signature(one).style for one in handlers] == ["coroutine", "function", "coroutine", "function"]


def _wrong_type(thing: Unknown) -> None: ...


def _wrong_union(thing: int | str) -> None: ...


def _wrong_alias(thing: Iterator[int]) -> None: ...


class OwnText(str):
    __slots__ = ()


class Nothing(enum.Enum):
    pass


class Mixed(enum.Enum):
    NUMBER = 1
    TEXT = "b"


class Pair(enum.Enum):
    BOTH = (1, 2)


class Amount(enum.Enum):
    HALF = 0.5


class Choice(enum.Enum):
    YES = True


def _own_text(thing: OwnText) -> None: ...


def _empty_enum(thing: Nothing) -> None: ...


def _mixed_enum(thing: Mixed) -> None: ...


def _bare_enum(thing: enum.Enum) -> None: ...


def _tuple_enum(thing: list[Pair]) -> None: ...


def _float_enum(thing: Amount | None) -> None: ...


def _bool_enum(thing: Choice) -> None: ...


def _literal_member(thing: Literal[Colour.RED]) -> None: ...


def _literal_bytes(thing: Literal[b"x"]) -> None: ...


def _literal_bool(thing: Literal[True]) -> None: ...


def _literal_mixed(thing: Literal[1, "a"]) -> None: ...


def _nested_list(thing: list[list[int]]) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        _wrong_type,
        _wrong_union,
        _wrong_alias,
        _own_text,
        _empty_enum,
        _mixed_enum,
        _bare_enum,
        _tuple_enum,
        _float_enum,
        _bool_enum,
        _literal_member,
        _literal_bytes,
        _literal_bool,
        _literal_mixed,
        _nested_list,
    ],
)
def test_type_that_no_part_of_a_request_gives_is_refused(handler: object) -> None:
    """Handler and argument are named when the route is registered, not when a client calls (A-69)."""
    with pytest.raises(RouteError, match="'thing' is of type") as caught:
        read_signature(handler)  # type: ignore[arg-type]  # a parameter of several functions
    assert getattr(handler, "__name__", "") in str(caught.value)


def test_unknown_name_in_an_annotation_is_named() -> None:
    """A forward reference to nothing says which name."""

    async def handler(page: int) -> None: ...

    handler.__annotations__["page"] = "NotThere"

    with pytest.raises(RouteError, match="the annotation of 'page' cannot be evaluated: name 'NotThere' is not def"):
        read_signature(handler)


def test_handler_must_be_callable() -> None:
    """A route to a number is a mistake of its author."""
    with pytest.raises(RouteError, match="not 3"):
        read_signature(3)  # type: ignore[arg-type]  # the point of the test


async def _wrapped(
    request: Annotated[Request, "unused"],
    maybe: Request | None,
    page: Annotated[int, "unused"],
    size: Annotated["int | None", "unused"],
    least: Optional[Annotated[int, "unused"]],  # noqa: UP045 - the older spelling is read as well
    tags: list[Annotated[str, "unused"]] | None,
) -> None: ...


def test_annotated_and_optional_types_are_seen_through() -> None:
    """Either may stand within the other, around a request as well as around a value."""
    found = [(a.kind, a.annotation, a.is_list, a.default) for a in read_signature(_wrapped).arguments]
    assert found == [
        ("request", Request, False, UNSET),
        ("request", Request, False, UNSET),
        ("value", int, False, UNSET),
        ("value", int, False, None),
        ("value", int, False, None),
        ("value", str, True, None),
    ]


def test_result_may_be_annotated_with_what_only_a_type_checker_imports() -> None:
    """What a handler returns is its own affair."""

    async def handler(page: "int") -> "Decimal":
        raise NotImplementedError

    assert [a.annotation for a in read_signature(handler).arguments] == [int]


@pytest.mark.parametrize("text", ["dt.nosuch", "list[", "int | 3", "Literal['a'"])
def test_annotation_that_cannot_be_evaluated_names_the_handler(text: str) -> None:
    """Whatever is wrong with it, handler and argument are told."""

    async def handler(page: int) -> None: ...

    handler.__annotations__["page"] = text

    with pytest.raises(RouteError, match=r"test_signatures.*handler: the annotation of 'page'"):
        read_signature(handler)


def test_annotations_as_text_are_found_where_the_function_was_written() -> None:
    """Methods, decorated functions, partials and objects are seen through to their module."""

    class View:
        async def method(self, day: "dt.date") -> None: ...

        async def __call__(self, day: "dt.date") -> None: ...

    async def function(day: "dt.date") -> None: ...

    @functools.wraps(function)
    def decorated(*args: object) -> object: ...

    handlers: list[Callable[..., object]] = [View(), View().method, decorated, functools.partial(decorated)]
    for handler in handlers:
        assert [a.annotation for a in read_signature(handler).arguments] == [dt.date]


def _with_flags(page: int, *, admin: bool = False, dry: bool = True) -> None: ...


@functools.wraps(functools.partial(_with_flags, admin=True))
def _around_partial(*args: Any, **kwargs: Any) -> None: ...


@pytest.mark.parametrize(
    ("handler", "names"),
    [
        (functools.partial(_with_flags, admin=False), ["page", "dry"]),
        (functools.partial(functools.partial(_with_flags, admin=False), dry=False), ["page"]),
        (functools.partial(_with_flags, 3, admin=False), ["dry"]),
        (functools.partial(_with_flags, page=3), ["admin", "dry"]),
        (_around_partial, ["page", "dry"]),
        (functools.partial(_around_partial, dry=False), ["page"]),
    ],
)
def test_value_that_a_partial_binds_is_no_argument(handler: Callable[..., object], names: list[str]) -> None:
    """What the author has fixed, no client can set."""
    assert [a.name for a in read_signature(handler).arguments] == names


def _asking(function: Callable[..., object]) -> Callable[..., object]:
    """A decorator that wants the request for itself."""

    @functools.wraps(function)
    async def wrapper(request: Request, *args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return wrapper


def _passing(function: Callable[..., object]) -> Callable[..., object]:
    """A decorator that looks at nothing."""

    @functools.wraps(function)
    async def wrapper(*args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return wrapper


def _numbered(number: int, page: int = 1) -> None: ...


def _first(request: Request, number: int) -> None: ...


def _last(number: int, request: Request) -> None: ...


@pytest.mark.parametrize(
    ("handler", "kinds"),
    [
        (_asking(_numbered), ["request", "value", "value"]),
        (_passing(_asking(_numbered)), ["request", "value", "value"]),
        (_asking(_passing(_numbered)), ["request", "value", "value"]),
        (_passing(_numbered), ["value", "value"]),
        (_asking(_first), ["request", "value"]),
        (_asking(lambda: None), ["request"]),
        (_asking(lambda number: None), ["value"]),
    ],
)
def test_decorator_may_take_the_request_of_a_function_that_asks_for_none(
    handler: Callable[..., object], kinds: list[str]
) -> None:
    """What ``wraps`` hides is given all the same, by its place in front."""
    assert [argument.kind for argument in read_signature(handler).arguments] == kinds


def test_request_of_decorator_and_function_stand_in_one_place() -> None:
    """The values would go to the wrong arguments otherwise, at every request."""
    with pytest.raises(RouteError, match="_last: a decorator of it takes the request first"):
        read_signature(_asking(_last))
