"""Aggregates where they stand: over the rows of a SELECT, or over the many rows that belong to each of them.

``annotate(n=Count("books"))`` counts in a subquery of its own for each author. Joins would be shorter, and two of
them would multiply each other. Such a subquery is rooted at the far end of the relation, from where every row leads
back to one author; so each path within the aggregate is turned around: seen from a review, ``books__title`` of an
author is ``book__title``, and the author's ``name`` is ``book__author__name``.

From the far end of a many-to-many no row leads back to one. Such a subquery is rooted at the pairs of the
row, and joins what the path leads to from there, each row as often as pairs lead to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.folding import average_of, count_of, fold, sum_of
from openviper.db.compiler.lookups import LOOKUPS
from openviper.db.compiler.paths import step_of
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element, Predicate, Typed
from openviper.db.exceptions import FieldError
from openviper.db.options import Options
from openviper.db.query.description import (
    Aggregate,
    Column,
    Condition,
    Exists,
    Lookup,
    OuterColumn,
    Param,
    Subquery,
    Truth,
)
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    from sqlalchemy import ScalarSelect

__all__ = ["Selection", "compile_aggregate", "fold_rows", "holds_aggregate"]

T = TypeVar("T")


class Selection(Scope):
    """The scope of a SELECT."""

    #: Whether aggregates put its rows together; else they are of what belongs to each row.
    folds: bool = False
    #: Windows that a table of their own has, by the names of the annotations.
    settled: Mapping[str, Typed] = MappingProxyType({})
    #: The conditions that were met there already.
    met: tuple[Condition, ...] = ()
    #: Puts different values of many rows together; None where no rows are put together.
    apart: "Callable[[Aggregate, tuple[str, ...]], Typed] | None" = None


class _Chain(NamedTuple):
    """A path to many rows.

    Args:
        lead: Relations to one row, before those to many.
        many: Relations to many rows, each leading away from where the one before has led.
        back: For each of them the field that leads back.
        model: What stands at the end.
        is_paired: Whether it goes through a many-to-many; it is then not turned around.
    """

    lead: tuple[str, ...]
    many: tuple[str, ...]
    back: tuple[str, ...]
    model: AnyModel
    is_paired: bool = False


def compile_aggregate(node: Aggregate, scope: Scope) -> Typed:
    """Write an aggregate.

    Args:
        node: The description.
        scope: The statement that it stands in.

    Raises:
        FieldError: It names what does not exist, or makes no sense of its values.
    """
    chain = _chain_of(node, scope)
    folds = isinstance(scope, Selection) and scope.folds
    if chain is None and folds:
        return fold_rows(node, scope)
    if not folds:
        # Without a path to many rows, the row itself is the only one.
        return _fold_many(node, chain or _Chain((), (), (), scope.model), scope)
    return _fold_all(node, cast("_Chain", chain), scope)


def holds_aggregate(node: object, names: "set[str]") -> bool:
    """Tell whether an expression is made of aggregates.

    Args:
        node: The expression, or part of it.
        names: Annotations that are.
    """
    if isinstance(node, Aggregate):
        return True
    if isinstance(node, Column | Lookup) and node.path.partition("__")[0] in names:
        return True
    if not isinstance(node, tuple) or isinstance(node, Subquery | Exists):
        return False
    return any(holds_aggregate(part, names) for part in node)


def fold_rows(node: Aggregate, scope: Scope) -> Typed:
    """Write an aggregate of the rows of a SELECT.

    Args:
        node: The description.
        scope: The SELECT.

    Raises:
        FieldError: It is of aggregates, or makes no sense of its values.
    """
    from sqlalchemy import case, literal_column  # loaded by the first query

    where = None if node.where is None else scope.hooks.condition(node.where, scope)
    if node.argument is None:
        # As CASE instead of FILTER, which not every engine has.
        return count_of(None if where is None else case((where, literal_column("1"))), scope.dialect)
    if holds_aggregate(node.argument, scope.aggregates):
        raise FieldError(f"{node.name.title()} of what is an aggregate itself; aggregate() does that in a second step")
    argument = compile_expression(node.argument, scope)
    element: Element = argument.element if where is None else case((where, argument.element))
    return fold(node.name, argument, element.distinct() if node.distinct else element, scope.dialect)


def _fold_many(node: Aggregate, chain: _Chain, scope: Scope) -> Typed:
    """Write an aggregate of the rows that belong to one row, as a subquery."""
    from sqlalchemy import select  # loaded by the first query

    if chain.is_paired:
        rows, link = _pairs_of(chain, scope)
        found = fold_rows(node, rows)
        statement = select(found.element).select_from(rows.froms()).where(link)
        return found._replace(element=statement.correlate_except(*rows.own_tables()).scalar_subquery())
    inner = Selection(chain.model, scope.dialect, scope.parameters, hooks=scope.hooks, outer=scope, first=scope.first)
    inner.folds = True
    found = fold_rows(_turned(node, chain, scope), inner)
    owner = inner.column("__".join(reversed(chain.back)) or "pk").element
    key = scope.column("__".join((*chain.lead, "pk"))).element
    statement = select(found.element).select_from(inner.froms()).where(owner == key)
    value: ScalarSelect[Any] = statement.correlate_except(*inner.own_tables()).scalar_subquery()
    return found._replace(element=value)


def _pairs_of(chain: _Chain, scope: Scope) -> "tuple[Scope, Predicate]":
    """Give the scope of the rows that belong to one row, and the condition that they do."""
    rows, link = scope.rows_of((*chain.lead, chain.many[0]))
    rows.chain = (*chain.lead, *chain.many)
    return rows, link


def _fold_all(node: Aggregate, chain: _Chain, scope: Scope) -> Typed:
    """Put together what belongs to each row of a SELECT: the sum of the counts, the greatest maximum."""
    from sqlalchemy import func, literal_column  # loaded by the first query

    if node.distinct and node.name in {"count", "sum", "avg"}:
        path = (*chain.lead, *chain.many)
        if not isinstance(scope, Selection) or scope.apart is None:
            raise FieldError(f"{node.name.title()} of different values goes through {'__'.join(path)!r} to many rows")
        return scope.apart(node, path)
    if node.name == "avg":
        total, count = (_fold_many(node._replace(name=name), chain, scope) for name in ("sum", "count"))
        argument = _argument_of(node, chain, scope)
        return average_of(argument, func.sum(total.element), func.sum(count.element), scope.dialect)
    found = _fold_many(node, chain, scope)
    if node.name == "count":
        total = sum_of(found, found.element, scope.dialect)
        return total._replace(element=func.coalesce(total.element, literal_column("0")))
    return fold(node.name, found, found.element, scope.dialect)


def _argument_of(node: Aggregate, chain: _Chain, scope: Scope) -> Typed:
    """Give what the values of an aggregate are; nothing of it comes into the statement."""
    if chain.is_paired:
        return compile_expression(node.argument or Column("pk"), _pairs_of(chain, scope)[0])
    inner = Selection(chain.model, scope.dialect, scope.parameters, hooks=scope.hooks, outer=scope, first=scope.first)
    turned = _turned(node, chain, scope)
    return compile_expression(turned.argument or Column("pk"), inner)


def _chain_of(node: Aggregate, scope: Scope) -> _Chain | None:
    """Find the path to many rows that an aggregate goes along; None if there is none.

    Raises:
        FieldError: There are two.
    """
    longest: _Chain | None = None
    for path in _paths_of(node.argument):
        if path.partition("__")[0] in scope.annotations:
            continue
        chain = _follow_pairs(path, scope.model._meta) or _follow(path, scope.model._meta)
        if chain is None:
            continue
        both = sorted((chain, longest or chain), key=lambda one: len(one.many))
        if both[0].lead != both[1].lead or both[0].many != both[1].many[: len(both[0].many)]:
            raise FieldError(
                f"{node.name.title()} goes through {'__'.join(both[0].many)!r} and {'__'.join(both[1].many)!r}, "
                "two relations to many rows; make two aggregates of it"
            )
        longest = both[1]
    return longest


def _paths_of(node: object) -> Iterator[str]:
    """Give the paths in an expression."""
    if isinstance(node, Column):
        yield node.path
    elif isinstance(node, tuple):
        for part in node:
            yield from _paths_of(part)


def _follow_pairs(path: str, options: Options) -> _Chain | None:
    """Follow a path up to its last relation to many rows; None if none of them is a many-to-many."""
    names = tuple(path.split("__"))
    many: list[int] = []
    is_paired = False
    for place, name in enumerate(names):
        step = step_of(options, name)
        if step is None:
            break
        options = step.end
        is_paired = is_paired or step.via is not None
        if step.is_many:
            many.append(place)
    if not is_paired:
        return None
    first, last = many[0], many[-1]
    return _Chain(names[:first], names[first : last + 1], (), options.model, is_paired=True)


def _follow(path: str, options: Options) -> _Chain | None:
    """Follow a path up to its last relation to many rows; None if it has none."""
    lead: list[str] = []
    many: list[str] = []
    back: list[str] = []
    # What comes behind the last relation to many rows belongs to the single one at its end.
    seen: _Chain | None = None
    names = path.split("__")
    rest: list[str] = []
    for place, name in enumerate(names):
        field = options.by_name.get(name)
        if field is not None and field.related is not None and field.name == name:
            if many:
                rest = names[place:]
                break
            lead.append(name)
            options = field.related.model._meta
        elif name in options.reverse:
            model, relation = options.reverse[name]
            if relation.is_single and not many:
                lead.append(name)
            else:
                many.append(name)
                back.append(relation.name)
            if not relation.is_single:
                seen = _Chain(tuple(lead), tuple(many), tuple(back), model)
            options = model._meta
        else:
            break
    if seen is not None and _goes_on(rest, options):
        raise FieldError(
            f"{path!r} leads to many rows, from each of them to one, and from there to many again; "
            f"aggregate the rows of {seen.model.__name__} with the first part, or make a Subquery of the second"
        )
    return seen


def _goes_on(names: Sequence[str], options: Options) -> bool:
    """Tell whether names behind a single row lead to many rows once more."""
    for name in names:
        field = options.by_name.get(name)
        if field is not None and field.related is not None:
            options = field.related.model._meta
        elif name not in options.reverse:
            return False
        elif not options.reverse[name][1].is_single:
            return True
        else:
            options = options.reverse[name][0]._meta
    return False


def _turned(node: T, chain: _Chain, scope: Scope) -> T:
    """Give an expression, or part of it, with its paths as they are from the end of the chain."""
    if not isinstance(node, tuple):
        return node
    if isinstance(node, Column):
        path = _turn_path(node.path, chain)
        is_outer = path is None or node.path.partition("__")[0] in scope.annotations
        return cast("T", OuterColumn(node.path) if is_outer else Column(path or ""))
    if isinstance(node, Lookup):
        path = _turn_path(node.path, chain)
        if path is None or node.path.partition("__")[0] in scope.annotations:
            return cast("T", _asked_outside(node, chain, scope))
        return cast("T", Lookup(path, _turned(node.operand, chain, scope)))
    if isinstance(node, Subquery | Exists):
        return cast("T", node._replace(query=_turned_within(node.query, chain, scope)) if chain.many else node)
    parts = [_turned(part, chain, scope) for part in node]
    return cast("T", type(node)(*parts) if hasattr(node, "_fields") else tuple(parts))


def _turned_within(node: T, chain: _Chain, scope: Scope) -> T:
    """Give a query within an aggregate, with what it sees of the row around as it is from the end of the chain.

    Raises:
        FieldError: It sees an annotation, or a row that does not lead to the end.
    """
    if not isinstance(node, tuple):
        return node
    if isinstance(node, OuterColumn):
        path = None if node.path.partition("__")[0] in scope.annotations else _turn_path(node.path, chain)
        if path is None:
            raise FieldError(
                f"a query in an aggregate over many rows looks at {node.path!r} of the row around them, which it does "
                "not reach; annotate() with the query first"
            )
        return cast("T", OuterColumn(path))
    if isinstance(node, Subquery | Exists):
        return node  # what it sees is the query that it stands in
    parts = [_turned_within(part, chain, scope) for part in node]
    return cast("T", type(node)(*parts) if hasattr(node, "_fields") else tuple(parts))


def _asked_outside(node: Lookup, chain: _Chain, scope: Scope) -> Truth:
    """Give a comparison of what the row itself has, which stands around the rows that are put together."""
    path, _, last = node.path.rpartition("__")
    if not path or last not in LOOKUPS:
        path, last = node.path, "exact"
    operand = Param(node.operand) if isinstance(node.operand, int) else _turned(node.operand, chain, scope)
    return Truth(OuterColumn(path), last, operand)


def _turn_path(path: str, chain: _Chain) -> str | None:
    """Give a path as it is from the end of the chain; None if it does not lead there."""
    names = tuple(path.split("__"))
    if names[: len(chain.lead)] != chain.lead:
        return None
    names = names[len(chain.lead) :]
    shared = 0
    while shared < min(len(names), len(chain.many)) and names[shared] == chain.many[shared]:
        shared += 1
    rest = names[shared:]
    if shared == len(chain.many) and chain.many and (not rest or not _is_name(rest[0], chain.model._meta)):
        rest = ("pk", *rest)  # the relation itself stands for its key
    return "__".join((*reversed(chain.back[shared:]), *rest))


def _is_name(name: str, options: Options) -> bool:
    return name in options.by_name or name in options.reverse
