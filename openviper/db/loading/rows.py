"""Instances are filled in place, so that everybody who has one has all of it: with what it was not read with.

That is what a reference leads to, of which only the key is known, and what ``only()`` and ``defer()`` left out.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import cast
from weakref import ref

from openviper.db.compiler.origin import RowOrigin, let_have_peers
from openviper.db.constructor import is_loaded, is_unread, store_of
from openviper.db.exceptions import UnreadableValueError
from openviper.db.executor import in_slices, read_all, read_one
from openviper.db.loading.modes import is_unchecked, mode_of, refuse_blocked, shares
from openviper.db.loading.together import together
from openviper.db.peers import FetchMode, ReferenceOrigin, members_of
from openviper.db.permissions import check_permission
from openviper.db.permissions import slot as permissions
from openviper.db.query.description import Lookup, Many, Query
from openviper.db.registry import AnyModel, AnyRecord, registry
from openviper.db.routers import primary_of, rows_of, stays_at

__all__ = ["load"]


async def load(record: AnyRecord) -> None:
    """Read the row of an instance and fill in what is missing; what has been assigned to it since is kept.

    Where it has peers their rows are read along, in the same query. Several tasks may do so at once: the first that has
    the row fills the instance, and the others leave it alone.

    Args:
        record: An instance that knows its key. Its row is read from the database that it came from, or that the one
            which refers to it came from.

    Raises:
        DoesNotExist: There is no such row; it is the error of the model.
        FetchBlockedError: The fetch mode is ``"raise"``.
    """
    origin = record._origin
    mode = mode_of(origin)
    if isinstance(origin, ReferenceOrigin):
        label, _, name = origin.field.rpartition(".")
        refuse_blocked(mode, record, name, label=label)
        source, read = origin.source, _read_references
    else:
        refuse_blocked(mode, record, _missing(record)[0])
        source, name, read = origin, "", _read_deferred
    if isinstance(source, RowOrigin) and shares(mode, source) and not is_unchecked():
        with suppress(UnreadableValueError):  # whose value it is comes out below
            ask = None if permissions.checker is None else partial(check_permission, type(record), "read")
            await together(source.sharing, name, primary_of(source.alias), partial(read, source, record), ask)
    if not is_loaded(record):
        await _load_one(record, stays_at(record), mode=None if origin is None else origin.mode)


async def _load_one(record: AnyRecord, alias: str | None, mode: FetchMode | None) -> None:
    options = record._meta
    # A reference leads to one row at most, so nothing is said of order and limit.
    query = Query(options.model, where=(Lookup(options.pk.attname, 0),), order=(), fetch=mode)
    found: AnyRecord = await read_one(query, (record.pk,), alias)
    if is_loaded(record):
        return
    if found is None:
        raise options.model.DoesNotExist(
            f"{options.label} {record.pk!r} is not in the database any more, or never was, so it cannot be read"
        )
    _fill(record, found)


async def _read_references(source: RowOrigin, record: AnyRecord) -> None:
    """Read what a reference leads to for all instances of a result, and let each have its own."""
    origin = cast("ReferenceOrigin", record._origin)
    name = origin.name
    field = registry.get(origin.field.rpartition(".")[0])._meta.by_name[name]
    store, attribute = store_of(name), field.attname
    keys = {record.pk: None}
    for peer, key in _referring(source, attribute):
        if is_unread(getattr(peer, store), key):
            keys[key] = None
    rows = await _read_rows(type(record), list(keys), source)
    if record.pk in rows:
        _fill(record, rows[record.pk])
        rows[record.pk] = record
    # Other tasks may have asked meanwhile, so that there are instances to fill that were not there before.
    for peer, key in _referring(source, attribute):
        known = getattr(peer, store)
        if key not in rows or not is_unread(known, key):
            continue
        if known is not None and known[0] == key:
            _fill(known[1], rows[key])
        else:
            setattr(peer, store, (key, rows[key]))


def _referring(source: RowOrigin, attribute: str) -> list[tuple[AnyRecord, object]]:
    """Give the instances of a result that refer to something, each with its key."""
    found = [(peer, vars(peer).get(attribute)) for peer in members_of(source)]
    return [(peer, key) for peer, key in found if key is not None]


async def _read_deferred(source: RowOrigin, record: AnyRecord) -> None:
    """Read the rows of all instances of a result that lack what one of them lacks."""
    missing = _missing(record)
    # One whose key was changed would get the row of another one.
    peers = [one for one in members_of(source) if one is record or (_lacks(one, missing) and not _has_other_key(one))]
    rows = await _read_rows(type(record), [one.pk for one in peers], source)
    for one in peers:
        row = rows.get(one.pk)
        # While the query ran, another task may have filled it, or read it again.
        if row is not None and one._origin is source and not is_loaded(one):
            _fill(one, row)


async def _read_rows(model: AnyModel, keys: Sequence[object], source: RowOrigin) -> dict[object, AnyRecord]:
    """Read rows by their keys."""
    query = Query(model, where=(Lookup("pk__in", Many(0)),), order=(), fetch=source.mode)
    found: list[AnyRecord] = []
    for some in in_slices(keys):
        found += await read_all(query, (some,), rows_of(source.alias))
    if len(found) == 1:
        let_have_peers(found[0])  # many instances may refer to the one row
    return {row.pk: row for row in found}


def _fill(record: AnyRecord, found: AnyRecord) -> None:
    """Let an instance have what was read of its row; it takes the place of what that was read as, among its peers."""
    options = record._meta
    # What was assigned meanwhile is the user's, and is still to be stored.
    changed = set(record.changed_fields())
    for field in options.fields:
        if field.name not in changed:
            setattr(record, field.attname, getattr(found, field.attname))
    record._row, record._origin = found._row, found._origin
    refs = None if found._origin is None else found._origin.refs
    if isinstance(refs, list):
        refs.append(ref(record))


def _missing(record: AnyRecord) -> tuple[str, ...]:
    """Name the fields that an instance was read without."""
    values = vars(record)
    return tuple(field.attname for field in record._meta.fields if field.attname not in values)


def _lacks(record: AnyRecord, names: Iterable[str]) -> bool:
    values = vars(record)
    return any(name not in values for name in names)


def _has_other_key(record: AnyRecord) -> bool:
    """Tell whether the key of an instance was changed, so that it leads to another row."""
    return record._meta.pk.name in record.changed_fields()
