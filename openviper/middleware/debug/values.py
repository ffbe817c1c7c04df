"""Values as short text for a developer: bounded, without secrets, and whatever their own classes do."""

import contextlib
import dataclasses
import re
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from itertools import islice
from types import SimpleNamespace
from typing import Final
from urllib.parse import quote

from openviper.conf import settings
from openviper.conf.masking import MASK, is_sensitive, mask_text
from openviper.middleware.debug.text import class_name, tried
from openviper.types import Scope

__all__ = ["hide", "is_secret", "one_page", "show_header", "show_value"]

_MOST_CHARACTERS: Final = 400
_MOST_ITEMS: Final = 20
_MOST_LEVELS: Final = 4
# Over all levels together: twenty items on each of four levels would still be a page of their own.
_MOST_PIECES: Final = 120
_MOST_DIGITS: Final = 60
# Looked at to hide secrets, so that one is not cut before the character that gives it away ("@" of a URL).
_WINDOW: Final = 4 * _MOST_CHARACTERS
_CUT: Final = "…"
# Shorter ones stand inside words that have nothing to do with them.
_SHORTEST_OF_SETTINGS: Final = 8
_SHORTEST_OF_PATH: Final = 4

# Containers are walked only when they are shown as Python does it: a class with a repr of its own may hide something.
_MAPPINGS: Final = frozenset({dict.__repr__, OrderedDict.__repr__, defaultdict.__repr__, Counter.__repr__})
_TEXTS: Final = frozenset({str.__repr__, bytes.__repr__, bytearray.__repr__})
_SEQUENCES: Final[Mapping[object, tuple[str, str]]] = {
    list.__repr__: ("[", "]"),
    tuple.__repr__: ("(", ")"),
    set.__repr__: ("{", "}"),
    frozenset.__repr__: ("frozenset({", "})"),
    deque.__repr__: ("deque([", "])"),
}


@dataclasses.dataclass
class _Data:
    """Has the repr that all dataclasses share."""


# The functions differ from class to class, their code does not.
_DATACLASS_REPR: Final = _Data.__repr__.__code__
_NAMED_TUPLE_REPR: Final = namedtuple("_Named", "x").__repr__.__code__  # noqa: PYI024 - only asked for its repr
_NAMESPACE_REPR: Final[object] = SimpleNamespace.__repr__
_hidden_texts: ContextVar[re.Pattern[str]] = ContextVar("hidden_texts")


@contextlib.contextmanager
def one_page(scope: Scope) -> Iterator[None]:
    """Look up once, for all that is written inside the block, which texts are secret wherever they stand.

    Those are what the settings hide, from 8 characters on, and parameters of the path with the name of a secret.

    Args:
        scope: The request, an ASGI scope of type http.
    """
    token = _hidden_texts.set(_find_hidden_texts(scope))
    try:
        yield
    finally:
        _hidden_texts.reset(token)


def is_secret(name: str) -> bool:
    """Tell whether what stands under a name (of a variable, a key, a header) is hidden whole."""
    return is_sensitive(name)


def show_value(value: object, name: str = "") -> str:
    """Write a value as text of some hundred characters; never fails.

    Secrets are ``***``, by the name they have here or inside, and so is what the settings hide. The only code of the
    value's own class that runs is its ``__repr__``.

    Args:
        value: Anything.
        name: Under which it stands; empty when it has none.
    """
    return _Writer().write_named(name, value)


def show_header(name: str, value: str) -> str:
    """Write the value of a header field; of credentials only the scheme is left (``Bearer ***``).

    Args:
        name: In lower case.
        value: As it was sent.
    """
    if not is_secret(name):
        return _cut(hide(value[:_WINDOW]))
    scheme, space, _ = value.partition(" ")
    is_scheme = space and name.endswith("authorization") and re.fullmatch(r"[A-Za-z-]{1,20}", scheme)
    return f"{scheme} {MASK}" if is_scheme else MASK


def hide(text: str) -> str:
    """Hide in a text what the settings and the path hold as secrets, and what it says itself to be one."""
    hidden = _hidden_texts.get(None) or _find_hidden_texts({})
    return mask_text(hidden.sub(MASK, text))


def _find_hidden_texts(scope: Scope) -> re.Pattern[str]:
    of_settings = {text for text in settings.hidden_texts() if len(text) >= _SHORTEST_OF_SETTINGS}
    parameters = scope.get("path_params", {})
    of_path = {str(value) for name, value in parameters.items() if is_secret(name)}
    texts = {text for text in of_path if len(text) >= _SHORTEST_OF_PATH} | of_settings
    forms = {form for text in texts for form in _iter_forms(text)}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def _iter_forms(text: str) -> Iterator[str]:
    """Give a text as it stands elsewhere: inside the quotes of a repr, in a URL, and in bytes read byte by byte."""
    yield text
    yield repr(text)[1:-1]
    yield quote(text, errors="replace")
    yield quote(text, safe="", errors="replace")
    yield text.encode(errors="replace").decode("latin-1")


class _Writer:
    """Writes one value and counts the pieces that it takes."""

    def __init__(self) -> None:
        self._pieces_left = _MOST_PIECES

    def write_named(self, name: str, value: object, level: int = 0) -> str:
        return MASK if is_secret(name) and not _is_nothing(value) else self.write(value, level)

    def write(self, value: object, level: int) -> str:
        self._pieces_left -= 1
        kind = type(value)
        written = tried(lambda: self._write(value, kind, level), None)
        return f"<{class_name(kind)} at {id(value):#x}, its repr fails>" if written is None else written

    def _write(self, value: object, kind: type, level: int) -> str:
        shown_by: object = kind.__repr__
        if isinstance(value, dict) and shown_by in _MAPPINGS:
            prefix = "" if kind is dict else kind.__name__
            return f"{prefix}{{{self._list(self._pairs(value, level), len(value), level)}}}"
        if isinstance(value, list | tuple | set | frozenset | deque) and shown_by in _SEQUENCES:
            opening, closing = _SEQUENCES[shown_by]
            comma = "," if len(value) == 1 and opening == "(" else ""
            return f"{opening}{self._list(self._items(value, level), len(value), level)}{comma}{closing}"
        if isinstance(value, str | bytes | bytearray) and shown_by in _TEXTS:
            text = _cut(repr(_mask_content(value[:_WINDOW])))
            return text if len(value) <= _WINDOW else f"{text} ({len(value):,} in all)"
        if isinstance(value, int) and shown_by is int.__repr__ and value.bit_length() > 4 * _MOST_DIGITS:
            # Python refuses to write very large numbers, and takes quadratic time for large ones.
            return f"<{kind.__name__} of {value.bit_length():,} bits>"
        if (names := _field_names(value, kind)) is not None:
            fields = (f"{name}={self.write_named(name, getattr(value, name), level + 1)}" for name in names)
            title = "namespace" if kind is SimpleNamespace else kind.__qualname__
            return f"{title}({self._list(fields, len(names), level)})"
        return _cut(hide(repr(value)[:_WINDOW]))

    def _pairs(self, value: "dict[object, object]", level: int) -> Iterable[str]:
        for key, item in dict.items(value):
            yield f"{self.write(key, level + 1)}: {self.write_named(_name_of(key), item, level + 1)}"

    def _items(self, value: Iterable[object], level: int) -> Iterator[str]:
        """Write the items of a sequence; the second of a pair and what follows an option have a name."""
        is_pair = isinstance(value, list | tuple) and len(value) == 2
        before = ""
        for item in value:
            yield self.write_named(before if is_pair or before.startswith("--") else "", item, level + 1)
            before = _name_of(item)

    def _list(self, items: Iterable[str], count: int, level: int) -> str:
        if count and (level >= _MOST_LEVELS or self._pieces_left <= 0):
            return _CUT
        written = list(islice(items, min(_MOST_ITEMS, max(self._pieces_left, 1))))
        return ", ".join(written if len(written) == count else [*written, f"{_CUT} {count - len(written):,} more"])


def _field_names(value: object, kind: type) -> list[str] | None:
    """Give the fields of data that Python writes field by field, since its text may take long; None for the rest."""
    shown_by: object = kind.__repr__
    code: object = getattr(shown_by, "__code__", None)
    if code is _DATACLASS_REPR and _inner_file(shown_by) == _inner_file(_Data.__repr__):
        owner = next(base for base in kind.__mro__ if "__repr__" in vars(base) and dataclasses.is_dataclass(base))
        return [field.name for field in dataclasses.fields(owner) if field.repr]
    if code is _NAMED_TUPLE_REPR and isinstance(value, tuple):
        return list(getattr(kind, "_fields", ()))
    return list(vars(value)) if shown_by is _NAMESPACE_REPR else None


def _inner_file(function: object) -> object:
    """Tell generated code from written one: since Python 3.13 reprlib.recursive_repr stands around both."""
    return getattr(getattr(getattr(function, "__wrapped__", None), "__code__", None), "co_filename", None)


def _is_nothing(value: object) -> bool:
    """That a secret is missing is no secret, nor is a switch of its name."""
    return value is None or value is True or value is False or (type(value) in (str, bytes) and not value)


def _mask_content(value: str | bytes | bytearray) -> str | bytes:
    """Hide what a text says to be secret, before it is quoted and its own quotes change: JSON, forms, queries, URLs."""
    if isinstance(value, str):
        return hide(value)
    return hide(value.decode("latin-1")).encode("latin-1", errors="replace")


def _name_of(key: object) -> str:
    if type(key) is bytes:
        return key.decode("latin-1")
    return key if type(key) is str else ""


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + _CUT
