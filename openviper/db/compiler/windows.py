"""Windows as SQL, and queries that ask for rows by what their windows came to.

Engines compute windows after WHERE and GROUP BY, so neither can name one. Where a condition does, the windows are
computed in a table of their own that is joined by the key: every row of the query meets its own windows there, and
conditions, orders and joins are written as ever.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.folding import Over, count_of, fold
from openviper.db.compiler.ordering import sort_key, sorted_by
from openviper.db.compiler.pieces import make
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element, Typed
from openviper.db.compiler.union import unite
from openviper.db.dialects.forms import Conversion, Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d

__all__ = ["compile_window", "holds_window", "windows_of"]

_NUMBER: Final = Storage(kind=FieldKind.BIGINT)
_FRACTION: Final = Storage(kind=FieldKind.FLOAT)
_TO_FLOAT: Final = Conversion("float({v})")
_ROW: Final = "CURRENT ROW"


def compile_window(node: d.Window, scope: Scope) -> Typed:
    """Write a window.

    Args:
        node: The description.
        scope: The SELECT that it stands in.

    Raises:
        FieldError: It names what does not exist, or what no engine divides or orders by.
        DatabaseOperationNotSupportedError: The engine has no such function.
    """
    over = _over(node, scope)
    if isinstance(node.function, d.Aggregate):
        return _fold(node.function, scope, over)
    return _WRITERS[node.function.name](node, node.function, scope, over)


def windows_of(query: d.Query) -> set[str]:
    """Name the annotations of a query that are made of windows.

    Args:
        query: The description.
    """
    found: set[str] = set()
    for name, expression in query.annotations:
        if holds_window(expression, found):
            found.add(name)
    return found


def holds_window(node: object, names: set[str]) -> bool:
    """Tell whether a node has a window in it, or names one; those of subqueries are theirs.

    Args:
        node: Any part of a description.
        names: Annotations that are made of windows.
    """
    if isinstance(node, d.Window):
        return True
    if isinstance(node, d.Subquery | d.Exists):
        # A column of the query around, at which it looks, may be one all the same.
        return any(path.partition("__")[0] in names for path in _outer_paths(node))
    if isinstance(node, d.Column | d.Lookup) and node.path.partition("__")[0] in names:
        return True
    return isinstance(node, tuple) and any(holds_window(part, names) for part in cast("tuple[object, ...]", node))


def _outer_paths(node: object) -> Iterator[str]:
    if isinstance(node, d.OuterColumn):
        yield node.path
    elif isinstance(node, tuple):
        for part in cast("tuple[object, ...]", node):
            yield from _outer_paths(part)


def _over(node: d.Window, scope: Scope) -> Over:
    """Give what makes a window of a function."""
    # SQLAlchemy is loaded by the first query.
    from openviper.db.compiler.template import make_text

    partition = [_key(one, scope) for one in node.partition]
    order = sorted_by([(one, sort_key(one, scope)) for one in node.order], scope)
    words = []
    if partition:
        words.append("PARTITION BY " + _places(1, len(partition)))
    if order:
        words.append("ORDER BY " + _places(1 + len(partition), len(order)))
    if node.frame is not None:
        words.append(_frame(node.frame))
    template = f"{{0}} OVER ({' '.join(words)})"

    def over(element: Element) -> Element:
        return make_text(template, (element, *partition, *order), element.type)

    return over


def _places(first: int, count: int) -> str:
    return ", ".join(f"{{{place}}}" for place in range(first, first + count))


def _key(node: d.Expression, scope: Scope) -> Element:
    found = compile_expression(node, scope)
    if not found.form.is_comparable:
        raise FieldError(f"{found.name or 'an expression'} divides no rows: {scope.dialect.name} does not compare it")
    return found.element


def _frame(frame: d.Frame) -> str:
    start = "UNBOUNDED PRECEDING" if frame.start is None else _bound(frame.start)
    end = "UNBOUNDED FOLLOWING" if frame.end is None else _bound(frame.end)
    return f"{frame.unit.upper()} BETWEEN {start} AND {end}"


def _bound(rows: int) -> str:
    return _ROW if rows == 0 else f"{abs(rows):d} {'PRECEDING' if rows < 0 else 'FOLLOWING'}"


def _fold(node: d.Aggregate, scope: Scope, over: Over) -> Typed:
    """Write an aggregate over the rows of the window."""
    from sqlalchemy import case, literal_column  # loaded by the first query

    where = None if node.where is None else scope.hooks.condition(node.where, scope)
    if node.argument is None:
        return count_of(None if where is None else case((where, literal_column("1"))), scope.dialect, over=over)
    argument = compile_expression(node.argument, scope)
    element: Element = argument.element if where is None else case((where, argument.element))
    return fold(node.name, argument, element, scope.dialect, over=over)


def _write_rank(_: d.Window, node: d.Call, scope: Scope, over: Over) -> Typed:
    # A fraction comes as a float or as a decimal, by driver; it is read as the one that Python users expect.
    storage = _FRACTION if node.name in {"percent_rank", "cume_dist"} else _NUMBER
    arguments = tuple(compile_expression(one, scope).element for one in node.arguments)
    typed = make(node.name, arguments, storage, scope)
    form = replace(typed.form, read=_TO_FLOAT) if storage is _FRACTION else typed.form
    return typed._replace(element=over(typed.element), form=form)


def _write_value(window: d.Window, node: d.Call, scope: Scope, over: Over) -> Typed:
    """Write a function that gives the value of another row."""
    argument = compile_expression(node.arguments[0], scope)
    # Whatever the field says: there may be no such row.
    storage = replace(argument.storage, null=True)
    others = [compile_expression(one, scope, storage) for one in node.arguments[1:]]
    has_default = len(others) > 1
    if has_default:
        others[1] = unite(others[1], storage, scope)
    elements = [argument.element, *(one.element for one in others)]
    if has_default and not scope.dialect.features.lag_defaults:
        return _with_default(window, node, scope, over, elements, argument._replace(storage=storage))
    made = make(node.name, tuple(elements), storage, scope)
    return Typed(over(made.element), storage, argument.form)


def _with_default(
    window: d.Window, node: d.Call, scope: Scope, over: Over, elements: list[Element], typed: Typed
) -> Typed:
    """Write ``Lag`` and ``Lead`` with a default: where there is no such row is told by the number of the row."""
    from sqlalchemy import case  # loaded by the first query

    # Not by coalesce(): the row may be there, with no value in it.
    number = over(make("row_number", (), _NUMBER, scope).element)
    missing: Any = number <= elements[1]
    if node.name == "lead":
        whole = _over(d.Window(d.Call("row_number", ()), window.partition), scope)
        missing = number + elements[1] > whole(count_of(None, scope.dialect).element)
    value = over(make(node.name, tuple(elements[:2]), typed.storage, scope).element)
    return Typed(case((missing, elements[2]), else_=value), typed.storage, typed.form)


_WRITERS: Final[Mapping[str, Callable[[d.Window, d.Call, Scope, Over], Typed]]] = {
    **dict.fromkeys(("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"), _write_rank),
    **dict.fromkeys(("lag", "lead", "first_value", "last_value", "nth_value"), _write_value),
}
