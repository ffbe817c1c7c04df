"""JSON of values that nest deeper than encoders follow, which are written by a stack of one's own.

A body may nest about a thousand levels, and whoever answers with what was sent must not need a call for each of them.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

__all__ = ["encode_nested"]

_PLAIN: Final = (str, int, float, bool, type(None))
_CLOSINGS: Final = (b"]", b"}")
# No decoder gives as much, and a value that holds itself would be written for ever.
_DEEPEST: Final = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class _Text:
    """What is written as it is."""

    text: bytes


def encode_nested(value: object, encode: Callable[[object], bytes]) -> bytes:
    """Encode a value of any depth, without indentation.

    Args:
        value: What to encode.
        encode: Writes what is no mapping, sequence, dataclass or Struct.

    Raises:
        TypeError: JSON cannot carry some value within, or it holds itself.
    """
    written: list[bytes] = []
    waiting: list[object] = [value]
    depth = 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, _Text):
            written.append(one.text)
            depth -= one.text in _CLOSINGS
        elif isinstance(one, _PLAIN):
            written.append(encode(one))
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += reversed(_joined(b"[", [[item] for item in one], b"]"))
            depth += 1
        elif (members := _members(one)) is not None:
            # Keys may be numbers, dates and the like, whose writing orjson knows.
            names = [orjson.dumps({name: 0}, option=orjson.OPT_NON_STR_KEYS)[1:-2] for name in members]
            pairs = [[_Text(name), item] for name, item in zip(names, members.values(), strict=True)]
            waiting += reversed(_joined(b"{", pairs, b"}"))
            depth += 1
        else:
            written.append(encode(one))
        if depth > _DEEPEST:
            raise TypeError(f"a value nests more than {_DEEPEST} levels, or holds itself")
    return b"".join(written)


def _members(value: Any) -> Mapping[object, object] | None:
    """Give the members of what is written as an object; None for anything else."""
    if isinstance(value, Mapping):
        return value
    if hasattr(value, "__struct_fields__"):
        config = value.__struct_config__
        tag = {} if config.tag is None else {config.tag_field: config.tag}
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return tag | {written: getattr(value, name) for written, name in names}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _joined(opening: bytes, parts: Iterable[list[Any]], closing: bytes) -> list[object]:
    joined: list[object] = [_Text(opening)]
    for part in parts:
        joined += [*part, _Text(b",")]
    if len(joined) > 1:
        joined.pop()
    return [*joined, _Text(closing)]
