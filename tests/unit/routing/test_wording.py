"""What is told of a JSON value that does not fit."""

import datetime as dt
import decimal
import enum
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest

from openviper.routing.findings import find_faults


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Row(msgspec.Struct):
    number: int


class Cat(msgspec.Struct, tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag="dog"):
    barks: bool


class Pair(NamedTuple):
    x: int
    y: int


class Listed(msgspec.Struct, array_like=True):
    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x > 9:
            raise ValueError("x is over nine")


Code = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="three capital letters")]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (int, "1", "'1' is not a whole number."),
        (int, None, "null is not a whole number."),
        (int, True, "true is not a whole number."),
        (int, [], "A list is not a whole number."),
        (str, {}, "An object is not text."),
        (Annotated[str, msgspec.Meta(min_length=1)], "", "'' is not text of at least 1 character."),
        (Annotated[int, msgspec.Meta(ge=1, le=9)], 0, "0 is not a whole number, at least 1 and at most 9."),
        (Code, "a", "'a' is not text, fitting the pattern ^[A-Z]{3}$ (three capital letters)."),
        (Annotated[list[int], msgspec.Meta(min_length=2)], [1], "A list of at least 2 values is expected, not of 1."),
        (Annotated[dict[str, int], msgspec.Meta(max_length=1)], {"a": 1, "b": 2},
         "An object of at most 1 value is expected, not of 2."),
        (tuple[int, int], [1], "A list of 2 values is expected, not of 1."),
        (list[int], 1, "1 is not a list."),
        (Row, [1], "A list is not an object."),
        (Row | None, "x", "'x' is not an object or null."),
        (int | str, 1.5, "1.5 is not a whole number or text."),
        (int | list[str], None, "null is not a whole number or a list."),
        (Colour, "green", "'green' is not one of red, blue."),
        (Literal["a", 1], "b", "'b' is not one of 1, a."),
        (Cat | Dog, {"type": "cow"}, "'cow' is not one of cat, dog."),
        (Cat, {"type": "cow", "lives": 1}, "'cow' is not cat."),
        (dt.date, "2026-02-30", "'2026-02-30' is not a valid date."),
        (Annotated[dt.datetime, msgspec.Meta(tz=True)], "2026-01-02T03:04:05",
         "'2026-01-02T03:04:05' is not a valid date and time with a time zone."),
        (dt.timedelta, "x", "'x' is not a valid duration (such as PT30M)."),
        (decimal.Decimal, "x", "'x' is not a number."),
        (bytes, "?", "'?' is not text in base64."),
        (dict[int, int], {"x": 1}, "'x' is not a whole number."),
        (Pair, 1, "1 is not a list."),
        (Listed, [10], "x is over nine."),
    ],
)  # fmt: skip
def test_message_speaks_of_the_value_and_of_what_fits(kind: Any, value: object, message: str) -> None:
    """In the words that a value of a query is told in, without names of types of a program."""
    assert [fault["message"] for fault in find_faults(kind, value, hook=_hook)] == [message]


def test_long_value_is_shortened() -> None:
    """A client's own text comes back, and may be as long as a body."""
    (fault,) = find_faults(int, "x" * 10_000, hook=_hook)
    assert len(str(fault["message"])) < 200


def test_fault_deep_within_a_named_tuple_has_its_place() -> None:
    """The decoder says where it is."""
    (fault,) = find_faults(Pair, [1, "a"], hook=_hook)
    assert fault["path"] == [1]


def _hook(kind: type, value: object) -> object:
    raise TypeError(kind, value)
