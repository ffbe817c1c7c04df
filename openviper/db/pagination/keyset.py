"""Keysets: the rows after a given one, asked for by what they are sorted by instead of by counting.

Rows are sorted by *keys*, of which the last tells any two rows apart, so that every row has one place. The rows after
a place ``(a, b, c)`` are those with a greater first key; or with an equal first and a greater second key; and so on.
NULL has its place before or after all values, where the engine puts it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.query.description import (
    And,
    Column,
    Condition,
    Expression,
    Flag,
    Lookup,
    Or,
    Order,
    Param,
    Query,
    Truth,
)

__all__ = ["Key", "after", "keys_of", "model_order", "order_of", "reversed_keys"]


class Key(NamedTuple):
    """What rows are sorted by, one of several.

    Args:
        order: The expression and its direction, with ``nulls`` stated.
        field: The field of the model itself, where it is one; None for anything else.
        is_nullable: Whether it may be NULL.
    """

    order: Order
    field: AnyField | None
    is_nullable: bool


def keys_of(query: Query, *, nulls_are_low: bool) -> tuple[Key, ...]:
    """Give the keys that the rows of a query are sorted by, with the primary key as the last.

    Args:
        query: Its own order, or that of its model.
        nulls_are_low: Where NULL comes if the query does not say, see ``Features``.

    Raises:
        FieldError: Rows in an order of chance have no place.
    """
    options: Options = query.model._meta
    orders = model_order(options) if query.order is None else query.order
    keys: list[Key] = []
    for order in orders:
        if order.expression is None:
            raise FieldError(f"{options.label} is sorted by chance ('?'), so no row has a place; sort it by a field")
        keys.append(_key(order, query, nulls_are_low=nulls_are_low))
        if keys[-1].field is options.pk:
            return tuple(keys)
    return (*keys, _key(Order(Column("pk")), query, nulls_are_low=nulls_are_low))


def model_order(options: Options) -> tuple[Order, ...]:
    """Give the ``Meta.ordering`` of a model as a query has it.

    Args:
        options: Of the model.
    """
    return tuple(
        Order(None if name == "?" else Column(name.removeprefix("-")), name.startswith("-"))
        for name in options.ordering
    )


def order_of(keys: Sequence[Key]) -> tuple[Order, ...]:
    """Give the order of a query that is sorted by keys."""
    # Where a value is always there the engine need not be told where NULL comes, which could keep it off an index.
    return tuple(key.order if key.is_nullable else key.order._replace(nulls=None) for key in keys)


def reversed_keys(keys: Sequence[Key]) -> tuple[Key, ...]:
    """Give the keys of the same rows from the last to the first."""
    return tuple(
        key._replace(
            order=key.order._replace(
                descending=not key.order.descending, nulls="first" if key.order.nulls == "last" else "last"
            )
        )
        for key in keys
    )


def after(
    keys: Sequence[Key], values: Sequence[object], first: int
) -> tuple[tuple[Condition, ...], tuple[object, ...]]:
    """Give the conditions of the rows after a place, to be added to ``where``, and the values they add to the query.

    Args:
        keys: What the rows are sorted by.
        values: Those of the row at the place, one a key.
        first: How many values the query has already.
    """
    return _Place(keys, values, first).conditions()


class _Place:
    """One place in an order, while its conditions are written."""

    def __init__(self, keys: Sequence[Key], values: Sequence[object], first: int) -> None:
        self.keys = keys
        self.values = values
        # Values that are there take a place each, however often the conditions name them.
        self.used = tuple(value for value in values if value is not None)
        self.places: list[int] = []
        for value in values:
            self.places.append(first)
            first += value is not None

    def conditions(self) -> tuple[tuple[Condition, ...], tuple[object, ...]]:
        ways: list[Condition] = []
        for depth in range(len(self.keys)):
            beyond = self._beyond(depth)
            if beyond is not None:
                parts = (*(self._equal(place) for place in range(depth)), beyond)
                ways.append(parts[0] if len(parts) == 1 else And(parts))
        found: Condition = ways[0] if len(ways) == 1 else Or(tuple(ways))
        bound = self._bound() if len(ways) > 1 else None
        return ((found,) if bound is None else (bound, found)), self.used

    def _bound(self) -> Condition | None:
        """Give what all those rows have in common: an engine finds it in an index, and no way into one through OR."""
        key = self.keys[0]
        if key.is_nullable:
            return None
        return self._compare(0, "lte" if key.order.descending else "gte")

    def _beyond(self, number: int) -> Condition | None:
        """Give the condition of a greater key; None where none is."""
        key = self.keys[number]
        nulls_last = key.order.nulls == "last"
        if self.values[number] is None:
            return None if nulls_last else self._is_null(number, wanted=False)
        beyond = self._compare(number, "lt" if key.order.descending else "gt")
        return Or((beyond, self._is_null(number, wanted=True))) if key.is_nullable and nulls_last else beyond

    def _equal(self, number: int) -> Condition:
        if self.values[number] is None:
            return self._is_null(number, wanted=True)
        return self._compare(number, "exact")

    def _is_null(self, number: int, *, wanted: bool) -> Condition:
        return _condition(_expression(self.keys[number]), "isnull", Flag(wanted))

    def _compare(self, number: int, lookup: str) -> Condition:
        expression, place = _expression(self.keys[number]), self.places[number]
        return _condition(expression, lookup, Param(place))


def _condition(expression: Expression, lookup: str, operand: Param | Flag) -> Condition:
    if isinstance(expression, Column):
        return Lookup(f"{expression.path}__{lookup}", operand.place if isinstance(operand, Param) else operand)
    return Truth(expression, lookup, operand)


def _expression(key: Key) -> Expression:
    expression = key.order.expression
    if expression is None:
        raise FieldError("rows in an order of chance have no place")
    return expression


def _key(order: Order, query: Query, *, nulls_are_low: bool) -> Key:
    options: Options = query.model._meta
    field = None
    if isinstance(order.expression, Column) and order.expression.path not in dict(query.annotations):
        field = options.by_name.get(order.expression.path)
        if field is not None:  # a reference is sorted by its key, which the instance has
            order = order._replace(expression=Column(field.attname))
    comes_first = nulls_are_low is not order.descending
    nulls = order.nulls or ("first" if comes_first else "last")
    return Key(order._replace(nulls=nulls), field, field is None or field.null)
