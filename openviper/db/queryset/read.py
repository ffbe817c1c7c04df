"""Reading: what is awaited to have the rows of a query set, one of them, or a value about all of them."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from typing import TYPE_CHECKING, Any, Literal, Never, Self, TypeVar, cast, overload

from openviper.db.exceptions import FieldError
from openviper.db.query import description as d
from openviper.db.query.aggregates import Aggregate
from openviper.db.query.expressions import Expression, Q
from openviper.db.query.reading import Answer, WholeReading
from openviper.db.queryset.chain import Chain, M, R
from openviper.db.queryset.late import lowering, work

if TYPE_CHECKING:
    # Only what calls give is named by them; they load when something is asked.
    from openviper.db.pagination import Page
    from openviper.db.queryset.raw import ExplainOutput

__all__ = ["Rows", "ready"]

T = TypeVar("T")


class Rows(Chain[M, R]):
    """Rows that have not been read: ``await rows`` reads them and gives a list.

    It keeps nothing of what was read, so awaiting it twice asks twice; the list is what one keeps.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, list[R]]:
        """Read all rows.

        Raises:
            FieldError: The query names what does not exist, or a value is of a wrong type.
        """
        if self.is_none or self.known is not None:
            return ready(list(self.known or ())).__await__()
        if self.relation is not None:
            return work.read_relation(cast("WholeReading", self), self.relation).__await__()
        return _fill(self, work.read_all(self.query, self.params, self.db_alias)).__await__()

    def __aiter__(self) -> AsyncIterator[R]:
        """Read all rows at once and give one after the other; ``iterator()`` reads them in portions."""
        return self._iterate()

    @overload
    def __getitem__(self, key: slice) -> Self: ...
    @overload
    def __getitem__(self, key: int) -> Answer[R]: ...
    def __getitem__(self, key: slice | int) -> Self | Answer[R]:
        """Give a part of the rows as a query set, or one of them to be awaited.

        Raises:
            FieldError: A position is negative or no whole number, or there is a step.
            IndexError: When it is awaited: there is no such row.
        """
        if isinstance(key, slice):
            if key.step is not None:
                raise FieldError("a query set has no steps; read the rows and take a part of the list")
            return self._slice(key.start, key.stop)
        if type(key) is not int:
            raise FieldError(f"a position is a whole number, not {type(key).__name__}")
        return _read_item(self._slice(key, key + 1), key)

    if not TYPE_CHECKING:  # checkers know that these are not there

        def __iter__(self) -> Never:
            raise TypeError(f"{self!r} is read by await: for row in await rows, or async for row in rows")

        def __len__(self) -> Never:
            raise TypeError(f"{self!r} has no length before it is read: await rows.count(), or len(await rows)")

        def __bool__(self) -> Never:
            raise TypeError(f"{self!r} is neither true nor false before it is read: await rows.exists()")

        def __contains__(self, row: object) -> Never:
            raise TypeError(f"{self!r} is read by await: row in await rows, or await rows.filter(pk=...).exists()")

    def get(self, *conditions: Q | Expression, **lookups: object) -> Answer[R]:
        """Read the one row for which all of this holds.

        Args:
            conditions: As for ``filter()``.
            lookups: As for ``filter()``.

        Raises:
            DoesNotExist: There is none; it is ``Model.DoesNotExist`` of the model.
            MultipleObjectsReturned: There are more; it is that of the model.
        """
        rows = self.filter(*conditions, **lookups) if conditions or lookups else self
        query, params = rows.query, rows.params
        if query.limit is None:
            query, params = query._replace(order=(), limit=len(params)), (*params, 2)
        return _fill(rows, work.read_exactly(query, params, rows.db_alias))

    async def get_or_none(self, *conditions: Q | Expression, **lookups: object) -> R | None:
        """Read the one row for which all of this holds; None if there is none.

        Args:
            conditions: As for ``filter()``.
            lookups: As for ``filter()``.

        Raises:
            MultipleObjectsReturned: There are more; it is the error of the model.
        """
        try:
            return await self.get(*conditions, **lookups)
        except self.query.model.DoesNotExist:
            return None

    def first(self) -> Answer[R | None]:
        """Read the first row in the order of the query, or by primary key if it has none; None if there is none."""
        return _read_first(self._ordered()[:1])

    def last(self) -> Answer[R | None]:
        """Read the last row in the order of the query, or by primary key if it has none; None if there is none.

        Raises:
            TypeError: The query set is a slice.
        """
        self._refuse_slice("last")
        return _read_first(self._ordered().reverse()[:1])

    def earliest(self, *names: str) -> Answer[R]:
        """Read the first row by these fields; rows without a value come last.

        Args:
            names: Of one field or more, ``"-name"`` for the opposite direction.

        Raises:
            DoesNotExist: There is no row; it is the error of the model.
            FieldError: No field is named, or a name is of none.
            TypeError: The query set is a slice.
        """
        return self._read_end("earliest", names)

    def latest(self, *names: str) -> Answer[R]:
        """Read the last row by these fields; rows without a value count as the first.

        Args:
            names: Of one field or more, ``"-name"`` for the opposite direction.

        Raises:
            DoesNotExist: There is no row; it is the error of the model.
            FieldError: No field is named, or a name is of none.
            TypeError: The query set is a slice.
        """
        return self._read_end("latest", names)

    def count(self) -> Answer[int]:
        """Count the rows, in the database; those that were prefetched are counted where they are."""
        if self.known is not None:
            return ready(len(self.known))
        return ready(0) if self.is_none else work.read_one(self._about("count"), self.params, self.db_alias, default=0)

    def exists(self) -> Answer[bool]:
        """Tell whether there is a row; the database stops at the first, and is not asked for prefetched rows."""
        if self.known is not None:
            return ready(bool(self.known))
        return (
            ready(False)
            if self.is_none
            else work.read_one(self._about("exists"), self.params, self.db_alias, default=False)
        )

    def aggregate(self, *aggregates: Aggregate, **expressions: Expression) -> Answer[dict[str, Any]]:
        """Compute values of all rows together.

        Args:
            aggregates: Under names made of theirs: ``Sum("price")`` gives ``price__sum``.
            expressions: By the names of their values.

        Raises:
            FieldError: One is no expression, or a name stands for two.
        """
        self.refuse_combined("aggregate")
        named = {**{_name_of(one): one for one in aggregates}, **expressions}
        if len(named) < len(aggregates) + len(expressions) or not named:
            raise FieldError("aggregate() takes at least one aggregate, and another name for each")
        values = list(self.params)
        made = [(name, lowering.lower(_check_expression(name, one), values)) for name, one in named.items()]
        query = self._about("aggregate")
        if query.distinct and query.grouped is None and query.columns is not None:
            # Rows with equal values are one row, which is what groups are; the columns make place for the aggregates.
            query = query._replace(grouped=query.columns, distinct=False)
        query = query._replace(annotations=(*query.annotations, *made), columns=tuple(named))
        return work.read_one(query, tuple(values), self.db_alias)

    def iterator(self, chunk_size: int = 2000) -> AsyncGenerator[R, None]:
        """Give the rows one after the other, reading some at a time, so that memory never holds all of them.

        Rows in the order of their primary key, or in none, are read by keyset, a statement for each portion; those in
        another order come as one stream, which holds its connection until it ends.

        Args:
            chunk_size: Rows that are read at a time, 1 or more.

        Raises:
            FieldError: ``chunk_size`` is none; or what the query itself raises.
        """
        return work.iterator(self, chunk_size)

    def batch(self, size: int = 100) -> AsyncGenerator[list[R], None]:
        """Give the rows in lists, each by its offset, in the order of the query with the primary key at its end.

        Args:
            size: Rows of a list, 1 or more; the last may have fewer.

        Raises:
            FieldError: ``size`` is none; or what the query itself raises.
            TypeError: The query set is a slice.
        """
        return work.batch(self, size)

    def paginate(self, page_number: int = 1, page_size: int = 25, cursor: str | None = None) -> "Answer[Page[R]]":
        """Read a page.

        Args:
            page_number: Which one, from 1. The first page is always there, and empty where there are no rows.
            page_size: Rows of a page, 1 to 1000.
            cursor: Where the page begins, from an earlier page; None goes by the number. Nothing is counted then, and
                rows that were added or deleted before that place shift nothing.

        Raises:
            InvalidPageError: Number or size is none, or both number and cursor are given (a 400).
            InvalidCursorError: The cursor was changed, or made for rows in another order (a 400).
            PageNotFoundError: The page lies beyond the last one (a 404).
            FieldError: The order is chance, or ``cursor`` is given for rows that have none.
            TypeError: The query set is a slice.
        """
        return work.paginate(self, page_number, page_size, cursor)

    def raw_sql(self) -> str:
        """Give the SQL text, with placeholders of the engine where the values belong.

        Raises:
            FieldError: The query names what does not exist.
        """
        return work.sql_of(self)

    def explain(self, *, analyze: bool = False, verbose: bool = False, output: "ExplainOutput" = "text") -> Answer[str]:
        """Ask the database how it would carry out the query.

        Args:
            analyze: Whether it is carried out, to show what each step took; PostgreSQL only.
            verbose: Whether more is told; PostgreSQL only.
            output: How the answer is written; SQLite knows text only.

        Raises:
            DatabaseOperationNotSupportedError: The engine does not know an option.
            FieldError: The query names what does not exist, or ``output`` is none.
        """
        return work.explain(self, analyze=analyze, verbose=verbose, output=output)

    async def _iterate(self) -> AsyncGenerator[R, None]:
        for row in await self:
            yield row

    def _read_end(self, method: str, names: tuple[str, ...]) -> Answer[R]:
        given: tuple[object, ...] = names  # checkers know them as texts
        if not names or not all(isinstance(name, str) and name not in ("", "?") for name in given):
            raise FieldError(f"{method}() takes the names of fields, as in {method}('created')")
        self._refuse_slice(method)
        options = self.query.model._meta
        order: list[d.Order] = []
        for name in names:
            path = name.removeprefix("-")
            field = options.by_name.get(path)
            # Said only where it matters: indexes are in the order that engines have by themselves.
            nulls: Literal["last"] | None = None if field is not None and not field.null else "last"
            order.append(d.Order(d.Column(path), (path != name) != (method == "latest"), nulls))
        rows = self.with_query(self.query._replace(order=tuple(order))).limit(1)
        return _fill(rows, work.read_exactly(rows.query, rows.params, rows.db_alias))

    def _ordered(self) -> Self:
        """Order by primary key where there is no order; put together rows have no key, and their order is chance."""
        query = self.query
        is_table = query.grouped is None and not query.distinct and query.combined is None
        if self._order() or not (is_table or (query.mode == "rows" and query.grouped is None)):
            return self
        return self.with_query(query._replace(order=(d.Order(d.Column("pk")),)))

    def _about(self, mode: d.Mode) -> d.Query:
        """Describe the query that tells something about all rows; their order matters where some are cut off."""
        query = self.query
        columns = None if query.mode == "rows" else query.columns
        order = query.order if self._is_ordered_for(mode) else ()
        return query._replace(mode=mode, columns=columns, order=order, related=(), deferred=(), lock=None, fetch=None)

    def _is_ordered_for(self, mode: d.Mode) -> bool:
        """Tell whether the order has a say: in which rows are cut off, and in which ones are counted as distinct."""
        query = self.query
        is_cut = query.limit is not None or query.offset is not None
        return is_cut or (mode == "count" and query.distinct and query.columns is not None and query.mode != "rows")


async def ready(value: T) -> T:
    """Give what is known without asking.

    Args:
        value: What is given.
    """
    return value


def _read_first(rows: Rows[M, R]) -> Answer[R | None]:
    return ready(None) if rows.is_none else _fill(rows, work.read_one(rows.query, rows.params, rows.db_alias))


async def _read_item(rows: Rows[M, R], position: int) -> R:
    found = await rows
    if not found:
        raise IndexError(f"{rows.query.model._meta.label} has no row {position} in this query")
    return found[0]


def _fill(rows: Rows[M, R], reading: Answer[T]) -> Answer[T]:
    """Have one instance filled by what is prefetched."""
    return _read_along(rows, reading) if rows.prefetches else reading


async def _read_along(rows: Rows[M, R], reading: Answer[T]) -> T:
    try:
        work.check_prefetch(rows.query.model, rows.prefetches, rows.query.mode)
    except FieldError:
        reading.close()  # one that is never begun would be warned of
        raise
    found = await reading
    records = found if isinstance(found, list) else [] if found is None else [found]
    await work.prefetch(rows.query.model, records, rows.prefetches, rows.db_alias)
    return found


def _name_of(aggregate: Aggregate) -> str:
    if not isinstance(aggregate, Aggregate):
        raise FieldError(
            f"aggregate() takes aggregates such as Sum('price'), not {type(aggregate).__name__}; "
            "what is computed of them needs a name: aggregate(mean=Sum('a') / Count('*'))"
        )
    return aggregate.default_name


def _check_expression(name: str, expression: object) -> Expression:
    if not isinstance(expression, Expression):
        raise FieldError(f"aggregate({name}=...) takes an expression, not {type(expression).__name__}")
    return expression
