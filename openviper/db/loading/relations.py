"""What refers to an instance, and what it is linked to: read for all that came along with it, handed out to each.

Nobody asked for these lists by name, so they are no part of the instances: each is handed out once, once more to
whoever asks again within a second, and then forgotten. Until then they wait, as long as this process has written no row
that they depend on and the transaction that read them runs.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, TypeAlias

from openviper.db.compiler.origin import RowOrigin
from openviper.db.compiler.planning import plan_of
from openviper.db.connections.loops import get_database
from openviper.db.constructor import refer_back, store_of
from openviper.db.exceptions import UnreadableValueError
from openviper.db.lists import Lists
from openviper.db.loading.modes import is_unchecked, mode_of, refuse_blocked, shares
from openviper.db.loading.together import together
from openviper.db.options import Options
from openviper.db.peers import Sharing, members_of
from openviper.db.permissions import check_permission
from openviper.db.permissions import slot as permissions
from openviper.db.prefetch import prefetch
from openviper.db.query.reading import Prefetch, Reading, Touched, WholeReading
from openviper.db.registry import AnyRecord
from openviper.db.routers import primary_of, rows_of

__all__ = ["read_relation", "read_single"]

# A relation, and whether it was read without asking the checker that there is.
_Place: TypeAlias = tuple[str, bool]
#: Room for all instances of any result.
_ALL: Final = 2**62


async def read_relation(rows: WholeReading, touched: Touched) -> list[AnyRecord]:
    """Read all rows of a relation to many, for all instances that came along with the one that they belong to.

    Args:
        rows: Its query set, which is read where there is no reason to read more.
        touched: The relation.

    Raises:
        FetchBlockedError: The fetch mode is ``"raise"``.
    """
    record, name = touched.record, touched.name
    found = await _read_for_peers(touched)
    if found is None:
        return list(await _stating_mode(rows.with_query(rows.query), record))
    if name in record._meta.reverse:
        refer_back(record, found, record._meta.reverse[name][1].name)
    return found


async def read_single(touched: Touched, rows: WholeReading) -> AnyRecord:
    """Read the one row that refers to an instance, for all instances that came along with it; None if there is none.

    Args:
        touched: The relation.
        rows: The query set of the instance alone.

    Raises:
        FetchBlockedError: The fetch mode is ``"raise"``.
    """
    found = await _read_for_peers(touched)
    return await _stating_mode(rows, touched.record).first() if found is None else next(iter(found), None)


async def _read_for_peers(touched: Touched) -> list[AnyRecord] | None:
    """Give what was read for all, read now or before; None where the instance has to read for itself."""
    record, name = touched.record, touched.name
    origin = record._origin
    mode = mode_of(origin)
    refuse_blocked(mode, record, name)
    if not isinstance(origin, RowOrigin) or not shares(mode, origin) or not _is_whole(touched.base):
        return None
    if permissions.checker is not None and touched.base.prefetches:
        return None  # what leads on from the rows is asked for one by one
    # What is read without asking waits for those that do not ask either.
    sharing, place, key = origin.sharing, (name, is_unchecked()), record.pk
    found, has_read = _take(sharing, place, key, origin), False
    if found is None:
        try:
            home = primary_of(origin.alias)
            has_read = await together(sharing, place, home, partial(_read_lists, sharing, place, origin, touched))
        except UnreadableValueError:
            return None  # whose value it is comes out when each reads for itself
        found = _take(sharing, place, key, origin)
    if found is not None and not has_read and permissions.checker is not None:
        await _ask(origin, touched)
    return found


async def _ask(origin: RowOrigin, touched: Touched) -> None:
    """Ask for rows that were read for others before they are handed out, as if they were read now.

    Raises:
        PermissionError: They may not be read.
    """
    query, options = touched.base.query, touched.record._meta
    models = list(plan_of(query, get_database(origin.alias).dialect).models)
    if touched.name in options.many:
        through = options.many[touched.name].through
        models += [through] if through._meta.auto_created is None else []
    await check_permission(query.model, "read", models)


def _is_whole(base: Reading) -> bool:
    """Tell whether rows of a query set can be read for several instances: a slice counts those of one."""
    query = base.query
    is_cut = query.limit is not None or query.offset is not None or query.combined is not None
    return not (is_cut or base.is_none or query.mode != "rows" or query.grouped is not None)


def _stating_mode(rows: WholeReading, record: AnyRecord) -> WholeReading:
    """Let rows have the fetch mode of the instance, where its query said one and theirs does not."""
    origin = record._origin
    stated = None if origin is None else origin.mode
    return rows if stated is None or rows.query.fetch is not None else rows.fetch_mode(stated)


def _take(sharing: Sharing, place: _Place, key: object, origin: RowOrigin) -> list[AnyRecord] | None:
    lists = sharing.lists.get(place)
    if lists is None or not lists.is_of(origin.transaction):
        return None
    if not lists.is_current:
        # Code that writes in turns with its reads would have everything read again and again, so the next read is
        # for one instance, and each that finds its rows waiting lets the one after it be for more.
        sharing.lists[place] = lists.renewed()
        return None
    return lists.take(key)


async def _read_lists(sharing: Sharing, place: _Place, origin: RowOrigin, touched: Touched) -> None:
    """Read a relation for the instances of a result that nothing waits for, beginning with the one that asks."""
    record, name = touched.record, touched.name
    options: Options = record._meta
    rows = _stating_mode(touched.base, record)
    nested, rows = rows.prefetches, rows.prefetch_related(None)
    lists = sharing.lists.get(place)
    if lists is None or not lists.is_of(origin.transaction):
        keeps = not nested and not rows.query.related
        lists = Lists(_tables_of(options, name), _ALL, within=origin.transaction, keeps=keeps)
    elif not lists.is_current:
        lists = lists.renewed()
    sharing.lists[place] = lists
    lists.forget()
    holders = [_Holder(one, options) for one in _chosen(record, origin, lists, name)]
    lists.room = min(lists.room * 2, _ALL)
    await prefetch(options.model, holders, (Prefetch(name, rows),), rows_of(origin.alias))
    store = store_of(name)
    found = {id(row): row for one in holders for row in one.rows(store)}
    if name in options.reverse and options.reverse[name][1].is_single:
        # They are not to know the holders; whom they belong to is said when they are handed out.
        back = store_of(options.reverse[name][1].name)
        for row in found.values():
            setattr(row, back, None)
    if nested and found:
        await prefetch(touched.base.query.model, list(found.values()), nested, rows_of(origin.alias))
    for one in holders:
        lists.put(one.key, one.rows(store))


def _chosen(record: AnyRecord, origin: RowOrigin, lists: Lists, name: str) -> Sequence[AnyRecord]:
    """Give the instances to read for: the one that asks, and those behind it for which nothing is there."""
    members = members_of(origin)
    place = next((place for place, one in enumerate(members) if one is record), 0)
    store = store_of(name)
    others = [
        one
        for one in (*members[place + 1 :], *members[:place])
        if one is not record and store not in vars(one) and one.pk is not None and one.pk not in lists
    ]
    return [record, *others[: lists.room - 1]]


def _tables_of(options: Options, name: str) -> set[str]:
    """Name the tables whose rows say what a relation leads to."""
    if name in options.many:
        relation = options.many[name]
        return {relation.model._meta.table, relation.through._meta.table}
    return {options.reverse[name][0]._meta.table}


class _Holder:
    """Stands for an instance while its rows are read: they are not to be left on it, since nobody asked for them."""

    def __init__(self, record: AnyRecord, options: Options) -> None:
        self.key = record.pk
        setattr(self, options.pk.attname, self.key)

    def rows(self, store: str) -> list[AnyRecord]:
        """Give what was found, as a list."""
        found = vars(self).get(store)
        return found if isinstance(found, list) else [] if found is None else [found]
