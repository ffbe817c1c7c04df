"""Scope: one SELECT, UPDATE or DELETE under construction: its table, its joins, its annotations."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from openviper.db.compiler.paths import MOST_STEPS, SEPARATOR, Step, Walk, is_name, refuse_name, step_of, walk
from openviper.db.compiler.terms import Element, Predicate, Typed
from openviper.db.compiler.values import Parameters
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.forms import storage_of
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField, shorten
from openviper.db.options import Options
from openviper.db.query.description import Aggregate, Condition, Linked, Place, Query, Window
from openviper.db.registry import AnyModel
from openviper.db.tables import table_of

if TYPE_CHECKING:
    from sqlalchemy import FromClause, Select

__all__ = ["Found", "Hooks", "Hop", "Scope", "Subselect"]


class Subselect(NamedTuple):
    """A query within another one.

    Args:
        statement: Its SELECT.
        column: What its one column is; None where nothing asks for that.
    """

    statement: "Select[Any]"
    column: Typed | None


def _refuse_window(node: Window, scope: "Scope") -> Typed:
    raise FieldError("a window is of the rows that are read; annotate() with it")


class Hooks(NamedTuple):
    """What stands above the expressions and is needed within them.

    Args:
        condition: ``where.compile_condition``.
        aggregate: Gives the value of an aggregate.
        subquery: Gives the SELECT of a query within another one, with the place that its own ones count from.
        part: Gives the part of a moment that a path ends with, such as its year; None if it ends with something else.
        window: Gives the value of a window.
    """

    condition: Callable[[Condition, "Scope"], Predicate]
    aggregate: Callable[[Aggregate, "Scope"], Typed]
    subquery: "Callable[[Query, Scope, Place], Subselect]"
    part: "Callable[[Found, str, Scope], Typed | None]"
    window: "Callable[[Window, Scope], Typed]" = _refuse_window


class Hop(NamedTuple):
    """The rows that a path of single relations leads to.

    Args:
        model: Whose rows.
        table: The alias of the join.
        is_nullable: Whether there may be no row.
        path: The names of the relations.
    """

    model: AnyModel
    table: "FromClause"
    is_nullable: bool
    path: tuple[str, ...]


class Found(NamedTuple):
    """What a path names.

    Args:
        typed: The annotation or the column.
        target: The model whose instances stand for its values; None for what is no key.
        rest: The names behind it.
    """

    typed: Typed
    target: AnyModel | None
    rest: tuple[str, ...]


class Scope:
    """One statement, or one subquery of it, under construction.

    The rows of a relation to many are a scope too: that of the SELECT in an EXISTS. A path that goes through the
    relation means these rows there; every other path means what it means around it.

    Args:
        model: Whose rows are read or changed.
        dialect: Of the engine.
        parameters: Of the whole statement.
        hooks: See ``Hooks``.
        outer: The scope around a subquery; its table is then an alias.
        first: The place that the places of its nodes count from.
    """

    def __init__(
        self,
        model: AnyModel,
        dialect: Dialect,
        parameters: Parameters,
        *,
        hooks: Hooks,
        outer: "Scope | None" = None,
        first: Place = 0,
    ) -> None:
        self.model = model
        self.dialect = dialect
        self.parameters = parameters
        parameters.models.setdefault(model)
        self.hooks = hooks
        self.outer = outer
        self.first = first
        #: Annotations that were compiled, by name; they come before fields.
        self.annotations: dict[str, Typed] = {}
        #: Names of those that are aggregates over the rows of a group.
        self.aggregates: set[str] = set()
        #: Of the rows of a relation: the scope around, and the path that leads to them from there.
        self.parent: Scope | None = None
        self.prefix: tuple[str, ...] = ()
        #: Of the pairs of a many-to-many: their field that leads on, which no path names.
        self.via: tuple[str, ...] = ()
        #: Another path to the same pairs: by the relation to the rows of the through model, whose fields it names.
        self.twin: tuple[str, ...] = ()
        #: Names along which relations to many rows are joined: those of an aggregate, which takes all of the rows.
        self.chain: tuple[str, ...] = ()
        #: Whether a table that is only passed by its key is not joined.
        self.skips_keys = False
        self._table: FromClause | None = None
        self._parts: dict[str, Typed] = {}
        self._hops: dict[tuple[str, ...], Hop] = {}
        self._froms: FromClause | None = None

    @property
    def options(self) -> Options:
        """Of the model."""
        options: Options = self.model._meta
        return options

    @property
    def table(self) -> "FromClause":
        """The table, with columns by attribute of the model (``author_id``); an alias in a subquery."""
        if self._table is None:
            table = table_of(self.options, self.dialect)
            self._table = table if self.outer is None and self.parent is None else table.alias()
        return self._table

    @property
    def is_joined(self) -> bool:
        """Whether anything was joined to the table."""
        return bool(self._hops)

    def froms(self) -> "FromClause":
        """Give the table with all joins that were made so far."""
        return self.table if self._froms is None else self._froms

    def join_rows(self, table: "FromClause", link: Predicate, *, is_optional: bool = False) -> None:
        """Join a table that has one row for each of these.

        Args:
            table: What is joined.
            link: Which row of it.
            is_optional: Whether it may have none.
        """
        self._froms = self.froms().join(table, link, isouter=is_optional)

    def own_tables(self) -> "tuple[FromClause, ...]":
        """Give what a subquery reads itself, for ``correlate_except()``: all else belongs to what is around it."""
        return (self.table, *(hop.table for hop in self._hops.values()))

    def column(self, path: str) -> Typed:
        """Give an annotation, a field, a field behind single relations, or a part of one; joins are made or used again.

        Raises:
            FieldError: There is none of the name, which lists what there is; or a relation leads to many rows.
        """
        found = self.find(path)
        if not found.rest:
            return found.typed
        # One element for one path, by which groups and orders know it again.
        if path not in self._parts:
            part = self.hooks.part(found, path, self)
            if part is None:
                raise self._refuse_rest(path, found)
            self._parts[path] = part
        return self._parts[path]

    def linked_column(self, linked: Linked) -> Typed:
        """Give a field of the rows that refer to the row here; they are joined, so that it comes once for each.

        Args:
            linked: Which rows, and which field of theirs.

        Raises:
            FieldError: They are in another database.
        """
        fields = linked.model._meta.by_name
        # No path of a user's has this name, as none has a dot.
        name = f"{linked.model._meta.label}.{linked.reference}"
        step = Step(name, linked.model, fields[linked.reference], False, is_many=False, is_nullable=False)
        return self._column_of(fields[linked.attribute], (step,), name)

    def outer_column(self, path: str) -> Typed:
        """Give a field of the query around this one.

        Raises:
            FieldError: There is no query around, or it has no such field.
        """
        scope = self
        # Rows of a relation stand in the query that asks for them, which is what OuterRef looks out of.
        while scope.parent is not None:
            scope = scope.parent
        if scope.outer is None:
            raise FieldError(f"OuterRef({path!r}) stands in no subquery; write F({path!r})")
        return scope.outer.column(path)

    def relate(self, path: str) -> Hop:
        """Give the rows that single relations lead to, joined.

        Raises:
            FieldError: A name is no relation, or leads to many rows.
        """
        names = tuple(path.split(SEPARATOR))
        steps: list[Step] = []
        options = self.options
        for name in names:
            step = step_of(options, name)
            if step is None and not is_name(options, name):
                raise refuse_name(options, name)
            if step is None or step.is_many:
                what = "is no relation" if step is None else "leads to many rows"
                raise FieldError(f"{options.label}.{name} {what}, so it cannot be read along with the row")
            steps.append(step)
            options = step.options
        return self._join(tuple(steps))

    def find(self, path: str) -> Found:
        """Give what a path names, and what it says behind that.

        Raises:
            FieldError: The path begins with no name; or a relation leads to many rows.
        """
        names = tuple(path.split(SEPARATOR))
        inner = self.inside(names)
        if inner is None and self.parent is not None:
            return self.parent.find(path)
        if inner is None:
            if names[0] in self.annotations:
                return Found(self.annotations[names[0]], None, names[1:])
            inner = names
        elif not inner or not is_name(self.options, inner[0]):
            return Found(self._column_of(self.options.pk, (), path), self.model, inner)
        found = self.follow(names, inner)
        if found.many is not None:
            raise FieldError(
                f"{shorten(path)} leads to many rows of {found.many.end.label}; "
                "count or sum them with an aggregate, or ask for them with filter()"
            )
        return Found(self._column_of(found.field, found.steps, path), found.target, found.rest)

    def many_of(self, path: str) -> tuple[str, ...] | None:
        """Give the beginning of a path that leads to many rows, as seen from here; None if it leads to one."""
        names = tuple(path.split(SEPARATOR))
        inner = self.inside(names)
        if inner is None and self.parent is not None:
            return self.parent.many_of(path)
        if inner is None:
            if names[0] in self.annotations:
                return None
            inner = names
        elif not inner or not is_name(self.options, inner[0]):
            return None
        found = self.follow(names, inner)
        if found.many is None:
            return None
        return names[: len(names) - len(found.rest)]

    def rows_of(self, prefix: tuple[str, ...]) -> "tuple[Scope, Predicate]":
        """Give the scope of the rows that a relation leads to, and the condition that they belong to the row here.

        Args:
            prefix: What ``many_of()`` gave.
        """
        from sqlalchemy import and_  # loaded by the first query

        owner = self
        while owner.parent is not None and owner.inside(prefix) is None:
            owner = owner.parent
        inner = owner.inside(prefix)
        found = owner.follow(prefix, prefix if inner is None else inner)
        if found.many is None:
            raise FieldError(f"{SEPARATOR.join(prefix)} leads to one row")
        owner.refuse_elsewhere(found.many)
        rows = Scope(found.many.model, self.dialect, self.parameters, hooks=self.hooks, first=self.first)
        # Pairs tell of the rows on their other side, whether or not those are looked at.
        self.parameters.models.setdefault(found.many.end.model)
        rows.parent, rows.prefix = self, prefix
        if len(prefix) > MOST_STEPS:
            raise FieldError(f"{shorten(SEPARATOR.join(prefix))} goes through more than {MOST_STEPS} relations")
        link: Predicate = rows.table.c[found.many.field.attname] == owner.key_behind(found.steps)
        if found.many.via is not None:
            rows.via, rows.twin = (found.many.via.name,), self.pairs_of(prefix)
            if found.many.via.null:  # a pair that leads nowhere is none
                link = and_(link, rows.table.c[found.many.via.attname].is_not(None))
        return rows, link

    def inside(self, names: tuple[str, ...]) -> tuple[str, ...] | None:
        """Give the part of a path that begins at these rows; None if the path does not lead to them."""
        length, other = len(self.prefix), len(self.twin)
        if length and names[:length] == self.prefix:
            return (*self.via, *names[length:])
        return names[other:] if other and names[:other] == self.twin else None

    def pairs_of(self, prefix: tuple[str, ...]) -> tuple[str, ...]:
        """Give the path to the rows of the through model that a many-to-many goes through; else the path itself.

        Args:
            prefix: What ``many_of()`` gave.
        """
        owner = self
        while owner.parent is not None and owner.inside(prefix) is None:
            owner = owner.parent
        inner = owner.inside(prefix)
        step = owner.follow(prefix, prefix if inner is None else inner).many
        # A row that leads nowhere is no pair, and is a row all the same.
        if step is None or step.via is None or step.via.null or step.field.related is None:
            return prefix
        reverse = step.field.related.model._meta.reverse
        names = (name for name, known in reverse.items() if known == (step.model, step.field.related))
        return next(((*prefix[:-1], name) for name in names), prefix)

    def leads_on(self, prefix: tuple[str, ...]) -> bool:
        """Tell whether a relation to many rows begins at these rows, or at the end of their chain, and never is empty.

        Args:
            prefix: What ``many_of()`` gave.
        """
        inner, known = self.inside(prefix), self.chain or self.prefix
        if inner is None or prefix[: len(known)] != known:
            return False
        found = self.follow(prefix, inner)
        via = None if found.many is None else found.many.via
        return not (any(step.is_nullable for step in found.steps) or (via is not None and via.null))

    def follow(self, path: tuple[str, ...], names: tuple[str, ...]) -> Walk:
        """Follow names from the rows of this scope; along the chain of an aggregate beyond relations to many rows.

        Args:
            path: All names.
            names: Those behind the rows of this scope.

        Raises:
            FieldError: The first one is no name of the model, or there are more than five relations.
        """
        if not is_name(self.options, names[0]):
            raise refuse_name(self.options, names[0], self.annotations)
        found = walk(self.options, names)
        steps: list[Step] = []
        while (step := found.many) is not None:
            reached = path[: len(path) - len(found.rest)]
            if not self.chain or self.chain[: len(reached)] != reached:
                break
            if len(reached) > MOST_STEPS:
                raise FieldError(f"{shorten(SEPARATOR.join(path))} goes through more than {MOST_STEPS} relations")
            steps += [*found.steps, step._replace(is_many=False, is_nullable=False)]
            rest = found.rest if step.via is None else (step.via.name, *found.rest)
            if not rest or not is_name(step.options, rest[0]):
                return Walk(tuple(steps), None, step.options.pk, step.model, rest)
            found = walk(step.options, rest)
        return found._replace(steps=(*steps, *found.steps)) if steps else found

    def refuse_elsewhere(self, step: Step) -> None:
        """Refuse a relation to rows of another database, which no statement can reach.

        Raises:
            FieldError: It leads there.
        """
        # By what the models say: using() moves a whole query, and both models with it.
        if step.options.database != self.options.database:
            raise FieldError(
                f"{step.name} of {self.options.label} leads to {step.end.label}, which is in another database; "
                "ask for its keys first, and give them as a list"
            )

    def _column_of(self, field: AnyField, steps: tuple[Step, ...], path: str) -> Typed:
        rows, is_nullable = self.table, False
        if steps:
            hop = self._join(steps)
            rows, is_nullable = hop.table, hop.is_nullable
        storage = storage_of(field)
        # The column holds no NULL, and a row that is not there does.
        if is_nullable and not storage.null:
            storage = replace(storage, null=True)
        return Typed(rows.c[field.attname], storage, self.dialect.form(storage), field, path)

    def key_behind(self, steps: tuple[Step, ...]) -> Element:
        """Give the key of the row that relations lead to: the last reference has it, without a join."""
        if not steps:
            return cast("Element", self.table.c[self.options.pk.attname])
        last = steps[-1]
        if last.is_forward:
            rows = self._join(steps[:-1]).table if len(steps) > 1 else self.table
            return cast("Element", rows.c[last.field.attname])
        return cast("Element", self._join(steps).table.c[last.options.pk.attname])

    def _join(self, steps: tuple[Step, ...]) -> Hop:
        path = tuple(step.name for step in steps)
        known = self._hops.get(path)
        if known is not None:
            return known
        step, before = steps[-1], Hop(self.model, self.table, False, ())
        # Rows that refer to one of which the key is known are found without it.
        is_known = self.skips_keys and not step.is_forward and len(steps) > 1 and steps[-2].is_forward
        if is_known:
            before = before._replace(is_nullable=any(one.is_nullable for one in steps[:-1]))
        elif len(steps) > 1:
            before = self._join(steps[:-1])
        self.refuse_elsewhere(step)
        self.parameters.models.setdefault(step.model)
        self.parameters.models.setdefault(step.end.model)
        # Always an alias: a model may refer to itself, or twice to another one.
        table = table_of(step.options, self.dialect).alias()
        if step.is_forward:
            link = before.table.c[step.field.attname] == table.c[step.options.pk.attname]
        else:
            key = self.key_behind(steps[:-1]) if is_known else before.table.c[before.model._meta.pk.attname]
            link = table.c[step.field.attname] == key
        # An INNER JOIN behind an outer one would drop the rows that the outer one keeps.
        is_nullable = before.is_nullable or step.is_nullable
        self._froms = self.froms().join(table, link, isouter=is_nullable)
        hop = self._hops[path] = Hop(step.model, table, is_nullable, path)
        return hop

    def _refuse_rest(self, path: str, found: Found) -> FieldError:
        name = SEPARATOR.join(found.rest)
        if found.target is not None:
            return refuse_name(found.target._meta, found.rest[0])
        return FieldError(f"{shorten(path)} ends at a field that has nothing called {name!r}")
