"""What SQLite lacks and every connection is given: letters beyond ASCII, regular expressions, times in a zone.

Names of SQLite itself are left alone where it has such a function: an index over ``lower()`` that another program made
would no longer fit.
"""

import datetime as dt
import math
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Final, ParamSpec, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from openviper.db.exceptions import FieldValueError
from openviper.db.patterns import check_pattern, compile_pattern

__all__ = ["FUNCTIONS", "add_functions", "failure_of"]

P = ParamSpec("P")
T = TypeVar("T")

#: What SQLite takes from a function.
Result: TypeAlias = str | bytes | int | float | None

#: From so many characters on, a text may be too long for a pattern: no thread goes on while one is searched.
_MANY_CHARACTERS: Final = 10_000
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class _Here(threading.local):
    """What a function of ours raised last in this thread; SQLite tells only that one did."""

    failure: FieldValueError | None = None


_here = _Here()


def unicode_lower(value: object) -> str | None:
    """Give a text in small letters, also beyond ASCII; a number as its text."""
    return None if value is None else str(value).lower()


def unicode_upper(value: object) -> str | None:
    """Give a text in capitals, also beyond ASCII; a number as its text."""
    return None if value is None else str(value).upper()


def regexp(pattern: object, value: object) -> bool | None:
    """Tell whether a pattern is found in a text; ``value REGEXP pattern`` calls it in this order."""
    return _find(pattern, value, 0)


def iregexp(pattern: object, value: object) -> bool | None:
    """Tell whether a pattern is found in a text, whatever the case of its letters."""
    return _find(pattern, value, re.IGNORECASE)


def power(base: float | None, exponent: float | None) -> float | None:
    """Raise a number to a power."""
    return None if base is None or exponent is None else math.pow(base, exponent)


def modulo(dividend: int | None, divisor: int | None) -> int | None:
    """Give the rest of a division, with the sign of the dividend; None for one by 0."""
    if dividend is None or not divisor:
        return None
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def from_hex(text: str | None) -> bytes | None:
    """Give the bytes that a text writes in hexadecimal digits."""
    return None if text is None else bytes.fromhex(text)


def float_of(text: str | None) -> float | None:
    """Give the number that a text writes, ``inf`` and the like included."""
    return None if text is None else float(text)


def now_text() -> str:
    """Give the instant of now, as datetimes are stored; the same one throughout a statement."""
    return dt.datetime.now(dt.UTC).isoformat(" ", "microseconds")


def local_time(text: str | None, zone: str) -> str | None:
    """Give what clocks in a zone show at a stored instant."""
    if text is None:
        return None
    return dt.datetime.fromisoformat(text).astimezone(_zone(zone)).replace(tzinfo=None).isoformat(" ", "microseconds")


def shift_time(text: str | None, microseconds: int | None) -> str | None:
    """Move a stored datetime, in the form that it has."""
    if text is None or microseconds is None:
        return None
    return (dt.datetime.fromisoformat(text) + microseconds * _MICROSECOND).isoformat(" ", "microseconds")


def shift_day(text: str | None, microseconds: int | None, direction: int) -> str | None:
    """Move a stored date by whole days, forwards (1) or back (-1)."""
    if text is None or microseconds is None:
        return None
    days = (microseconds * _MICROSECOND).days
    return (dt.date.fromisoformat(text) + direction * dt.timedelta(days)).isoformat()


def time_between(later: str | None, earlier: str | None) -> int | None:
    """Give the microseconds from one stored datetime to another."""
    if later is None or earlier is None:
        return None
    return (dt.datetime.fromisoformat(later) - dt.datetime.fromisoformat(earlier)) // _MICROSECOND


#: Name to the number of arguments and what is called. Within a statement all give the same for the same, which spares
#: SQLite calls for what does not come from the row.
FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Result]]]] = {
    "float_of": (1, float_of),
    "from_hex": (1, from_hex),
    "iregexp": (2, iregexp),
    "local_time": (2, local_time),
    "modulo": (2, modulo),
    "now_text": (0, now_text),
    "power": (2, power),
    "regexp": (2, regexp),
    "shift_day": (3, shift_day),
    "shift_time": (2, shift_time),
    "time_between": (2, time_between),
    "unicode_lower": (1, unicode_lower),
    "unicode_upper": (1, unicode_upper),
}


def add_functions(raw: sqlite3.Connection) -> None:
    """Make the functions known to a connection."""
    for name, (count, function) in FUNCTIONS.items():
        raw.create_function(name, count, _noting(function), deterministic=True)


def failure_of(error: sqlite3.Error) -> FieldValueError | None:
    """Give what a function of ours raised in this thread, if it is behind an error of SQLite; it is then forgotten."""
    failure, _here.failure = _here.failure, None
    return failure if "user-defined function" in str(error) else None


def _find(pattern: object, value: object, flags: int) -> bool | None:
    if pattern is None or value is None:
        return None
    text = str(value)
    if len(text) > _MANY_CHARACTERS and len(text) > (most := check_pattern(str(pattern))):
        raise FieldValueError(
            f"this regular expression is tried on at most {most} characters on SQLite, and a text has {len(text)}; "
            "leave out long texts by another condition, or repeat less in the pattern"
        )
    return compile_pattern(str(pattern), flags).search(text) is not None


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _noting(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function note what it raises."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except FieldValueError as error:
            _here.failure = error
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # Not the error itself: SQLite takes an OverflowError for a text that is too long.
            _here.failure = FieldValueError(f"{function.__name__}() of SQLite: {error}")
            raise _here.failure from error

    return call
