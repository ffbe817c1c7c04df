"""The clauses that all kinds of SELECT have: annotations, conditions, groups, pages, locks."""

from collections.abc import Iterable, Iterator, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from openviper.db.compiler.derived import Closed
from openviper.db.compiler.different import tell_apart
from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.grouping import Selection, holds_aggregate
from openviper.db.compiler.paths import is_name
from openviper.db.compiler.pieces import join
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element
from openviper.db.compiler.windows import holds_window, windows_of
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.options import Options
from openviper.db.query.description import (
    Aggregate,
    And,
    Column,
    Condition,
    Exists,
    Lookup,
    Not,
    Or,
    Query,
    Subquery,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    Statement: TypeAlias = Select[Any]
    Predicates: TypeAlias = list[ColumnElement[bool]]

__all__ = [
    "add_annotations",
    "check_grouped",
    "conditions_of",
    "first_only",
    "grouped",
    "locked",
    "paged",
    "rows_prepared",
]

_NUMBER: Final = Storage(kind=FieldKind.BIGINT)


def add_annotations(query: Query, scope: Selection) -> None:
    """Write the annotations; in a grouped query those that it is not grouped by put the rows together."""
    windows = windows_of(query)
    if windows:
        _settle_windows(query, scope, windows)
    if query.grouped is not None:
        tell_apart(query, scope, rows_prepared)
    for name, expression in query.annotations:
        _check_name(name, query)
        if name in scope.settled:
            scope.annotations[name] = scope.settled[name]
            continue
        scope.folds = query.grouped is not None and name not in query.grouped
        is_aggregate = scope.folds and holds_aggregate(expression, scope.aggregates)
        scope.annotations[name] = compile_expression(expression, scope)._replace(name=name)
        # Engines put rows together before they look at windows, so none is a key of the groups.
        if is_aggregate or (scope.folds and name in windows):
            scope.aggregates.add(name)
    scope.folds = query.grouped is not None


def _settle_windows(query: Query, scope: Selection, windows: set[str]) -> None:
    """Join a table of the windows of each row, where a condition, a group or an aggregate is about them.

    Raises:
        FieldError: A condition is about one of grouped rows.
    """
    keys = set(query.grouped or ())
    late = {name for name, _ in query.annotations if query.grouped is not None and name not in keys}
    for condition in query.where:
        if holds_window(condition, windows & late):
            raise FieldError("groups are not filtered by their windows; filter them where they are read, or use raw()")
    asking = [one for one in query.where if holds_window(one, windows)]
    if not (asking or (keys & windows) or (query.mode == "aggregate" and not late)):
        return
    plain_only = [part for one in query.where for part in _before_windows(one, windows)]
    met = tuple(one for one in plain_only if not holds_aggregate(one, late))
    early = tuple(one for one in query.annotations if one[0] not in late)
    inner = Closed(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, first=scope.first)
    plain = query._replace(mode="tuples", where=(), annotations=early, grouped=None)
    add_annotations(plain, inner)
    conditions, _ = conditions_of(plain._replace(where=met), inner)
    _join_windows(scope, inner, sorted(windows - late), conditions)
    scope.met = met


def _before_windows(condition: Condition, windows: set[str]) -> Iterator[Condition]:
    """Give what a condition asks of rows whatever their windows come to: all of it, or parts of an AND, or nothing."""
    if not holds_window(condition, windows):
        yield condition
    elif isinstance(condition, And):
        # Parts that stay together may mean one and the same row of a relation.
        plain = tuple(part for part in condition.parts if not holds_window(part, windows))
        if plain:
            yield And(plain)
        for part in condition.parts:
            if part not in plain:
                yield from _before_windows(part, windows)
    elif isinstance(condition, Not):
        yield from _before_windows(_turned(condition.part), windows)


def _turned(condition: Condition) -> Condition:
    """Carry a negation to the parts of an OR, all of which have to fail."""
    if isinstance(condition, Not):
        return condition.part
    if isinstance(condition, Or):
        return And(tuple(Not(part) for part in condition.parts))
    return Or((Not(condition),))


def _join_windows(scope: Selection, inner: Selection, names: Sequence[str], conditions: "Predicates") -> None:
    from sqlalchemy import select  # loaded by the first query

    elements = [inner.annotations[name].element.label(f"_w{place}") for place, name in enumerate(names)]
    key = scope.options.pk.attname
    statement = select(inner.table.c[key].label("_key"), *elements).select_from(inner.froms()).where(*conditions)
    table = statement.correlate(None).subquery()
    scope.join_rows(table, scope.table.c[key] == table.c["_key"])
    scope.settled = {
        name: inner.annotations[name]._replace(element=table.c[f"_w{place}"], field=None)
        for place, name in enumerate(names)
    }


def _check_name(name: str, query: Query) -> None:
    """Refuse an annotation that would hide something, or could be no attribute.

    Raises:
        FieldError: The model has something of the name, or it is no name.
    """
    options: Options = query.model._meta
    is_attribute = query.mode == "rows"
    if name in options.by_name or (is_attribute and (is_name(options, name) or hasattr(query.model, name))):
        raise FieldError(f"annotate() names {name!r}, which {options.label} has already; take another name")
    if is_attribute and (not str.isidentifier(name) or iskeyword(name)):
        raise FieldError(f"annotate() names {name!r}, which can be no attribute of an instance; take another name")


def conditions_of(query: Query, scope: Selection) -> "tuple[Predicates, Predicates]":
    """Give the conditions for rows, and those for groups of them."""
    where: Predicates = []
    having: Predicates = []
    for condition in query.where:
        if condition in scope.met:
            continue
        if holds_window(condition, set()):
            raise FieldError("a condition has no windows in it; annotate() with the window, and filter by its name")
        rows, groups = _split(condition, scope.aggregates)
        for one in groups:
            _check_group(one, query, scope)
        where += [scope.hooks.condition(one, scope) for one in rows]
        having += [scope.hooks.condition(one, scope) for one in groups]
    return [join(where, is_and=True)] if where else [], [join(having, is_and=True)] if having else []


def _split(condition: Condition, aggregates: set[str]) -> tuple[list[Condition], list[Condition]]:
    if not aggregates or not holds_aggregate(condition, aggregates):
        return [condition], []
    if not isinstance(condition, And):
        return [], [condition]
    # What is left stays together: its parts may mean one and the same row of a relation.
    rows = tuple(part for part in condition.parts if not holds_aggregate(part, aggregates))
    groups = [part for part in condition.parts if holds_aggregate(part, aggregates)]
    return ([And(rows)] if rows else []), [*groups]


def rows_prepared(query: Query, scope: Selection, late: set[str]) -> "Predicates":
    """Write the annotations of a query, and give its conditions for rows.

    Args:
        query: The description, as if it had no groups.
        scope: Its statement.
        late: Names of annotations that are of groups, which it does not have.
    """
    where = tuple(part for one in query.where for part in _split(one, late)[0])
    plain = query._replace(where=where)
    add_annotations(plain, scope)
    return conditions_of(plain, scope)[0]


def _check_group(node: object, query: Query, scope: Selection) -> None:
    """Refuse a condition for groups that looks at single rows; some engines would take any of them.

    Raises:
        FieldError: It names what the query is not grouped by.
    """
    if isinstance(node, Aggregate | Subquery | Exists) or not isinstance(node, tuple):
        return
    if isinstance(node, Lookup | Column):
        known = (*(query.grouped or ()), *scope.annotations)
        if not any(node.path == name or node.path.startswith(f"{name}__") for name in known):
            raise FieldError(f"{node.path!r} is no part of the groups, which have {', '.join(known)}; filter it apart")
    for part in node:
        _check_group(part, query, scope)


def _group_keys(query: Query, scope: Selection) -> list[Element]:
    """Give what the rows are grouped by: what the query names, and annotations that are no aggregates.

    Args:
        query: The description.
        scope: Its statement, with all annotations.
    """
    if query.grouped is None:
        return []
    names = dict.fromkeys(query.grouped)
    names |= dict.fromkeys(name for name, _ in query.annotations if name not in scope.aggregates)
    return [scope.column(name).element for name in names]


def check_grouped(query: Query, scope: Selection, names: Iterable[str]) -> None:
    """Refuse columns of single rows in a grouped query; some engines would take those of any row.

    Args:
        query: The description.
        scope: Its statement, with all annotations.
        names: Paths that are selected or sorted by.

    Raises:
        FieldError: One of them is no part of the groups.
    """
    if query.grouped is None or not {"pk", query.model._meta.pk.name}.isdisjoint(query.grouped):
        return
    keys = _group_keys(query, scope)
    for name in names:
        found = scope.column(name).element
        if name not in scope.annotations and not any(found is key for key in keys):
            known = ", ".join((*query.grouped, *scope.annotations))
            raise FieldError(f"{name!r} is no part of the groups, which have {known}")


def grouped(statement: "Statement", query: Query, scope: Selection) -> "Statement":
    """Add GROUP BY."""
    return statement.group_by(*_group_keys(query, scope)) if query.grouped is not None else statement


def paged(statement: "Statement", query: Query, scope: Scope) -> "Statement":
    """Add the limit and the offset as parameters, so that all pages share a plan."""
    from sqlalchemy import literal_column  # loaded by the first query

    no_limit = scope.dialect.no_limit
    if query.limit is not None:
        statement = statement.limit(scope.parameters.add(scope.first + query.limit, _NUMBER, "limit"))
        if query.offset is None and no_limit is not None:
            statement = statement.offset(literal_column("0"))  # else SQLAlchemy adds a parameter of its own
    if query.offset is not None:
        statement = statement.offset(scope.parameters.add(scope.first + query.offset, _NUMBER, "offset"))
        if query.limit is None and no_limit is not None:
            statement = statement.limit(literal_column(no_limit))
    return statement


def first_only(statement: "Statement", scope: Scope) -> "Statement":
    """End a statement after its first row."""
    from sqlalchemy import literal_column  # loaded by the first query

    statement = statement.limit(literal_column("1"))
    return statement if scope.dialect.no_limit is None else statement.offset(literal_column("0"))


def locked(statement: "Statement", query: Query, scope: Scope) -> "Statement":
    """Add FOR UPDATE; an engine that locks no rows has one writer at a time, who has them anyway."""
    if query.lock is None or not scope.dialect.features.row_locks:
        return statement
    if query.lock != "wait" and not scope.dialect.features.skips_locked:
        raise DatabaseOperationNotSupportedError(
            f"{scope.dialect.name} always waits for locked rows; leave out nowait and skip_locked"
        )
    if query.distinct or query.grouped is not None:
        raise DatabaseOperationNotSupportedError(
            "select_for_update() locks rows; distinct or grouped ones are none, so lock by their keys"
        )
    if windows_of(query):
        raise DatabaseOperationNotSupportedError("select_for_update() locks no rows of windows; lock by their keys")
    dialect, key = scope.dialect, scope.table.c[scope.options.pk.attname]
    if dialect.lock_hints:
        return statement.with_hint(scope.table, dialect.lock_hints[query.lock], dialect.name)
    if not dialect.features.locks_cut and (query.limit is not None or query.offset is not None):
        chosen = statement.with_only_columns(key).correlate(None)
        statement = statement.limit(None).offset(None).where(key.in_(chosen))
    return statement.with_for_update(
        nowait=query.lock == "nowait",
        skip_locked=query.lock == "skip_locked",
        # Rows of relations are left alone; those that may be missing cannot be locked.
        of=(key if dialect.features.locks_columns else scope.table) if scope.is_joined else None,
    )
