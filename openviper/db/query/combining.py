"""Two descriptions of rows of one model as one: the rows of both, or those that are in both."""

from collections.abc import Callable
from typing import Final, TypeVar, cast

from openviper.db.exceptions import FieldError
from openviper.db.query import description as d
from openviper.db.query.expressions import Described

__all__ = ["combine"]

T = TypeVar("T")

#: What has to be the same on both sides, and what a message calls it.
_SAME: Final = {
    "model": "model",
    "mode": "kind of rows",
    "columns": "columns",
    "grouped": "groups",
    "distinct": "distinct()",
}


def combine(operator: str, left: Described, right: Described) -> tuple[d.Query, tuple[object, ...]]:
    """Give the description of the rows of both query sets, with its values; all but the conditions is the left one's.

    Args:
        operator: ``|`` for rows that are in one of them, ``&`` for those that are in both.
        left: A query set.
        right: Another one of the same model.

    Raises:
        FieldError: They differ in more than their conditions, or one of them is a slice.
    """
    one, other = left.query, right.query
    for name, shown in _SAME.items():
        if getattr(one, name) != getattr(other, name):
            raise FieldError(f"{operator} takes two query sets of one {shown}; combine their conditions with Q")
    if any(bound is not None for query in (one, other) for bound in (query.limit, query.offset)):
        raise FieldError(f"{operator} takes no slices; combine query sets before limit(), offset() or [...]")
    first = len(left.params)
    moved = _moved(other, first)
    _check_annotations(operator, left, right)
    params = (*left.params, *right.params)
    if operator == "&":
        return one._replace(where=(*one.where, *moved.where)), params
    # A side without conditions has every row.
    where = (d.Or((_whole(one.where), _whole(moved.where))),) if one.where and other.where else ()
    return one._replace(where=where), params


def _whole(where: tuple[d.Condition, ...]) -> d.Condition:
    """Make one condition of those of several calls, which each mean rows of their own behind a relation."""
    # A part that is negated twice says the same, and is not put together with its neighbours.
    return where[0] if len(where) == 1 else d.And(tuple(d.Not(d.Not(one)) for one in where))


def _check_annotations(operator: str, left: Described, right: Described) -> None:
    """Refuse annotations of the right side that the left side does not have with the same values."""
    known = dict(left.query.annotations)
    for name, node in right.query.annotations:
        places = _places_in(node)
        is_known = known.get(name) == node and all(
            left.params[place : place + 1] == right.params[place : place + 1] for place in places
        )
        if not is_known:
            raise FieldError(f"{operator} takes query sets of the same annotations; they differ in {name!r}")


def _places_in(node: object) -> set[d.Place]:
    found: set[d.Place] = set()

    def note(place: d.Place) -> d.Place:
        found.add(place)
        return place

    _mapped(node, note)
    return found


def _moved(node: T, by: int) -> T:
    return _mapped(node, lambda place: place + by)


def _mapped(node: T, change: Callable[[d.Place], d.Place]) -> T:
    """Give a part of a description with other places; a query within it has its own, which count from its first."""
    made: object = node
    match node:
        case d.Lookup():
            operand = node.operand
            made = node._replace(operand=change(operand) if isinstance(operand, int) else _mapped(operand, change))
        case d.Param() | d.Many():
            made = node._replace(place=change(node.place))
        case d.Subquery() | d.Exists() | d.Part():
            made = node._replace(first=change(node.first))
        case tuple():
            parts = [_mapped(part, change) for part in cast("tuple[object, ...]", node)]
            make: Callable[..., object] = getattr(type(node), "_make", tuple)
            made = make(parts)
    return cast("T", made)
