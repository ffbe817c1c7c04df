"""What saving one instance and saving many have in common: what is asked of an instance, and what it is told."""

from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, ClassVar, Final, Protocol, TypeAlias, TypeVar, cast
from weakref import ref

from openviper.db.compiler.origin import RowOrigin, origin_for
from openviper.db.compiler.write import WritePlan, name_faults
from openviper.db.connections import Database
from openviper.db.exceptions import FieldValueError, NotLoadedError
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.routers import same_rows
from openviper.db.transactions import current_scope

__all__ = [
    "Stored",
    "bind",
    "forget_rows",
    "has_other_key",
    "keep_on_rollback",
    "known_values",
    "left_out",
    "missing",
    "note_all",
    "note_stored",
    "refuse_unread",
    "restore",
    "set_row",
    "without_own_key",
]

Row: TypeAlias = tuple[object, ...]
# An instance, and its row, its origin and its key before.
_State: TypeAlias = "tuple[ref[Stored], Row | None, Any, object]"
T = TypeVar("T", bound="Stored")
_MAX_MODELS: Final = 2000
#: Is the value of no attribute.
_MISSING: Final = object()


class Stored(Protocol):
    """What is asked of an instance."""

    _meta: ClassVar[Options]
    _row: Row | None
    _origin: Any

    def full_clean(self, exclude: Collection[str] = ()) -> None:
        """See ``Model``."""

    def clean_fields(self, exclude: Collection[str] = ()) -> None:
        """See ``Model``."""

    def changed_fields(self) -> tuple[str, ...]:
        """See ``Model``."""

    def save(self, *, using: str | None = None, force_insert: bool = False) -> Awaitable[None]:
        """See ``Model``."""


def bind(plan: WritePlan, values: dict[str, object]) -> Row:
    """Give the driver's arguments of an instance.

    Args:
        plan: The statement.
        values: Attributes of the instance.

    Raises:
        ModelValidationError: The engine cannot store what a field holds.
    """
    try:
        return plan.bind(values)
    except FieldValueError as error:
        name_faults(plan.fields, plan.dialect, values)
        raise error


@lru_cache(maxsize=_MAX_MODELS)
def left_out(options: Options) -> tuple[str, ...]:
    """Give the attributes that a new instance may lack, as the database makes their values.

    Args:
        options: Of the model.
    """
    return tuple(one.attname for one in options.fields if one.has_db_default)


def missing(names: Iterable[str], values: Mapping[str, object]) -> tuple[str, ...]:
    """Give the attributes that are not there.

    Args:
        names: Of them.
        values: Attributes of an instance.
    """
    return tuple(name for name in names if name not in values)


def restore(values: dict[str, object], before: dict[str, object], placed: dict[str, object] | None = None) -> None:
    """Take back what cleaning has put into an instance; what others have assigned meanwhile stays.

    Args:
        values: Attributes of the instance.
        before: A copy of them from before the cleaning.
        placed: A copy of them from after it; None where nobody else has run since.
    """
    if placed is None:
        values.update(before)
        return
    for name, value in before.items():
        made = placed.get(name, _MISSING)
        if made is not value and values.get(name, _MISSING) is made:
            values[name] = value


def refuse_unread(record: Stored, error: KeyError) -> None:
    """Name the field of an instance that was not read, if it has one.

    Args:
        record: The instance, of which all fields were wanted.
        error: What came of it.

    Raises:
        NotLoadedError: There is one.
    """
    try:
        for field in record._meta.fields:
            getattr(record, field.attname)
    except NotLoadedError as unread:
        raise unread from error


def has_other_key(record: Stored) -> bool:
    """Tell whether an instance has another key than its row, as far as the row is known.

    Args:
        record: The instance.
    """
    row, origin = record._row, record._origin
    if not row or not isinstance(origin, RowOrigin):
        return False
    key = record._meta.pk
    place = origin.places.get(key.attname)
    # Mostly the driver's value is that of the instance, and nothing has to be converted.
    return (place is None or row[place] != vars(record).get(key.attname)) and key.name in record.changed_fields()


def without_own_key(records: Iterable[T], positions: Iterable[int]) -> list[tuple[int, T]]:
    """Give the instances whose keys are not as the driver gave them, with their positions.

    Nothing is converted, so those are among them whose keys are other objects in Python.

    Args:
        records: The instances, all of one model.
        positions: Where they stand.
    """
    found: list[tuple[int, T]] = []
    known: object = records
    name = ""
    place: int | None = None
    for position, record in zip(positions, records, strict=True):
        row, origin = record._row, record._origin
        if origin is not known:
            known, name = origin, record._meta.pk.attname
            place = origin.places.get(name) if isinstance(origin, RowOrigin) else None
        if not row or place is None or row[place] != vars(record).get(name):
            found.append((position, record))
    return found


def keep_on_rollback(records: Sequence[Stored], database: Database) -> None:
    """Let instances be as they were if the transaction that stores them is rolled back; without one do nothing.

    Args:
        records: The instances, before it is noted that they are stored and which keys they have got.
        database: Where they are stored.
    """
    scope = current_scope(database.alias)
    if scope is not None:
        # A transaction may store a million instances that nobody keeps.
        states: list[_State] = [
            (ref(record), record._row, record._origin, vars(record).get(record._meta.pk.attname)) for record in records
        ]
        scope.on_rollback(partial(_undo, states))


def forget_rows(records: Iterable[Stored], alias: str) -> None:
    """Note that rows are gone, so that their instances are new; unless the transaction is rolled back.

    Args:
        records: The instances.
        alias: The database that the rows were in.
    """
    scope = current_scope(alias)
    for record in records:
        if scope is not None:
            scope.on_rollback(partial(_set_back, record, record._row, record._origin))
        record._row = record._origin = None


def note_stored(record: Stored, database: Database, fields: Sequence[AnyField], args: Row) -> None:
    """Note what an UPDATE has stored, so that only what changes from now on counts as changed.

    Args:
        record: The instance.
        database: Where it was stored.
        fields: Those that were bound.
        args: What was bound, in their order.
    """
    row, origin = record._row, record._origin
    if row and isinstance(origin, RowOrigin) and origin.alias == database.alias:
        made, places = list(row), origin.places
        try:
            for field, value in zip(fields, args, strict=True):
                made[places[field.attname]] = value
        except KeyError:
            pass  # a field that was not read has no place in the row
        else:
            record._row = tuple(made)
            return
    sent = {field.attname: value for field, value in zip(fields, args, strict=True)}
    set_row(record, known_values(record, database.alias) | sent, database)


def note_all(bound: Sequence[tuple[Stored, Row]], database: Database, fields: Sequence[AnyField]) -> None:
    """Note what an UPDATE has stored of many instances.

    Args:
        bound: The instances, and what was bound of each.
        database: Where they were stored.
        fields: Those that were bound, in the order of the values; the key, which stays, is the last.
    """
    known: object = None
    places: list[int] = []
    for record, args in bound:
        row, origin = record._row, record._origin
        if origin is not known:
            known, places = origin, _places_of(fields[:-1], origin, database)
        if not row or not places:
            note_stored(record, database, fields, args)
            continue
        made = list(row)
        for place, value in zip(places, args, strict=False):
            made[place] = value
        record._row = tuple(made)


def known_values(record: Stored, alias: str) -> dict[str, object]:
    """Give what is known of the row of an instance, by attribute, as the driver gave it.

    Args:
        record: The instance.
        alias: The database that it has to come from.
    """
    row, origin = record._row, record._origin
    if not row or not isinstance(origin, RowOrigin):
        return {}
    if origin.alias != alias and not same_rows(origin.alias, alias):
        return {}
    return {name: row[place] for name, place in origin.places.items()}


def set_row(record: Stored, known: dict[str, object], database: Database) -> None:
    """Note what is known of the row of an instance.

    Args:
        record: The instance.
        known: Values of the driver by attribute.
        database: Where the row is.
    """
    record._row = tuple(known.values())
    record._origin = origin_for(record._meta, database.dialect, tuple(known), database.alias)


def _places_of(fields: Sequence[AnyField], origin: object, database: Database) -> list[int]:
    """Give the indexes of fields in rows of an origin; none if the rows are of another database, or lack a field."""
    if not isinstance(origin, RowOrigin) or origin.alias != database.alias:
        return []
    places = [origin.places.get(field.attname) for field in fields]
    return [] if None in places else cast("list[int]", places)


def _set_back(record: Stored, row: Row | None, origin: object) -> None:
    record._row, record._origin = row, origin


def _undo(states: Sequence[_State]) -> None:
    for reference, row, origin, key in states:
        record = reference()
        if record is not None:
            record._row, record._origin = row, origin
            vars(record)[record._meta.pk.attname] = key
