"""What is made for each model from its fields: its constructor, its key, and its references.

A constructor that went through the fields would take several times as long as one that names them, so it is written
as source, once a class. Only names that ``metaclass`` has checked reach it; defaults have names of ours.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from openviper.db.exceptions import NotLoadedError
from openviper.db.fields.base import AnyField
from openviper.db.lists import LINK_STORE
from openviper.db.peers import ReferenceOrigin, Source
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import refuse_crossing, slot
from openviper.primitives.unset import UNSET

__all__ = [
    "Constructor",
    "ReferenceAttribute",
    "is_loaded",
    "is_unread",
    "make_constructor",
    "make_key",
    "make_room",
    "refer_back",
    "store_of",
]

_PLAIN: Final = (str, int, float, bool, bytes, type(None))


class Constructor(Protocol):
    """Sets every field of an instance from keywords."""

    def __call__(self, record: object, /, **values: object) -> None:
        """Set the fields of a new instance.

        Raises:
            TypeError: A keyword is no field, or two stand for one.
        """


class _Record(Protocol):
    """What an instance has, whatever its model."""

    pk: object
    _origin: object
    __dict__: dict[str, object]


def store_of(name: str) -> str:
    """Give the attribute in which an instance keeps what a relation leads to.

    Forwards that is a pair: the key at that time, and the instance. Backwards it is the list of those that refer to the
    instance, or through a one-to-one the one that does, None if there is none.

    Args:
        name: The field that refers, or the name of the relation backwards.
    """
    return f"_related_{name}"


def is_loaded(record: AnyRecord) -> bool:
    """Tell whether an instance has the values of all its fields.

    Args:
        record: The instance.
    """
    values = vars(record)
    return all(field.attname in values for field in record._meta.fields)


def is_unread(known: tuple[object, AnyRecord] | None, key: object) -> bool:
    """Tell whether no more than its key is known of the row that a reference leads to.

    Args:
        known: What the instance that refers has of it: a key and an instance; None for nothing.
        key: The key that it refers to now.
    """
    if known is None or known[0] != key:
        return True
    return known[1]._row == () and not is_loaded(known[1])


def make_room(model: AnyModel) -> None:
    """Let the instances of a model keep their values in line, as Python 3.11 and 3.12 do with names they know in time.

    A class learns the names of attributes, 30 at most, from its first instances. Rows become instances side by side, so
    hundreds are there before the first has a name, and each would have a dict: 270 ns in place of 40 for ten values.
    So one is made that has all of them, fields and what relations lead to, and is dropped.

    Args:
        model: A model that is complete; again for one that others have come to refer to.
    """
    options = model._meta
    relations = [field.name for field in options.fields if field.related is not None]
    record = object.__new__(model)
    # Not by the author's own __setattr__, which may look at what is there.
    for name in [field.attname for field in options.fields]:
        object.__setattr__(record, name, None)
    for name in dict.fromkeys((*relations, *options.reverse, *options.many)):
        object.__setattr__(record, store_of(name), None)
    if options.many:
        object.__setattr__(record, LINK_STORE, None)


def refer_back(record: AnyRecord, rows: Sequence[AnyRecord], name: str) -> None:
    """Let rows that refer to an instance know it, as far as they know none.

    Whoever hands the rows out does so: instances that know each other are only freed by the collector, which takes as
    long for a thousand of them as their query does.

    Args:
        record: The instance.
        rows: Those that refer to it.
        name: The field of theirs that refers.
    """
    store = store_of(name)
    pair = record.pk, record
    for row in rows:
        if getattr(row, store) is None:
            setattr(row, store, pair)


def make_constructor(label: str, fields: Sequence[AnyField]) -> Constructor:
    """Write the constructor of a model.

    Args:
        label: Label of the model.
        fields: Its fields in order.
    """
    # No field begins with an underscore, so these are in nobody's way.
    names: dict[str, object] = {"_unset": UNSET}
    parameters: list[str] = []
    lines = ["    _record._row = _record._origin = None"]
    for number, field in enumerate(fields):
        default = _default(field, number, names)
        parameters += _parameters(field, default)
        lines += _assign(field, default)
    names["_refuse"] = _refusal(label, fields)
    if any(field.primary_key and field.related is not None for field in fields):
        lines += ["    if pk is not _unset:", "        _record.pk = pk"]
    known = ", ".join([*parameters, "pk=_unset"])
    source = [
        f"def __init__(_record, /, *, {known}, **_unknown):",
        "    if _unknown:",
        "        _refuse(_record, _unknown)",
        *lines,
    ]
    code = compile("\n".join(source), f"<constructor of {label}>", "exec")
    exec(code, names)  # noqa: S102 - only checked names and names of ours are in it
    return cast("Constructor", names["__init__"])


def make_key(field: AnyField) -> property:
    """Make the property ``pk`` of a model.

    Args:
        field: Its primary key.
    """
    name = field.attname

    def read(record: _Record) -> object:
        return getattr(record, name)

    def write(record: _Record, value: object) -> None:
        setattr(record, name, value)

    return property(read, write, doc="The primary key, whatever its name.")


class ReferenceAttribute:
    """The attribute of a reference: the instance that it leads to; on the class it is the field.

    What was assigned, or read along with the row, lies in the attribute of ``store_of`` beside the key that it was
    found by, so that a key which has been changed since is noticed. The queries fill that attribute too:
    ``record._related_author = (key, author)``. Where it has nothing, an instance is made that knows its key only:
    ``_row`` is () and the other fields are missing, so that whoever awaits it can fill it in place.

    Args:
        field: The field that refers.
    """

    __slots__ = ("_field", "_key_name", "_store")

    def __init__(self, field: AnyField) -> None:
        self._field = field
        self._key_name = field.attname
        self._store = store_of(field.name)

    def __get__(self, record: _Record | None, owner: type | None = None) -> object:
        if record is None:
            return self._field
        key = getattr(record, self._key_name)
        known: tuple[object, _Record] | None = getattr(record, self._store)
        if known is not None and known[0] == key:
            if key is None and known[1].pk is not None:  # saved since it was assigned
                self.__set__(record, known[1])
            return known[1]
        if key is None:
            return None
        made = _make_reference_only(self._field, key, record._origin)
        setattr(record, self._store, (key, made))
        return made

    def __set__(self, record: _Record, value: _Record | None) -> None:
        if value is None:
            setattr(record, self._key_name, None)
            setattr(record, self._store, None)
            return
        target = _target_of(self._field)
        if not isinstance(value, target):
            raise TypeError(
                f"{self._field.path} takes an instance of {target.__name__}, not {type(value).__name__}; "
                f"a key is assigned to {self._key_name}"
            )
        if slot.is_spread:
            refuse_crossing(record, value, self._field.path)
        setattr(record, self._key_name, value.pk)
        setattr(record, self._store, (value.pk, value))


def _make_reference_only(field: AnyField, key: object, origin: object) -> _Record:
    """Make an instance of which nothing is known but its key; that there is a row is taken for granted.

    It knows the origin of the one that refers to it: it is looked for in the same database, and together with what the
    others of that result refer to.
    """
    made = object.__new__(_target_of(field))
    made._row = ()
    made._origin = None if origin is None else ReferenceOrigin(cast("Source", origin), field.path, field.name)
    made.pk = key
    return cast("_Record", made)


def _target_of(field: AnyField) -> AnyModel:
    if field.related is None:
        raise NotLoadedError(field.owner, field.name, remedy="it refers to no model")
    return field.related.model


def _default(field: AnyField, number: int, names: dict[str, object]) -> str:
    """Give the expression of a default: a constant, or a call that makes one for each instance."""
    if callable(field.default):
        names[f"_make_{number}"] = field.default
        return f"_make_{number}()"
    names[f"_default_{number}"] = field.make_default()
    return f"_default_{number}"


def _parameters(field: AnyField, default: str) -> list[str]:
    """Give the parameters of a field; where it has to be known whether one was given, a mark is the default."""
    # A constant stands in the signature itself, and costs nothing where it is not given.
    is_constant = not (field.related is not None or field.primary_key or callable(field.default) or is_left(field))
    own = f"{field.attname}={default if is_constant else '_unset'}"
    return [f"{field.name}=_unset", own] if field.related is not None else [own]


def is_left(field: AnyField) -> bool:
    """Tell whether a new instance has no value for a field, as that is made by the database."""
    return field.has_db_default and not field.has_default


def _assign(field: AnyField, default: str) -> list[str]:
    name = field.attname
    own = f"_record.{name} = {default} if {name} is _unset else {name}"
    # The other name under which the value may come.
    other = field.name if field.related is not None else "pk" if field.primary_key else ""
    if other:
        return [
            f"    if {other} is _unset:",
            f"        {own}",
            f"    elif {name} is _unset:",
            f"        _record.{other} = {other}",
            "    else:",
            f"        raise TypeError({f'{other} and {name} are one field; give one of them'!r})",
        ]
    if is_left(field):
        return [f"    if {name} is not _unset:", f"        _record.{name} = {name}"]
    return [f"    {own}" if callable(field.default) else f"    _record.{name} = {name}"]


def _refusal(label: str, fields: Sequence[AnyField]) -> Callable[[AnyRecord, dict[str, object]], None]:
    def refuse(record: AnyRecord, unknown: dict[str, object]) -> None:
        for name in unknown:
            way = record._meta.way_to_relate(name)
            if way is not None:
                raise TypeError(f"{label} is given {name!r}, and {way}")
        known = ", ".join(dict.fromkeys(name for field in fields for name in (field.name, field.attname)))
        raise TypeError(f"{label} has no field {min(unknown)!r}; there are {known}")

    return refuse
