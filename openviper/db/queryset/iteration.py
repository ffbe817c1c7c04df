"""Walking through many rows without holding them all: one at a time, or in lists.

A walk by keyset asks for the rows after the last one it has seen. It holds no connection between two lists and costs
the same at the end of a table as at its beginning. Rows that are deleted meanwhile are not seen; rows that are added
are seen if their key comes after those seen already. A stream is one statement: it holds its connection until it ends,
and sees the rows as they were when it began.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, TypeVar

from openviper.db.exceptions import FieldError
from openviper.db.executor import database_of, read_all, stream
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.pagination.keyset import model_order
from openviper.db.pagination.pages import Pageable
from openviper.db.prefetch import check_prefetch, prefetch
from openviper.db.query.description import Column, Lookup, Order, Query
from openviper.db.query.reading import Reading
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_read

__all__ = ["batch", "id_batch", "iterator"]

R = TypeVar("R")

#: The address of a SQLite database that lives with its connection.
_MEMORY: Final = ":memory:"


async def iterator(rows: Pageable[R], chunk_size: int = 2000) -> AsyncGenerator[R, None]:
    """Give the rows one after the other, reading some at a time.

    Rows in the order of their primary key, or in none, are read by keyset, a statement for each list. Those in another
    order, and what ``values()``, groups, slices and ``distinct()`` make, come as one stream.

    Args:
        rows: The query set.
        chunk_size: Rows that are read at a time, 1 or more.

    Raises:
        FieldError: ``chunk_size`` is none; or what the query itself raises.
    """
    _check_size("chunk_size", chunk_size)
    direction = _key_direction(rows.query)
    lists = _stream(rows, chunk_size) if direction is None else _walk(rows, chunk_size, is_descending=direction)
    async with aclosing(lists):
        async for some in lists:
            for row in some:
                yield row


async def batch(rows: Pageable[R], size: int = 100) -> AsyncGenerator[list[R], None]:
    """Give the rows in lists, each by its offset, in the order of the query with the primary key at its end.

    The database passes over all rows before a list, so late lists cost more; and rows that are added or deleted
    meanwhile shift the others, so that some are seen twice or not at all. ``id_batch()`` has neither.

    Args:
        rows: The query set.
        size: Rows of a list, 1 or more; the last may have fewer.

    Raises:
        FieldError: ``size`` is none; or what the query itself raises.
        TypeError: The query set is a slice.
    """
    _check_size("size", size)
    query, params = _whole(rows, "batch"), rows.params
    if query.grouped is None and not query.distinct and (query.combined is None or query.mode == "rows"):
        query = query._replace(order=_with_key(query))
    limit = len(params)
    sized = query._replace(limit=limit, offset=limit + 1)
    before = 0
    while True:
        some = await rows.with_query(sized, (*params, size, before))
        if some:
            yield some
        if len(some) < size:
            return
        before += size


async def id_batch(rows: Pageable[R], size: int = 100) -> AsyncGenerator[list[R], None]:
    """Give the rows in lists, by keyset in the order of their primary key, whatever the order of the query.

    Args:
        rows: The query set, of instances.
        size: Rows of a list, 1 or more; the last may have fewer.

    Raises:
        FieldError: ``size`` is none, or the rows are no instances; or what the query itself raises.
        TypeError: The query set is a slice.
    """
    _check_size("size", size)
    query = _whole(rows, "id_batch")
    if query.mode != "rows" or query.combined is not None:
        raise FieldError("id_batch() goes by the keys of instances; leave values(), values_list() and union() out")
    async with aclosing(_walk(rows, size, is_descending=False)) as lists:
        async for some in lists:
            yield some


async def _walk(rows: Pageable[R], size: int, *, is_descending: bool) -> AsyncGenerator[list[R], None]:
    """Give lists of instances by keyset."""
    key = rows.query.model._meta.pk.attname
    query = rows.query._replace(order=(Order(Column(key), is_descending),))
    place = len(rows.params)
    # The first list has no key to come after, so it is of another shape than all others.
    some = await rows.with_query(query._replace(limit=place), (*rows.params, size))
    following = query._replace(
        where=(*query.where, Lookup(f"{key}__{'lt' if is_descending else 'gt'}", place)), limit=place + 1
    )
    while some:
        # Asked before the list is given away: whoever has it may change its instances.
        last = getattr(some[-1], key)
        is_full = len(some) == size
        yield some
        if not is_full:
            return
        some = await rows.with_query(following, (*rows.params, last, size))


async def _stream(rows: Pageable[R], size: int) -> AsyncGenerator[list[R], None]:
    """Give lists of a stream."""
    query = rows.query
    if rows.prefetches:
        check_prefetch(query.model, rows.prefetches, query.mode)
    if rows.is_none:
        return
    alias = await route_read(query, rows.db_alias) if routes.routers else rows.db_alias
    is_alone = database_of(query.model._meta, alias).options.address == _MEMORY
    lists = _cut(rows, size) if is_alone else stream(query, rows.params, alias, size)
    async with aclosing(lists):
        async for some in lists:
            if rows.prefetches:
                await prefetch(query.model, some, rows.prefetches, rows.db_alias)
            yield some


async def _cut(rows: Pageable[R], size: int) -> AsyncGenerator[list[R], None]:
    """Give lists of rows that are read at once: of a database that is all in memory, and has one connection."""
    found = await read_all(rows.query, rows.params, rows.db_alias)
    for first in range(0, len(found), size):
        yield found[first : first + size]


def _key_direction(query: Query) -> bool | None:
    """Tell whether the rows of a query can be walked through by key, and whether downwards; None if they cannot."""
    if query.mode != "rows" or query.grouped is not None or query.distinct or query.lock is not None:
        return None
    if query.combined is not None:
        return None
    if query.limit is not None or query.offset is not None:
        return None
    options: Options = query.model._meta
    orders = model_order(options) if query.order is None else query.order
    if not orders:
        return False
    first = orders[0]
    path = first.expression.path if isinstance(first.expression, Column) else ""
    is_key = path not in dict(query.annotations) and options.by_name.get(path) is options.pk
    return first.descending if is_key else None


def _with_key(query: Query) -> tuple[Order, ...]:
    """Give the order of a query with the key at its end, without which equal rows have no certain order."""
    orders = model_order(query.model._meta) if query.order is None else query.order
    return (*orders, Order(Column("pk")))


def _whole(rows: Reading, method: str) -> Query:
    query = rows.query
    if query.limit is not None or query.offset is not None:
        raise TypeError(f"{method}() would cut a slice in slices; call it before limit(), offset() or [...]")
    return query


def _check_size(name: str, size: object) -> None:
    if type(size) is not int or size < 1:
        raise FieldError(f"{name} takes a whole number of 1 or more, not {shorten(size)}")
