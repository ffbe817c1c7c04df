"""JSON bytes from values and back."""

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid

import msgspec
import pytest

from openviper.primitives.json import decode, encode


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int


class Order(msgspec.Struct):
    total: decimal.Decimal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.5, None, True, "ü"]}, '{"a":[1,2.5,null,true,"ü"]}'),
        ({1: "one"}, '{"1":"one"}'),
        (Point(3), '{"x":3}'),
        (Order(decimal.Decimal("1.10")), '{"total":"1.10"}'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (Colour.RED, '"red"'),
        (uuid.UUID(int=0), '"00000000-0000-0000-0000-000000000000"'),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), '"2026-01-02T03:04:05+00:00"'),
        (pathlib.PurePosixPath("a/b"), '"a/b"'),
        ({7}, "[7]"),
    ],
)
def test_values_of_the_field_are_carried(value: object, text: str) -> None:
    """What handlers commonly return has one JSON form."""
    assert encode(value) == text.encode()


def test_unknown_type_is_named() -> None:
    """The error says which type cannot be carried."""
    with pytest.raises(TypeError, match="complex"):
        encode({"z": 1j})


def test_indent_is_for_people() -> None:
    """Indented text holds the same value."""
    text = encode({"a": 1}, indent=True)
    assert text == b'{\n  "a": 1\n}'
    assert decode(text) == {"a": 1}
