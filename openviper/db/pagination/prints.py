"""Prints of orders: what a cursor is signed with, so that it fits rows in the order that it was made for only.

A print says what rows are sorted by as the author of a query would: with the values themselves, wherever these stand
in the query, with what annotations are instead of their names, and without what is up to the engine.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import cast

from openviper.db.options import Options
from openviper.db.pagination.keyset import Key
from openviper.db.query import description as d

__all__ = ["print_of"]


def print_of(keys: Sequence[Key], query: d.Query, values: Sequence[object], *, nulls_are_low: bool) -> object:
    """Give the print of an order; its ``repr`` is the same in every process.

    Args:
        keys: What the rows are sorted by.
        query: Whose rows they are.
        values: Of the query.
        nulls_are_low: Where NULL comes if a query does not say, see ``Features``.
    """
    printer = _Printer(values, dict(query.annotations))
    return query.model._meta.label, tuple(_print_key(key, printer, nulls_are_low=nulls_are_low) for key in keys)


def _print_key(key: Key, printer: "_Printer", *, nulls_are_low: bool) -> object:
    order = key.order
    usual = "first" if nulls_are_low is not order.descending else "last"
    nulls = order.nulls if key.is_nullable and order.nulls != usual else None
    return printer.print(order.expression), order.descending, nulls


class _Printer:
    """Prints parts of one query.

    Args:
        values: Of the query, from the one that its places count from.
        annotations: Its expressions by name.
    """

    def __init__(self, values: Sequence[object], annotations: Mapping[str, d.Expression]) -> None:
        self._values = values
        self._annotations = annotations

    def print(self, node: object) -> object:
        match node:
            case d.Column() if node.path in self._annotations:
                # It may be made of others, and of a field that it has the name of.
                others = {name: one for name, one in self._annotations.items() if name != node.path}
                return _Printer(self._values, others).print(self._annotations[node.path])
            case d.Lookup() if isinstance(node.operand, int):
                return node.path, _shown(self._values[node.operand])
            case d.Param():
                return _shown(self._values[node.place]), node.storage
            case d.Many():
                # In no order: it may have been a set, whose order is another one in every process.
                return sorted(repr(_shown(one)) for one in cast("Sequence[object]", self._values[node.place]))
            case d.Subquery() | d.Exists():
                inner = _Printer(self._values[node.first :], dict(node.query.annotations))
                return node.kind, inner._print_query(node.query)
            case tuple():
                return tuple(self.print(part) for part in cast("tuple[object, ...]", node))
        return node

    def _print_query(self, query: d.Query) -> object:
        bounds = [None if place is None else _shown(self._values[place]) for place in (query.limit, query.offset)]
        return tuple(self.print(part) for part in query._replace(limit=None, offset=None)), bounds


def _shown(value: object) -> object:
    """Give what stands for a value, for which ``repr`` may give what differs between processes."""
    if isinstance(value, Enum):
        return value.value
    options = getattr(value, "_meta", None)  # models stand on a floor above
    if isinstance(options, Options):
        key: object = getattr(value, options.pk.attname)
        return key
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return value
