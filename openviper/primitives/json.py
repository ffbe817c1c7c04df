"""JSON bytes from values and back, the same everywhere in the framework."""

import decimal
from collections.abc import Set as AbstractSet
from pathlib import PurePath

import orjson

__all__ = ["decode", "encode"]

# Keys that are not text (numbers, dates, UUIDs) are written as text, as the stdlib does.
_OPTIONS = orjson.OPT_NON_STR_KEYS


def encode(value: object, *, indent: bool = False) -> bytes:
    """Encode a value as UTF-8 JSON.

    Carries what JSON knows, and dataclasses, msgspec Structs, pydantic models, enums, UUIDs, dates and times
    (ISO 8601), decimals and paths (as text), sets and tuples (as lists).

    Args:
        value: What to encode.
        indent: True writes two spaces a level, for people.

    Raises:
        TypeError: The value holds something that JSON cannot carry; the message names its type.
    """
    return orjson.dumps(value, _carry, _OPTIONS | orjson.OPT_INDENT_2 if indent else _OPTIONS)


def decode(data: bytes | bytearray | memoryview | str) -> object:
    """Decode JSON text.

    Raises:
        orjson.JSONDecodeError: The text is not JSON (a ValueError with ``msg``, ``lineno`` and ``colno``).
    """
    return orjson.loads(data)


def _carry(value: object) -> object:
    """Turn what orjson does not know into what it does; called for such values only."""
    if isinstance(value, decimal.Decimal | PurePath):
        return str(value)
    if isinstance(value, AbstractSet | tuple):  # named tuples; plain ones are orjson's own
        return list(value)
    if hasattr(value, "__struct_fields__"):
        # Loaded already where there is a Struct; at the top it would cost every start 5 ms.
        import msgspec

        return msgspec.to_builtins(value)
    dump = getattr(value, "model_dump", None)  # pydantic is optional, so its models are known by their method
    if callable(dump):
        return dump(mode="json")
    raise TypeError(f"{type(value).__qualname__} is not JSON serializable")
