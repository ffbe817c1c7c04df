"""Where an instance came from, and what has changed in it since.

No values are copied when a row is read: the row itself stays with the instance, and what it says is converted again
when somebody asks for changes. The function that does so is written on the first question.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, cast
from weakref import ref

import orjson

from openviper.db.connections.leases import Lease, current_lease
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.forms import Conversion
from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.options import Options
from openviper.db.peers import FetchMode, PeerSource, Sharing
from openviper.db.query.expressions import Expression
from openviper.db.registry import AnyRecord

__all__ = ["Differ", "Known", "RowOrigin", "known_fields", "let_have_peers", "origin_for"]

# Models that have been forgotten are not to be kept by what their instances once came from.
_MOST_ORIGINS: Final = 2000
# Is the value of no field.
_MISSING: Final = object()

RowMaker: TypeAlias = Callable[[Sequence[Sequence[object]]], Sequence[AnyRecord]]
_Diff: TypeAlias = Callable[[dict[str, object], Sequence[object]], tuple[str, ...]]


class Known(NamedTuple):
    """A field of an instance, and where the row has it.

    Args:
        field: The field.
        place: Its index in the row; None where it was not read, so that any value is a change.
        read: See ``StorageForm``.
        null: Whether it may be NULL.
    """

    field: AnyField
    place: int | None
    read: Conversion | None = None
    null: bool = True


class Differ:
    """Finds what differs between instances and the rows that they were made of.

    Args:
        known: All fields of the model, in order.
    """

    __slots__ = ("_compare", "known", "places")

    def __init__(self, known: Sequence[Known]) -> None:
        self.known = tuple(known)
        self.places = {one.field.attname: one.place for one in known if one.place is not None}
        self._compare: _Diff | None = None

    def compare(self, values: dict[str, object], row: Sequence[object]) -> tuple[str, ...]:
        """Name the fields that differ.

        Args:
            values: Of the instance, by attribute.
            row: As the driver gave it.
        """
        if self._compare is None:
            self._compare = _write_diff(self.known)
        try:
            return self._compare(values, row)
        except TypeError:
            # Expressions, of which some fields may be made, can be compared with nothing.
            plain = {name: value for name, value in values.items() if not isinstance(value, Expression)}
            if len(plain) == len(values):
                raise
            found = self._compare(plain, row)
        return tuple(
            one.field.name
            for one in self.known
            if one.field.name in found or (one.field.attname in values and one.field.attname not in plain)
        )


class RowOrigin:
    """What made instances of rows; see ``openviper.db.models.Origin``.

    Args:
        alias: The database that the rows were read from.
        differ: Finds what has changed.
        mode: How what was not read is read; None leaves it to the settings.
        refs: Where the instances are that share it, if those of one result do.
        make: Makes instances of such rows; None where several are made of a row.
    """

    __slots__ = ("_blocks", "_differ", "_sharing", "alias", "make", "mode", "refs")

    def __init__(
        self,
        alias: str,
        differ: Differ,
        mode: FetchMode | None = None,
        refs: PeerSource | None = None,
        make: RowMaker | None = None,
    ) -> None:
        self.alias = alias
        self.mode = mode
        self.refs = refs
        self.make = make
        self._differ = differ
        self._sharing: Sharing | None = None
        lease = current_lease(alias)
        # Weakly, as instances may be kept for longer than what joined the blocks that they were read in.
        self._blocks = () if lease is None else tuple(map(ref, _blocks_around(lease)))

    def __repr__(self) -> str:
        return f"<RowOrigin {self.alias}>"

    @property
    def sharing(self) -> Sharing:
        """What its instances share; made on the first question."""
        if self._sharing is None:
            self._sharing = Sharing()
        return self._sharing

    @property
    def transaction(self) -> Lease | None:
        """The innermost block that the rows were read in and that runs still; None if there is none."""
        running = (block for one in self._blocks if (block := one()) is not None and not block.is_over)
        return next(running, None)

    def with_peers(self, refs: PeerSource) -> "RowOrigin":
        """Give the origin of an instance that came alone, and may get peers."""
        return RowOrigin(self.alias, self._differ, self.mode, refs, self.make)

    def alone(self) -> "RowOrigin":
        """Give the origin of a copy, which has no peers."""
        return self if self.refs is None else RowOrigin(self.alias, self._differ, self.mode)

    @property
    def places(self) -> Mapping[str, int]:
        """The indexes in the row of all fields that it has, by attribute."""
        return self._differ.places

    def changed_fields(self, record: object, row: Sequence[object]) -> tuple[str, ...]:
        """Name the fields whose values differ from those of the row.

        Args:
            record: The instance.
            row: What its ``_row`` holds: the row as the driver gave it.
        """
        return self._differ.compare(vars(record), row)


def _blocks_around(lease: Lease | None) -> Iterator[Lease]:
    """Give the blocks of a transaction, from the inside out."""
    while lease is not None:
        if lease.is_transaction:
            yield lease
        lease = lease.before


def let_have_peers(record: AnyRecord) -> None:
    """Let an instance that came alone share what is read of it with copies of it.

    Args:
        record: The only one that was read along with others.
    """
    origin = record._origin
    if isinstance(origin, RowOrigin) and origin.refs is None:
        record._origin = origin.with_peers([ref(record)])


@lru_cache(_MOST_ORIGINS)
def origin_for(options: Options, dialect: Dialect, names: tuple[str, ...], alias: str) -> RowOrigin:
    """Give the origin of instances whose row holds some fields and nothing else; the same one on every call.

    Args:
        options: Of the model.
        dialect: Of the database.
        names: Attributes of the fields, in the order of the row.
        alias: The database.
    """
    places = {name: place for place, name in enumerate(names)}
    return RowOrigin(alias, Differ(known_fields(options, dialect, places)))


def known_fields(options: Options, dialect: Dialect, places: Mapping[str, int]) -> list[Known]:
    """Say of every field of a model where the row has it.

    Args:
        options: Of the model.
        dialect: Of the database.
        places: Indexes by attribute.
    """
    known = []
    for field in options.fields:
        form = dialect.form_of(field)
        known.append(Known(field, places.get(field.attname), form.read, null=field.null or form.is_nullable))
    return known


def _write_diff(known: Sequence[Known]) -> _Diff:
    """Write the function that compares."""
    names: dict[str, object] = {"_missing": _MISSING, "_differs": _differs_as_json}
    lines = ["def diff(values, row):", "    found = []", "    get = values.get"]
    for one in known:
        lines.append(f"    x = get({one.field.attname!r}, _missing)")
        lines += _compare(one, names)
    lines.append("    return tuple(found)")
    exec(compile("\n".join(lines), "<changes>", "exec"), names)  # noqa: S102 - names of fields as literals
    return cast("_Diff", names["diff"])


def _compare(one: Known, names: dict[str, object]) -> list[str]:
    """Give the lines for one field, whose value is in ``x``."""
    add = f"        found.append({one.field.name!r})"
    if one.place is None:
        return ["    if x is not _missing:", add]
    if one.read is None:
        # What the driver gave is mostly the same object still.
        test = "x is not y and x != y"
        if one.field.kind is FieldKind.FLOAT:
            test += " and (x == x or y == y)"  # NaN equals nothing, and has not changed
        return [f"    y = row[{one.place}]", f"    if {test} and x is not _missing:", add]
    names |= one.read.names
    test = "_differs(x, y)" if _holds_json(one.field) else "x != y"
    return [
        f"    y = row[{one.place}]",
        f"    y = {one.read.write('y', null=one.null)}",
        f"    if x is not _missing and {test}:",
        add,
    ]


def _holds_json(field: AnyField) -> bool:
    """Tell whether equal values may be different JSON: ``1``, ``1.0`` and ``true``."""
    return field.kind is FieldKind.JSON or (field.base_field is not None and _holds_json(field.base_field))


def _differs_as_json(value: object, stored: object) -> bool:
    try:
        return orjson.dumps(value, None, orjson.OPT_SORT_KEYS) != orjson.dumps(stored, None, orjson.OPT_SORT_KEYS)
    except TypeError:  # the value cannot be stored, which whoever saves it is told
        return True
