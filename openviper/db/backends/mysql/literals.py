"""Values inside the text of a statement: the protocol of text has no other place for them.

What is written here is what the server reads: each type has one form, and a type without one is refused. The driver
would write ``repr`` of what it does not know, and a moment without its offset.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from openviper.db.backends.base import Args
from openviper.db.exceptions import QueryError

__all__ = ["written"]


def written(sql: str, args: Args, escape: Callable[[object], str]) -> bytes:
    """Put values into a statement.

    Args:
        sql: The statement. With values, ``%s`` is the place of one and ``%%`` a percent sign; without any, it is sent
            as it is.
        args: The values; a list or a tuple is one in brackets, for ``IN``.
        escape: Writes a text as a literal, in the way that the session reads one.

    Raises:
        QueryError: A value has a type that the engine has no literal for, or places and values differ in number.
    """
    if not args:
        return _encoded(sql)
    values = [_literal(value, escape) for value in args]
    try:
        return _encoded(sql % tuple(values))
    except (TypeError, ValueError) as error:
        raise QueryError(
            f"the statement and its {len(values)} values do not fit: {error}; %s is the place of a value, and a "
            "percent sign is written twice"
        ) from None


def _literal(value: object, escape: Callable[[object], str]) -> str:
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is str:
        return escape(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if isinstance(value, list | tuple):
        # Nothing is in a list without values, and everything is not in it; of (NULL) neither is known.
        listed = ",".join([_literal(one, escape) for one in value]) or "SELECT NULL WHERE FALSE"
        return f"({listed})"
    return _write_other(value, escape)


def _encoded(sql: str) -> bytes:
    try:
        return sql.encode()
    except UnicodeEncodeError:
        raise QueryError("the statement or a value holds half of a surrogate pair, which is no character") from None


def _write_float(value: float) -> str:
    if not math.isfinite(value):
        raise QueryError(f"the engine has no number {value}")
    text = repr(value)
    # Without an exponent it would be a decimal to the engine.
    return text if "e" in text else f"{text}e0"


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise QueryError(f"the engine has no number {value}")
    return f"{value:f}"


def _write_bytes(value: bytes) -> str:
    return f"x'{value.hex()}'"


def _write_datetime(value: datetime) -> str:
    # Sessions live in UTC, and no type of the engine keeps an offset.
    plain = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return f"TIMESTAMP'{plain.isoformat(' ')}'"


def _write_date(value: date) -> str:
    return f"DATE'{value.isoformat()}'"


def _write_time(value: time) -> str:
    if value.tzinfo is not None:
        raise QueryError("a time of day with an offset cannot be sent, as nothing keeps the offset")
    return f"TIME'{value.isoformat()}'"


def _write_timedelta(value: timedelta) -> str:
    sign, length = ("-", -value) if value.days < 0 else ("", value)
    hours, rest = divmod(length.days * 86_400 + length.seconds, 3600)
    return f"TIME'{sign}{hours:02}:{rest // 60:02}:{rest % 60:02}.{length.microseconds:06}'"


_WRITERS: Final[Mapping[type, Callable[..., str]]] = {
    type(None): lambda _: "NULL",
    bool: lambda value: "1" if value else "0",
    float: _write_float,
    Decimal: _write_decimal,
    bytes: _write_bytes,
    bytearray: _write_bytes,
    memoryview: _write_bytes,
    datetime: _write_datetime,
    date: _write_date,
    time: _write_time,
    timedelta: _write_timedelta,
}


def _write_other(value: object, escape: Callable[[object], str]) -> str:
    """Write what is of a type derived from one that has a form, such as the member of an enum."""
    if isinstance(value, str):
        return escape(str.__str__(value))
    if isinstance(value, int):
        return str(int(value))
    for kind in (float, Decimal, datetime, date):
        if isinstance(value, kind):
            return _WRITERS[kind](value)
    raise QueryError(f"a value of type {type(value).__name__} has no form in SQL; convert it to text, number or bytes")
