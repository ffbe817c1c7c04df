"""From what users write to nodes: values in a list, places in the nodes."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from openviper.db import Case, Count, Exists, F, Model, OuterRef, Q, Subquery, TextChoice, Value, When, fields
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from openviper.db.query.functions import Concat, Round
from openviper.db.query.lowering import holds_aggregate, lower, lower_condition, lower_lookup, lower_order


class Status(TextChoice):
    """Members are texts."""

    LIVE = "live"


class Level(Enum):
    """Members are no numbers."""

    LOW = 1


def lookup(name: str, value: object) -> tuple[d.Lookup, list[object]]:
    values: list[object] = ["before"]
    return lower_lookup(name, value, values), values[1:]


@pytest.mark.parametrize(
    "value", [1, 1.5, "x", b"x", True, Decimal("1.5"), UUID(int=1), dt.date(2026, 1, 1), dt.timedelta(1), Status.LIVE]
)
def test_plain_values_get_a_place(value: object) -> None:
    """The node holds where the value is, never the value."""
    assert lookup("a__gte", value) == (d.Lookup("a__gte", 1), [value])


def test_none_is_null() -> None:
    """None has no place; the text of the statement says IS NULL."""
    assert lookup("a", None) == (d.Lookup("a", d.Null()), [])


def test_isnull_decides_the_text() -> None:
    """Its value is part of the description; True and 1 are not taken for each other."""
    assert lookup("a__isnull", True) == (d.Lookup("a__isnull", d.Flag(True)), [])
    assert lookup("a__isnull", True) != lookup("a__isnull", False)
    assert lookup("a__isnull", 1) == (d.Lookup("a__isnull", 1), [1])
    assert lookup("isnull", True) == (d.Lookup("isnull", 1), [True])


def test_lists_are_one_value() -> None:
    """Whatever can be gone through is taken as it is at that moment."""

    def count() -> Iterator[int]:
        yield from (1, 2)

    given = [1, 2]
    found = [lookup("a__in", one) for one in (given, (1, 2), count(), dict.fromkeys((1, 2)).keys(), range(1, 3))]
    given.append(3)
    assert all(one == (d.Lookup("a__in", d.Many(1)), [(1, 2)]) for one in found)
    assert sorted(lookup("a__in", {1, 2})[1][0]) == [1, 2]  # type: ignore[call-overload]  # a tuple


@pytest.mark.parametrize("value", ["abc", b"abc", {"a": 1}, 5])
def test_what_is_no_list_is_left_to_the_compiler(value: object) -> None:
    """A text could be gone through, and hardly ever is meant to be."""
    assert lookup("a__in", value) == (d.Lookup("a__in", 1), [value])


def test_ranges_have_two_ends() -> None:
    """Each of them has a place, or is an expression."""
    assert lookup("a__range", (1, 2)) == (d.Lookup("a__range", d.Pair(d.Param(1), d.Param(2))), [1, 2])
    assert lookup("a__range", [F("b"), 2]) == (d.Lookup("a__range", d.Pair(d.Column("b"), d.Param(1))), [2])
    assert lookup("a__range", (1, 2, 3)) == (d.Lookup("a__range", 1), [(1, 2, 3)])


def test_lists_elsewhere_are_values() -> None:
    """A list field is equal to a list."""
    assert lookup("tags", ["a"]) == (d.Lookup("tags", 1), [["a"]])


async def test_coroutines_are_refused() -> None:
    """A forgotten await is told where it was forgotten."""

    async def find() -> int:
        return 1

    forgotten = find()
    with pytest.raises(FieldError, match="a is given a coroutine, which has to be awaited first"):
        lookup("a", forgotten)
    assert await forgotten == 1


def test_instances_are_values() -> None:
    """An instance can be awaited too, and stands for its key."""

    class Post(Model):
        title = fields.CharField()

    post = Post(id=1)
    assert lookup("post", post) == (d.Lookup("post", 1), [post])


def test_expressions_stand_in_lookups() -> None:
    """Fields of the row and of the row around it have no values."""
    assert lookup("a__gt", F("b") + 1) == (
        d.Lookup("a__gt", d.Operation("+", d.Column("b"), d.Param(1))),
        [1],
    )
    assert lookup("a", OuterRef("pk")) == (d.Lookup("a", d.OuterColumn("pk")), [])


def test_query_sets_stand_in_lookups() -> None:
    """Their values follow those there are, and their places count from the first of them."""

    class Post(Model):
        title = fields.CharField()

    rows = Post.objects.filter(title="x", id=5)
    expected = d.Subquery(rows.query, 1)
    assert lookup("post__in", rows) == (d.Lookup("post__in", expected), ["x", 5])
    assert lookup("post", Subquery(rows)) == (d.Lookup("post", expected), ["x", 5])
    values: list[object] = [0]
    assert lower_condition(~Exists(rows), values) == d.Not(d.Truth(d.Exists(rows.query, 1)))
    assert values == [0, "x", 5]


def test_conditions_are_trees() -> None:
    """Parts keep their order; one part needs no node around it."""
    values: list[object] = []
    node = lower_condition(Q(a=1, b=2) | ~Q(c=3) & Q(Q(d=4)), values)
    assert node == d.Or(
        (
            d.And((d.Lookup("a", 0), d.Lookup("b", 1))),
            d.And((d.Not(d.Lookup("c", 2)), d.Lookup("d", 3))),
        )
    )
    assert values == [1, 2, 3, 4]


@pytest.mark.parametrize("empty", [Q(), ~Q(), Q(Q(), ~Q()), Q() | Q()])
def test_empty_conditions_are_none(empty: Q) -> None:
    """What says nothing leaves no trace."""
    assert lower_condition(empty, []) is None


def test_orders() -> None:
    """Names, chance, expressions, and where NULL comes."""
    assert lower_order("-a", []) == d.Order(d.Column("a"), descending=True)
    assert lower_order("a", []) == d.Order(d.Column("a"))
    assert lower_order("?", []) == d.Order(None)
    assert lower_order(F("a"), []) == d.Order(d.Column("a"))
    assert lower_order(F("a").desc(nulls_last=True), []) == d.Order(d.Column("a"), descending=True, nulls="last")
    with pytest.raises(FieldError, match="not by int"):
        lower_order(1, [])


def test_values_beside_columns_take_their_type() -> None:
    """A number or text beside a column has no type of its own; other values do."""
    values: list[object] = []
    assert lower(F("a") * 2, values) == d.Operation("*", d.Column("a"), d.Param(0))
    node = lower(F("a") + dt.timedelta(1), values)
    assert isinstance(node, d.Operation)
    assert isinstance(node.right, d.Param)
    assert node.right.storage is not None
    assert node.right.storage.kind is FieldKind.DURATION
    assert values == [2, dt.timedelta(1)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, FieldKind.BOOLEAN),
        (1, FieldKind.BIGINT),
        (Level.LOW, FieldKind.BIGINT),
        (Status.LIVE, FieldKind.TEXT),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), FieldKind.DATETIME),
        (dt.date(2026, 1, 1), FieldKind.DATE),
    ],
)
def test_values_alone_have_the_type_of_python(value: object, kind: FieldKind) -> None:
    """Nothing beside them says what they are."""
    node = lower(Value(value), [])
    assert isinstance(node, d.Param)
    assert node.storage is not None
    assert node.storage.kind is kind


def test_decimals_keep_their_places() -> None:
    """As many places as the value has, in numbers that engines compute with."""
    node = lower(Value(Decimal("1.250")), [])
    assert isinstance(node, d.Param)
    assert node.storage is not None
    assert node.storage.digits == (18, 3)
    with pytest.raises(FieldError, match="no number"):
        lower(Decimal("NaN"), [])


def test_strange_values_are_refused() -> None:
    """The message lists the types there are."""
    with pytest.raises(FieldError, match="object is no type of values that stand in queries; there are bool, int"):
        lower(object(), [])


def test_cases_and_functions() -> None:
    """Their parts are lowered in the order in which they stand."""
    values: list[object] = []
    node = lower(Case(When(a=1, then=F("b")), When(Q(), then="x"), default=Round("c", 2)), values)
    assert isinstance(node, d.Case)
    assert node.branches[0] == (d.Lookup("a", 0), d.Column("b"))
    assert node.branches[1][0] == d.And(())
    assert isinstance(node.default, d.Call)
    assert node.default.name == "round"
    assert values == [1, "x", 2]
    assert lower(Concat("a", "b"), []) == d.Call("concat", (d.Column("a"), d.Column("b")))


def test_aggregates_are_found_in_trees() -> None:
    """Those of a subquery are its own."""

    class Post(Model):
        title = fields.CharField()

    def holds(expression: Any) -> bool:
        return holds_aggregate(lower(expression, []))

    assert holds(Round(Count("a") * 2 + F("b")))
    assert not holds(F("b") + 1)
    assert not holds(Subquery(Post.objects.values("title").annotate(n=Count("id")).values("n")))


def test_aggregates_keep_filter_and_distinct() -> None:
    """Both are part of the node."""
    values: list[object] = []
    assert lower(Count("a", distinct=True, filter=Q(b=1)), values) == d.Aggregate(
        "count", d.Column("a"), distinct=True, where=d.Lookup("b", 0)
    )
    assert lower(Count(), []) == d.Aggregate("count", None)
