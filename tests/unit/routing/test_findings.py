"""The walk that finds every fault of a value."""

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.routing.faults import MOST_FAULTS
from openviper.routing.findings import find_faults, find_foreign


class Colour(enum.Enum):
    RED = "red"


class Cat(msgspec.Struct, tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag="dog", forbid_unknown_fields=True):
    barks: bool


class Pair(NamedTuple):
    left: int
    right: int


class Row(msgspec.Struct, array_like=True):
    number: int


class Note(TypedDict, total=False):
    text: str


class Tree(msgspec.Struct, rename="camel"):
    node_name: str
    child_nodes: "list[Tree]" = []


@dataclasses.dataclass
class Range:
    start: int
    end: int = 10

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise ValueError("start is after end")


def _hook(kind: type, value: object) -> object:
    raise ValueError(f"{kind.__name__} is made of nothing")


def find(kind: object, value: object) -> list[tuple[list[object], str]]:
    return [(one["path"], one["type"]) for one in find_faults(kind, value, hook=_hook)]  # type: ignore[misc]  # our shape


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (int, 1, []),
        (int, "1", [([], "invalid")]),
        (Annotated[int, msgspec.Meta(ge=1)], 0, [([], "invalid")]),
        (Annotated[str, msgspec.Meta(pattern="^a$")], "b", [([], "invalid")]),
        (list[int], [1, "a", None], [([1], "invalid"), ([2], "invalid")]),
        (list[int], {}, [([], "invalid")]),
        (Annotated[list[int], msgspec.Meta(min_length=2)], [1], [([], "invalid")]),
        (Annotated[list[int], msgspec.Meta(max_length=1)], [1, "a"], [([], "invalid"), ([1], "invalid")]),
        (set[int], [1, 1], []),
        (tuple[int, str], [1, 2], [([1], "invalid")]),
        (tuple[int, str], [1], [([], "invalid")]),
        (tuple[int, ...], [1, "a"], [([1], "invalid")]),
        (dict[str, int], {"a": "x", "b": 1}, [(["a"], "invalid")]),
        (dict[int, int], {"1": 1, "x": 1}, [(["x"], "invalid")]),
        (dict[str, int], [], [([], "invalid")]),
        (Cat | Dog, {"type": "cow"}, [(["type"], "invalid")]),
        (Cat | Dog, {}, [(["type"], "missing")]),
        (Cat | Dog, {"type": "dog", "barks": 1, "x": 1}, [(["barks"], "invalid"), (["x"], "unknown")]),
        (Cat | None, None, []),
        (Cat, {"type": "dog", "lives": 9}, [(["type"], "invalid")]),
        (int | str | None, [], [([], "invalid")]),
        (list[int] | str, [1, "a"], [([1], "invalid")]),
        (Pair, [1, "a"], [([1], "invalid")]),
        (Row, ["a"], [([0], "invalid")]),
        (Note, {"text": 1}, [(["text"], "invalid")]),
        (Tree, {"nodeName": "a", "childNodes": [{}]}, [(["childNodes", 0, "nodeName"], "missing")]),
        (Range, {"start": 11}, [([], "invalid")]),
        (list[Range], [{"start": 1}, {"start": 11}], [([1], "invalid")]),
        (Colour, "blue", [([], "invalid")]),
        (Literal["a", 1], "b", [([], "invalid")]),
        (dt.date, "never", [([], "invalid")]),
        (uuid.UUID, "x", [([], "invalid")]),
        (decimal.Decimal, "1.5", []),
        (bytes, "!", [([], "invalid")]),
        (complex, 1, [([], "invalid")]),
        (Any, {"a": [1]}, []),
    ],
)
def test_every_fault_has_its_path(kind: object, value: object, found: list[object]) -> None:
    """Each kind of type is walked, and whatever fits is left alone."""
    assert find(kind, value) == found


def test_faults_have_an_end() -> None:
    """A list of a million wrong values is told by its first hundred."""
    assert len(find(list[int], ["x"] * 100_000)) == MOST_FAULTS


def test_message_says_what_fits() -> None:
    """The message of a rule names the rule."""
    assert find_faults(Range, {"start": 11}, hook=_hook)[0]["message"] == "start is after end."
    assert find_faults(list[int], 1, hook=_hook)[0]["message"] == "1 is not a list."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "lives", "barks", "nodeName", "childNodes", "start", "end"]), inner)
    ),
    max_leaves=10,
)
KINDS: list[Any] = [
    Cat, Dog, Tree, Range, Note, Cat | Dog | None, list[Tree], dict[str, Range], tuple[int, Cat], list[int] | str,
]  # fmt: skip


@given(kind=st.sampled_from(KINDS), value=JSON)
def test_walk_and_decoder_agree(kind: Any, value: object) -> None:
    """There are faults exactly where msgspec refuses the value."""
    try:
        msgspec.convert(value, kind)
        fits = True
    except msgspec.ValidationError:
        fits = False
    assert (find(kind, value) == []) is fits


def test_foreign_class_is_found_at_any_depth() -> None:
    """Classes that nobody makes from JSON."""
    assert find_foreign(dict[str, list[Range]]) is None
    assert find_foreign(dict[str, list[complex]]) is complex


class Shelf(msgspec.Struct):
    spans: dict[str, "list[Range] | None"]
    rest: Any = None
    inner: "Shelf | None" = None


class Counting(list[object]):
    """A list that counts what is taken out of it."""

    taken = 0

    def __iter__(self) -> Iterator[object]:
        for one in super().__iter__():
            self.taken += 1
            yield one


def test_walk_ends_with_the_last_fault_that_is_told() -> None:
    """A body of a million faults costs no more than the hundred that an answer has room for."""
    values = Counting(["x"] * 10_000)
    assert len(find(list[int], values)) == MOST_FAULTS
    assert values.taken <= MOST_FAULTS + 1
    unread = Counting([1] * 10_000)
    assert len(find(Shelf, {"spans": {"a": [{"start": 11}]}, "rest": unread})) == 1
    assert unread.taken == 0


def test_walk_has_an_end_without_faults() -> None:
    """A long list is looked at from its start, and not without an end."""
    values = Counting([1] * 200_000 + ["x"])
    assert find(list[int], values) == []
    assert values.taken <= 50_001
    assert len(find(list[int], [*[1] * 1_000, "x"])) == 1
