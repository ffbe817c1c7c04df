"""One comparison as SQL: its two sides in one form, its operator, and what becomes of NULL when it is denied."""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.lookups import COMPARISONS, comparison_class, make_dress, screen_pattern
from openviper.db.compiler.pieces import ask, bind, finite_value, unify
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element, Predicate, Typed
from openviper.db.compiler.ways import Way, way_to
from openviper.db.dialects.forms import Conversion, Family, Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    from sqlalchemy import BindParameter

__all__ = ["Comparison", "compare", "truth_of"]

_OPERATORS: Final[Mapping[str, "Callable[[Element, Element], Predicate]"]] = {
    "exact": eq,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
}
_TEXT: Final = Storage(kind=FieldKind.TEXT)
_SCREEN: Final = Conversion("_screen_pattern({v})", {"_screen_pattern": screen_pattern})


class Comparison(NamedTuple):
    """What is compared.

    Args:
        left: The field, or a part of it.
        lookup: How.
        right: With what.
        target: The model whose instances stand for values of the left side; None if it is no key.
        path: As it was written, for messages.
    """

    left: Typed
    lookup: str
    right: d.Expression
    target: AnyModel | None
    path: str


def compare(comparison: Comparison, scope: Scope, *, negated: bool) -> Predicate:
    """Write a comparison, or that it does not hold; NULL does not meet it.

    Args:
        comparison: What is compared.
        scope: The statement.
        negated: Whether the rows are wanted that do not meet it.

    Raises:
        FieldError: The right side is nothing that the left one can be compared with.
    """
    right, lookup = comparison.right, comparison.lookup
    if lookup == "isnull" or (isinstance(right, d.Null) and lookup in ("exact", "iexact")):
        return _compare_null(comparison, negated=negated)
    if isinstance(right, d.Null):
        raise FieldError(f"{comparison.path} is given None, which is in no order and no text; ask with isnull")
    if lookup == "range":
        return _compare_range(comparison, scope, negated=negated)
    if lookup == "in":
        return _compare_list(comparison, scope, negated=negated)
    write = _compare_values if lookup in COMPARISONS else _compare_texts
    found, others = write(comparison, scope)
    return _deny(found, (comparison.left, *others)) if negated else found


def truth_of(typed: Typed, scope: Scope, *, negated: bool) -> Predicate:
    """Write that an expression is true, or that it is not.

    Args:
        typed: The expression.
        scope: The statement.
        negated: Whether the rows are wanted where it is not true.

    Raises:
        FieldError: It gives something other than truth.
    """
    if typed.storage.kind != FieldKind.BOOLEAN:
        raise FieldError(
            f"filter() is given an expression of kind {typed.storage.kind}, which is neither true nor false"
        )
    return _deny(typed.element, (typed,)) if negated else typed.element


def _compare_null(comparison: Comparison, *, negated: bool) -> Predicate:
    right, element = comparison.right, comparison.left.element
    if not isinstance(right, d.Flag) and (comparison.lookup == "isnull" or not isinstance(right, d.Null)):
        raise FieldError(f"{comparison.path} takes True or False")
    is_wanted = negated is not (right.value if isinstance(right, d.Flag) else True)
    return element.is_(None) if is_wanted else element.is_not(None)


def _compare_range(comparison: Comparison, scope: Scope, *, negated: bool) -> Predicate:
    from sqlalchemy import and_, or_  # loaded by the first query

    right = comparison.right
    if not isinstance(right, d.Pair):
        raise FieldError(f"{comparison.path} takes the first and the last value, such as (1, 10)")
    both = (comparison._replace(lookup="gte", right=right.low), comparison._replace(lookup="lte", right=right.high))
    written = [compare(one, scope, negated=negated) for one in both]
    return or_(*written) if negated else and_(*written)


def _compare_values(comparison: Comparison, scope: Scope) -> tuple[Predicate, tuple[Typed, ...]]:
    left, right, write = comparison.left, comparison.right, _OPERATORS[comparison.lookup]
    if not left.form.is_comparable:
        raise FieldError(
            f"{comparison.path} cannot be compared: {scope.dialect.name} does not compare what it stores such values as"
        )
    if isinstance(right, d.Param):
        value = bind(right.place, _way(comparison, scope), scope, is_bare=left.field is not None)
        is_text = comparison.lookup == "exact" and left.form.family is Family.TEXT
        if is_text and scope.dialect.features.empty_text_is_null:
            return ask("exact text", (left.element, value), scope), ()
        if left.field is None:
            value = finite_value(value, left.form.family, scope)
        return write(left.element, value), ()
    other = compile_expression(right, scope, left.storage)
    first, second = _make_comparable(comparison, other, scope)
    return write(first, second), (other,)


def _make_comparable(comparison: Comparison, other: Typed, scope: Scope) -> tuple[Element, Element]:
    left = comparison.left
    kinds = comparison_class(left.storage), comparison_class(other.storage)
    if kinds[0] != kinds[1]:
        raise FieldError(
            f"{comparison.path} compares {kinds[0]} with {other.name or 'an expression'}, which is {kinds[1]}"
        )
    return unify(left, other, scope) if kinds[0] == "number" else (left.element, other.element)


def _compare_texts(comparison: Comparison, scope: Scope) -> tuple[Predicate, tuple[Typed, ...]]:
    lookup, right, dialect = comparison.lookup, comparison.right, scope.dialect
    if not isinstance(right, d.Param):
        other = compile_expression(right, scope, _TEXT)
        if comparison_class(other.storage) != "text":
            raise FieldError(f"{comparison.path} compares with {other.name or 'an expression'}, which is no text")
        name = lookup if lookup in ("iexact", "regex", "iregex") else f"{lookup} of"
        return ask(name, (comparison.left.element, other.element), scope), (other,)
    # An address is found by any part of its text, so the value is a text and no address.
    way = way_to(_TEXT, dialect, label=comparison.path)
    dress = _SCREEN if lookup in ("regex", "iregex") else make_dress(dialect.patterns.get(lookup, ""))
    if dress is not None:
        way = way.dressed(dress)
    return ask(lookup, (comparison.left.element, bind(right.place, way, scope)), scope), ()


def _compare_list(comparison: Comparison, scope: Scope, *, negated: bool) -> Predicate:
    from sqlalchemy import false  # loaded by the first query

    left, right = comparison.left, comparison.right
    if isinstance(right, d.Subquery):
        return _compare_rows(comparison, right, scope, negated=negated)
    if not isinstance(right, d.Many):
        raise FieldError(f"{comparison.path} takes a list, a tuple, a set or a query set of values")
    place, way = scope.first + right.place, _way(comparison, scope)
    # An array of arrays is one array of all that is in them, so a list of lists has a parameter for each.
    if scope.dialect.features.array_parameter and way.form.family is not Family.ARRAY:
        array = _array(scope.parameters.whole(place, way), way)
        found = ask("none" if negated else "any", (left.element, array), scope)
        return _or_null(found, (left,)) if negated else found
    if scope.dialect.features.list_parameter:
        name = "not in list" if negated else "in list"
        found = ask(name, (left.element, scope.parameters.whole(place, way)), scope)
        return _or_null(found, (left,)) if negated else found
    items = scope.parameters.items(place, way)
    if items is None:
        found = ask("in", (left.element, _long_list(place, way, scope)), scope)
    else:
        found = left.element.in_(items) if items else false()
    return _deny(found, (left,) if items != [] else ()) if negated else found


def _compare_rows(comparison: Comparison, right: d.Subquery, scope: Scope, *, negated: bool) -> Predicate:
    from sqlalchemy import select  # loaded by the first query

    left = comparison.left
    rows, column = scope.hooks.subquery(right.query, scope, scope.first + right.first)
    if column is None:
        raise FieldError(f"{comparison.path} takes a query of one column; write values_list('name', flat=True)")
    kinds = comparison_class(left.storage), comparison_class(column.storage)
    if kinds[0] != kinds[1] or left.form.scale != column.form.scale:
        raise FieldError(f"{comparison.path} compares {kinds[0]} with the column of a query, which is {kinds[1]}")
    is_cut = right.query.limit is not None or right.query.offset is not None
    if not negated and (scope.dialect.features.limits_lists or not is_cut):
        return left.element.in_(rows)
    # One NULL among the rows would make every comparison unknown.
    if not is_cut and right.query.grouped is None and column.field is not None and _looks_out(right.query):
        # MySQL lets a table in FROM see nothing of the query around it.
        return _or_null(left.element.not_in(rows.where(column.element.is_not(None))), (left,))
    inner = rows.subquery()
    value = inner.c[0]
    if not negated:
        return left.element.in_(select(value))
    return _or_null(left.element.not_in(select(value).where(value.is_not(None))), (left,))


def _looks_out(node: object) -> bool:
    """Tell whether a query, or part of it, names a field of the one around it."""
    return isinstance(node, d.OuterColumn) or (isinstance(node, tuple) and any(map(_looks_out, node)))


def _array(made: "BindParameter[Any]", way: Way) -> Element:
    from sqlalchemy import cast as sql_cast  # loaded by the first query

    from openviper.db.dialects.sqltypes import make_type  # loaded by the first query

    return sql_cast(made, make_type(Family.ARRAY, f"{way.form.parameter_type}[]"))


def _long_list(place: int, way: Way, scope: Scope) -> Element:
    """Write the values of a list that has too many of them for parameters, which go as one text of JSON."""
    from openviper.db.compiler.template import make_text  # loaded by the first query
    from openviper.db.dialects.sqltypes import type_of  # loaded by the first query

    template = scope.dialect.json_lists.get(way.form.family)
    if template is None:
        raise FieldError(f"{way.label} is given a list that is too long for {scope.dialect.name}; ask in parts")
    pack = _PACKS.get(way.form.family, _pack)
    return make_text(template, (scope.parameters.whole(place, way, pack),), type_of(way.form))


def _pack(values: Sequence[object]) -> str:
    return orjson.dumps(values).decode()


def _pack_bytes(values: list[bytes]) -> str:
    return _pack([value.hex() for value in values])


def _pack_floats(values: list[float]) -> str:
    # Who reads JSON does not always read the nearest number.
    return _pack([repr(value) for value in values])


_PACKS: Final[Mapping[Family, Callable[[list[Any]], str]]] = {
    Family.BINARY: _pack_bytes,
    Family.UUID: _pack_bytes,
    Family.FLOAT: _pack_floats,
}


def _way(comparison: Comparison, scope: Scope) -> Way:
    left = comparison.left
    return way_to(left.storage, scope.dialect, label=comparison.path, field=left.field, model=comparison.target)


def _deny(found: Predicate, sides: tuple[Typed, ...]) -> Predicate:
    from sqlalchemy import not_  # loaded by the first query

    return _or_null(not_(found), sides)


def _or_null(found: Predicate, sides: tuple[Typed, ...]) -> Predicate:
    """Let NULL on one of the sides count too, which is not what it is compared with."""
    from sqlalchemy import or_  # loaded by the first query

    unknown = [side.element.is_(None) for side in sides if side.storage.null]
    return or_(found, *unknown) if unknown else found
