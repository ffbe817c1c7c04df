"""Everything that is wrong with a JSON value that does not fit its type.

msgspec decodes in one pass and stops at the first fault, which is what makes it fast. Only when it has refused a body
is the value decoded anew as plain JSON and walked beside a description of the type; each value at an end is converted
by msgspec itself, so that both have one opinion of what fits. A walk looks at a limited number of values: nothing else
runs meanwhile, and a refused body of ten megabytes can hold five million of them.
"""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

import msgspec
from msgspec import inspect as described

from openviper.routing.faults import MOST_FAULTS, Fault, FaultType, Step, describe_fault, shorten
from openviper.routing.kinds import is_pydantic
from openviper.routing.models import is_pydantic_error, iter_model_faults
from openviper.routing.wording import tell_length, tell_misfit

__all__ = ["find_faults", "find_foreign", "iter_types", "place_error"]

_Path: TypeAlias = tuple[Step, ...]
_Record: TypeAlias = described.StructType | described.DataclassType | described.TypedDictType
_Sequence: TypeAlias = (
    described.ListType | described.SetType | described.FrozenSetType | described.VarTupleType | described.TupleType
)

_PLAIN: Final[dict[type[described.Type], object]] = {
    described.AnyType: Any,
    described.NoneType: None,
    described.BoolType: bool,
    described.IntType: int,
    described.FloatType: float,
    described.StrType: str,
    described.BytesType: bytes,
    described.ByteArrayType: bytearray,
    described.DateTimeType: dt.datetime,
    described.TimeType: dt.time,
    described.DateType: dt.date,
    described.TimeDeltaType: dt.timedelta,
    described.UUIDType: uuid.UUID,
    described.DecimalType: decimal.Decimal,
    described.RawType: msgspec.Raw,
}
_RULES: Final = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "tz")

# What stands between a message of msgspec's and the way to the value.
_AT: Final = " - at `$"

# About 50 ms of walking.
_MOST_VALUES: Final = 50_000
# Classes every value of which is taken as it is where no rule says otherwise.
_EXACT: Final = (str, int, bool, float)

# What stands for a value that does not fit, and cannot be used for what is around it.
_REFUSED: Final = object()


def find_faults(kind: object, value: object, *, hook: Callable[[type, object], object]) -> list[Fault]:
    """Walk a value beside its type.

    Args:
        kind: The type, as msgspec takes it.
        value: What the JSON holds.
        hook: Makes values of types that msgspec does not know; a ValueError refuses one.

    Returns:
        At most 100 entries, of the first 50 000 values; none if all of those fit.
    """
    findings = _Findings(hook)
    findings.walk(described.type_info(kind), value, ())
    return findings.faults


class _Findings:
    """The faults found so far, and the walk that finds them.

    Args:
        hook: See ``find_faults``.
    """

    def __init__(self, hook: Callable[[type, object], object]) -> None:
        self.faults: list[Fault] = []
        self._hook = hook
        self._left = _MOST_VALUES
        # The types at the ends of the walk, by the identity of their descriptions: the class that fits as it is, if
        # there is one, and the type as msgspec takes it.
        self._ends: dict[int, tuple[type | None, object]] = {}
        self._notes: dict[int, str] = {}

    @property
    def is_full(self) -> bool:
        """Whether no further fault would be told, or looked for."""
        return self._left <= 0 or len(self.faults) >= MOST_FAULTS

    def walk(self, kind: described.Type, value: object, path: _Path) -> object:
        """Look at one value and all within it; give what it is converted to."""
        self._left -= 1
        if self.is_full:
            return _REFUSED
        if isinstance(kind, described.Metadata):
            self._note(kind)
            kind = kind.type
        end = self._ends.get(id(kind))
        if isinstance(kind, described.AnyType) or (end is not None and end[0] is value.__class__):
            return value
        if isinstance(kind, described.UnionType):
            return self._walk_union(kind, value, path)
        if isinstance(kind, _Record) and not (isinstance(kind, described.StructType) and kind.array_like):
            return self._walk_record(kind, value, path)
        if isinstance(kind, described.DictType):
            return self._walk_dict(kind, value, path)
        if isinstance(kind, _Sequence):
            return self._walk_sequence(kind, value, path)
        if isinstance(kind, described.CustomType):
            return self._make(lambda: self._hook(kind.cls, value), path)
        return self._convert(self._end(kind), value, path, (kind,))

    def _note(self, kind: described.Metadata) -> None:
        """Keep what the author says of a text with a pattern, which says little to people."""
        if getattr(kind.type, "pattern", None) is not None:
            self._notes[id(kind.type)] = str((kind.extra_json_schema or {}).get("description", ""))

    def _end(self, kind: described.Type) -> object:
        end = self._ends.get(id(kind))
        if end is None:
            written = _written(kind)
            fits = cast("type", written) if any(written is one for one in _EXACT) else None
            end = self._ends[id(kind)] = fits, written
        return end[1]

    def _walk_record(self, kind: _Record, value: object, path: _Path) -> object:
        if not isinstance(value, dict):
            return self._add(path, "invalid", tell_misfit(value, (kind,)))
        before = len(self.faults)
        tag = kind.tag_field if isinstance(kind, described.StructType) else None
        if tag is not None and isinstance(kind, described.StructType) and value.get(tag, kind.tag) != kind.tag:
            self._add((*path, tag), "invalid", f"{shorten(value[tag])} is not {kind.tag}.")
        made: dict[str, object] = {}
        for field in kind.fields:
            if field.encode_name in value:
                made[field.name] = self.walk(field.type, value[field.encode_name], (*path, field.encode_name))
            elif field.required:
                self._add((*path, field.encode_name), "missing", "A value is required.")
        if isinstance(kind, described.StructType) and kind.forbid_unknown_fields:
            known = {field.encode_name for field in kind.fields} | {tag}
            for name in value:
                if self.is_full:
                    break
                if name not in known:
                    self._add((*path, name), "unknown", "There is no such field.")
        if len(self.faults) > before:
            return _REFUSED
        if isinstance(kind, described.TypedDictType):
            return made
        # The class may have something to say about its fields together (``__post_init__``).
        record: Callable[..., object] = kind.cls
        return self._make(lambda: record(**made), path)

    def _walk_dict(self, kind: described.DictType, value: object, path: _Path) -> object:
        if not isinstance(value, dict):
            return self._add(path, "invalid", tell_misfit(value, (kind,)))
        self._check_length(kind, value, path)
        made = {}
        for key, item in value.items():
            if self.is_full:
                return _REFUSED
            inner = (*path, key)
            made[self._walk_key(kind.key_type, key, inner)] = self.walk(kind.value_type, item, inner)
        return made

    def _walk_key(self, kind: described.Type, key: str, path: _Path) -> object:
        """Look at a key, which JSON writes as text whatever its type."""
        inner = kind.type if isinstance(kind, described.Metadata) else kind
        lax = isinstance(inner, described.IntType | described.FloatType)
        return self._convert(self._end(inner), key, path, (inner,), strict=not lax)

    def _walk_sequence(self, kind: _Sequence, value: object, path: _Path) -> object:
        if not isinstance(value, list):
            return self._add(path, "invalid", tell_misfit(value, (kind,)))
        if isinstance(kind, described.TupleType):
            if len(value) != len(kind.item_types):
                wanted = len(kind.item_types)
                return self._add(path, "invalid", tell_length(value, wanted, wanted))
            pairs = zip(kind.item_types, value, strict=True)
            return tuple(self.walk(one, item, (*path, index)) for index, (one, item) in enumerate(pairs))
        self._check_length(kind, value, path)
        before, items = len(self.faults), []
        for index, item in enumerate(value):
            if self.is_full:
                return _REFUSED
            items.append(self.walk(kind.item_type, item, (*path, index)))
        if len(self.faults) > before or isinstance(kind, described.ListType):
            return items
        shape = tuple if isinstance(kind, described.VarTupleType) else set
        return self._make(lambda: shape(items), path)

    def _walk_union(self, kind: described.UnionType, value: object, path: _Path) -> object:
        members = [one.type if isinstance(one, described.Metadata) else one for one in kind.types]
        if isinstance(value, dict):
            tagged = [one for one in members if isinstance(one, described.StructType) and one.tag_field is not None]
            if tagged:
                return self._walk_tagged(tagged, value, path)
        shape: tuple[type[described.Type], ...] = ()
        if isinstance(value, dict):
            shape = (*_Record.__args__, described.DictType)
        elif isinstance(value, list):
            shape = _Sequence.__args__
        fitting = [one for one in members if shape and isinstance(one, shape)]
        custom = [one for one in members if isinstance(one, described.CustomType)]
        if fitting or (custom and value is not None):
            return self.walk((fitting or custom)[0], value, path)
        nested = (*_Record.__args__, described.DictType, *_Sequence.__args__, described.CustomType)
        simple = [self._end(one) for one in members if not isinstance(one, nested)]
        if not simple:
            return self._add(path, "invalid", tell_misfit(value, members))
        union = simple[0]
        for one in simple[1:]:
            union = cast("Any", union) | one
        return self._convert(union, value, path, members)

    def _walk_tagged(self, members: list[described.StructType], value: dict[str, object], path: _Path) -> object:
        name = cast("str", members[0].tag_field)
        if name not in value:
            return self._add((*path, name), "missing", "A value is required.")
        for one in members:
            if one.tag == value[name]:
                return self._walk_record(one, value, path)
        choices = ", ".join(str(one.tag) for one in members)
        return self._add((*path, name), "invalid", f"{shorten(value[name])} is not one of {choices}.")

    def _check_length(self, kind: described.Type, value: Sequence[object] | dict[str, object], path: _Path) -> None:
        least: int | None = getattr(kind, "min_length", None)
        most: int | None = getattr(kind, "max_length", None)
        if (least is not None and len(value) < least) or (most is not None and len(value) > most):
            self._add(path, "invalid", tell_length(value, least, most))

    def _convert(
        self, written: object, value: object, path: _Path, kinds: Sequence[described.Type], *, strict: bool = True
    ) -> object:
        """Let msgspec convert a value to one of some types, which are told where it refuses."""
        try:
            return msgspec.convert(value, cast("Any", written), strict=strict, dec_hook=self._hook)
        except (ValueError, TypeError) as error:
            # A named tuple, or a Struct that is sent as a list, may be wrong deep within it or say why by itself.
            if _AT in str(error) or any(
                isinstance(kind, described.StructType) and written is kind.cls for kind in kinds
            ):
                return self._refuse(error, path)
            notes = [note for kind in kinds if (note := self._notes.get(id(kind)))]
            return self._add(path, "invalid", tell_misfit(value, kinds, *notes[:1]))

    def _make(self, make: Callable[[], object], path: _Path) -> object:
        try:
            return make()
        except (ValueError, TypeError) as error:
            return self._refuse(error, path)

    def _refuse(self, error: Exception, path: _Path) -> object:
        if is_pydantic_error(error):
            self.faults += iter_model_faults(cast("ValueError", error), path)
        elif len(self.faults) < MOST_FAULTS:
            self.faults.append(place_error(error, path))
        return _REFUSED

    def _add(self, path: _Path, kind: FaultType, message: str) -> object:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(describe_fault("body", path, kind, message))
        return _REFUSED


def place_error(error: Exception, path: Sequence[Step] = ()) -> Fault:
    """Make an entry of what msgspec said itself: ``Expected `int`, got `str` - at `$.lines[0].qty```.

    Args:
        error: What it raised, or what a class raised that it made.
        path: The way to the value that it was given.
    """
    message, found, place = str(error).rpartition(_AT)
    if not found:
        return describe_fault("body", path, "invalid", f"{str(error).removesuffix('.')}.")
    steps = place.removesuffix("`").replace("[", ".").replace("]", "").split(".")
    within = [int(step) if step.isdecimal() else step for step in steps if step]
    return describe_fault("body", [*path, *within], "invalid", f"{message}.")


def find_foreign(kind: object) -> type | None:
    """Give a class within a type that nobody can make from JSON; None without one."""
    customs = (one.cls for one in iter_types(described.type_info(kind)) if isinstance(one, described.CustomType))
    return next((custom for custom in customs if not is_pydantic(custom)), None)


def iter_types(kind: described.Type) -> Iterator[described.Type]:
    """Give every type within a type, each once."""
    seen: set[int] = set()
    pending: list[object] = [kind]
    while pending:
        one = pending.pop()
        if isinstance(one, tuple):
            pending += one
        elif isinstance(one, described.Type | described.Field) and id(one) not in seen:
            seen.add(id(one))
            pending += [getattr(one, name) for name in one.__struct_fields__]
            if isinstance(one, described.Type):
                yield one


def _written(kind: described.Type) -> object:
    """Write a type again as msgspec takes it; an end of the walk, with its rules."""
    if isinstance(kind, described.EnumType):
        return kind.cls
    if isinstance(kind, described.LiteralType):
        return Literal[kind.values]
    plain = _PLAIN.get(type(kind))
    if plain is None and not isinstance(kind, described.NoneType):
        cls: object = getattr(kind, "cls", Any)
        return cls
    rules = {rule: limit for rule in _RULES if (limit := getattr(kind, rule, None)) is not None}
    return Annotated[plain, msgspec.Meta(**rules)] if rules else plain
