"""JSON bytes from values and back, the same everywhere in the framework."""

import dataclasses
import datetime as dt
import decimal
import functools
from collections.abc import Callable, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from pathlib import PurePath
from typing import Final

import orjson
from orjson import dumps

__all__ = ["carry", "decode", "dumps", "encode", "struct_encoder"]

# Keys that are not text (numbers, dates, UUIDs) are written as text, as the stdlib does.
_ANY_KEYS: Final = orjson.OPT_NON_STR_KEYS


# As pydantic writes one by itself.
_MASK: Final = "**********"
_URLS: Final = frozenset(
    (module, name)
    for module in ("pydantic", "pydantic_core")
    for name in ("Url", "MultiHostUrl", "_BaseUrl", "_BaseMultiHostUrl")
)


def encode(value: object, *, indent: bool = False) -> bytes:
    """Encode a value as UTF-8 JSON.

    Carries what JSON knows, and dataclasses, msgspec Structs, pydantic models (by their aliases), enums, UUIDs, dates,
    times and durations (ISO 8601), decimals, paths, network addresses and URLs of pydantic (as text), sets, tuples and
    other sequences (as lists), other mappings (as objects). A secret of pydantic's is written as asterisks.

    Args:
        value: What to encode.
        indent: True writes two spaces a level, for people.

    Raises:
        TypeError: The value holds something that JSON cannot carry; the message names its type.
    """
    layout = orjson.OPT_INDENT_2 if indent else 0
    try:
        # Nearly all keys are text, and without the option orjson takes 5.3 instead of 9.2 us for 100 rows.
        return dumps(value, carry, layout)
    except (TypeError, RecursionError):
        pass  # tried again below, where it is told apart
    try:
        return dumps(value, carry, layout | _ANY_KEYS)
    except (TypeError, RecursionError) as error:
        if not _is_too_large(error):
            # What carry() says of the value is told, and not that it said something.
            said = error.__cause__
            if isinstance(said, TypeError):
                raise said from said.__cause__
            raise
    # JSON sets no bound for a number, and a body may nest 1,000 levels where orjson writes 254; what a client has sent
    # may be answered as it came.
    try:
        return _encode_large(value, indent=indent)
    except RecursionError:
        # Only what nests deeper than the stack needs it, and people read no such layout.
        from openviper.primitives.nested import encode_nested

        return encode_nested(value, encode)


def decode(data: bytes | bytearray | memoryview | str) -> object:
    """Decode JSON text.

    Raises:
        orjson.JSONDecodeError: The text is not JSON (a ValueError with ``msg``, ``lineno`` and ``colno``).
    """
    return orjson.loads(data)


@functools.cache
def struct_encoder() -> Callable[[object], bytes]:
    """Give what encodes msgspec Structs fastest; it carries what ``encode`` does."""
    # Loaded already where there is a Struct; at the top it would cost every start 5 ms.
    import msgspec

    return msgspec.json.Encoder(enc_hook=carry).encode


def carry(value: object) -> object:
    """Turn what orjson does not know into what it does; called for such values only.

    Raises:
        TypeError: Nothing can be made of it.
    """
    if hasattr(value, "__struct_fields__"):
        # Asked first, and written by what knows it instead of taken apart for orjson: twice as fast for 100 rows.
        return orjson.Fragment(struct_encoder()(value))
    if isinstance(value, decimal.Decimal | PurePath):
        return str(value)
    if isinstance(value, dt.timedelta):
        return _format_duration(value)
    if isinstance(value, AbstractSet | tuple):  # named tuples; plain ones are orjson's own
        return list(value)
    dump = getattr(value, "model_dump", None)  # pydantic is optional, so its models are known by their method
    if callable(dump):
        # By the names that a client sends them under, as Structs are.
        return dump(mode="json", by_alias=True)
    return _carry_rare(value)


def _carry_rare(value: object) -> object:
    if callable(getattr(value, "get_secret_value", None)):
        return _MASK if value else ""
    if isinstance(value, Mapping):
        return dict(value)
    # deque, range, and whatever else has an order; bytes have one too, and no form in JSON.
    if isinstance(value, Sequence | ValuesView) and not isinstance(value, bytes | bytearray | memoryview):
        return list(value)
    # Nobody returns an address of a module that has not been loaded, and the start goes without it.
    if type(value).__module__ == "ipaddress" or _is_url(value):
        return str(value)
    raise TypeError(f"{type(value).__qualname__} is not JSON serializable{_advise(type(value))}")


def _advise(kind: type) -> str:
    """Say what to write in place of a value; it is known by its methods, as the ORM stands above."""
    if callable(getattr(kind, "to_dict", None)):  # an instance of a model, which can be awaited too
        return "; write its to_dict(), or read rows as data: await rows.values()"
    if hasattr(kind, "get_queryset"):
        return "; it has rows that have not been read: await rows.values() gives them as data"
    if hasattr(kind, "__await__"):
        has_rows = hasattr(kind, "__aiter__")
        return "; it has to be awaited: await rows.values() gives its rows as data" if has_rows else "; await it first"
    return ""


def _is_url(value: object) -> bool:
    """Tell whether it is a URL of pydantic's: of the core's own classes, or of one below AnyUrl."""
    return any((base.__module__.partition(".")[0], base.__name__) in _URLS for base in type(value).__mro__)


def _format_duration(value: dt.timedelta) -> str:
    """Write a duration as ISO 8601 does, which is how arguments and Structs read one."""
    sign, value = ("-", -value) if value.days < 0 else ("", value)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    days = f"{value.days}D" if value.days or not value else ""
    time = f"T{value.seconds}{fraction}S" if value.seconds or fraction else ""
    return f"{sign}P{days}{time}"


def _is_too_large(error: Exception | None) -> bool:
    """Tell whether a number or the depth is what cannot be written; orjson gives an error of ours as the cause."""
    if error is None or isinstance(error, RecursionError):
        return error is not None
    cause = error.__cause__
    text = str(error)
    return "64-bit" in text or "Recursion limit" in text or (isinstance(cause, Exception) and _is_too_large(cause))


def _encode_large(value: object, *, indent: bool) -> bytes:
    import json  # slow, and used for large numbers and deep values only

    def prepare(one: object) -> object:
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            return dataclasses.asdict(one)
        try:
            return carry(one)
        except TypeError:
            return orjson.loads(dumps(one))  # dates, UUIDs, enums: orjson knows how they are written

    # The stdlib writes Infinity and NaN, which are no JSON; read back they become the null that orjson writes.
    plain = json.loads(json.dumps(value, default=prepare), parse_constant=lambda _: None)
    separators = None if indent else (",", ":")
    text = json.dumps(plain, ensure_ascii=False, indent=2 if indent else None, separators=separators)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TypeError("str is not valid UTF-8: surrogates not allowed") from error  # as orjson says it
