"""The rules that a marker or ``msgspec.Meta`` sets for a value: least and most, lengths, a pattern."""

import dataclasses
import datetime as dt
import decimal
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, Final, Protocol, TypeAlias, cast

from openviper.routing.params import RULES

__all__ = ["Check", "describe_rules", "find_check", "find_rules", "find_unkept", "misplaced_rule"]

Check: TypeAlias = Callable[[object], bool]

# Whose objects set rules, and those of them that ask for nothing.
_RULING: Final = ("msgspec", "annotated_types", "pydantic")
_REMARKS: Final = ("DocInfo", "Unit")
_ORDERED: Final = (int, float, decimal.Decimal, dt.date, dt.datetime, dt.time, dt.timedelta)
_NUMBERS: Final = (int, float, decimal.Decimal)
_WORDS: Final[dict[str, str]] = {
    "gt": "greater than {}",
    "ge": "at least {}",
    "lt": "less than {}",
    "le": "at most {}",
    "multiple_of": "a multiple of {}",
    "pattern": "fitting the pattern {}",
}


class _Field(Protocol):
    """What is looked at of pydantic's ``Field(...)``."""

    default: object
    default_factory: object
    metadata: list[object]
    validation_alias: object


class _Meta(Protocol):
    """What ``msgspec.Meta`` has that is no rule of ours."""

    tz: bool | None


def find_rules(metadata: object) -> dict[str, object]:
    """Give the rules that one object of an ``Annotated`` sets; none for an object that has nothing to do with them."""
    found: dict[str, object] = {}
    for part in _iter_parts(metadata):
        if _package(part) in _RULING:
            given = ((name, getattr(part, name, None)) for name in RULES)
            found |= {name: value for name, value in given if value is not None}
    return found


def find_unkept(metadata: object) -> object | None:
    """Give what an object of an ``Annotated`` asks for that no rule of ours is; None if there is nothing."""
    if _is_field(metadata):
        # A field of pydantic in a place that is none of a model: its name and its default would be lost.
        field = cast("_Field", metadata)
        is_bare = field.validation_alias is None and field.default_factory is None
        if not is_bare or repr(field.default) != "PydanticUndefined":
            return metadata
    for part in _iter_parts(metadata):
        package = _package(part)
        if package == "msgspec":
            if cast("_Meta", part).tz is not None:
                return part
        elif package in _RULING and type(part).__name__ not in _REMARKS:
            asked = {name for name, value in _iter_options(part) if value is not None}
            if not asked or not asked <= set(RULES):
                return part
    return None


def misplaced_rule(rules: Mapping[str, object], kind: object, *, is_list: bool) -> str | None:
    """Name the first rule that a value of the type cannot be held to, or that is no rule; None if there is none."""
    for name, limit in rules.items():
        if name in ("min_length", "max_length"):
            fits = (kind is str or is_list) and isinstance(limit, int) and limit >= 0
        elif name == "pattern":
            fits = kind is str and _is_pattern(limit)
        elif name == "multiple_of":
            fits = kind in _NUMBERS and isinstance(limit, _NUMBERS) and limit != 0
        else:
            fits = kind in _ORDERED and isinstance(limit, _NUMBERS if kind in _NUMBERS else cast("type", kind))
        if not fits:
            return f"{name}={limit!r}"
    return None


def find_check(rules: Mapping[str, object]) -> Check:
    """Choose what tells whether a value keeps every rule."""
    checks = [_check_of(name, limit) for name, limit in rules.items()]
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def describe_rules(rules: Mapping[str, object], *, unit: str = "characters") -> str:
    """Say the rules for people, to stand right after the name of a type; empty without rules."""
    others = [_WORDS[name].format(limit) for name, limit in rules.items() if name in _WORDS]
    told = _describe_length(rules.get("min_length"), rules.get("max_length"), unit)
    return f"{told}, {' and '.join(others)}" if others else told


def _describe_length(least: object, most: object, unit: str) -> str:
    last = least if most is None else most
    if last == 1:
        unit = unit.removesuffix("s")
    if least is None:
        return "" if most is None else f" of at most {most} {unit}"
    if most is None:
        return f" of at least {least} {unit}"
    return f" of {least} {unit}" if least == most else f" of {least} to {most} {unit}"


def _iter_parts(metadata: object) -> Iterator[object]:
    """Give what an object of pydantic or of annotated_types is made of; others as they are."""
    package = _package(metadata)
    if _is_field(metadata):
        yield from cast("_Field", metadata).metadata
    elif package in ("pydantic", "annotated_types") and isinstance(metadata, Iterable):
        yield from metadata
    else:
        yield metadata


def _iter_options(part: object) -> Iterator[tuple[str, object]]:
    if dataclasses.is_dataclass(part):
        for one in dataclasses.fields(part):
            yield one.name, getattr(part, one.name)
    else:
        yield from getattr(part, "__dict__", {}).items()


def _is_field(metadata: object) -> bool:
    return _package(metadata) == "pydantic" and type(metadata).__name__ == "FieldInfo"


def _package(metadata: object) -> str:
    return type(metadata).__module__.partition(".")[0]


def _check_of(name: str, limit: Any) -> Check:  # a number or a date, as the author of the route wrote it
    if name == "pattern":
        search = re.compile(str(limit)).search
        return lambda value: search(cast("str", value)) is not None
    if name in ("min_length", "max_length"):
        is_least = name == "min_length"
        return lambda value: (len(cast("Sized", value)) >= limit) if is_least else (len(cast("Sized", value)) <= limit)
    checks: dict[str, Check] = {
        "gt": lambda value: bool(limit < value),
        "ge": lambda value: bool(limit <= value),
        "lt": lambda value: bool(limit > value),
        "le": lambda value: bool(limit >= value),
        "multiple_of": lambda value: _is_multiple(value, limit),
    }
    return checks[name]


def _is_multiple(value: object, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    # As decimals, because 0.3 % 0.1 is not 0 in binary; a number of 300 digits has no such remainder.
    try:
        return decimal.Decimal(str(value)) % decimal.Decimal(str(step)) == 0
    except decimal.InvalidOperation:
        return False


def _is_pattern(pattern: object) -> bool:
    try:
        re.compile(str(pattern))
    except re.error:
        return False
    return True
