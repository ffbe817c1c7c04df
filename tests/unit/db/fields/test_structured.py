"""JSON, bytes and lists."""

import dataclasses
import datetime as dt
import math
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import ArrayField, BinaryField, CharField, ForeignKey, IntegerField, JSONField
from openviper.db.fields.base import AnyField
from openviper.primitives.json import decode, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


class Broken(dt.tzinfo):
    """A zone that raises; orjson ends the process when one does."""

    def utcoffset(self, _: dt.datetime | None) -> dt.timedelta:
        raise NotImplementedError

    def dst(self, _: dt.datetime | None) -> None:
        return None

    def tzname(self, _: dt.datetime | None) -> str:
        return "broken"


@dataclasses.dataclass
class Point:
    x: int


@given(VALUES.filter(lambda value: value is not None))
def test_json_passes_unchanged(value: object) -> None:
    """What JSON carries passes, and comes back from its text as it was."""
    assert JSONField().clean(value) is value
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        (1, 2), {"a": (1,)}, {1: "a"}, {"a": math.nan}, [math.inf], {1, 2}, dt.date(2026, 1, 1),
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)],
        {"a": dt.datetime(2026, 1, 1, tzinfo=Broken())}, [dt.time(1, tzinfo=Broken())],
        uuid.UUID(int=1), Decimal(1), Point(1), b"x", 2**70, [2**64], "a\0b", {"a\0": 1}, "\ud800", object(), None,
    ],
)  # fmt: skip
def test_value_that_json_would_change(value: object) -> None:
    """What would come back as something else is refused, and so is a NUL."""
    with pytest.raises(FieldValueError):
        JSONField().clean(value)


def test_backslashes_are_no_null_characters() -> None:
    """A text about an escaped NUL holds none."""
    assert JSONField().clean(["\\u0000", "\\\\u0000"]) == ["\\u0000", "\\\\u0000"]
    with pytest.raises(FieldValueError, match="Null"):
        JSONField().clean("\\\0")


def test_value_that_holds_itself() -> None:
    """A circle, or depth beyond every encoder's, is refused and does not end the process."""
    circle: list[object] = []
    circle.append(circle)
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in (circle, deep):
        with pytest.raises(FieldValueError, match="JSON cannot carry"):
            JSONField().clean(value)


def test_size_of_json() -> None:
    """Bytes of the text are counted: 1 MiB unless the field states another number."""
    assert JSONField(max_size=4).clean("ab") == "ab"
    with pytest.raises(FieldValueError, match="takes 5 bytes of JSON, at most 4"):
        JSONField(max_size=4).clean("abc")
    with pytest.raises(FieldValueError, match="at most 1048576"):
        JSONField().clean("x" * 1_048_576)


@pytest.mark.parametrize("value", [b"\0\xff", bytearray(b"\0\xff"), memoryview(b"\0\xff")])
def test_bytes(value: object) -> None:
    """Whatever holds bytes becomes bytes."""
    assert BinaryField().clean(value) == b"\0\xff"
    assert type(BinaryField().clean(value)) is bytes


@pytest.mark.parametrize("value", ["text", 5, [1, 2], None])
def test_value_that_has_no_bytes(value: object) -> None:
    """A text has no bytes before it is encoded, and a number does not say how many zeros it means."""
    with pytest.raises(FieldValueError):
        BinaryField().clean(value)


def test_number_of_bytes() -> None:
    """There are at most max_length of them."""
    assert BinaryField(max_length=2).clean(b"ab") == b"ab"
    with pytest.raises(FieldValueError, match="has 3 bytes, at most 2"):
        BinaryField(max_length=2).clean(b"abc")


def test_items_of_a_list_are_cleaned() -> None:
    """A list or tuple becomes a new list of what the items' field makes of them."""
    given_items = ["1", 2]
    clean = ArrayField(IntegerField()).clean(given_items)
    assert clean == [1, 2]
    assert given_items == ["1", 2]
    assert ArrayField(IntegerField(null=True)).clean((None, 1)) == [None, 1]


def test_every_refused_item_is_named() -> None:
    """Items are counted from one; of very many faults the first are told."""
    field = ArrayField(CharField(max_length=2))
    with pytest.raises(FieldValueError) as caught:
        field.clean(["ok", "long", 3])
    assert [message.partition(":")[0] for message in caught.value.messages] == ["Item 2", "Item 3"]
    with pytest.raises(FieldValueError) as caught:
        field.clean([0] * 100_000)
    assert len(caught.value.messages) == 20


@pytest.mark.parametrize("value", ["ab", {1, 2}, {"a": 1}, 5, iter([1]), None])
def test_value_that_is_no_list(value: object) -> None:
    """A text is no list of characters, and a set has no order."""
    with pytest.raises(FieldValueError):
        ArrayField(CharField()).clean(value)


def test_number_of_items() -> None:
    """There are at most size of them."""
    assert ArrayField(IntegerField(), size=2).clean([1, 2]) == [1, 2]
    with pytest.raises(FieldValueError, match="has 3 items, at most 2"):
        ArrayField(IntegerField(), size=2).clean([1, 2, 3])


def test_items_that_no_list_has() -> None:
    """Lists, JSON, keys, references and defaults have no place in a list."""
    unfit: list[AnyField] = [JSONField(), ArrayField(IntegerField()), IntegerField(primary_key=True)]
    unfit += [IntegerField(default=1), ForeignKey("self")]
    for items in unfit:
        with pytest.raises(ModelDefinitionError, match="ArrayField"):
            ArrayField(items)
    with pytest.raises(ModelDefinitionError, match="takes no choices"):
        JSONField(choices=["a"])
