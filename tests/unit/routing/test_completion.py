"""Defaults of dataclasses in decoded values."""

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, Generic, TypedDict, TypeVar

import msgspec
import pytest

from openviper.routing.completion import find_completer

T = TypeVar("T")


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@dataclasses.dataclass
class Node:
    name: str = "node"
    inner: "list[Node]" = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Box(Generic[T]):
    content: T
    label: str = "box"


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int = 1


class Drawing(msgspec.Struct):
    points: list[Point]
    rest: Any = None
    next: "Drawing | None" = None


class Tree(msgspec.Struct):
    inner: "list[Tree]" = []


class Named(TypedDict, total=False):
    point: Point
    other: int


POINT = b'{"x": 1}'
FULL = {"x": 1, "y": 0}


def _decoded(kind: Any, body: bytes) -> Any:
    value = msgspec.json.decode(body, type=kind)
    complete = find_completer(kind)
    assert complete is not None
    complete(value)
    return value


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (list[Point], b"[%s]"),
        (tuple[Point, ...], b"[%s]"),
        (tuple[int, Point], b"[1, %s]"),
        (dict[str, Point], b'{"a": %s}'),
        (dict[str, list[Point] | None], b'{"a": [%s], "b": null}'),
        (Annotated[list[Point], msgspec.Meta(min_length=1)], b"[%s]"),
        (Named, b'{"point": %s, "other": 1}'),
        (Drawing, b'{"points": [], "next": {"points": [%s]}}'),
        (Box[Point], b'{"content": %s}'),
        (Point | list[Point] | int, b"[%s]"),
        (Point | list[Point] | int, b"%s"),
    ],
)
def test_default_is_put_in_wherever_it_stands(kind: object, body: bytes) -> None:
    """In lists, dicts, tuples, unions and other classes, a dataclass has all its values in ``vars``."""
    found = []

    def look(value: Any) -> None:
        if isinstance(value, Point):
            found.append(vars(value))
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        fields = [getattr(value, name) for name in ("content", "points", "next") if hasattr(value, name)]
        for one in (*inner, *fields):
            look(one)

    look(_decoded(kind, body % POINT))
    assert found == [FULL]


def test_class_may_hold_itself() -> None:
    """Each level has its own defaults, and what was sent stays."""
    node = _decoded(Node, b'{"inner": [{"inner": [{}]}, {"name": "b"}]}')
    assert [vars(one)["name"] for one in (node, *node.inner, *node.inner[0].inner)] == ["node", "node", "b", "node"]
    assert vars(_decoded(Box[int], b'{"content": 1}')) == {"content": 1, "label": "box"}


@pytest.mark.parametrize("kind", [int, Any, Tree, Slotted, list[Slotted], dict[str, Tree]])
def test_nothing_is_done_where_nothing_can_be_missing(kind: object) -> None:
    """Types without such a dataclass are not walked."""
    assert find_completer(kind) is None


class Counting(list[object]):
    """A list that counts what is taken out of it."""

    taken = 0

    def __iter__(self) -> Iterator[object]:
        for one in super().__iter__():
            self.taken += 1
            yield one


def test_what_cannot_hold_a_dataclass_is_not_looked_at() -> None:
    """A field of any type is what a client has put there, however long."""
    drawing, unread = Drawing([Point(1)]), Counting([1, 2, 3])
    drawing.rest = unread
    complete = find_completer(Drawing)
    assert complete is not None
    complete(drawing)
    assert unread.taken == 0
