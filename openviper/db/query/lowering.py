"""From what users write to nodes of a description: values go into a list, and their places stay in the nodes."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import Final, cast
from uuid import UUID

from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from openviper.db.query.aggregates import Aggregate
from openviper.db.query.expressions import (
    Case,
    Combined,
    Described,
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    Sort,
    Subquery,
    Value,
)
from openviper.db.query.functions import Function
from openviper.db.query.windows import Window, WindowFunction

__all__ = ["holds_aggregate", "lower", "lower_condition", "lower_lookup", "lower_order"]

_NULL: Final = d.Null()
_STORAGES: Final[Mapping[type, Storage]] = {
    bool: Storage(kind=FieldKind.BOOLEAN),
    int: Storage(kind=FieldKind.BIGINT),
    float: Storage(kind=FieldKind.FLOAT),
    str: Storage(kind=FieldKind.TEXT),
    bytes: Storage(kind=FieldKind.BINARY),
    UUID: Storage(kind=FieldKind.UUID),
    dt.datetime: Storage(kind=FieldKind.DATETIME),
    dt.date: Storage(kind=FieldKind.DATE),
    dt.time: Storage(kind=FieldKind.TIME),
    dt.timedelta: Storage(kind=FieldKind.DURATION),
}
# Decimals of these digits are numbers that every engine can compute with.
_MOST_DIGITS: Final = 18


def lower_lookup(name: str, value: object, values: list[object]) -> d.Lookup:
    """Give the node of one keyword of ``filter()``.

    Args:
        name: The keyword, which nobody has looked at yet.
        value: What stands at the right of it.
        values: Where values go.

    Raises:
        FieldError: The value is something that cannot stand there, such as a coroutine.
    """
    if type(value) in d.PLAIN:
        values.append(value)
        return d.make_lookup(name, len(values) - 1)
    return d.Lookup(name, _operand_of(name, value, values))


def lower_condition(condition: Q | Expression, values: list[object]) -> d.Condition | None:
    """Give the node of a condition; None for an empty one, which says nothing.

    Args:
        condition: A Q, or an expression that is true or false.
        values: Where values go.

    Raises:
        FieldError: It holds something that cannot stand there.
    """
    if not isinstance(condition, Q):
        return d.Truth(lower(condition, values))
    parts = [part for part in (_lower_part(one, values) for one in condition.parts) if part is not None]
    if not parts:
        return None
    node = parts[0] if len(parts) == 1 else _JOINS[condition.connector](parts, values)
    return d.Not(node) if condition.is_negated else node


def lower_order(key: object, values: list[object]) -> d.Order:
    """Give the node of one argument of ``order_by()``.

    Args:
        key: ``"name"``, ``"-name"``, ``"?"``, an expression, or one with ``asc()`` or ``desc()``.
        values: Where values go.

    Raises:
        FieldError: It is something else.
    """
    if isinstance(key, str):
        if key == "?":
            return d.Order(None)
        return d.Order(d.Column(key.removeprefix("-")), descending=key.startswith("-"))
    if isinstance(key, Expression):
        return d.Order(lower(key, values))
    if isinstance(key, Sort):
        return d.Order(lower(key.expression, values), key.descending, key.nulls)
    raise FieldError(f"rows are ordered by names such as '-created' and by expressions, not by {type(key).__name__}")


@singledispatch
def lower(expression: object, values: list[object]) -> d.Expression:
    """Give the node of an expression, or of a plain value.

    Args:
        expression: What the user wrote.
        values: Where values go.

    Raises:
        FieldError: It is neither an expression nor a value that a database knows.
    """
    if expression is None:
        return _NULL
    storage = _storage_of(expression)
    values.append(expression)
    return d.Param(len(values) - 1, storage)


@lower.register
def _(expression: F, values: list[object]) -> d.Expression:
    return d.Column(expression.name)


@lower.register
def _(expression: OuterRef, values: list[object]) -> d.Expression:
    return d.OuterColumn(expression.name)


@lower.register
def _(expression: Value, values: list[object]) -> d.Expression:
    return lower(expression.value, values)


@lower.register
def _(expression: Combined, values: list[object]) -> d.Expression:
    left = _lower_side(expression.left, values)
    return d.Operation(expression.operator, left, _lower_side(expression.right, values))


@lower.register
def _(expression: Aggregate, values: list[object]) -> d.Expression:
    argument = None if expression.argument is None else lower(expression.argument, values)
    where = None if expression.filter is None else lower_condition(expression.filter, values)
    return d.Aggregate(expression.name, argument, expression.distinct, where)


@lower.register
def _(expression: Function, values: list[object]) -> d.Expression:
    arguments = tuple(lower(one, values) for one in expression.arguments)
    return d.Call(expression.name, arguments, expression.storage)


@lower.register
def _(expression: Case, values: list[object]) -> d.Expression:
    branches = []
    for branch in expression.branches:
        condition = lower_condition(branch.condition, values)
        # An empty condition holds for every row, as filter() has it.
        branches.append((d.And(()) if condition is None else condition, lower(branch.then, values)))
    return d.Case(tuple(branches), lower(expression.default, values))


@lower.register
def _(expression: WindowFunction, values: list[object]) -> d.Expression:
    raise FieldError(f"{expression!r} is a function of a window; write Window({expression!r}, order_by=...)")


@lower.register
def _(expression: Window, values: list[object]) -> d.Expression:
    function = expression.function
    node: d.Aggregate | d.Call
    if isinstance(function, Aggregate):
        node = cast("d.Aggregate", lower(function, values))
    else:
        node = _lower_function(function, values)
    partition = tuple(lower(one, values) for one in expression.partition)
    order = tuple(lower_order(one, values) for one in expression.order)
    frame = expression.frame
    shape = None if frame is None else d.Frame(frame.unit, frame.start, frame.end)
    return d.Window(node, partition, order, shape)


def _lower_function(function: WindowFunction, values: list[object]) -> d.Call:
    arguments = [lower(one, values) for one in function.arguments]
    if function.number is not None:
        values.append(function.number)
        # The functions of PostgreSQL take integers of four bytes.
        arguments.append(d.Param(len(values) - 1, Storage(kind=FieldKind.INTEGER)))
    if function.default is not None:
        arguments.append(_lower_side(function.default, values))
    return d.Call(function.name, tuple(arguments))


@lower.register
def _(expression: Subquery, values: list[object]) -> d.Expression:
    return d.Subquery(*_take_in(expression.rows, values))


@lower.register
def _(expression: Exists, values: list[object]) -> d.Expression:
    return d.Exists(*_take_in(expression.rows, values))


@lower.register
def _(expression: Described, values: list[object]) -> d.Expression:
    return d.Subquery(*_take_in(expression, values))


def holds_aggregate(node: object) -> bool:
    """Tell whether a node has an aggregate in it; those of subqueries are theirs.

    Args:
        node: Any part of a description.
    """
    if isinstance(node, d.Aggregate):
        return True
    # What it counts is grouped in there, and is one value out here.
    if isinstance(node, d.Subquery | d.Exists):
        return False
    # An aggregate over a window is one value for each row; what stands within it may be one of all rows.
    if isinstance(node, d.Window):
        return any(holds_aggregate(part) for part in (*node.function[1:], node.partition, node.order))
    return isinstance(node, tuple) and any(holds_aggregate(part) for part in cast("tuple[object, ...]", node))


def _lower_xor(parts: Sequence[d.Condition], values: list[object]) -> d.Condition:
    """Give the condition that an odd number of conditions holds: they are counted, each of them once."""

    def number(value: int) -> d.Expression:
        values.append(value)
        return d.Param(len(values) - 1, _STORAGES[int])

    # What is neither true nor false, because of NULL, does not hold.
    counted = [d.Case(((part, number(1)),), number(0), _STORAGES[int]) for part in parts]
    total: d.Expression = counted[0]
    for one in counted[1:]:
        total = d.Operation("+", total, one)
    return d.Truth(d.Operation("%", total, number(2)), "exact", number(1))


_JOINS: Final[Mapping[str, Callable[[Sequence[d.Condition], list[object]], d.Condition]]] = {
    "and": lambda parts, values: d.And(tuple(parts)),
    "or": lambda parts, values: d.Or(tuple(parts)),
    "xor": _lower_xor,
}


def _lower_part(part: "Q | Expression | tuple[str, object]", values: list[object]) -> d.Condition | None:
    return lower_lookup(*part, values) if isinstance(part, tuple) else lower_condition(part, values)


def _take_in(rows: Described, values: list[object]) -> tuple[d.Query, d.Place]:
    """Take in the values of another query, whose places then count from the first of them."""
    first = len(values)
    values.extend(rows.params)
    query = rows.query
    return query if rows.db_alias is None else query._replace(using=rows.db_alias), first


def _lower_side(operand: object, values: list[object]) -> d.Expression:
    """Lower one side of an operator; a number or a text is of the type of the other side."""
    # With a type of its own it would widen the other side, or be compared with what that cannot be.
    if type(operand) in (int, str):
        values.append(operand)
        return d.Param(len(values) - 1)
    return lower(operand, values)


def _operand_of(name: str, value: object, values: list[object]) -> d.Place | d.Expression:
    if value is None:
        return _NULL
    lookup = name.rpartition("__")[2]
    if isinstance(value, Described) and lookup != "in":
        _need_one_row(name, value)
    if isinstance(value, Expression | Described):
        return lower(value, values)
    special = _SPECIAL.get(lookup) if "__" in name else None
    found = None if special is None else special(value, values)
    if found is not None:
        return found
    _refuse_awaitable(name, value)
    values.append(value)
    return len(values) - 1


def _need_one_row(name: str, rows: Described) -> None:
    """Refuse a query set of many rows where one value is meant: an engine would take any of them, or fail."""
    place = rows.query.limit
    if place is None or rows.params[place] != 1:
        raise FieldError(
            f"{name} takes one value, and the query set has any number of rows; "
            f"limit it to one with [:1], or write {name}__in"
        )


def _lower_list(value: object, values: list[object]) -> d.Expression | None:
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping) or not isinstance(value, Iterable):
        return None
    # A generator is used up once, and a list may change before the query is sent.
    values.append(tuple(value))
    return d.Many(len(values) - 1)


def _lower_pair(value: object, values: list[object]) -> d.Expression | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    low, high = value
    return d.Pair(_lower_end(low, values), _lower_end(high, values))


def _lower_end(value: object, values: list[object]) -> d.Expression:
    if value is None or isinstance(value, Expression):
        return lower(value, values)
    values.append(value)
    return d.Param(len(values) - 1)


def _lower_flag(value: object, values: list[object]) -> d.Expression | None:
    return d.Flag(value) if isinstance(value, bool) else None


# What the last word of a lookup makes of values of other types; the compiler refuses those of wrong ones.
_SPECIAL: Final[Mapping[str, Callable[[object, list[object]], d.Expression | None]]] = {
    "in": _lower_list,
    "range": _lower_pair,
    "isnull": _lower_flag,
}


def _refuse_awaitable(name: str, value: object) -> None:
    # Instances can be awaited too, and stand for their keys.
    if hasattr(value, "__await__") and not hasattr(type(value), "_meta"):
        raise FieldError(f"{name} is given a {type(value).__name__}, which has to be awaited first")


def _storage_of(value: object) -> Storage:
    """Give how a plain value is stored where nothing beside it says so."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Decimal):
        return _decimal_storage(value)
    # In the order of the classes: a datetime is a date too, and True an int.
    for kind in type(value).__mro__:
        if kind in _STORAGES:
            return _STORAGES[kind]
    known = ", ".join(kind.__name__ for kind in (*_STORAGES, Decimal))
    raise FieldError(f"{type(value).__name__} is no type of values that stand in queries; there are {known}")


def _decimal_storage(value: Decimal) -> Storage:
    exponent = value.as_tuple().exponent
    # NaN and infinity have a letter in that place.
    if not isinstance(exponent, int):
        raise FieldError(f"{value} is no number that a database can compute with")
    return Storage(
        kind=FieldKind.DECIMAL,
        max_digits=max(_MOST_DIGITS, len(value.as_tuple().digits) - min(exponent, 0)),
        decimal_places=max(0, -exponent),
    )
