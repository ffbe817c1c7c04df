"""JSON bytes from values and back."""

import collections
import dataclasses
import datetime
import decimal
import enum
import ipaddress
import math
import pathlib
import types
import uuid

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.primitives.json import decode, encode, struct_encoder


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int


class Aliased(pydantic.BaseModel):
    user_name: str = pydantic.Field(serialization_alias="userName")


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
        (collections.deque([1, 2]), "[1,2]"),
        (range(3), "[0,1,2]"),
        ({"a": 1}.values(), "[1]"),
        ({"a": 1}.keys(), '["a"]'),
        (types.MappingProxyType({"a": range(1)}), '{"a":[0]}'),
        (ipaddress.ip_address("::1"), '"::1"'),
        (ipaddress.ip_network("10.0.0.0/8"), '"10.0.0.0/8"'),
        (pydantic.HttpUrl("https://a.example/"), '"https://a.example/"'),
        (pydantic.SecretStr("hush"), '"**********"'),
        (pydantic.SecretBytes(b"hush"), '"**********"'),
        (pydantic.SecretStr(""), '""'),
        (Aliased(user_name="ada"), '{"userName":"ada"}'),
    ],
)
def test_values_of_the_field_are_carried(value: object, text: str) -> None:
    """What handlers commonly return has one JSON form."""
    assert encode(value) == text.encode()


def test_unknown_type_is_named() -> None:
    """The error says which type cannot be carried."""
    for value, name in ((1j, "complex"), (b"x", "bytes"), (object(), "object")):
        with pytest.raises(TypeError, match=name):
            encode({"z": value})


class Row:
    """As an instance of a model is."""

    def to_dict(self) -> dict[str, object]:
        return {}

    def __await__(self) -> object:
        raise NotImplementedError


class Rows:
    """As a query set is."""

    def __await__(self) -> object:
        raise NotImplementedError

    def __aiter__(self) -> object:
        raise NotImplementedError


class Rowed:
    """As a manager is."""

    def get_queryset(self) -> object:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Row(), "Row is not JSON serializable; write its to_dict(), or read rows as data: await rows.values()"),
        ([Row()], "Row is not JSON serializable; write its to_dict(), or read rows as data: await rows.values()"),
        (Rows(), "Rows is not JSON serializable; it has to be awaited: await rows.values() gives its rows as data"),
        (Rowed(), "Rowed is not JSON serializable; it has rows that have not been read: await rows.values() gives "),
        (object(), "object is not JSON serializable"),
    ],
)
def test_what_has_to_be_read_first_is_told(value: object, text: str) -> None:
    """An instance of a model and rows that nobody has read say what to write in their place."""
    with pytest.raises(TypeError) as caught:
        encode(value)
    assert str(caught.value).startswith(text)


def test_coroutine_has_to_be_awaited() -> None:
    """It is what a call without await gives."""

    async def make() -> int:
        return 1

    coming = make()
    with pytest.raises(TypeError, match=r"^coroutine is not JSON serializable; await it first$"):
        encode({"n": coming})
    coming.close()


def test_indent_is_for_people() -> None:
    """Indented text holds the same value."""
    text = encode({"a": 1}, indent=True)
    assert text == b'{\n  "a": 1\n}'
    assert decode(text) == {"a": 1}


def test_number_without_a_value_is_null_beside_a_large_one_too() -> None:
    """JSON has no infinity, whichever encoder is at work; half a character is refused by both."""
    assert encode([math.inf, math.nan]) == b"[null,null]"
    assert encode([2**70, math.inf, math.nan]) == b"[1180591620717411303424,null,null]"
    for value in (["\udcff"], [2**70, "\udcff"]):
        with pytest.raises(TypeError, match="surrogates not allowed"):
            encode(value)


def test_numbers_of_more_than_64_bits_are_written() -> None:
    """JSON sets no bound for a number; what stands beside it is written as always."""
    value = {"n": 10**30, "day": datetime.date(2026, 1, 2), "price": decimal.Decimal("1.5")}
    assert encode(value) == b'{"n":1%s,"day":"2026-01-02","price":"1.5"}' % (b"0" * 30)
    assert encode([10**30], indent=True) == b"[\n  1%s\n]" % (b"0" * 30)


def test_struct_encoder_carries_what_encode_does() -> None:
    """A Struct may hold what only our own encoder knows."""

    class Row(msgspec.Struct):
        path: pathlib.PurePosixPath

    assert struct_encoder()(Row(pathlib.PurePosixPath("a/b"))) == b'{"path":"a/b"}'


def test_deep_value_is_written() -> None:
    """What a client may send, 500 levels deep, may be answered."""
    text = b"[" * 500 + b"]" * 500
    assert encode(decode(text)) == text


@given(st.timedeltas())
def test_duration_is_written_as_it_is_read(value: datetime.timedelta) -> None:
    """What an argument takes can be answered, in the form that a Struct gives it."""
    assert encode([value]) == msgspec.json.encode([value])
    assert msgspec.json.decode(encode(value), type=datetime.timedelta) == value
