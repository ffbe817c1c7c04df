"""Chain: what every query set is, a description that grows by calls; reading it is for those below."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Generic, Self, TypeVar, cast

from openviper.db.exceptions import FieldError
from openviper.db.peers import FETCH_MODES, FetchMode
from openviper.db.query import description as d
from openviper.db.query.expressions import Described, Expression, F, Nulls, Q
from openviper.db.query.reading import Touched
from openviper.db.queryset.late import combining, lowering, uniting
from openviper.db.registry import AnyModel

__all__ = ["Chain", "M", "R"]

#: The model whose rows are read.
M = TypeVar("M")
#: What comes of a row.
R = TypeVar("R")
T = TypeVar("T")

#: The longest name that every engine keeps.
_LONGEST_NAME: Final = 63
_OTHER_END: Final[Mapping[Nulls, Nulls]] = {None: None, "first": "last", "last": "first"}
_FALSE: Final = d.Or(())
_new = tuple.__new__


class Chain(Described, Generic[M, R]):
    """A description of rows; it never changes, so it may be kept, shared and gone on from in several ways.

    Args:
        query: The description.
        params: The values whose places stand in it.
        alias: The database; None means the one of the model, or else ``default``.
        prefetches: What ``prefetch_related()`` was given.
        is_none: Whether no row is meant, so that nothing need be asked.
    """

    __slots__ = ("is_none", "known", "prefetches", "relation")

    def __init__(
        self,
        query: d.Query,
        params: tuple[object, ...] = (),
        alias: str | None = None,
        *,
        prefetches: tuple[Any, ...] = (),
        is_none: bool = False,
    ) -> None:
        self.query = query
        self.params = params
        self.db_alias = alias
        self.prefetches = prefetches
        self.is_none = is_none
        #: The rows, where they have been read already; whatever changes the query set forgets them.
        self.known: list[R] | None = None
        #: The relation whose rows these are, all of them; whatever changes the query set forgets it.
        self.relation: Touched | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.query.model._meta.label}, not read yet>"

    def __or__(self, other: Self) -> Self:
        """Give the rows of either query set; order and everything else are those of the left one.

        Raises:
            FieldError: They differ in more than their conditions, or one of them is a slice.
        """
        return self._combine("|", other)

    def __and__(self, other: Self) -> Self:
        """Give the rows that are in both query sets; order and everything else are those of the left one.

        Raises:
            FieldError: They differ in more than their conditions, or one of them is a slice.
        """
        return self._combine("&", other)

    @property
    def model(self) -> type[M]:
        """The model whose rows are read."""
        return cast("type[M]", self.query.model)

    def with_query(self, query: d.Query, params: tuple[object, ...] | None = None) -> Self:
        """Give a query set of the same kind with another description.

        Args:
            query: The description.
            params: The values whose places stand in it; None keeps those there are.
        """
        # Not by the constructor, which every step of every chain would pay for.
        twin = object.__new__(type(self))
        twin.query = query
        twin.params = self.params if params is None else params
        twin.db_alias = self.db_alias
        twin.prefetches = self.prefetches
        twin.is_none = self.is_none
        twin.known = twin.relation = None
        return twin

    def all(self) -> Self:
        """Give the query set itself, which never changes."""
        return self

    def filter(self, *conditions: Q | Expression, **lookups: object) -> Self:
        """Keep the rows for which all of this holds.

        Args:
            conditions: Q objects, or expressions that are true or false.
            lookups: ``name=value`` and ``name__lookup=value``, through relations as ``author__name__icontains``.

        Raises:
            TypeError: The query set is a slice.
        """
        query, params = self.query, self.params
        if query.limit is not None or query.offset is not None or query.combined is not None:
            self._refuse_slice("filter")
            self.refuse_combined("filter")
        if conditions:
            return self._narrow(Q(*conditions, **lookups))
        place = len(params)
        parts: list[d.Condition] = []
        # Most values need no second look; their nodes are made here, because every query pays for this.
        for name, value in lookups.items():
            if type(value) not in d.PLAIN:
                return self._narrow(Q(**lookups))
            parts.append(d.make_lookup(name, place))
            place += 1
        if not parts:
            return self
        node: d.Condition = parts[0] if len(parts) == 1 else d.And(tuple(parts))
        narrowed = _new(d.Query, (query[0], query[1], (*query[2], node), *query[3:]))
        return self.with_query(narrowed, (*params, *lookups.values()))

    def exclude(self, *conditions: Q | Expression, **lookups: object) -> Self:
        """Leave out the rows for which all of this holds; a row without the value stays.

        Args:
            conditions: Q objects, or expressions that are true or false.
            lookups: As for ``filter()``.

        Raises:
            TypeError: The query set is a slice.
        """
        self._refuse_slice("exclude")
        self.refuse_combined("exclude")
        return self._narrow(~Q(*conditions, **lookups))

    def order_by(self, *keys: object) -> Self:
        """Sort the rows, in place of any order before; without keys there is none.

        Args:
            keys: ``"name"``, ``"-name"``, ``"?"`` for chance, names of annotations, expressions, ``F("x").desc()``.

        Raises:
            FieldError: A key is something else.
            TypeError: The query set is a slice.
        """
        self._refuse_slice("order_by")
        values = list(self.params)
        order = tuple(lowering.lower_order(key, values) for key in keys)
        return self.with_query(self.query._replace(order=order), tuple(values))

    def reverse(self) -> Self:
        """Turn the order round; that of the model if there is no other.

        Raises:
            TypeError: The query set is a slice.
        """
        self._refuse_slice("reverse")
        return self.with_query(self.query._replace(order=tuple(map(_turn, self._order()))))

    def limit(self, rows: int | None) -> Self:
        """Read at most so many rows; None takes the limit away.

        Raises:
            FieldError: It is no whole number of 0 or more.
        """
        place, params = self._put("limit", self.query.limit, rows)
        return self.with_query(self.query._replace(limit=place), params)

    def offset(self, rows: int | None) -> Self:
        """Pass over so many rows; None means none.

        Raises:
            FieldError: It is no whole number of 0 or more.
        """
        place, params = self._put("offset", self.query.offset, rows)
        return self.with_query(self.query._replace(offset=place), params)

    def distinct(self) -> Self:
        """Leave out equal rows.

        Raises:
            TypeError: The query set is a slice.
        """
        self._refuse_slice("distinct")
        self.refuse_combined("distinct")
        return self.with_query(self.query._replace(distinct=True))

    def annotate(self, **expressions: object) -> Self:
        """Add what is computed to every row, as an attribute or an entry.

        After ``values("genre")`` an aggregate is one of all rows with equal values; else it is one of what belongs to
        the row, as in ``Author.objects.annotate(books=Count("books"))``.

        Args:
            expressions: By the names under which they are added.

        Raises:
            FieldError: A name is taken, or cannot be one; or an expression is none.
        """
        return self._annotate(expressions)

    def alias(self, **expressions: object) -> Self:
        """Name what is computed, for conditions, orders and other expressions; rows do not get it.

        ``annotate(name=F("name"))`` adds it to the rows after all.

        Args:
            expressions: By the names under which they can be used.

        Raises:
            FieldError: A name is taken, or cannot be one; or an expression is none.
        """
        rows = self._annotate(expressions, are_aliases=True)
        return rows.with_query(rows.query._replace(aliases=(*rows.query.aliases, *expressions)), rows.params)

    def using(self, alias: str | None) -> Self:
        """Ask another database.

        Args:
            alias: Its name in ``DATABASES``; None means the one of the model.

        Raises:
            TypeError: It is no text.
            ValueError: It is an empty one.
        """
        if not isinstance(alias, str | None):
            raise TypeError(f"using takes the alias of a database, not {type(alias).__name__}")
        if alias == "":
            raise ValueError("using() is given an empty text; give the alias of a database, or None for the model's")
        twin = self.with_query(self.query)
        twin.db_alias = alias
        return twin

    def fetch_mode(self, mode: FetchMode | None) -> Self:
        """Say how instances read what was not read with them, when it is asked for: relations and deferred fields.

        Args:
            mode: ``"peers"`` reads it for all instances of the result in one query, ``"one"`` for the one that it is
                asked of, ``"raise"`` refuses; None leaves it to the setting ``FETCH_MODE``. What is read so is read
                with the same mode.

        Raises:
            ValueError: It is none of these.
        """
        if mode is not None and mode not in FETCH_MODES:
            raise ValueError(f"fetch_mode takes one of {', '.join(map(repr, FETCH_MODES))} or None, not {mode!r:.40}")
        return self.with_query(self.query._replace(fetch=mode))

    def none(self) -> Self:
        """Give a query set without rows, which asks nothing."""
        # For where it becomes part of another query; by itself it is never sent.
        twin = self.with_query(self.query._replace(where=(*self.query.where, _FALSE)))
        twin.is_none = True
        return twin

    def _combine(self, operator: str, other: Self) -> Self:
        given: object = other  # checkers know it as a query set
        if not isinstance(given, Chain):
            raise TypeError(f"{operator} combines query sets, not {type(given).__name__}; conditions are combined as Q")
        self.refuse_combined(operator)
        other.refuse_combined(operator)
        alias = uniting.home_of(operator, self, [other])
        twin = self.with_query(*combining.combine(operator, self, other))
        twin.db_alias = alias
        twin.is_none = (any if operator == "&" else all)((self.is_none, other.is_none))
        return twin

    def _narrow(self, condition: Q) -> Self:
        values = list(self.params)
        node = lowering.lower_condition(condition, values)
        if node is None:
            return self
        return self.with_query(self.query._replace(where=(*self.query.where, node)), tuple(values))

    def _annotate(self, expressions: Mapping[str, object], *, are_aliases: bool = False) -> Self:
        """Add annotations, as columns too where rows have no attributes of their own."""
        self.refuse_combined("annotate")
        values = list(self.params)
        made: list[tuple[str, d.Expression]] = []
        shown: list[str] = []
        for name, expression in expressions.items():
            # annotate(x=F("x")) of an alias() shows what has only been named so far.
            if isinstance(expression, F) and expression.name == name and name in self.query.aliases:
                shown.append(name)
                continue
            _check_name(name, self.query.model, [*self.query.annotations, *made])
            if not isinstance(expression, Expression | Described):
                raise FieldError(
                    f"annotate({name}=...) takes an expression, not {type(expression).__name__}; "
                    "a plain value is written as Value(...), a field as F('name')"
                )
            made.append((name, lowering.lower(expression, values)))
        aliases = tuple(name for name in self.query.aliases if name not in shown)
        query = self.query._replace(annotations=(*self.query.annotations, *made), aliases=aliases)
        columns = [] if are_aliases else [*shown, *(name for name, _ in made)]
        return self.with_query(self._group(query, made, columns), tuple(values))

    def _group(self, query: d.Query, made: list[tuple[str, d.Expression]], added: list[str]) -> d.Query:
        """Say what the annotations mean for columns and groups; for instances nothing."""
        if query.mode == "rows":
            return query
        columns = query.columns
        # As Django has it: what values() named before is what rows are grouped by.
        if query.grouped is None and any(lowering.holds_aggregate(node) for _, node in made):
            names = tuple(field.attname for field in query.model._meta.fields) if columns is None else columns
            query = query._replace(grouped=names)
        if columns is None or query.mode == "flat":
            return query
        return query._replace(columns=(*columns, *added))

    def _order(self) -> tuple[d.Order, ...]:
        """Give the order that rows come in, that of the model included."""
        if self.query.order is not None:
            return self.query.order
        # Its columns would have to be grouped by as well, and make other groups.
        if self.query.grouped is not None:
            return ()
        return tuple(lowering.lower_order(name, []) for name in self.query.model._meta.ordering)

    def _put(self, name: str, place: d.Place | None, rows: int | None) -> tuple[d.Place | None, tuple[object, ...]]:
        """Put a number of rows into the values; where one stood before, the new one takes its place."""
        if rows is None:
            return None, self.params
        if type(rows) is not int or rows < 0:
            raise FieldError(f"{name} takes a whole number of 0 or more, not {rows!r:.40}")
        # The place of a number stays as it is, so the description does, and with it the plan.
        if place is None:
            return len(self.params), (*self.params, rows)
        return place, (*self.params[:place], rows, *self.params[place + 1 :])

    def _slice(self, start: int | None, stop: int | None) -> Self:
        """Give a part of the rows that the query set has now."""
        for bound in (start, stop):
            if bound is not None and (type(bound) is not int or bound < 0):
                raise FieldError(
                    f"a slice has whole numbers of 0 or more, not {bound!r:.40}; reverse() turns rows round"
                )
        first = start or 0
        most = None if stop is None else max(0, stop - first)
        # A slice of a slice begins at the first row of that one, and never ends behind it.
        if self.query.limit is not None:
            rest = max(0, cast("int", self.params[self.query.limit]) - first)
            most = rest if most is None else min(most, rest)
        rows = self
        if first:
            passed = 0 if self.query.offset is None else cast("int", self.params[self.query.offset])
            rows = self.offset(passed + first)
        return rows if most is None else rows.limit(most)

    def refuse_combined(self, method: str) -> None:
        """Refuse what cannot follow ``union()`` and the like.

        Args:
            method: What was called.

        Raises:
            TypeError: The rows are combined ones.
        """
        if self.query.combined is not None:
            raise TypeError(
                f"{method}() cannot follow union(), intersection() or difference(), whose rows are of no table; "
                "call it on the query sets before they are combined"
            )

    def _refuse_slice(self, method: str) -> None:
        if self.query.limit is not None or self.query.offset is not None:
            raise TypeError(
                f"{method}() would change which rows a slice has; call it before limit(), offset() or [...]"
            )


def _turn(order: d.Order) -> d.Order:
    """Turn one key round; NULL comes at the other end then."""
    return (
        order if order.expression is None else d.Order(order.expression, not order.descending, _OTHER_END[order.nulls])
    )


def _check_name(name: str, model: AnyModel, taken: Iterable[tuple[str, object]]) -> None:
    if not name.isidentifier() or not name.isascii() or "__" in name or name[0] == "_" or len(name) > _LONGEST_NAME:
        raise FieldError(
            f"{name[:100]!r} cannot be the name of an annotation; "
            f"it has ASCII letters, digits and single '_', does not begin with one and is at most {_LONGEST_NAME} long"
        )
    if hasattr(model, name) or any(name == other for other, _ in taken):
        raise FieldError(f"{model._meta.label} has something called {name!r} already; give the annotation another name")
