"""Lookups: what may stand at the end of a path, for which kinds of fields, and what a value has to be for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from openviper.db.compiler.paths import names_of, suggest
from openviper.db.compiler.scope import Found
from openviper.db.compiler.terms import Typed
from openviper.db.dialects.forms import Conversion, Storage
from openviper.db.exceptions import FieldError, FieldValueError
from openviper.db.fields.base import FieldKind, shorten
from openviper.db.patterns import check_pattern, compile_pattern

__all__ = [
    "COMPARISONS",
    "LOOKUPS",
    "NUMBERS",
    "PARTS",
    "PATTERNS",
    "TEXTS",
    "Part",
    "Reading",
    "comparison_class",
    "make_dress",
    "read_rest",
    "screen_pattern",
]

TEXTS: Final = frozenset({FieldKind.CHAR, FieldKind.TEXT, FieldKind.IP})
NUMBERS: Final = frozenset(
    {FieldKind.SMALLINT, FieldKind.INTEGER, FieldKind.BIGINT, FieldKind.FLOAT, FieldKind.DECIMAL}
)
_DAYS: Final = frozenset({FieldKind.DATE, FieldKind.DATETIME})
_CLOCKS: Final = frozenset({FieldKind.TIME, FieldKind.DATETIME})
_MOMENTS: Final = frozenset({FieldKind.DATETIME})


class Part(NamedTuple):
    """What can be taken of a moment, and looked at again.

    Args:
        kinds: What it is taken of.
        result: What it is.
    """

    kinds: frozenset[FieldKind]
    result: FieldKind


#: The parts of dates and times, by name.
PARTS: Final[Mapping[str, Part]] = {
    **dict.fromkeys(("year", "month", "day", "week", "week_day", "quarter"), Part(_DAYS, FieldKind.INTEGER)),
    **dict.fromkeys(("hour", "minute", "second"), Part(_CLOCKS, FieldKind.INTEGER)),
    "date": Part(_MOMENTS, FieldKind.DATE),
    "time": Part(_MOMENTS, FieldKind.TIME),
}
#: Lookups that compare, with the operator of each.
COMPARISONS: Final[Mapping[str, str]] = {"exact": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
#: Lookups that look into a text.
PATTERNS: Final = (
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "regex",
    "iregex",
)
#: All names of lookups.
LOOKUPS: Final = frozenset({*COMPARISONS, *PATTERNS, "in", "isnull", "range"})
_ORDERED: Final = ("gt", "gte", "lt", "lte", "range")


class Reading(NamedTuple):
    """The end of a path.

    Args:
        parts: Names of parts, each taken of the one before.
        lookup: What is asked in the end.
    """

    parts: tuple[str, ...]
    lookup: str


def read_rest(found: Found, path: str) -> Reading:
    """Read what stands behind a field.

    Args:
        found: The field.
        path: The whole path, for messages.

    Raises:
        FieldError: The kind of field has no such lookup; those that it has are listed.
    """
    kind = found.typed.storage.kind
    parts: list[str] = []
    for position, name in enumerate(found.rest):
        part = PARTS.get(name)
        if part is not None and kind in part.kinds:
            parts.append(name)
            kind = part.result
            continue
        if position < len(found.rest) - 1 or name not in _known(kind, found.typed):
            raise _refuse_lookup(found, kind, name, path)
        return Reading(tuple(parts), name)
    return Reading(tuple(parts), "exact")


def comparison_class(storage: Storage) -> str:
    """Give what values are comparable with: those of one class are, whatever their kind."""
    if storage.kind in NUMBERS:
        return "number"
    if storage.kind in TEXTS:
        return "text"
    return storage.kind.value


def make_dress(style: str) -> Conversion | None:
    """Give what makes a pattern of a text.

    Args:
        style: As ``Dialect.patterns`` has it; empty for a text that means itself.
    """
    if not style:
        return None
    wildcard, _, place = style.partition(":")
    sign, escape = _WILDCARDS[wildcard]
    before, after = sign if place != "prefix" else "", sign if place != "suffix" else ""
    text = " + ".join(part for part in (before and repr(before), f"{escape}({{v}})", after and repr(after)) if part)
    return Conversion(f"({text})", {escape: _ESCAPES[escape]})


def screen_pattern(value: str) -> str:
    """Let a regular expression through that can be one, and that ends in time.

    Raises:
        FieldValueError: It is none, or could take for ever.
    """
    check_pattern(value)
    # PostgreSQL reads others than Python; what neither of them reads is refused before it is sent.
    compile_pattern(value)
    return value


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _escape_bracketed(text: str) -> str:
    # For SQL Server a bracket begins a set of characters.
    return _escape_like(text).replace("[", "\\[")


def _escape_glob(text: str) -> str:
    if len(text) > _LONGEST_GLOB:
        raise FieldValueError(f"This text has {len(text)} characters; a pattern has at most {_LONGEST_GLOB}.")
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in text)


# SQLite refuses patterns of more than 50,000 bytes.
_LONGEST_GLOB: Final = 4_000
_ESCAPES: Final[Mapping[str, Callable[[str], str]]] = {
    "_escape_like": _escape_like,
    "_escape_bracketed": _escape_bracketed,
    "_escape_glob": _escape_glob,
}
#: By the kind of a pattern: what stands for any text, and what lets a text mean itself.
_WILDCARDS: Final = {
    "like": ("%", "_escape_like"),
    "like[": ("%", "_escape_bracketed"),
    "glob": ("*", "_escape_glob"),
}


def _known(kind: FieldKind, typed: Typed) -> Sequence[str]:
    names = ["isnull"]
    if typed.form.is_comparable:
        names = ["exact", "in", "isnull"]
        if typed.form.is_ordered:
            names += _ORDERED
    if kind in TEXTS:
        names += PATTERNS
    return names


def _refuse_lookup(found: Found, kind: FieldKind, name: str, path: str) -> FieldError:
    parts = [part for part, (kinds, _) in PARTS.items() if kind in kinds]
    field = found.typed.field
    subject = found.typed.name if field is None else field.path
    if field is not None and field.model is not None and field.model._meta.auto_created is not None:
        subject = path.partition(f"__{name}")[0]  # the model of the pairs has been named by nobody
    names = lookups = [*_known(kind, found.typed), *parts]
    known = f"lookups of {subject} are {', '.join(lookups)}"
    if found.target is not None:
        options = found.target._meta
        names = [*names_of(options), *lookups]
        known = f"fields of {options.label} are {', '.join(names_of(options))}; {known}"
    what = f"asks for {shorten(name)}, which is neither a field nor a lookup there{suggest(name, names)}"
    return FieldError(f"{shorten(path)} {what}; {known}")
