"""UPDATE and DELETE of the rows of a query.

Where the rows are told by their own columns, and by EXISTS, the conditions stand in the statement itself. All else, a
relation to one row, an order, a limit, goes into a subquery for the keys.

SQLite changes rows while it looks for more, and what a subquery reads of the same table may have been changed already.
There the keys, or the keys with the new values, come from a SELECT that ends before the first row is changed.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, Never, TypeAlias

from openviper.db.compiler.plan import Plan, Reader
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.query.description import Column, Lookup, OuterColumn, Place, Query
from openviper.db.query.writes import Delete, Update
from openviper.db.registry import registry

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from openviper.db.compiler.grouping import Selection

__all__ = ["change_plan"]

_Change: TypeAlias = Update | Delete
_MAX_PLANS: Final = 1000


def change_plan(change: Update | Delete, dialect: Dialect) -> Plan:
    """Give the plan of a statement that changes rows; one that is known costs a look-up.

    Args:
        change: The description.
        dialect: Of the database that it will be sent to.

    Raises:
        FieldError: It names something that does not exist, or computes with fields of another table.
        ModelValidationError: A field is set to NULL that cannot be.
        DatabaseOperationNotSupportedError: The rows are none of a table.
    """
    return _plan(change, dialect, registry.version)


@lru_cache(maxsize=_MAX_PLANS)
def _plan(change: _Change, dialect: Dialect, _version: int) -> Plan:
    return _compile(change, dialect, None)


def _compile(change: _Change, dialect: Dialect, sizes: Mapping[Place, int] | None) -> Plan:
    # SQLAlchemy, and what writes with it, is loaded by the first statement that no plan exists for.
    from sqlalchemy import delete, update

    from openviper.db.compiler.assembly import assemble  # which binds values with it
    from openviper.db.compiler.bounds import check_bounds, only_where_told
    from openviper.db.compiler.pieces import join

    query = change.query
    if query.grouped is not None or query.mode != "flat":
        raise DatabaseOperationNotSupportedError("grouped rows are rows of no table, so they are not changed")
    if sizes is None:
        check_bounds(query, dialect, change[1:])
    scope = _make_scope(query, dialect, sizes)
    values = _assignments(change, scope)
    where = _conditions(query, scope)
    meets_itself = bool(values) and not dialect.features.settles_updates
    if meets_itself and _reads_itself(values.values(), scope):
        scope = _make_scope(query, dialect, sizes)
        values, where = _settle(change, scope)
    elif where is None or (meets_itself and _reads_itself(where, scope)):
        scope = _make_scope(query, dialect, sizes)
        values = _assignments(change, scope)
        where = [_is_among(query, scope)]
    table: Any = scope.table
    statement: Any = update(table).values(values) if values else delete(table)
    again = None if sizes is not None else partial(_compile, change, dialect)
    return assemble(
        statement.where(join(where, is_and=True)) if where else statement,
        scope.parameters,
        make_reader=only_where_told(_refuse_reading, change),
        again=again,
    )


def _make_scope(query: Query, dialect: Dialect, sizes: Mapping[Place, int] | None) -> "Selection":
    from openviper.db.compiler.grouping import Selection  # see _compile
    from openviper.db.compiler.select import HOOKS
    from openviper.db.compiler.values import Parameters

    return Selection(query.model, dialect, Parameters(dialect, sizes), hooks=HOOKS)


def _assignments(change: _Change, scope: "Selection") -> "dict[str, ColumnElement[Any]]":
    from openviper.db.compiler.clauses import add_annotations  # see _compile
    from openviper.db.compiler.expressions import compile_assignment
    from openviper.db.compiler.windows import holds_window, windows_of

    if any(holds_window(one, set()) for one in change.query.where):
        raise FieldError("a condition has no windows in it; annotate() with the window, and filter by its name")
    if not isinstance(change, Update):
        return {}
    if holds_window(change.assignments, windows_of(change.query)):
        raise FieldError("a window is of the rows that are read; set fields to it one by one, or by a Subquery")
    add_annotations(_used_only(change), scope)
    made = {name: compile_assignment(expression, scope, name).element for name, expression in change.assignments}
    if scope.is_joined:
        raise FieldError("update() computes with the fields of the row itself; a Subquery reads those of another one")
    return made


def _used_only(change: Update) -> Query:
    """Leave out the annotations that nothing is set to: their relations would be joined for nothing."""
    used = _names_in(change.assignments)
    kept = []
    for name, expression in reversed(change.query.annotations):
        if name in used:
            kept.append((name, expression))
            used |= _names_in(expression)
    return change.query._replace(annotations=tuple(reversed(kept)))


def _names_in(node: object) -> set[str]:
    if isinstance(node, Column | Lookup | OuterColumn):
        return {node.path.partition("__")[0]} | _names_in(node[1])
    return {name for part in node for name in _names_in(part)} if isinstance(node, tuple) else set()


def _reads_itself(elements: "Iterable[ColumnElement[Any]]", scope: "Selection") -> bool:
    """Tell whether subqueries read the table that is changed."""
    from sqlalchemy.sql.visitors import iterate  # see _compile

    return any(part is scope.table for element in elements for part in iterate(element))


def _settle(change: _Change, scope: "Selection") -> "tuple[dict[str, ColumnElement[Any]], list[ColumnElement[bool]]]":
    """Give assignments and condition of an UPDATE whose new values are all found before the first row is changed."""
    from sqlalchemy import select  # see _compile

    from openviper.db.compiler.grouping import Selection  # see _compile

    query = change.query
    inner = Selection(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, outer=scope)
    values = _assignments(change, inner)
    where = _conditions(query, inner)
    if where is None:
        where = [_is_among(query, inner)]
    key = scope.options.pk.attname
    columns = [element.label(f"_v{number}") for number, element in enumerate(values.values())]
    found = select(inner.table.c[key].label("_key"), *columns).select_from(inner.table).where(*where).subquery()
    made: dict[str, ColumnElement[Any]] = {name: found.c[f"_v{number}"] for number, name in enumerate(values)}
    return made, [scope.table.c[key] == found.c["_key"]]


def _conditions(query: Query, scope: "Selection") -> "list[ColumnElement[bool]] | None":
    """Give the conditions that stand in the statement itself; None where they cannot."""
    if _is_cut(query) or query.distinct or query.annotations:
        return None
    found = [scope.hooks.condition(one, scope) for one in query.where]
    return None if scope.is_joined else found


def _is_cut(query: Query) -> bool:
    return query.limit is not None or query.offset is not None


def _is_among(query: Query, scope: "Selection") -> "ColumnElement[bool]":
    """Give the condition that a row is one of the query's."""
    from sqlalchemy import select  # see _compile

    key: ColumnElement[Any] = scope.table.c[scope.options.pk.attname]
    rows = scope.hooks.subquery(query, scope, 0).statement
    if scope.dialect.features.limits_lists:
        return key.in_(rows)
    # As a table of its own, which some engines want too where the rows are those of the table that is changed.
    return key.in_(select(rows.distinct().subquery().c[0] if not _is_cut(query) else rows.subquery().c[0]))


def _refuse_reading(alias: str) -> Reader:
    def refuse(_rows: object) -> Never:
        raise TypeError(f"a statement that changes rows of database {alias!r} gives none back")

    return Reader(refuse, refuse)
