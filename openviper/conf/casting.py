"""Text from an environment variable to a value of a setting's type."""

import enum
import math
import re
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import Any, Final, Literal

from openviper.conf.annotations import describe, fit, matches, members

__all__ = ["cast"]

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_NOTHING: Final = frozenset({"", "none", "null"})


def cast(text: str, annotation: object) -> object:
    """Read the text of a variable as a value of a type.

    - ``bool``: ``1``, ``true``, ``yes``, ``on`` or ``0``, ``false``, ``no``, ``off``, in any case of letters
    - ``int``, ``float``, ``str``, ``Path``: as Python reads them; numbers are finite
    - ``tuple``, ``set``, ``frozenset``: items between commas, each read by its own type, or a JSON list; empty text is
      no items
    - ``timedelta``: seconds
    - ``dict``, ``list``: JSON
    - ``Literal``: one of its values, letters in any case; ``Enum``: a value or a name
    - a union: ``None`` for empty text, ``none`` or ``null`` if it is allowed, else the first alternative that
      reads the text, with ``str`` tried last

    Args:
        text: The text as it stands in the environment.
        annotation: The type of the setting.

    Raises:
        ValueError: The text is no value of the type; the message says what is, and does not repeat the text.
    """
    options = members(annotation)
    if len(options) == 1:
        return _cast_one(text, options[0])
    if type(None) in options and text.strip().lower() in _NOTHING:
        return None
    for option in sorted(options, key=lambda option: option is str):
        try:
            return _cast_one(text, option)
        except ValueError:
            continue
    raise ValueError(f"expected {describe(annotation)}")


def _cast_one(text: str, annotation: object) -> object:
    kind = typing.get_origin(annotation) or annotation
    if kind in _READERS:
        return _READERS[kind](text, annotation)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _cast_choice(text, {member.name: member for member in kind} | {str(it.value): it for it in kind})
    if isinstance(kind, type) and issubclass(kind, PurePath):
        return kind(text)
    raise ValueError(f"a value of type {describe(annotation)} cannot be given as a variable")


def _cast_text(text: str, _annotation: object) -> str:
    return text


def _cast_bool(text: str, _annotation: object) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("expected bool: true or false, yes or no, on or off, 1 or 0")
    return word in _TRUE


def _cast_int(text: str, _annotation: object) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("expected int: a whole number") from None


def _cast_float(text: str, _annotation: object) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("expected float: a number")
    return number


def _cast_seconds(text: str, annotation: object) -> timedelta:
    try:
        return timedelta(seconds=_cast_float(text, annotation))
    except (ValueError, OverflowError):
        raise ValueError("expected timedelta: a number of seconds") from None


def _cast_items(text: str, annotation: object) -> object:
    if _is_json_list(text):
        return _cast_json(text, annotation)
    words = [word.strip() for word in text.split(",") if word.strip()]
    arguments = typing.get_args(annotation)
    if not arguments:
        return tuple(words)
    if arguments[1:] == (Ellipsis,):
        return tuple(cast(word, arguments[0]) for word in words)
    if len(words) != len(arguments):
        raise ValueError(f"expected {describe(annotation)}: {len(arguments)} items between commas")
    return tuple(map(cast, words, arguments))


def _cast_members(text: str, annotation: object) -> object:
    if _is_json_list(text):
        return _cast_json(text, annotation)
    arguments = typing.get_args(annotation)
    found = {cast(word.strip(), arguments[0] if arguments else str) for word in text.split(",") if word.strip()}
    return frozenset(found) if (typing.get_origin(annotation) or annotation) is frozenset else found


def _is_json_list(text: str) -> bool:
    # RFC 3986 3.2.2 writes an IPv6 address in brackets, as a host among others.
    return text.lstrip().startswith("[") and re.match(r"\s*\[[0-9a-f.]*:[0-9a-f:.]*\]", text, re.IGNORECASE) is None


def _cast_json(text: str, annotation: object) -> object:
    import json  # few variables hold JSON

    kind = typing.get_origin(annotation) or annotation
    try:
        value = json.loads(text)
        if isinstance(value, list) and (kind is set or kind is frozenset):
            value = kind(value)
    except (ValueError, TypeError) as error:  # a list of lists makes no set
        raise ValueError(f"expected {describe(annotation)} as JSON; {error}") from None
    value = fit(value, annotation)
    if not matches(value, annotation):
        raise ValueError(f"expected {describe(annotation)} as JSON")
    return value


def _cast_literal(text: str, annotation: object) -> object:
    return _cast_choice(text, {str(choice): choice for choice in typing.get_args(annotation)})


def _cast_choice(text: str, choices: Mapping[str, object]) -> object:
    for written, choice in choices.items():
        if written.lower() == text.strip().lower():
            return choice
    raise ValueError(f"expected one of: {', '.join(choices)}")


_READERS: Final[dict[object, Callable[[str, object], object]]] = {
    Any: _cast_text,
    Literal: _cast_literal,
    bool: _cast_bool,
    dict: _cast_json,
    float: _cast_float,
    frozenset: _cast_members,
    int: _cast_int,
    list: _cast_json,
    object: _cast_text,
    set: _cast_members,
    str: _cast_text,
    timedelta: _cast_seconds,
    tuple: _cast_items,
}
