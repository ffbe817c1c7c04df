"""Keysets: whatever rows are sorted by, those after a row are the ones that a list sorted by Python has after it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.pagination.keyset import Key, after, keys_of, order_of, reversed_keys
from openviper.db.query.description import And, Column, Condition, Flag, Lookup, Operation, Or, Order, Param, Query


def make_model() -> Any:
    class Row(Model):
        id: int
        a = fields.IntegerField(null=True)
        b = fields.IntegerField(null=True)
        c = fields.IntegerField()
        parent: Any = fields.ForeignKey("self", null=True)

    return Row


def holds(condition: Condition, row: dict[str, int | None], values: tuple[object, ...]) -> bool:
    """Tell what a database would say of a row."""
    if isinstance(condition, And):
        return all(holds(part, row, values) for part in condition.parts)
    if isinstance(condition, Or):
        return any(holds(part, row, values) for part in condition.parts)
    assert isinstance(condition, Lookup)
    name, _, lookup = condition.path.partition("__")
    value, operand = row[name], condition.operand
    if isinstance(operand, Flag):
        return (value is None) is operand.value
    assert isinstance(operand, int)
    other: Any = values[operand]
    if value is None:
        return False
    found: dict[str, bool] = {
        "gt": value > other,
        "lt": value < other,
        "gte": value >= other,
        "lte": value <= other,
        "exact": value == other,
    }
    return found[lookup]


def place_of(row: dict[str, int | None], keys: tuple[Key, ...]) -> tuple[tuple[int, int], ...]:
    """Give what Python sorts the rows by."""
    found = []
    for key in keys:
        assert isinstance(key.order.expression, Column)
        value = row[key.order.expression.path]
        if value is None:
            found.append((-1 if key.order.nulls == "first" else 1, 0))
        else:
            found.append((0, -value if key.order.descending else value))
    return tuple(found)


SMALL = st.one_of(st.none(), st.integers(0, 2))
ROWS = st.lists(st.tuples(SMALL, SMALL, st.integers(0, 2)), min_size=1, max_size=12)
ORDERS = st.lists(
    st.builds(
        Order,
        st.sampled_from([Column("a"), Column("b"), Column("c")]),
        st.booleans(),
        st.sampled_from([None, "first", "last"]),
    ),
    max_size=3,
    unique_by=lambda order: order.expression,
)


@given(ROWS, ORDERS, st.booleans(), st.booleans(), st.data())
def test_rows_after_a_row(
    given: list[tuple[int | None, int | None, int]],
    orders: list[Order],
    is_low: bool,
    is_backward: bool,
    data: st.DataObject,
) -> None:
    """Every row after a row is found, no other one is, whatever is NULL and in which direction it is sorted."""
    rows = [{"id": number, "a": a, "b": b, "c": c} for number, (a, b, c) in enumerate(given)]
    keys = keys_of(Query(make_model(), order=tuple(orders)), nulls_are_low=is_low)
    if is_backward:
        keys = reversed_keys(keys)
    rows.sort(key=lambda row: place_of(row, keys))
    place = data.draw(st.integers(0, len(rows) - 1))
    names = [key.order.expression.path for key in keys if isinstance(key.order.expression, Column)]

    where, values = after(keys, [rows[place][name] for name in names], 2)

    bound = (None, None, *values)
    assert [row for row in rows if all(holds(one, row, bound) for one in where)] == rows[place + 1 :]


def test_primary_key_ends_every_order() -> None:
    """Rows that are equal otherwise have places by their keys."""
    keys = keys_of(Query(make_model(), order=(Order(Column("c"), descending=True),)), nulls_are_low=True)

    assert order_of(keys) == (Order(Column("c"), descending=True), Order(Column("id")))


def test_nothing_comes_behind_the_primary_key() -> None:
    """An order by the key needs no more, and none to begin with means the key."""
    model = make_model()
    orders = (Order(Column("pk"), descending=True), Order(Column("c")))

    assert order_of(keys_of(Query(model, order=orders), nulls_are_low=True)) == (Order(Column("id"), descending=True),)
    assert order_of(keys_of(Query(model), nulls_are_low=True)) == (Order(Column("id")),)


def test_place_of_null_is_stated() -> None:
    """Where NULL comes is that of the engine, unless the query says so."""
    query = Query(make_model(), order=(Order(Column("a")), Order(Column("b"), descending=True, nulls="last")))

    assert [key.order.nulls for key in keys_of(query, nulls_are_low=True)] == ["first", "last", "first"]
    assert [key.order.nulls for key in keys_of(query, nulls_are_low=False)] == ["last", "last", "last"]


def test_reference_is_sorted_by_its_key() -> None:
    """What an instance has of a reference is its key."""
    keys = keys_of(Query(make_model(), order=(Order(Column("parent")),)), nulls_are_low=True)

    assert keys[0].order.expression == Column("parent_id")
    assert keys[0].is_nullable


def test_expression_is_compared_as_it_is() -> None:
    """What is computed may be NULL, and is compared with the value that it had."""
    total = Operation("+", Column("a"), Column("b"))
    keys = keys_of(Query(make_model(), order=(Order(total),)), nulls_are_low=True)

    where, values = after(keys, (5, 7), 0)

    assert values == (5, 7)
    assert len(where) == 1
    assert str(where[0]).count("truth") == 2
    assert Param(0) in where[0].parts[0]  # type: ignore[union-attr]  # an Or of two ways


def test_order_of_chance_has_no_places() -> None:
    """A row that is somewhere else the next time is after no other."""
    with pytest.raises(FieldError, match="chance"):
        keys_of(Query(make_model(), order=(Order(None),)), nulls_are_low=True)
