"""Conditions of a description as SQL.

Negation is carried down to the comparisons: there NULL, which is neither true nor false, is made to count as "no". So
what stands below ``Not`` holds for rows without a value too, on every engine, and indexes stay of use.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from openviper.db.compiler.comparisons import Comparison, compare, truth_of
from openviper.db.compiler.expressions import compile_expression, existence_of, take_parts
from openviper.db.compiler.lookups import read_rest
from openviper.db.compiler.paths import SEPARATOR
from openviper.db.compiler.pieces import join
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Predicate
from openviper.db.exceptions import FieldError
from openviper.db.query import description as d

if TYPE_CHECKING:
    from sqlalchemy import Select

__all__ = ["compile_condition", "has_aggregate"]


def compile_condition(condition: d.Condition, scope: Scope) -> Predicate:
    """Write a condition.

    A relation to many rows becomes EXISTS, so that no row comes twice; all parts of the condition that name it mean
    the same row, unless they are denied. What stands below ``Not`` holds for NULL too.

    Args:
        condition: The node.
        scope: The statement that it stands in.

    Raises:
        FieldError: It names a field or a lookup that does not exist, or compares what cannot be compared.
    """
    return _Writer(scope).write(condition, scope, negated=False)


def has_aggregate(condition: d.Condition, scope: Scope) -> bool:
    """Tell whether a condition looks at an aggregate, so that it belongs into HAVING.

    Args:
        condition: The node.
        scope: The statement, whose annotations are known.
    """
    paths = _paths(condition, whole=True)
    return any(path.partition(SEPARATOR)[0] in scope.aggregates for path in paths) or any(
        isinstance(node, d.Aggregate) for node in _nodes(condition, whole=True)
    )


class _Writer:
    """Writes one condition.

    Args:
        base: The statement that it stands in. What is denied means no row that something else means, so it is
            written there, also within the EXISTS of others.
    """

    def __init__(self, base: Scope) -> None:
        self.base = base

    def write(self, condition: d.Condition, scope: Scope, *, negated: bool) -> Predicate:
        """Write a condition, or that it does not hold.

        Args:
            condition: The node.
            scope: The statement, or the rows of a relation that are asked for in it.
            negated: Whether the rows are wanted that do not meet it.
        """
        match condition:
            case d.Not():
                return self.write(condition.part, self.base, negated=not negated)
            case d.And():
                return join([*self._and_parts(condition, scope, negated=negated)], is_and=not negated)
            case d.Or():
                prefix = _prefix_of(condition, scope)
                if prefix is not None:
                    return self._exists([condition], scope, prefix, negated=negated)
                parts = [self.write(part, scope, negated=negated) for part in condition.parts]
                return join(parts, is_and=negated)
        prefix = _first_many(condition, scope)
        if prefix is not None:
            return self._write_many(condition, scope, prefix, negated=negated)
        return _compile_leaf(condition, scope, negated=negated)

    def _write_many(
        self, condition: d.Lookup | d.Truth, scope: Scope, prefix: tuple[str, ...], *, negated: bool
    ) -> Predicate:
        """Write a comparison with rows of a relation; that there are none is asked of the relation itself."""
        path = SEPARATOR.join(prefix)
        if isinstance(condition, d.Lookup) and condition.path == f"{path}{SEPARATOR}isnull":
            if not isinstance(condition.operand, d.Flag):
                raise FieldError(f"{condition.path} takes True or False")
            return self._exists([], scope, prefix, negated=negated != condition.operand.value)
        if isinstance(condition, d.Lookup) and condition.path == path and isinstance(condition.operand, d.Null):
            return self._exists([], scope, prefix, negated=not negated)
        return self._exists([condition], scope, prefix, negated=negated)

    def _and_parts(self, condition: d.And, scope: Scope, *, negated: bool) -> Iterator[Predicate]:
        """Write the parts; those that look at the same rows of a relation become one."""
        groups = _groups(condition.parts, scope)
        for parts, prefix in groups:
            if prefix is None:
                yield self.write(parts[0], scope, negated=negated)
        for parts, prefix in groups:
            if prefix is not None:
                yield self._same_row(parts, scope, prefix, negated=negated)

    def _same_row(
        self, parts: Sequence[d.Condition], scope: Scope, prefix: tuple[str, ...], *, negated: bool
    ) -> Predicate:
        """Write that one row of a relation meets some parts, or that they are met without any."""
        found = self._exists(parts, scope, prefix, negated=negated)
        rest = _without(d.And(tuple(parts)), scope, scope.pairs_of(prefix))
        if rest is None:
            return found
        return join([found, self.write(rest, scope, negated=negated)], is_and=negated)

    def _exists(
        self, parts: Sequence[d.Condition], scope: Scope, prefix: tuple[str, ...], *, negated: bool
    ) -> Predicate:
        from sqlalchemy import exists, literal_column, not_, select  # loaded by the first query

        rows, link = scope.rows_of(prefix)
        if scope.dialect.features.nests_flat:
            _lengthen(rows, parts)
        condition = self.write(d.And(tuple(parts)), rows, negated=False)
        inner: Select[Any] = select(literal_column("1")).select_from(rows.froms()).where(link, condition)
        found = exists(inner.correlate_except(*rows.own_tables()))
        return not_(found) if negated else found


def _compile_leaf(condition: d.Lookup | d.Truth, scope: Scope, *, negated: bool) -> Predicate:
    if isinstance(condition, d.Truth):
        is_bare = condition.lookup is None or condition.operand is None
        if is_bare and isinstance(condition.expression, d.Exists):
            return truth_of(existence_of(condition.expression, scope), scope, negated=negated)
        typed = compile_expression(condition.expression, scope)
        if condition.lookup is None or condition.operand is None:
            return truth_of(typed, scope, negated=negated)
        compared = Comparison(typed, condition.lookup, condition.operand, target=None, path="an expression")
        return compare(compared, scope, negated=negated)
    found = scope.find(condition.path)
    reading = read_rest(found, condition.path)
    left = take_parts(found.typed._replace(name=condition.path), reading.parts, scope)
    operand = condition.operand
    right = d.Param(operand) if isinstance(operand, int) else operand
    target = None if reading.parts else found.target
    comparison = Comparison(left, reading.lookup, right, target=target, path=condition.path)
    return compare(comparison, scope, negated=negated)


def _lengthen(rows: Scope, parts: Sequence[d.Condition]) -> None:
    """Let the rows that a relation leads to from those of another be joined to them, where each row has to have some.

    That there is one of these for one of those is that there are both. Engines that nest queries to any depth get one
    EXISTS in another, as they find rows of the inner one once for all of the outer one.
    """
    ahead = [rows.prefix]
    while ahead:
        wanted = {_prefix_of(part, rows): None for part in parts}
        forms = {rows.many_of(path) for part in parts for path in _paths(part)} - {None}
        ahead = [one for one in wanted if one is not None and rows.leads_on(one) and not _has_twin(one, forms, rows)]
        if ahead:
            rows.chain, rows.skips_keys = ahead[0], True


def _has_twin(prefix: tuple[str, ...], forms: Iterable[tuple[str, ...] | None], rows: Scope) -> bool:
    """Tell whether there is another path to the same pairs, which would not find them joined."""
    pairs = rows.pairs_of(prefix)
    return any(one is not None and one != prefix and rows.pairs_of(one) == pairs for one in forms)


def _groups(parts: Sequence[d.Condition], scope: Scope) -> list[tuple[list[d.Condition], tuple[str, ...] | None]]:
    """Put those parts together that look at the same rows of relations, with a relation that they share.

    What stands alone has None, unless all of it is about one relation.
    """
    groups: list[tuple[list[d.Condition], dict[tuple[str, ...], int]]] = []
    for part in parts:
        named = _named(part, scope)
        members, counts = [part], dict.fromkeys(named, 1)
        others = []
        for group in groups:
            if counts.keys().isdisjoint(group[1]):
                others.append(group)
                continue
            members = [*group[0], *members]
            counts = {**group[1], **{one: count + group[1].get(one, 0) for one, count in counts.items()}}
        groups = [*others, (members, counts)]
    return [(members, _shared(members, counts, scope)) for members, counts in groups]


def _shared(members: Sequence[d.Condition], counts: dict[tuple[str, ...], int], scope: Scope) -> tuple[str, ...] | None:
    if len(members) == 1:
        return _prefix_of(members[0], scope)
    chosen = max(counts, key=counts.__getitem__)
    # By a many-to-many, where one names it: its pairs are found by the names of their own rows as well.
    forms = (form for one in members for key, form in _named(one, scope).items() if key == chosen != form)
    return next(forms, chosen)


def _named(condition: d.Condition, scope: Scope) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Give the relations to many rows of which a condition means one, by where they lead; what is denied means none.

    A many-to-many leads to the rows of its through model, which another relation may lead to as well.
    """
    match condition:
        case d.Not():
            return {}
        case d.And() | d.Or():
            found: dict[tuple[str, ...], tuple[str, ...]] = {}
            for part in condition.parts:
                for key, form in _named(part, scope).items():
                    found[key] = form if form != key else found.get(key, form)
            return found
    named = (scope.many_of(path) for path in _paths(condition))
    return {
        scope.pairs_of(one): one
        for one in named
        if one is not None and not (isinstance(condition, d.Lookup) and _asks_for_none(condition, one))
    }


def _without(condition: d.Condition, scope: Scope, prefix: tuple[str, ...]) -> d.Condition | None:
    """Give what is left of a condition where a relation has no row; None if that cannot meet it."""
    match condition:
        case d.And():
            parts = [_without(part, scope, prefix) for part in condition.parts]
            return None if None in parts else d.And(tuple(part for part in parts if part is not None))
        case d.Or():
            parts = [_without(part, scope, prefix) for part in condition.parts]
            left = tuple(part for part in parts if part is not None)
            return d.Or(left) if left else None
    return None if prefix in _named(condition, scope) else condition


def _prefix_of(condition: d.Condition, scope: Scope) -> tuple[str, ...] | None:
    """Give the relation to many rows that a whole condition is about; None if only parts of it are, or none is."""
    match condition:
        case d.Not():
            return None
        case d.And() | d.Or():
            found = {_prefix_of(part, scope) for part in condition.parts}
            return found.pop() if len(found) == 1 else None
    prefix = _first_many(condition, scope)
    if prefix is None or (isinstance(condition, d.Lookup) and _asks_for_none(condition, prefix)):
        return None
    return prefix


def _asks_for_none(condition: d.Lookup, prefix: tuple[str, ...]) -> bool:
    path = SEPARATOR.join(prefix)
    return condition.path == f"{path}{SEPARATOR}isnull" or (
        condition.path == path and isinstance(condition.operand, d.Null)
    )


def _first_many(condition: d.Lookup | d.Truth, scope: Scope) -> tuple[str, ...] | None:
    for path in _paths(condition):
        prefix = scope.many_of(path)
        if prefix is not None:
            return prefix
    return None


def _paths(node: object, *, whole: bool = False) -> Iterator[str]:
    """Give the paths of a node, but not of other queries and of aggregates, nor of CASE, which see to theirs."""
    for one in _nodes(node, whole=whole):
        if isinstance(one, d.Lookup | d.Column):
            yield one.path


def _nodes(node: object, *, whole: bool) -> Iterator[tuple[object, ...]]:
    if not isinstance(node, tuple):
        return
    if hasattr(node, "kind"):
        yield node
    if isinstance(node, d.Subquery | d.Exists | d.Aggregate) or (isinstance(node, d.Case) and not whole):
        return
    for part in cast("tuple[object, ...]", node):
        yield from _nodes(part, whole=whole)
