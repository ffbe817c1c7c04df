"""The tree of what is to be prefetched, and the walk through it.

Names are put together to a tree: ``"books", "books__reviews"`` reads books once. Each node of it is a relation; its
query asks for all rows that any of the instances refers to or is referred to by, and a loop that is written for the
relation gives each instance its own. What was found is left in the attribute of ``store_of``: a pair of key and
instance forwards, a list backwards, an instance or None backwards through a one-to-one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from openviper.db.compiler.origin import let_have_peers
from openviper.db.exceptions import FieldError
from openviper.db.executor import MOST_KEYS, in_slices, read_all
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.peers import FETCH_PEERS, HELD, can_hold, hold
from openviper.db.prefetch.links import Link, Records, link_of
from openviper.db.query.description import Lookup, Many, Mode, Query
from openviper.db.query.reading import Prefetch, Reading
from openviper.db.registry import AnyModel, registry

__all__ = ["check_prefetch", "prefetch"]


def check_prefetch(model: AnyModel, lookups: Sequence[object], mode: Mode) -> None:
    """Refuse what cannot be prefetched, before anything is sent.

    Args:
        model: Whose rows are read.
        lookups: What was given to ``prefetch_related()``.
        mode: What is made of the rows.

    Raises:
        FieldError: A name is no relation, there are no instances that could get one, or a query set does not fit.
    """
    if mode != "rows":
        raise FieldError("prefetch_related() fills instances, which values() and values_list() do not make")
    _tree_of(model, tuple(lookups), registry.version)


async def prefetch(model: AnyModel, records: Records, lookups: Sequence[object], alias: str | None) -> None:
    """Give instances what they are related to, in one query a relation; none is sent for no instances.

    Args:
        model: Of the instances.
        records: They themselves.
        lookups: Names of relations and ``Prefetch`` objects.
        alias: The database; None leaves it to the models.

    Raises:
        FieldError: See ``check_prefetch``.
    """
    if records:
        await _fill(_tree_of(model, tuple(lookups), registry.version), records, alias)


@dataclass(slots=True)
class _Node:
    """A relation of the tree, and those that lead on from its rows."""

    link: Link
    query: Reading | None = None
    nodes: "dict[str, _Node]" = field(default_factory=dict)


async def _fill(nodes: Mapping[str, _Node], records: Records, alias: str | None) -> None:
    for node in nodes.values():
        link = node.link
        keys = tuple(link.collect(records))
        holds = link.holds is not None and len(keys) <= MOST_KEYS and can_hold(records)
        found = await _read(node, keys, alias, is_held=holds)
        link.give(records, found)
        # Rows that lie in lists of these are found through them, and need no reference each.
        if link.holds is not None and holds:
            hold(found, records, link.holds)
        if node.nodes and (after := link.follow(records, found)):
            await _fill(node.nodes, after, alias)


async def _read(node: _Node, keys: tuple[object, ...], alias: str | None, *, is_held: bool) -> Records:
    link, reading = node.link, node.query
    if not keys or (reading is not None and reading.is_none):
        return ()
    query = link.query
    params: tuple[object, ...] = ()
    if reading is not None:
        query, params, alias = _narrow(reading, link), reading.params, reading.db_alias or alias
    if is_held and query.fetch is None:
        query = query._replace(fetch=HELD)
    if len(keys) <= MOST_KEYS:
        found: Records = await read_all(query, (*params, keys), alias)
    else:
        found = [row for some in in_slices(keys) for row in await read_all(query, (*params, some), alias)]
    if len(found) == 1 and query.fetch in (None, FETCH_PEERS, HELD):
        let_have_peers(found[0])  # many instances may refer to the one row
    return found


def _narrow(reading: Reading, link: Link) -> Query:
    """Add the condition to a query of a user's own, and what tells whose the rows are if it leaves that out."""
    query = reading.query
    query = query._replace(
        where=(*query.where, Lookup(link.path, Many(len(reading.params)))),
        annotations=(*query.annotations, *link.linked),
    )
    # only() may leave out the very key by which rows are given to their instances.
    names = {name for name, known in link.model._meta.by_name.items() if known.attname == link.key}
    columns, deferred = query.columns, query.deferred
    if columns is not None and names and names.isdisjoint(columns):
        columns = (*columns, link.key)
    return query._replace(columns=columns, deferred=tuple(name for name in deferred if name not in names))


def _tree_of(model: AnyModel, lookups: tuple[object, ...], version: int) -> Mapping[str, _Node]:
    if all(type(one) is str for one in lookups):
        return _tree_of_names(model._meta, cast("tuple[str, ...]", lookups), version)
    return _grow(model, lookups)


@lru_cache(maxsize=1000)
def _tree_of_names(options: Options, names: tuple[str, ...], version: int) -> Mapping[str, _Node]:
    # The version is there to find nothing of models that have been forgotten.
    return _grow(options.model, names)


def _grow(model: AnyModel, lookups: Sequence[object]) -> dict[str, _Node]:
    nodes: dict[str, _Node] = {}
    for one in lookups:
        lookup = Prefetch(one) if isinstance(one, str) else one
        if not isinstance(lookup, Prefetch) or not isinstance(lookup.name, str):
            raise FieldError(f"prefetch_related() takes names of relations and Prefetch objects, not {shorten(one)}")
        _add(nodes, model, lookup)
    return nodes


def _add(nodes: dict[str, _Node], model: AnyModel, lookup: Prefetch) -> None:
    *before, last = lookup.name.split("__")
    for name in before:
        node = nodes.get(name)
        if node is None:
            node = nodes[name] = _Node(link_of(model._meta, name))
        nodes, model = node.nodes, node.link.model
    name = last if lookup.to_attr is None else lookup.to_attr
    if name in nodes:
        if lookup.queryset is not None:
            raise FieldError(f"{lookup.name!r} is prefetched twice; give one Prefetch for it, or each a to_attr")
        return
    node = nodes[name] = _Node(link_of(model._meta, last, lookup.to_attr), lookup.queryset)
    if lookup.queryset is not None:
        _check_query(lookup, lookup.queryset, node.link.model)
        node.nodes = _grow(node.link.model, lookup.queryset.prefetches)


def _check_query(lookup: Prefetch, reading: Reading, model: AnyModel) -> None:
    query, what = reading.query, f"the query set of {lookup.name!r}"
    if not issubclass(query.model, model):
        raise FieldError(f"{what} reads {query.model._meta.label}, and the relation leads to {model._meta.label}")
    if query.mode != "rows":
        raise FieldError(f"{what} makes no instances; leave values() and values_list() out")
    if query.combined is not None:
        raise FieldError(
            f"{what} is combined of several, to which no condition can be added; filter() by Q(...) | Q(...)"
        )
    if query.limit is not None or query.offset is not None:
        raise FieldError(f"{what} is a slice, which would count the rows of all instances together")
