"""Links: a relation in one of its directions, with the loops that are written for it.

A loop names the attributes that it reads and fills, which takes half the time of one that looks them up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from keyword import iskeyword
from typing import Any, Final, TypeAlias, cast

from openviper.db.constructor import is_unread, refer_back, store_of
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField
from openviper.db.fields.relation import ManyRelation
from openviper.db.lists import LINK_STORE
from openviper.db.options import Options
from openviper.db.persistence.names import unique_groups
from openviper.db.query.description import Linked, Lookup, Many, Query
from openviper.db.registry import AnyModel, AnyRecord, registry

__all__ = ["Link", "Records", "link_of"]

Records: TypeAlias = Sequence[AnyRecord]


@dataclass(frozen=True, slots=True)
class Link:
    """A relation in one of its directions.

    Args:
        model: Whose rows are found.
        query: Asks for the rows of many keys.
        path: The lookup in it.
        key: The attribute of a found row that ``path`` compares.
        linked: What rows get besides their fields, where another model holds whose they are: a name and an expression.
        collect: Gives the keys of instances that have nothing yet.
        give: Gives instances their rows.
        follow: Gives the instances that the next relations start from, of those instances and the found rows; they
            know then what they refer to.
        holds: The attribute in which instances are left lists of their rows; None where they are left something else.
    """

    model: AnyModel
    query: Query
    path: str
    key: str
    collect: Callable[[Records], Iterable[object]]
    give: Callable[[Records, Records], None]
    follow: Callable[[Records, Records], Records]
    linked: tuple[tuple[str, Linked], ...] = ()
    holds: str | None = None


def link_of(options: Options, name: str, to_attr: str | None = None) -> Link:
    """Give the link of a relation; the same one on every call.

    Args:
        options: Of the model whose instances are to be filled.
        name: The relation, in either direction.
        to_attr: The attribute to fill; None leaves it to the relation.

    Raises:
        FieldError: There is no such relation, or the attribute is taken.
    """
    return _link_of(options, name, to_attr, registry.version)


@lru_cache(maxsize=1000)
def _link_of(options: Options, name: str, to_attr: str | None, version: int) -> Link:
    # The version is there to find nothing of models that have been forgotten.
    known = options.by_name.get(name)
    # Before anything is written with the name in it.
    if to_attr is not None:
        _check_attribute(options, to_attr)
    if known is not None and known.related is not None and name == known.name:
        return _link_forward(options, known, to_attr)
    if name in options.reverse:
        other, relation = options.reverse[name]
        return _link_back(options, other._meta.by_name[relation.name], store=to_attr or store_of(name))
    if name in options.many:
        return _link_many(options, options.many[name], store=to_attr or store_of(name))
    known_names = [*(one.name for one in options.relations), *options.reverse, *options.many]
    relations = ", ".join(known_names) or "none"
    raise FieldError(f"{options.label} has no relation {name!r}; there are {relations}")


def _check_attribute(options: Options, name: str) -> None:
    """Refuse a name that cannot be an attribute; it is written into the loop that fills it."""
    is_name = name.isidentifier() and name.isascii() and not name.startswith("_") and not iskeyword(name)
    is_taken = any(name in names for names in (options.by_name, options.reverse, options.many))
    if not is_name or is_taken or hasattr(options.model, name):
        raise FieldError(f"to_attr={name!r} cannot be an attribute of {options.label}: it is taken, or no plain name")


_FORWARD: Final = """
def collect(records):
    found = {{}}
    for record in records:
        key = record.{own}
        if key is not None and {is_wanted}:
            found[key] = None
    return found

def give(records, rows):
    by = {{row.{key}: (row.{key}, row) for row in rows}}
    for record in records:
        pair = by.get(record.{own})
        {keep}
"""

_BACK: Final = """
def collect(records):
    return dict.fromkeys([record.{key} for record in records])

def give(records, rows):
    by = {{}}
    seen = set()
    again = []
    for record in records:
        key = record.{key}
        if key in by:
            again.append(record)
            continue
        {start}
    for row in rows:
        {keep}
    for record in again:
        record.{store} = {copy}

"""

_LINK: Final = LINK_STORE
_MANY: Final = {
    "start": "by[key] = record.{store} = []",
    "keep": "by[row.{own}].append(row)",
    "copy": "by[record.{key}][:]",
}
_LINKED: Final = {**_MANY, "keep": f"by[row.{_LINK}].append(row); del row.{_LINK}"}
# Two rows of the through model may be one pair, and the row is one all the same.
_LINKED_ONCE: Final = {
    **_MANY,
    "keep": (
        f"pair = row.{_LINK}, row.{{own}}; del row.{_LINK}\n"
        "        if pair not in seen: seen.add(pair); by[pair[0]].append(row)"
    ),
}
_SINGLE: Final = {
    "start": "record.{store} = None; by[key] = key, record",
    "keep": "pair = row.{back} = by[row.{own}]; pair[1].{store} = row",
    "copy": "by[record.{key}][1].{store}",
}


def _link_forward(options: Options, known: AnyField, to_attr: str | None) -> Link:
    relation = known.related
    if relation is None:
        raise FieldError(f"{known.path} refers to no model")
    target: Options = relation.model._meta
    store, key = store_of(known.name), target.pk.attname
    if to_attr is None:
        keep = ["if pair is not None:", f"    record.{store} = pair"]
        if relation.is_single and relation.related_name:
            keep.append(f"    pair[1].{store_of(relation.related_name)} = record")
        is_wanted = f"is_unread(record.{store}, key)"
    else:
        keep, is_wanted = [f"record.{to_attr} = None if pair is None else pair[1]"], "True"
    source = _FORWARD.format(own=known.attname, key=key, is_wanted=is_wanted, keep="\n        ".join(keep))
    made = _run(source, known.path)
    follow = _follow_found if to_attr is not None else _follow_store(store)
    return _make_link(target.model, key, made["collect"], made["give"], follow)


def _link_back(options: Options, known: AnyField, *, store: str) -> Link:
    is_single = known.related is not None and known.related.is_single
    key, own = options.pk.attname, known.attname
    parts = _SINGLE if is_single else _MANY
    filled = {
        name: part.format(key=key, own=own, store=store, back=store_of(known.name)) for name, part in parts.items()
    }
    made = _run(_BACK.format(key=key, store=store, **filled), known.path)

    def follow(records: Records, found: Records) -> Records:
        for record in () if is_single else records:
            refer_back(record, getattr(record, store), known.name)
        return found

    def give(records: Records, found: Records) -> None:
        made["give"](records, found)
        follow(records, found)

    # A list of a user's own is handed out by nobody who could still let its rows know whose they are.
    is_own = store not in map(store_of, options.reverse)
    model = cast("AnyModel", known.model)
    link = _make_link(model, own, made["collect"], give if is_own else made["give"], follow)
    return link if is_single else replace(link, holds=store)


def _link_many(options: Options, relation: ManyRelation, *, store: str) -> Link:
    through: Options = relation.through._meta
    source, target = through.by_name[relation.source], through.by_name[relation.target]
    pair = frozenset((source.attname, target.attname))
    is_unique = any(pair >= frozenset(group) for group in unique_groups(through))
    model = relation.model
    # Whose a row is, stands in no field of it: it comes along under a name of its own, and is taken off again.
    key, own = options.pk.attname, model._meta.pk.attname
    filled = {
        name: part.format(key=key, own=own, store=store)
        for name, part in (_LINKED if is_unique else _LINKED_ONCE).items()
    }
    made = _run(_BACK.format(key=key, store=store, **filled), f"{options.label}.{relation.name}")
    linked = ((_LINK, Linked(through.model, target.attname, source.attname)),)
    path = f"{_LINK}__in"
    query = Query(model, where=(Lookup(path, Many(0)),), annotations=linked)
    return Link(model, query, path, _LINK, made["collect"], made["give"], _follow_found, linked, store)


def _make_link(model: AnyModel, key: str, *steps: Any) -> Link:
    path = f"{key}__in"
    return Link(model, Query(model, where=(Lookup(path, Many(0)),)), path, key, *steps)


def _run(source: str, path: str) -> dict[str, Any]:
    """Make functions of a source, in which are only names that the metaclass has checked."""
    names: dict[str, object] = {"is_unread": is_unread}
    exec(compile(source, f"<prefetch of {path}>", "exec"), names)  # noqa: S102 - see above
    return names


def _follow_found(records: Records, found: Records) -> Records:
    return found


def _follow_store(store: str) -> Callable[[Records, Records], Records]:
    def follow(records: Records, found: Records) -> Records:
        # What was read along with the instances is among these, and several may refer to one row.
        pairs = [pair for record in records if (pair := getattr(record, store)) is not None]
        return list({id(record): record for _, record in pairs if record._row != ()}.values())

    return follow
