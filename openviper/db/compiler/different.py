"""Aggregates of different values of many rows, where rows are put together: ``values("city").annotate(Count(...))``.

What belongs to each row cannot be added up there, as two rows may have the same value. The values of each group are
put together in a table of their own, which is joined by what the groups have in common; so nothing is multiplied.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from openviper.db.compiler.derived import Closed
from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.grouping import Selection, fold_rows, holds_aggregate
from openviper.db.compiler.terms import Typed
from openviper.db.compiler.windows import windows_of
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Aggregate, Query

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

__all__ = ["tell_apart"]

#: Writes the annotations of a query, and gives what it asks of rows, but not of what is an aggregate.
Preparing: TypeAlias = "Callable[[Query, Selection, set[str]], Sequence[ColumnElement[bool]]]"


def tell_apart(query: Query, scope: Selection, prepare: "Preparing") -> None:
    """Let aggregates of a statement be of different values of many rows.

    Args:
        query: The description.
        scope: The statement, whose rows are put together.
        prepare: Writes such a statement as far as its conditions.
    """
    scope.apart = partial(_apart, query, scope, prepare)


def _apart(query: Query, scope: Selection, prepare: Preparing, node: Aggregate, path: tuple[str, ...]) -> Typed:
    """Join a table of the values of each group, and give the one of the group.

    Raises:
        FieldError: The query has windows, which see all rows.
    """
    from sqlalchemy import and_, func, literal_column, select, true  # loaded by the first query

    if windows_of(query):
        raise FieldError(f"{node.name.title()} of different values of many rows stands beside no window; ask twice")
    keys = _keys_of(query)
    late = {name for name, _ in query.annotations if name not in keys and query.grouped is not None}
    early = tuple(one for one in query.annotations if one[0] not in late)
    plain = query._replace(mode="tuples", annotations=early, grouped=None)
    inner = Closed(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, first=scope.first)
    where = prepare(plain, inner, late)
    known = [inner.column(name) for name in keys]
    # From here on the path means the rows that are joined, and each of them.
    inner.chain, inner.folds = path, True
    found = fold_rows(node, inner)
    elements = [one.element.label(f"_k{place}") for place, one in enumerate(known)]
    statement = select(*elements, found.element.label("_value")).select_from(inner.froms()).where(*where)
    table = statement.group_by(*(one.element for one in known)).correlate(None).subquery()
    expressions = dict(query.annotations)
    links: list[ColumnElement[bool]] = [true()]
    for place, (name, one) in enumerate(zip(keys, known, strict=True)):
        is_here = name in scope.annotations or name not in expressions
        here = scope.column(name) if is_here else compile_expression(expressions[name], scope)
        there = table.c[f"_k{place}"]
        links.append(here.element.is_not_distinct_from(there) if one.storage.null else here.element == there)
    scope.join_rows(table, and_(*links), is_optional=True)
    # The same for all rows of a group, of which an engine wants one to be chosen.
    value = func.max(table.c["_value"])
    return found._replace(element=func.coalesce(value, literal_column("0")) if node.name == "count" else value)


def _keys_of(query: Query) -> tuple[str, ...]:
    """Name what the rows are put together by: what the query names, and annotations that are no aggregates."""
    if query.grouped is None:
        return ()
    late: set[str] = set()
    for name, expression in query.annotations:
        if name not in query.grouped and holds_aggregate(expression, late):
            late.add(name)
    names = dict.fromkeys(query.grouped)
    return (*(names | dict.fromkeys(name for name, _ in query.annotations if name not in late)),)
