"""SQL that somebody has written: its ``:name`` parameters become placeholders of the engine, its values arguments.

A value never becomes text. What stands in quotes, in comments and behind ``::`` is left as it is.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from openviper.db.dialects.base import Dialect
from openviper.db.dialects.forms import Family, Storage
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError, FieldValueError
from openviper.db.fields.base import FieldKind
from openviper.db.registry import AnyRecord
from openviper.db.utils import is_encodable

__all__ = ["Written", "write_statement"]

# In the order in which they are tried; what begins none of them is passed over letter by letter.
_TOKENS: Final = re.compile(
    r"""
      (?P<skip>
          [eE]'(?:[^'\\]|''|\\.)*'           # PostgreSQL: backslashes escape
        | '(?:[^']|'')*'
        | "(?:[^"]|"")*"
        | `(?:[^`]|``)*`                     # MySQL: a name
        | --[^\n]*
        | /\*.*?\*/
        | \$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$   # PostgreSQL: a text between its own marks
        | ::                                 # PostgreSQL: a cast
        | \w+                                # a word, so that one which ends in e or holds a $ begins nothing
      )
      | :(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)

_BEFORE_LIST: Final = re.compile(r"\b(?P<outside>NOT\s+)?IN\s*$", re.IGNORECASE)

_KINDS: Final[Mapping[type, FieldKind]] = {
    bool: FieldKind.BOOLEAN,
    int: FieldKind.BIGINT,
    float: FieldKind.FLOAT,
    str: FieldKind.TEXT,
    bytes: FieldKind.BINARY,
    UUID: FieldKind.UUID,
    dt.datetime: FieldKind.DATETIME,
    dt.date: FieldKind.DATE,
    dt.time: FieldKind.TIME,
    dt.timedelta: FieldKind.DURATION,
    dict: FieldKind.JSON,
}


class Written(NamedTuple):
    """A statement as a driver takes it.

    Args:
        sql: The text, with placeholders of the engine.
        args: The arguments, in their order.
    """

    sql: str
    args: tuple[object, ...]


def write_statement(sql: str, values: Mapping[str, object], dialect: Dialect) -> Written:
    """Give a statement with named parameters as a driver takes it.

    Args:
        sql: The text, with ``:name`` where values belong; a list, tuple or set stands for ``(..., ...)``.
        values: By the names in the text.
        dialect: Of the database.

    Raises:
        FieldError: A parameter has no value, a value has no parameter or no column could hold it, or no encoding
            carries the text.
        DatabaseOperationNotSupportedError: The engine has another form of the value, which depends on the column.
    """
    parts = _parse(sql)
    _check_names(set(parts[1::2]), values)
    writer = _Writer(dialect)
    for place, part in enumerate(parts):
        if place % 2:
            writer.add_value(part, values[part])
        else:
            writer.add_text(part)
    text = "".join(writer.texts)
    # Without values the text is sent as it is.
    return Written(text if writer.args else text.replace("%%", "%"), tuple(writer.args))


class _Writer:
    """One statement while it is written."""

    def __init__(self, dialect: Dialect) -> None:
        self.texts: list[str] = []
        self.args: list[object] = []
        self._dialect = dialect
        self._style = dialect.features.placeholder

    def add_text(self, text: str) -> None:
        # Drivers of this style read every percent sign, those in quotes too.
        self.texts.append(text.replace("%", "%%") if self._style == "format" else text)

    def add_value(self, name: str, value: object) -> None:
        if isinstance(value, list | tuple | set | frozenset):
            if not value:
                self.texts.append(_write_empty(self.texts[-1] if self.texts else "", self._dialect))
                return
            self.texts.append("(")
            for number, item in enumerate(value):
                self.texts.append(", " if number else "")
                self._add(name, item)
            self.texts.append(")")
        else:
            self._add(name, value)
        if len(self.args) > self._dialect.features.max_parameters:
            most = self._dialect.features.max_parameters
            raise FieldError(f"a statement has at most {most} values here; split the list of :{name}")

    def _add(self, name: str, value: object) -> None:
        self.args.append(_bind(name, value, self._dialect))
        number = len(self.args)
        self.texts.append({"qmark": "?", "format": "%s", "numeric": f":{number}"}.get(self._style, f"${number}"))


def _write_empty(before: str, dialect: Dialect) -> str:
    """Give a list without items: nothing is in it, and everything, NULL too, is outside of it."""
    found = _BEFORE_LIST.search(before)
    if found is not None and dialect.features.native_boolean:
        # The NULL of a subquery is a text to such engines, which they compare with nothing else. One in brackets is of
        # any type, and makes the comparison neither true nor false; IS binds weaker than IN, and stronger than NOT.
        return "(NULL) IS NOT FALSE" if found["outside"] else "(NULL) IS TRUE"
    return "(SELECT NULL WHERE 1 = 0)" if dialect.features.bare_select else "(SELECT NULL FROM dual WHERE 1 = 0)"


@lru_cache(maxsize=500)
def _parse(sql: str) -> tuple[str, ...]:
    """Split a text at its parameters: every second part is the name of one."""
    if not is_encodable(sql):
        raise FieldError("the statement holds half of a surrogate pair, which is no character; correct the text")
    parts: list[str] = []
    last = 0
    for found in _TOKENS.finditer(sql):
        if found["name"] is not None:
            parts += [sql[last : found.start()], found["name"]]
            last = found.end()
    return (*parts, sql[last:])


def _check_names(wanted: Collection[str], given: Collection[str]) -> None:
    for name in sorted(wanted):
        if name not in given:
            raise FieldError(f"the statement has the parameter :{name}, and no value is given for it")
    for name in sorted(given):
        if name not in wanted:
            known = ", ".join(f":{one}" for one in sorted(wanted)) or "none"
            raise FieldError(
                f"a value is given for {name!r}, which is no parameter of the statement; there are {known}"
            )


def _bind(name: str, value: object, dialect: Dialect) -> object:
    if isinstance(value, Enum):
        value = value.value
    if hasattr(type(value), "_meta"):
        value = _key_of(name, value)
    if value is None:
        return None
    if isinstance(value, str) and not is_encodable(value):
        raise FieldError(f":{name} holds half of a surrogate pair, which is no character; correct the text")
    if isinstance(value, Decimal):
        return _bind_decimal(name, value, dialect)
    kind = next((_KINDS[one] for one in type(value).__mro__ if one in _KINDS), None)
    if kind is None:
        known = ", ".join(one.__name__ for one in (*_KINDS, Decimal, list))
        raise FieldError(f":{name} is given a {type(value).__name__}; a parameter takes {known} or None")
    try:
        return _binder(kind, dialect)(value)
    except FieldValueError as error:
        raise FieldError(f":{name}: {error}") from error


@cache
def _binder(kind: FieldKind, dialect: Dialect) -> Callable[[Any], object]:
    """Write what gives the driver's form of a value."""
    bind = dialect.form(Storage(kind=kind)).bind
    if bind is None:
        return lambda value: value
    names: dict[str, object] = dict(bind.names)
    exec(f"def bind(v):\n    return {bind.write('v')}", names)  # noqa: S102 - the text is that of the dialect
    return cast("Callable[[Any], object]", names["bind"])


def _bind_decimal(name: str, value: Decimal, dialect: Dialect) -> Decimal:
    form = dialect.form(Storage(kind=FieldKind.DECIMAL, max_digits=18, decimal_places=2))
    if form.family is not Family.DECIMAL:
        raise DatabaseOperationNotSupportedError(
            f":{name} is a Decimal, which {dialect.name} stores in a form that depends on the column; "
            "give what the column holds (12.50 in a column of two places is 1250), or use filter()"
        )
    if not value.is_finite():
        raise FieldError(f":{name} is {value}, which is no number that a column holds")
    return value


def _key_of(name: str, value: AnyRecord) -> object:
    key: object = value.pk
    if key is None:
        raise FieldError(f":{name} is given a {type(value).__name__} that is not saved yet, so it has no key")
    return key
