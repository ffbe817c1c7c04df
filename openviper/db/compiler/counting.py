"""Queries that give no rows of their own: how many there are, whether there is one, what they come to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from openviper.db.compiler.clauses import add_annotations, conditions_of, first_only, grouped, paged, rows_prepared
from openviper.db.compiler.derived import Derived
from openviper.db.compiler.different import tell_apart
from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.grouping import Selection
from openviper.db.compiler.hydration import Cell, read_constant, read_dicts, read_flat
from openviper.db.compiler.ordering import default_order, sort_key, sorted_by
from openviper.db.compiler.plan import Maker
from openviper.db.compiler.projection import Columns, make_cells
from openviper.db.compiler.terms import Element
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.windows import holds_window
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Column, Expression, Order, Query

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    Statement: TypeAlias = Select[Any]
    Written: TypeAlias = tuple[Statement, Maker]

__all__ = ["select_aggregates", "select_count", "select_existence"]


def select_count(query: Query, scope: Selection) -> "Written":
    """Write ``count()``; what is limited, grouped or distinct is counted from outside."""
    from sqlalchemy import func, select  # loaded by the first query

    if _is_plain(query):
        statement = _rows(query, scope, [func.count()])
    else:
        statement = select(func.count()).select_from(_some_rows(query, scope).subquery())
    return statement, read_flat(Cell(0, "count"), 1)


def select_existence(query: Query, scope: Selection) -> "Written":
    """Write ``exists()``, whose one row says that there is one."""
    from sqlalchemy import literal_column, select  # loaded by the first query

    one: Element = literal_column("1")
    if query.limit is not None or query.offset is not None:
        statement = select(one).select_from(_some_rows(query, scope).subquery())
    else:
        statement = _rows(query, scope, [one])
    # Within EXISTS the first row is the last one anyway.
    return (first_only(statement, scope) if scope.outer is None else statement, read_constant(True))


def _is_plain(query: Query) -> bool:
    """Tell whether a SELECT has as many rows as its conditions let through."""
    is_distinct = query.distinct and query.columns is not None
    return not is_distinct and query.limit is None and query.offset is None and query.grouped is None


def _some_rows(query: Query, scope: Selection) -> "Statement":
    """Write a query whose rows are only there."""
    from sqlalchemy import literal_column  # loaded by the first query

    elements: list[Element] = [literal_column("1").label("_one")]
    if query.distinct and query.columns is not None:
        return paged(_rows(query, scope, None).distinct(), query, scope)
    return paged(_rows(query, scope, elements), query, scope)


def _rows(query: Query, scope: Selection, elements: "list[Element] | None") -> "Statement":
    """Write a query without order and limit.

    Args:
        query: The description.
        scope: Its statement.
        elements: What is selected; None stands for the columns of the query.
    """
    from sqlalchemy import select  # loaded by the first query

    used = _used_only(query, elements is None)
    if len(used.annotations) < len(query.annotations):
        # What is left out is checked all the same, as it is when the rows are read.
        add_annotations(query, _aside(query, scope))
    add_annotations(used, scope)
    if elements is None:
        columns = Columns()
        make_cells(query, scope, columns)
        for order in query.order or ():
            # Distinct rows are told apart by what they are sorted by too, as they are when they are read.
            columns.add_hidden(_sort_key(order, scope, columns))
        elements = columns.elements
    where, having = conditions_of(query, scope)
    statement = grouped(select(*elements), query, scope)
    return statement.select_from(scope.froms()).where(*where).having(*having)


def _aside(query: Query, scope: Selection) -> Selection:
    """Give the scope of a statement that nobody sends."""
    parameters = Parameters(scope.dialect)
    return Selection(query.model, scope.dialect, parameters, hooks=scope.hooks, outer=scope.outer, first=scope.first)


def _sort_key(order: Order, scope: Selection, columns: Columns) -> Element:
    expression = order.expression
    if expression is None:
        raise FieldError("order_by('?') cannot sort distinct rows; leave out one of the two")
    known = columns.labels.get(expression.path) if isinstance(expression, Column) else None
    return sort_key(order, scope) if known is None else known


def _used_only(query: Query, has_columns: bool) -> Query:
    """Leave out the annotations that no condition, no group and no column looks at."""
    used = _words((query.where, query.grouped, (query.columns, query.order) if has_columns else ()))
    kept = []
    for name, expression in reversed(query.annotations):
        # One that nobody names may still be what makes a grouped query a query of groups.
        if name in used or query.grouped is not None:
            kept.append((name, expression))
            used |= _words(expression)
    return query._replace(annotations=tuple(reversed(kept)))


def _words(node: object) -> set[str]:
    """Give every text in a description up to its first ``__``, the names of annotations among them."""
    if isinstance(node, str):
        return {node.partition("__")[0]}
    if isinstance(node, tuple):
        return {word for part in node for word in _words(part)}
    return set()


def select_aggregates(query: Query, scope: Selection) -> "Written":
    """Write ``aggregate()``; what was limited or grouped before comes from a subquery."""
    # What is asked for comes last; it may have the name of something before it.
    first = len(query.annotations) - len(query.columns or ())
    if any(holds_window(node, set()) for _, node in query.annotations[first:]):
        raise FieldError("aggregate() gives one row, which has no window; annotate() with it, and aggregate its name")
    base = query._replace(annotations=query.annotations[:first], columns=None)
    where: list[ColumnElement[bool]] = []
    if query.grouped is not None:
        scope = _scope_of_groups(base, scope)
    elif query.limit is None and query.offset is None:
        add_annotations(base, scope)
        where, _ = conditions_of(base, scope)
        tell_apart(base, scope, rows_prepared)
    else:
        add_annotations(base, scope)
        where = _are_chosen(base, scope)
        tell_apart(base, scope, _chosen_prepared)
    return _aggregated(query.annotations[first:], scope, where)


def _aggregated(
    named: Sequence[tuple[str, Expression]], scope: Selection, where: "list[ColumnElement[bool]]"
) -> "Written":
    from sqlalchemy import select  # loaded by the first query

    scope.folds = True
    columns = Columns()
    # None of them sees another: aggregate(price=Sum("price")) is no sum of itself.
    found = [(name, compile_expression(node, scope)) for name, node in named]
    cells = [columns.annotate(typed, name) for name, typed in found]
    statement = select(*columns.elements).select_from(scope.froms()).where(*where)
    return statement, read_dicts(cells, len(columns.elements))


def _are_chosen(query: Query, scope: Selection) -> "list[ColumnElement[bool]]":
    return [scope.column("pk").element.in_(_keys(query, scope))]


def _chosen_prepared(query: Query, scope: Selection, _: set[str]) -> "list[ColumnElement[bool]]":
    add_annotations(query, scope)
    return _are_chosen(query, scope)


def _keys(query: Query, scope: Selection) -> "Statement":
    """Write the keys of a limited query; one level down, as some engines take no limit right within IN."""
    from sqlalchemy import select  # loaded by the first query

    inner = Selection(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, outer=scope, first=scope.first)
    add_annotations(query, inner)
    where, _ = conditions_of(query, inner)
    orders = default_order(query.model._meta) if query.order is None else query.order
    order = sorted_by([(one, sort_key(one, inner)) for one in orders], inner)
    statement = select(inner.column("pk").element.label("_key")).select_from(inner.froms())
    keys = paged(statement.where(*where).order_by(*order), query, inner).subquery()
    return select(keys.c[0])


def _scope_of_groups(query: Query, scope: Selection) -> Selection:
    """Write a grouped query, and give the scope of a SELECT from it."""
    from sqlalchemy import select  # loaded by the first query

    add_annotations(query, scope)
    names = dict.fromkeys([*(query.grouped or ()), *scope.annotations])
    found = {name: scope.column(name) for name in names}
    where, having = conditions_of(query, scope)
    elements = [typed.element.label(f"_c{number}") for number, typed in enumerate(found.values())]
    statement = grouped(select(*elements), query, scope).select_from(scope.froms()).where(*where).having(*having)
    derived = Derived(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, first=scope.first)
    source = derived.source = paged(statement, query, scope).subquery()
    for number, (name, typed) in enumerate(found.items()):
        derived.annotations[name] = typed._replace(element=source.c[f"_c{number}"], field=None)
    return derived
