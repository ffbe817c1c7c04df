"""From a piece of a path to a value and back."""

import decimal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters, digits, hexdigits
from typing import Final

from openviper.routing.exceptions import RouteError

__all__ = [
    "CONVERTERS",
    "MAX_DIGITS",
    "Converter",
    "find_parser",
    "is_whole_number",
    "register_converter",
    "reset_converters",
]

_SLUG_CHARACTERS: Final = frozenset(ascii_letters + digits + "-_")
_HEX_DIGITS: Final = frozenset(hexdigits)
_DOTS: Final = frozenset((".", ".."))
_NO_PARTS: Final = _DOTS | {""}
# 18 digits always fit a signed 64-bit integer, the widest key of every database engine.
MAX_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Converter:
    """One kind of path parameter.

    Args:
        name: How a pattern asks for it: ``{book_id:int}``.
        parse: Text of the path, percent-decoded, to the value; a ValueError means that this path does not match.
        format: The value to text of a path, before percent-encoding; a ValueError means that it cannot stand there.
        rank: Order of trial where several kinds stand in one place, lowest first.
        spans_segments: Whether the value may hold slashes; such a parameter stands at the end of a pattern.
        gives: Type of the values, which the handler's annotation must agree with; text is converted to whatever the
            annotation says. None leaves it unchecked.
    """

    name: str
    parse: Callable[[str], object]
    format: Callable[[object], str]
    rank: int = 5
    spans_segments: bool = False
    gives: type | None = None


def register_converter(converter: Converter) -> None:
    """Make a kind of path parameter known under its name, for patterns written from now on.

    Raises:
        RouteError: The name is taken by another converter, or is no identifier.
    """
    if not converter.name.isidentifier():
        raise RouteError(f"converter name {converter.name!r} is no identifier")
    if CONVERTERS.setdefault(converter.name, converter) != converter:
        raise RouteError(f"a path converter {converter.name!r} exists already; choose another name")


def reset_converters() -> None:
    """Forget every converter that a project has registered; patterns that use one keep it. For tests."""
    for name in CONVERTERS.keys() - _BUILT_IN:
        del CONVERTERS[name]


def find_parser(converter: Converter) -> Callable[[str], object]:
    """Give what reads text of a client: ``parse``, kept from NUL and dot segments where a project wrote it."""
    if converter.name in _BUILT_IN:
        return converter.parse

    def parse(text: str) -> object:
        if "\0" in text or not _DOTS.isdisjoint(text.split("/")):
            raise ValueError("a dot segment, or holding NUL")
        return converter.parse(text)

    return parse


def is_whole_number(converter: Converter) -> bool:
    """Tell whether a converter is the framework's own ``int``: 1 to ``MAX_DIGITS`` ASCII digits."""
    return converter.parse is _parse_int


def _parse_str(text: str) -> str:
    if not text or text in (".", "..") or "\0" in text:
        raise ValueError("empty, a dot segment, or holding NUL")
    return text


def _format_str(value: object) -> str:
    text = str(value)
    if "/" in text:
        raise ValueError("it must be one segment of a path")
    return _parse_str(text)


def _parse_int(text: str) -> int:
    if len(text) > MAX_DIGITS or not (text.isascii() and text.isdigit()):
        raise ValueError("not 1 to 18 digits")
    return int(text)


def _format_int(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**MAX_DIGITS:
        raise ValueError("it must be a whole number of at most 18 digits, not negative")
    return str(value)


def _parse_float(text: str) -> float:
    whole, point, fraction = text.partition(".")
    if len(text) > 2 * MAX_DIGITS or not text.isascii() or not whole.isdigit() or (point and not fraction.isdigit()):
        raise ValueError("not a decimal number")
    return float(text)


def _format_float(value: object) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("it must be a number")
    # The shortest digits that give the value again, without an exponent.
    shortest = float.__repr__(value) if isinstance(value, float) else int.__repr__(value)
    text = f"{decimal.Decimal(shortest):f}".removesuffix(".0")
    if _parse_float(text) != value:
        raise ValueError("it is not the same number as a float")
    return text


def _parse_uuid(text: str) -> uuid.UUID:
    # uuid.UUID accepts braces, prefixes, missing dashes and whatever int() reads: one value would have many addresses.
    if (
        len(text) != 36
        or text[8] + text[13] + text[18] + text[23] != "----"
        or not _HEX_DIGITS.issuperset(text.replace("-", ""))
    ):
        raise ValueError("not a UUID in its usual form")
    return uuid.UUID(text)


def _format_uuid(value: object) -> str:
    return str(value if isinstance(value, uuid.UUID) else _parse_uuid(str(value)))


def _parse_slug(text: str) -> str:
    if not text or not _SLUG_CHARACTERS.issuperset(text):
        raise ValueError("not letters, digits, '-' and '_'")
    return text


def _format_slug(value: object) -> str:
    return _parse_slug(str(value))


def _parse_path(text: str) -> str:
    # Clients resolve dot segments before they ask, so one that arrives is an attempt to leave a folder; an empty part
    # at the front would make the path absolute, and a backslash separates parts on Windows.
    if text and ("\0" in text or "\\" in text or not _NO_PARTS.isdisjoint(text.split("/"))):
        raise ValueError("it must be a relative path without backslashes, NUL, empty parts, '.' or '..'")
    return text


def _format_path(value: object) -> str:
    return _parse_path(str(value))


# The kinds that patterns can name; ``register_converter`` adds to it, ``reset_converters`` undoes that.
CONVERTERS: Final[dict[str, Converter]] = {
    converter.name: converter
    for converter in (
        Converter("int", _parse_int, _format_int, rank=1, gives=int),
        Converter("uuid", _parse_uuid, _format_uuid, rank=2, gives=uuid.UUID),
        Converter("float", _parse_float, _format_float, rank=3, gives=float),
        Converter("slug", _parse_slug, _format_slug, rank=6, gives=str),
        Converter("str", _parse_str, _format_str, rank=8, gives=str),
        Converter("path", _parse_path, _format_path, rank=9, spans_segments=True, gives=str),
    )
}
_BUILT_IN: Final = frozenset(CONVERTERS)
