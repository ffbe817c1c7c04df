"""Values as short text for a developer: bounded, without secrets, and whatever their own classes do."""

import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from openviper.conf.masking import MASK, is_sensitive

__all__ = ["is_secret", "show_header", "show_value"]

_MOST_CHARACTERS: Final = 400
_MOST_ITEMS: Final = 20
_MOST_LEVELS: Final = 4
# Over all levels together: twenty items on each of four levels would still be a page of their own.
_MOST_PIECES: Final = 120
_MOST_DIGITS: Final = 60
# Looked at to hide secrets, so that one is not cut before the character that gives it away ("@" of a URL).
_WINDOW: Final = 4 * _MOST_CHARACTERS
_CUT: Final = "…"

# What names credentials in requests, besides those that the settings know.
_WORDS: Final = "secret|passw|passphrase|pwd|token|key|credential|authori[sz]ation|cookie|session_?id|csrf"
_SECRET_NAME: Final = re.compile(rf"(?i){_WORDS}")
# Texts come from clients: names are possessive (++) and looked into once, so that no text takes quadratic time.
_NAME: Final = rf"\b(?=\w*?(?:{_WORDS}))\w++"
# 'api-key': 'x', (b'cookie', b'x'), and the name of a form field with its value after an empty line.
_QUOTED_NAME: Final = rf"""(?P<quote>['"])(?=[\w-]*?(?:{_WORDS}))[\w-]++(?P=quote)(?:\s*[:,=]\s*|(?:\r?\n){{2}})"""
# A value that is neither quoted nor a plain word may go on for any length, so everything behind it is hidden.
_QUOTED: Final = r"""b?'(?:[^'\\]|\\.)*+'|b?"(?:[^"\\]|\\.)*+\""""
_ANY_VALUE: Final = rf"(?:{_QUOTED}|(?!None\b)[\w.+-]++(?=[\s,)\]}}>]|$)|(?!None\b).*)"
_SECRETS_OF_TEXT: Final = (
    re.compile(rf"(?is)(?P<before>{_QUOTED_NAME}){_ANY_VALUE}"),
    re.compile(rf"(?i)(?P<before>{_NAME}=)[^\s&;,'\"]+"),
    re.compile(r"(?P<before>://[^\s:/?#@'\"]*+:)[^\s'\"]+(?=@)"),
)
_SECRETS_OF_REPR: Final = (
    re.compile(rf"(?is)(?P<before>{_NAME}\s*=\s*|{_QUOTED_NAME}){_ANY_VALUE}"),
    _SECRETS_OF_TEXT[-1],
)

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


def is_secret(name: str) -> bool:
    """Tell whether what stands under a name (of a variable, a key, a header) is hidden whole."""
    return is_sensitive(name) or _SECRET_NAME.search(name) is not None


def show_value(value: object, name: str = "") -> str:
    """Write a value as text of some hundred characters; never fails.

    Secrets are ``***``, by the name they have here or inside, and so are passwords in URLs. The only code of the
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
        return _cut(_hide_all(_SECRETS_OF_TEXT, value[:_WINDOW]))
    scheme, space, _ = value.partition(" ")
    is_scheme = space and name.endswith("authorization") and re.fullmatch(r"[A-Za-z-]{1,20}", scheme)
    return f"{scheme} {MASK}" if is_scheme else MASK


class _Writer:
    """Writes one value and counts the pieces that it takes."""

    def __init__(self) -> None:
        self._pieces_left = _MOST_PIECES

    def write_named(self, name: str, value: object, level: int = 0) -> str:
        return MASK if is_secret(name) and not _is_nothing(value) else self.write(value, level)

    def write(self, value: object, level: int) -> str:
        self._pieces_left -= 1
        try:
            return self._write(value, type(value), level)
        except Exception:  # noqa: BLE001 - the border to a repr of the project: it may raise anything, and is only shown
            return f"{object.__repr__(value)[:-1]}, its repr fails>"

    def _write(self, value: object, kind: type, level: int) -> str:
        shown_by: object = kind.__repr__
        if isinstance(value, dict) and shown_by in _MAPPINGS:
            prefix = "" if kind is dict else kind.__name__
            return f"{prefix}{{{self._list(self._pairs(value, level), len(value), level)}}}"
        if isinstance(value, list | tuple | set | frozenset | deque) and shown_by in _SEQUENCES:
            opening, closing = _SEQUENCES[shown_by]
            items = self._pair(value, level) or (self.write(item, level + 1) for item in value)
            comma = "," if len(value) == 1 and opening == "(" else ""
            return f"{opening}{self._list(items, len(value), level)}{comma}{closing}"
        if isinstance(value, str | bytes | bytearray) and shown_by in (
            str.__repr__,
            bytes.__repr__,
            bytearray.__repr__,
        ):
            text = _cut(repr(_mask_content(value[:_WINDOW])))
            return text if len(value) <= _WINDOW else f"{text} ({len(value):,} in all)"
        if isinstance(value, int) and shown_by is int.__repr__ and value.bit_length() > 4 * _MOST_DIGITS:
            # Python refuses to write very large numbers, and takes quadratic time for large ones.
            return f"<{kind.__name__} of {value.bit_length():,} bits>"
        return _cut(_hide_all(_SECRETS_OF_REPR, repr(value)[:_WINDOW]))

    def _pairs(self, value: "dict[object, object]", level: int) -> Iterable[str]:
        for key, item in dict.items(value):
            yield f"{self.write(key, level + 1)}: {self.write_named(_name_of(key), item, level + 1)}"

    def _pair(self, value: Iterable[object], level: int) -> list[str] | None:
        """Write a pair whose first is the name of a secret, such as a header field; None for everything else."""
        if not isinstance(value, list | tuple) or len(value) != 2 or not is_secret(_name_of(value[0])):
            return None
        return [self.write(value[0], level + 1), self.write_named(_name_of(value[0]), value[1], level + 1)]

    def _list(self, items: Iterable[str], count: int, level: int) -> str:
        if count and (level >= _MOST_LEVELS or self._pieces_left <= 0):
            return _CUT
        written = list(islice(items, min(_MOST_ITEMS, max(self._pieces_left, 1))))
        return ", ".join(written if len(written) == count else [*written, f"{_CUT} {count - len(written):,} more"])


def _is_nothing(value: object) -> bool:
    """That a secret is missing is no secret, nor is a switch of its name."""
    return value is None or value is True or value is False or (type(value) in (str, bytes) and not value)


def _mask_content(value: str | bytes | bytearray) -> str | bytes:
    """Hide what a text says to be secret, before it is quoted and its own quotes change: JSON, forms, queries, URLs."""
    if isinstance(value, str):
        return _hide_all(_SECRETS_OF_TEXT, value)
    return _hide_all(_SECRETS_OF_TEXT, value.decode("latin-1")).encode("latin-1")


def _name_of(key: object) -> str:
    if type(key) is bytes:
        return key.decode("latin-1")
    return key if type(key) is str else ""


def _hide_all(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    for pattern in patterns:
        text = pattern.sub(rf"\g<before>{MASK}", text)
    return text


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + _CUT
