"""A query as a SELECT, and as a plan."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from openviper.db.compiler.assembly import assemble
from openviper.db.compiler.bounds import check_bounds, only_where_told
from openviper.db.compiler.clauses import add_annotations, check_grouped, conditions_of, grouped, locked, paged
from openviper.db.compiler.combined import Outline, select_combined
from openviper.db.compiler.combined import Written as WrittenRows
from openviper.db.compiler.counting import select_aggregates, select_count, select_existence
from openviper.db.compiler.expressions import compile_part
from openviper.db.compiler.folding import count_of
from openviper.db.compiler.grouping import Selection, compile_aggregate
from openviper.db.compiler.hydration import RecordShape, read_dicts, read_flat, read_named, read_records, read_tuples
from openviper.db.compiler.ordering import default_order, sort_key, sorted_by
from openviper.db.compiler.plan import Maker, Plan
from openviper.db.compiler.projection import Columns, column_names, make_cells, make_record
from openviper.db.compiler.scope import Hooks, Scope, Subselect
from openviper.db.compiler.terms import Element
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.where import compile_condition
from openviper.db.compiler.windows import compile_window
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Column, Mode, Order, Place, Query

if TYPE_CHECKING:
    from sqlalchemy import Select

    Statement: TypeAlias = Select[Any]
    Written: TypeAlias = tuple[Statement, Maker]

__all__ = ["HOOKS", "compile_query", "compile_subquery"]


def compile_query(query: Query, dialect: Dialect, sizes: Mapping[Place, int] | None = None) -> Plan:
    """Make the plan of a query.

    Args:
        query: The description.
        dialect: Of the engine.
        sizes: How many values each list has, by its place; None means that it is not known yet.

    Raises:
        FieldError: It names something that does not exist.
        DatabaseOperationNotSupportedError: The engine cannot do what is asked.
    """
    if sizes is None:
        check_bounds(query, dialect)
    scope = Selection(query.model, dialect, Parameters(dialect, sizes), hooks=HOOKS)
    statement, maker = _write(query, scope)
    again = None if sizes is not None else partial(compile_query, query, dialect)
    return assemble(statement, scope.parameters, make_reader=only_where_told(maker, query), again=again)


def compile_subquery(query: Query, scope: Scope, first: Place) -> Subselect:
    """Write a query that stands within another one, without brackets.

    Args:
        query: The description; one that gives instances stands for their keys.
        scope: The statement around it.
        first: The place that its own ones count from.

    Raises:
        FieldError: It names something that does not exist, or gives more than one column.
    """
    inner = Selection(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, outer=scope, first=first)
    # In place of a value an instance is its key.
    if query.mode == "rows":
        query = query._replace(mode="flat", columns=("pk",), related=(), deferred=(), lock=None)
    elif query.mode in {"dicts", "tuples", "named"}:
        query = query._replace(mode="flat")
    # The order of the model means nothing to a list of values, unless only some of them count.
    if query.order is None and query.limit is None and query.offset is None:
        query = query._replace(order=())
    if query.combined is not None:
        combined = select_combined(query, inner, _write_rows, _make)
        return Subselect(combined.statement.correlate(None), combined.column)
    statement, _ = _WRITERS[query.mode](query, inner)
    column = count_of(None, scope.dialect) if query.mode == "count" else inner.column((query.columns or ("pk",))[0])
    return Subselect(statement.correlate_except(*inner.own_tables()), column)


def _write(query: Query, scope: Selection) -> "Written":
    if query.combined is None:
        return _WRITERS[query.mode](query, scope)
    combined = select_combined(query, scope, _write_rows, _make)
    return combined.statement, combined.maker


def _select_rows(query: Query, scope: Selection) -> "Written":
    written = _write_rows(query, scope)
    return written.statement, written.maker


def _write_rows(query: Query, scope: Selection) -> WrittenRows:
    """Write a query for instances, dicts, tuples or single values."""
    from sqlalchemy import select  # loaded by the first query

    # First, as conditions, groups and orders may name them.
    add_annotations(query, scope)
    columns = Columns()
    outline = (make_record if query.mode == "rows" else make_cells)(query, scope, columns)
    if query.grouped is not None:
        sorted_names = [one.expression.path for one in query.order or () if isinstance(one.expression, Column)]
        check_grouped(query, scope, [*column_names(query), *sorted_names])
    where, having = conditions_of(query, scope)
    order = _order(query, scope, columns)
    statement: Statement = select(*columns.elements).select_from(scope.froms())
    if query.distinct:
        statement = statement.distinct()
    statement = grouped(statement.where(*where), query, scope).having(*having).order_by(*order)
    statement = locked(paged(statement, query, scope), query, scope)
    return WrittenRows(statement, columns, outline, _make(query, outline, len(columns.elements)))


def _make(query: Query, outline: Outline, width: int) -> Maker:
    """Give what makes the reader of so many columns."""
    if isinstance(outline, RecordShape):
        return read_records(outline, width, fetch=query.fetch)
    if query.mode == "dicts":
        return read_dicts(outline, width)
    if query.mode == "tuples":
        return read_tuples(outline, width)
    if query.mode == "named":
        return read_named(outline, width)
    if len(outline) != 1:
        raise FieldError(f"one column is wanted, and there are {len(outline)}: {', '.join(column_names(query))}")
    return read_flat(outline[0], width)


def _order(query: Query, scope: Selection, columns: Columns) -> list[Element]:
    """Give the items of ORDER BY; distinct rows are sorted by columns only, so what is missing is added."""
    orders = query.order
    if orders is None:
        orders = () if query.grouped is not None else default_order(query.model._meta)
    keyed = [(order, _key(order, scope, columns)) for order in orders]
    if not query.distinct:
        return sorted_by(keyed, scope)
    if query.order is None and query.mode != "rows":
        # The model's order must not tell rows apart that are equal in what was asked for.
        keyed = [(order, key) for order, key in keyed if columns.has(key)]
    for order, key in keyed:
        if order.expression is None:
            raise FieldError("order_by('?') cannot sort distinct rows; leave out one of the two")
        columns.add_hidden(key)
    return sorted_by(keyed, scope)


def _key(order: Order, scope: Selection, columns: Columns) -> Element:
    expression = order.expression
    # By its name in the SELECT what is computed there is not computed again.
    if expression is not None and expression.kind == "column" and expression.path in columns.labels:
        return columns.labels[expression.path]
    return sort_key(order, scope)


#: What parts of a statement need of what stands above them.
HOOKS: Final = Hooks(compile_condition, compile_aggregate, compile_subquery, compile_part, compile_window)

_WRITERS: "Final[Mapping[Mode, Callable[[Query, Selection], Written]]]" = {
    "rows": _select_rows,
    "dicts": _select_rows,
    "tuples": _select_rows,
    "named": _select_rows,
    "flat": _select_rows,
    "count": select_count,
    "exists": select_existence,
    "aggregate": select_aggregates,
}
