"""Expressions of a description as SQL, each with what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from openviper.conf import settings
from openviper.db.compiler.arithmetic import compute, expected_beside
from openviper.db.compiler.functions import SAME_KIND, compile_call
from openviper.db.compiler.lookups import PARTS, read_rest
from openviper.db.compiler.pieces import bind, finite, make
from openviper.db.compiler.scope import Found, Scope
from openviper.db.compiler.terms import Typed
from openviper.db.compiler.union import common_storage, unite
from openviper.db.compiler.ways import way_to
from openviper.db.dialects.forms import Storage, StorageForm, storage_of
from openviper.db.exceptions import FieldError, ModelValidationError
from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.query import description as d

__all__ = ["compile_assignment", "compile_expression", "compile_part", "existence_of", "take_parts"]

_BOOLEAN: Final = Storage(kind=FieldKind.BOOLEAN)


def compile_expression(expression: d.Expression, scope: Scope, expected: Storage | None = None) -> Typed:
    """Write an expression.

    Args:
        expression: The node.
        scope: The statement that it stands in.
        expected: What a value without a type of its own is; None means that such a value is refused.

    Raises:
        FieldError: It names what does not exist, or computes with what cannot be computed with.
    """
    write = _WRITERS.get(expression.kind)
    if write is None:
        raise FieldError("a list of values can only stand at the right of __in and __range")
    return write(expression, scope, expected)


def compile_assignment(expression: d.Expression, scope: Scope, attname: str) -> Typed:
    """Write what a field is set to, in the form of its column.

    Args:
        expression: A value at a place goes through ``field.clean()``; anything else is converted to the column.
        scope: The UPDATE or INSERT.
        attname: Attribute of the field, such as ``author_id``.

    Raises:
        FieldError: The expression is of another kind than the field.
    """
    field = scope.options.by_name[attname]
    if isinstance(expression, d.Param):
        return Typed(scope.parameters.assign(scope.first + expression.place, field), *_storing(field, scope), field)
    storage, _ = _storing(field, scope)
    if isinstance(expression, d.Null):
        if not (field.null or field.auto):
            raise ModelValidationError({field.name: ["This field cannot be null."]})
        return _compile_null(expression, scope, storage)
    typed = compile_expression(expression, scope, storage)
    try:
        return unite(typed, storage, scope)
    except FieldError as error:
        raise FieldError(f"{field.path} is set to an expression: {error}") from error


def take_parts(typed: Typed, parts: Sequence[str], scope: Scope) -> Typed:
    """Take parts of a moment, each of the one before.

    Args:
        typed: A date, a time or a datetime.
        parts: Names of ``PARTS``.
        scope: The statement.
    """
    for name in parts:
        element = finite(typed, scope)
        if typed.storage.kind == FieldKind.DATETIME and scope.dialect.use_tz:
            # What a calendar and a clock show where ``TIME_ZONE`` says.
            wall = "utc" if settings.TIME_ZONE == "UTC" else "local"
            element = make(wall, (element,), typed.storage, scope).element
        storage = Storage(kind=PARTS[name].result, null=typed.storage.null)
        typed = make(name, (element,), storage, scope)._replace(name=typed.name)
    return typed


def compile_part(found: Found, path: str, scope: Scope) -> Typed | None:
    """Give the part of a moment that a path ends with; None if it ends with something else.

    Args:
        found: The field.
        path: The whole path.
        scope: The statement.

    Raises:
        FieldError: The field has no such part.
    """
    if any(name not in PARTS for name in found.rest):
        return None
    return take_parts(found.typed._replace(name=path), read_rest(found, path).parts, scope)


def _storing(field: AnyField, scope: Scope) -> tuple[Storage, StorageForm]:
    storage = storage_of(field)
    return storage, scope.dialect.form(storage)


def _compile_column(node: d.Column, scope: Scope, _: Storage | None) -> Typed:
    path = node.path
    found = scope.find(path)
    if not found.rest:
        return found.typed
    reading = read_rest(found, path)
    if reading.lookup != "exact" or found.rest[-1] == "exact":
        raise FieldError(f"F({path!r}) ends with the lookup {reading.lookup!r}; write the field alone")
    return take_parts(found.typed._replace(name=path), reading.parts, scope)


def _compile_value(node: d.Param, scope: Scope, expected: Storage | None) -> Typed:
    storage = node.storage or expected
    if storage is None:
        raise FieldError("a value stands where nothing says of which type it is; write it as Cast(Value(...), field)")
    way = way_to(storage, scope.dialect, label="a value in an expression")
    return Typed(bind(node.place, way, scope), storage, way.form)


def _compile_null(_: d.Null, scope: Scope, expected: Storage | None) -> Typed:
    from sqlalchemy import null  # loaded by the first query

    storage = replace(expected or Storage(kind=FieldKind.TEXT), null=True, members=None)
    return Typed(null(), storage, scope.dialect.form(storage))


def _compile_flag(node: d.Flag, scope: Scope, _: Storage | None) -> Typed:
    from sqlalchemy import false, true  # loaded by the first query

    return Typed(true() if node.value else false(), _BOOLEAN, scope.dialect.form(_BOOLEAN))


def _compile_operation(node: d.Operation, scope: Scope, expected: Storage | None) -> Typed:
    sides = node.left, node.right
    typed: list[Typed | None] = [
        None if _is_open(side) else compile_expression(side, scope, expected) for side in sides
    ]
    known = next((one for one in typed if one is not None), None)
    if known is None and expected is None:
        raise FieldError("an operator stands between two plain values; compute them before")
    beside = expected_beside(known.storage, node.operator) if known is not None else expected
    left, right = (one or compile_expression(side, scope, beside) for one, side in zip(typed, sides, strict=True))
    return compute(node.operator, left, right, scope)


def _is_open(node: d.Expression) -> bool:
    return (isinstance(node, d.Param) and node.storage is None) or isinstance(node, d.Null)


def _compile_call(node: d.Call, scope: Scope, expected: Storage | None) -> Typed:
    if node.name in PARTS:
        (argument,) = node.arguments
        inner = compile_expression(argument, scope)
        if inner.storage.kind not in PARTS[node.name].kinds:
            raise FieldError(f"Extract takes no {node.name} of {inner.name or 'an expression'} ({inner.storage.kind})")
        return take_parts(inner, (node.name,), scope)
    if node.name.startswith("first of "):
        return _compile_first(node.name, compile_expression(node.arguments[0], scope), scope)
    if node.name in SAME_KIND:
        return compile_call(node.name, _compile_all(node.arguments, scope, expected), scope)
    arguments = [compile_expression(one, scope) for one in node.arguments]
    return compile_call(node.name, arguments, scope, node.storage)


def _compile_first(name: str, typed: Typed, scope: Scope) -> Typed:
    """Write the first day of something that a moment or a day is in."""
    if typed.storage.kind not in (FieldKind.DATE, FieldKind.DATETIME):
        raise FieldError(f"there is no day in {typed.name or 'an expression'} ({typed.storage.kind})")
    if typed.storage.kind == FieldKind.DATETIME:
        typed = take_parts(typed, ("date",), scope)
    if name == "first of day":
        return typed
    storage = Storage(kind=FieldKind.DATE, null=True)
    return make(name, (finite(typed, scope),), storage, scope)


def _compile_case(node: d.Case, scope: Scope, expected: Storage | None) -> Typed:
    from sqlalchemy import case  # loaded by the first query

    results = _compile_all([*(then for _, then in node.branches), node.default], scope, node.storage or expected)
    storage = node.storage or common_storage(results)
    united = [unite(one, storage, scope).element for one in results]
    conditions = [scope.hooks.condition(condition, scope) for condition, _ in node.branches]
    element = case(*zip(conditions, united[:-1], strict=True), else_=united[-1])
    return Typed(element, storage, scope.dialect.form(storage))


def _compile_all(nodes: Sequence[d.Expression], scope: Scope, expected: Storage | None) -> list[Typed]:
    """Write expressions of one kind; NULL and values without a type are of the kind of the others."""
    typed = [None if _is_open(node) else compile_expression(node, scope, expected) for node in nodes]
    known = [one for one in typed if one is not None]
    beside = common_storage(known) if known else expected
    return [one or compile_expression(node, scope, beside) for one, node in zip(typed, nodes, strict=True)]


def _compile_subquery(node: d.Subquery, scope: Scope, _: Storage | None) -> Typed:
    found = scope.hooks.subquery(node.query, scope, scope.first + node.first)
    if found.column is None:
        raise FieldError("a subquery stands for one value; write values_list('name', flat=True)")
    storage = replace(found.column.storage, null=True)
    return Typed(found.statement.scalar_subquery(), storage, found.column.form)


def existence_of(node: d.Exists, scope: Scope) -> Typed:
    """Write that a query has rows, as a condition.

    Args:
        node: The query.
        scope: The statement around it.
    """
    from sqlalchemy import exists  # loaded by the first query

    found = scope.hooks.subquery(node.query, scope, scope.first + node.first)
    return Typed(exists(found.statement), _BOOLEAN, scope.dialect.form(_BOOLEAN))


def _compile_exists(node: d.Exists, scope: Scope, _: Storage | None) -> Typed:
    from sqlalchemy import case, literal_column  # loaded by the first query

    found = existence_of(node, scope)
    if scope.dialect.features.conditions_are_values:
        return found
    truth = case((found.element, literal_column("1")), else_=literal_column("0"))
    return found._replace(element=truth)


def _compile_linked(node: d.Linked, scope: Scope, _: Storage | None) -> Typed:
    return scope.linked_column(node)


def _compile_outer(node: d.OuterColumn, scope: Scope, _: Storage | None) -> Typed:
    return scope.outer_column(node.path)


def _compile_aggregate(node: d.Aggregate, scope: Scope, _: Storage | None) -> Typed:
    return scope.hooks.aggregate(node, scope)


def _compile_window(node: d.Window, scope: Scope, _: Storage | None) -> Typed:
    return scope.hooks.window(node, scope)


#: By the kind of node. Each takes nodes of that kind alone, which the type of a mapping cannot say.
_WRITERS: Final[Mapping[str, Callable[[Any, Scope, Storage | None], Typed]]] = {
    "aggregate": _compile_aggregate,
    "call": _compile_call,
    "case": _compile_case,
    "column": _compile_column,
    "exists": _compile_exists,
    "flag": _compile_flag,
    "linked": _compile_linked,
    "null": _compile_null,
    "operation": _compile_operation,
    "outer": _compile_outer,
    "param": _compile_value,
    "subquery": _compile_subquery,
    "window": _compile_window,
}
