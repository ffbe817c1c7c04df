"""What rows are sorted by."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element
from openviper.db.exceptions import FieldError
from openviper.db.options import Options
from openviper.db.query.description import Column, Order

__all__ = ["default_order", "sort_key", "sorted_by"]

_CHANCE: Final = "?"
# Others call it as SQLAlchemy does, whose compilers know it under the name of the engine.
_CHANCES: Final = {"mariadb": "rand", "mssql": "newid", "mysql": "rand", "oracle": "dbms_random.value"}


def default_order(options: Options) -> tuple[Order, ...]:
    """Give the order that ``Meta`` states.

    Args:
        options: Of the model.
    """
    return tuple(
        Order(None) if name == _CHANCE else Order(Column(name.removeprefix("-")), name.startswith("-"))
        for name in options.ordering
    )


def sort_key(order: Order, scope: Scope) -> Element:
    """Write what one item of an order compares, without its direction.

    Args:
        order: The item.
        scope: The statement.

    Raises:
        FieldError: It names what does not exist, or values that the engine does not compare.
    """
    from sqlalchemy import func  # loaded by the first query

    if order.expression is None:
        chance: Element = attrgetter(_CHANCES.get(scope.dialect.name, "random"))(func)()
        return chance
    found = compile_expression(order.expression, scope)
    if not found.form.is_comparable:
        raise FieldError(
            f"{found.name or order.expression} cannot be sorted by: {scope.dialect.name} does not compare it"
        )
    return found.element


def sorted_by(orders: Iterable[tuple[Order, Element]], scope: Scope) -> list[Element]:
    """Give the items of ORDER BY.

    Args:
        orders: Items with their keys, or the labels that these have in the SELECT.
        scope: The statement.
    """
    return [clause for order, key in orders for clause in _clauses(order, key, scope)]


def _clauses(order: Order, key: Element, scope: Scope) -> list[Element]:
    from sqlalchemy import case, literal_column  # loaded by the first query

    item = key.desc() if order.descending else key.asc()
    if order.expression is None:
        return [key]
    if order.nulls is None:
        return [item]
    if scope.dialect.features.null_order:
        return [item.nulls_first() if order.nulls == "first" else item.nulls_last()]
    null, other = ("0", "1") if order.nulls == "first" else ("1", "0")
    return [case((key.is_(None), literal_column(null)), else_=literal_column(other)), item]
