"""From the text of a request to the type of an argument; which types there are is asked when a route is registered."""

import datetime as dt
import decimal
import enum
import re
import uuid
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, cast, get_args, get_origin

__all__ = ["Reader", "find_reader", "is_readable", "name_expected"]

Reader: TypeAlias = Callable[[str], object]

_PLAIN_TYPES: Final = frozenset(
    {str, int, float, bool, uuid.UUID, decimal.Decimal, dt.date, dt.datetime, dt.time, dt.timedelta}
)
_WORDS: Final[dict[object, str]] = {
    int: "a whole number",
    float: "a number",
    decimal.Decimal: "a number",
    bool: "true or false",
    str: "text",
    dt.datetime: "a valid date and time",
    dt.timedelta: "a valid duration (such as PT30M)",
}

# Python's own readers take underscores, spaces, digits of every script, nan, and as many digits as there are.
_is_whole: Final = re.compile(r"[+-]?[0-9]{1,19}").fullmatch
_is_number: Final = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?"
).fullmatch
# A checkbox of a form is sent as "on"; the others are what people write into addresses.
_BOOLS: Final = {
    "true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False,
}  # fmt: skip
_LONGEST_BOOL: Final = 5

_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**63 - 1


def is_readable(kind: object) -> bool:
    """Tell whether text can become this type: a plain one, or a Literal or an Enum of only str or only int."""
    if get_origin(kind) is Literal:
        return _is_uniform(get_args(kind))
    if not isinstance(kind, type):
        return False
    if issubclass(kind, enum.Enum):
        return _is_uniform(tuple(member.value for member in kind))
    return kind in _PLAIN_TYPES


def find_reader(kind: object) -> Reader:
    """Choose what reads a type for which ``is_readable`` holds; it raises a ValueError for text that is none."""
    own = _OWN.get(kind)
    if own is not None:
        return own
    if get_origin(kind) is Literal:
        return _literal_reader(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _enum_reader(kind)
    return _msgspec_reader(kind)


def name_expected(kind: object) -> str:
    """Say for people what text of this type is."""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(member) for member in get_args(kind))
    if isinstance(kind, enum.EnumType):
        return "one of " + ", ".join(str(member.value) for member in cast("type[enum.Enum]", kind))
    return _WORDS.get(kind, f"a valid {getattr(kind, '__name__', kind)}")


def _is_uniform(values: tuple[object, ...]) -> bool:
    # A bool is an int and a member may be text, but neither is written as such.
    if not values or any(isinstance(value, bool | enum.Enum) for value in values):
        return False
    return any(all(isinstance(value, kind) for value in values) for kind in (str, int))


def _read_int(text: str) -> int:
    if not _is_whole(text):
        raise ValueError("not 1 to 19 digits")
    value = int(text)
    # The widest integer of every database engine; beyond it a query would fail.
    if not _MIN_INT <= value <= _MAX_INT:
        raise ValueError("more than 64 bits")
    return value


def _read_float(text: str) -> float:
    if not _is_number(text):
        raise ValueError("not a decimal number")
    value = float(text)
    if value - value != 0:  # only infinities differ from themselves; nan is no number above
        raise ValueError("larger than a float")
    return value


def _read_bool(text: str) -> bool:
    value = _BOOLS.get(text.lower()) if len(text) <= _LONGEST_BOOL else None
    if value is None:
        raise ValueError("neither true nor false")
    return value


def _read_decimal(text: str) -> decimal.Decimal:
    # The exponent is bounded by the pattern: int() of 1e99999999 would fill the memory.
    if not _is_number(text):
        raise ValueError("not a decimal number")
    return decimal.Decimal(text)


def _literal_reader(members: tuple[object, ...]) -> Reader:
    by_text = {str(member): member for member in members}

    def read(text: str) -> object:
        if text not in by_text:
            raise ValueError("none of the choices")
        return by_text[text]

    return read


def _enum_reader(kind: type[enum.Enum]) -> Reader:
    # By its call, so that an Enum with ``_missing_`` reads what it wants to.
    if isinstance(next(iter(kind)).value, str):
        return kind
    return lambda text: kind(_read_int(text))


def _msgspec_reader(kind: object) -> Reader:
    # At the top it would cost every start 5 ms; here the first request to such a route pays once.
    import msgspec

    def read(text: str) -> object:
        try:
            return msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error

    return read


_OWN: Final[dict[object, Reader]] = {
    str: str, int: _read_int, float: _read_float, bool: _read_bool, decimal.Decimal: _read_decimal,
}  # fmt: skip
