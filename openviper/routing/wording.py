"""What is told to people of a JSON value that does not fit, in the words that values of a query are told in."""

import datetime as dt
import decimal
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import inspect as described

from openviper.routing.faults import shorten
from openviper.routing.readers import name_expected
from openviper.routing.rules import describe_rules

__all__ = ["name_type", "tell_length", "tell_misfit"]

_NAMES: Final[Mapping[type[described.Type], str]] = {
    described.AnyType: "a value",
    described.NoneType: "null",
    described.BoolType: name_expected(bool),
    described.IntType: name_expected(int),
    described.FloatType: name_expected(float),
    described.StrType: name_expected(str),
    described.BytesType: "text in base64",
    described.ByteArrayType: "text in base64",
    described.MemoryViewType: "text in base64",
    described.DateTimeType: name_expected(dt.datetime),
    described.TimeType: name_expected(dt.time),
    described.DateType: name_expected(dt.date),
    described.TimeDeltaType: name_expected(dt.timedelta),
    described.UUIDType: name_expected(uuid.UUID),
    described.DecimalType: name_expected(decimal.Decimal),
    described.ListType: "a list",
    described.SetType: "a list",
    described.FrozenSetType: "a list",
    described.VarTupleType: "a list",
    described.TupleType: "a list",
    described.NamedTupleType: "a list",
}
_RULES: Final = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")
_ZONES: Final[Mapping[object, str]] = {True: " with a time zone", False: " without a time zone"}


def tell_misfit(value: object, kinds: Iterable[described.Type], note: str = "") -> str:
    """Say that a value is of none of some types.

    Args:
        value: As the JSON held it.
        kinds: The types.
        note: What the author says of the value, where a pattern says little; empty if nothing.
    """
    names = list(dict.fromkeys(map(name_type, kinds)))
    return f"{_tell(value)} is not {' or '.join(names)}{note and f' ({note})'}."


def tell_length(value: object, least: int | None, most: int | None) -> str:
    """Say that a list or an object has too few values, or too many."""
    limits = {name: limit for name, limit in (("min_length", least), ("max_length", most)) if limit is not None}
    return f"{_tell(value)}{describe_rules(limits, unit='values')} is expected, not of {len(_sized(value))}."


def name_type(kind: described.Type) -> str:
    """Name a type with its rules."""
    if isinstance(kind, described.Metadata):
        return name_type(kind.type)
    if isinstance(kind, described.EnumType):
        return name_expected(kind.cls)
    if isinstance(kind, described.LiteralType):
        return name_expected(Literal[kind.values])
    if isinstance(kind, described.CustomType):
        return f"a valid {kind.cls.__name__}"
    if type(kind) not in _NAMES:
        return "an object"
    rules = {rule: limit for rule in _RULES if (limit := getattr(kind, rule, None)) is not None}
    unit = "characters" if isinstance(kind, described.StrType | described.BytesType) else "values"
    return f"{_NAMES[type(kind)]}{_ZONES.get(getattr(kind, 'tz', None), '')}{describe_rules(rules, unit=unit)}"


def _tell(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "An object"
    return "A list" if isinstance(value, list) else shorten(value)


def _sized(value: object) -> Sequence[object] | Mapping[object, object]:
    return value if isinstance(value, list | dict) else ()
