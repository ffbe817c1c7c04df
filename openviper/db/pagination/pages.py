"""paginate(): pages of a query by number, and by cursor.

Both have the rows in one order, that of the query with the primary key at its end, so a client may begin with a number
and go on with cursors. A page reads one row more than it shows, which tells whether another one follows; rows are
counted only where that does not say it.
"""

from collections.abc import Generator, Sequence
from typing import Final, Generic, Protocol, Self, TypeVar, cast

from openviper.db.exceptions import FieldError, InvalidPageError, PageNotFoundError
from openviper.db.executor import database_of
from openviper.db.pagination.cursor import Cursor, open_cursor
from openviper.db.pagination.keyset import Key, after, keys_of, order_of, reversed_keys
from openviper.db.pagination.page import Edge, Page, check_page
from openviper.db.pagination.prints import print_of
from openviper.db.query.description import Column, Expression, Query
from openviper.db.query.reading import Reading
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_read

__all__ = ["Pageable", "paginate"]

R = TypeVar("R")

#: Begins the name under which a row carries what it is sorted by; no annotation of a user begins so.
_HIDDEN: Final = "_order_"


class Pageable(Reading, Protocol[R]):
    """A query set, as far as pages need it."""

    def with_query(self, query: Query, params: tuple[object, ...]) -> Self:
        """Give the query set of another description."""

    async def count(self) -> int:
        """Count the rows."""

    def __await__(self) -> Generator[object, None, list[R]]:
        """Read the rows."""


async def paginate(rows: Pageable[R], page_number: int = 1, page_size: int = 25, cursor: str | None = None) -> Page[R]:
    """Read a page.

    Args:
        rows: The query set; it has no limit of its own.
        page_number: Which one, from 1. The first page is always there, and empty where there are no rows.
        page_size: Rows of a page, 1 to ``MAX_PAGE_SIZE``.
        cursor: Where the page begins, from an earlier page; None goes by the number. Rows that were added or deleted
            before that place shift nothing. Nothing is counted with a cursor.

    Raises:
        InvalidPageError: Number or size is none, or both number and cursor are given (a 400).
        InvalidCursorError: The cursor was changed, or made for rows in another order (a 400).
        PageNotFoundError: The page lies beyond the last one (a 404).
        FieldError: The order is chance, or ``cursor`` is given for rows that have none: groups, ``values_list()`` and
            ``values().distinct()``.
        TypeError: The query set is a slice.
    """
    check_page(page_number, page_size)
    if rows.query.limit is not None or rows.query.offset is not None:
        raise TypeError("paginate() would count the rows of a slice; call it before limit(), offset() or [...]")
    alias = await route_read(rows.query, rows.db_alias) if routes.routers else rows.db_alias
    pager = _Pager(rows, page_size, alias)
    if cursor is None:
        return await pager.by_number(page_number)
    if page_number != 1:
        raise InvalidPageError("Give page_number or cursor, not both.")
    return await pager.by_cursor(cursor)


class _Pager(Generic[R]):
    """One query on the way to its pages."""

    def __init__(self, rows: Pageable[R], size: int, alias: str | None) -> None:
        query = rows.query
        self.rows = rows
        self.size = size
        self.has_cursors = query.grouped is None and (
            query.mode == "rows" or (query.mode == "dicts" and not query.distinct)
        )
        self.keys: tuple[Key, ...] = ()
        self.nulls_are_low = False
        if self.has_cursors:
            features = database_of(query.model._meta, alias).dialect.features
            self.nulls_are_low = features.nulls_are_low
            self.keys = keys_of(query, nulls_are_low=self.nulls_are_low)
        self.takers = [_Taker(query, key, f"{_HIDDEN}{place}") for place, key in enumerate(self.keys)]

    async def by_number(self, number: int) -> Page[R]:
        query, before = self.rows.query, (number - 1) * self.size
        if self.has_cursors:
            query = self._sorted(query, self.keys)
        items, has_more = await self._read(query, self.rows.params, before)
        # A last page says by itself how many rows there are, and so does an empty table.
        total = before + len(items)
        if has_more or (not items and number > 1):
            # Rows that came between the two queries are there; a page without any says nothing about those before it.
            total = max(await self.rows.count(), (total + has_more) if items else 0)
        if not items and number > 1:
            last = max(1, -(-total // self.size))
            raise PageNotFoundError(f"There is no page {number}; the last one is {last}.")
        following, preceding = self._edges(items, has_next=has_more, has_previous=number > 1)
        return Page(
            items=items,
            page_size=self.size,
            number=number,
            total_count=total,
            following=following,
            preceding=preceding,
        )

    async def by_cursor(self, text: str) -> Page[R]:
        if not self.has_cursors:
            raise FieldError("cursors lead to instances or to rows of values(); groups, values_list() have none")
        cursor = open_cursor(text, self._print())
        keys = reversed_keys(self.keys) if cursor.is_backward else self.keys
        params = self.rows.params
        where, values = after(keys, cursor.values, len(params))
        query = self.rows.query._replace(where=(*self.rows.query.where, *where))
        items, has_more = await self._read(self._sorted(query, keys), (*params, *values), None)
        has_next, has_previous = has_more, bool(items)
        if cursor.is_backward:
            items.reverse()
            has_next, has_previous = has_previous, has_next
        following, preceding = self._edges(items, has_next=has_next, has_previous=has_previous)
        return Page(items=items, page_size=self.size, following=following, preceding=preceding)

    def _sorted(self, query: Query, keys: Sequence[Key]) -> Query:
        hidden = tuple((taker.name, taker.hidden) for taker in self.takers if taker.hidden is not None)
        columns = query.columns
        if columns is not None and query.mode == "dicts":
            columns = (*columns, *(name for name, _ in hidden))
        return query._replace(order=order_of(keys), annotations=(*query.annotations, *hidden), columns=columns)

    async def _read(self, query: Query, params: tuple[object, ...], before: int | None) -> tuple[list[R], bool]:
        """Read a page and tell whether a row follows."""
        query, params = query._replace(limit=len(params)), (*params, self.size + 1)
        if before:
            query, params = query._replace(offset=len(params)), (*params, before)
        items = await self.rows.with_query(query, params)
        return items[: self.size], len(items) > self.size

    def _edges(self, items: list[R], *, has_next: bool, has_previous: bool) -> tuple[Edge | None, Edge | None]:
        if not items or not self.has_cursors:
            return None, None
        last = self._edge(items[-1], is_backward=False) if has_next else None
        first = self._edge(items[0], is_backward=True) if has_previous else None
        for taker in self.takers:
            taker.hide(items)
        return last, first

    def _edge(self, item: object, *, is_backward: bool) -> Edge:
        return Edge(Cursor(tuple(taker.take(item) for taker in self.takers), is_backward), self._print())

    def _print(self) -> object:
        return print_of(self.keys, self.rows.query, self.rows.params, nulls_are_low=self.nulls_are_low)


class _Taker:
    """Takes what a row is sorted by from what was made of it.

    Args:
        query: Whose rows they are.
        key: One of those they are sorted by.
        hidden_name: Where a row carries it that would not have it otherwise.
    """

    def __init__(self, query: Query, key: Key, hidden_name: str) -> None:
        self.mode = query.mode
        shown = _shown_name(query, key)
        self.name = hidden_name if shown is None else shown
        self.hidden: Expression | None = key.order.expression if shown is None else None

    def take(self, item: object) -> object:
        values = cast("dict[str, object]", item) if self.mode == "dicts" else vars(item)
        return values[self.name]

    def hide(self, items: Sequence[object]) -> None:
        """Take away what was only there to be taken."""
        if self.hidden is not None:
            for item in items:
                values = cast("dict[str, object]", item) if self.mode == "dicts" else vars(item)
                del values[self.name]


def _shown_name(query: Query, key: Key) -> str | None:
    """Give the attribute or entry in which every row shows what it is sorted by; None where it does not."""
    expression = key.order.expression
    if not isinstance(expression, Column):
        return None
    path = expression.path
    if path in dict(query.annotations):
        is_shown = query.mode == "rows" or query.columns is None or path in query.columns
        return path if is_shown else None
    if key.field is None:
        return None
    names = {key.field.name, key.field.attname} | ({"pk"} if key.field.primary_key else set())
    if query.mode == "dicts":
        shown = (key.field.attname,) if query.columns is None else query.columns
        return next((name for name in shown if name in names), None)
    is_read = query.columns is None or not names.isdisjoint(query.columns)
    if key.field.primary_key or (is_read and names.isdisjoint(query.deferred)):
        return str(key.field.attname)
    return None
