"""Expressions as text in DDL, where no value is bound: each stands there as a literal of the engine."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from openviper.db.compiler.expressions import compile_assignment, compile_expression
from openviper.db.compiler.scope import Found, Hop, Scope
from openviper.db.compiler.select import HOOKS
from openviper.db.compiler.terms import Element
from openviper.db.compiler.values import Parameter, Parameters
from openviper.db.compiler.ways import Way, way_to_field
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import FieldError, FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyField, shorten
from openviper.db.options import Options
from openviper.db.query.description import Aggregate, Exists, Place, Subquery, Window
from openviper.db.query.expressions import Expression, Q, Sort
from openviper.db.query.lowering import lower, lower_condition, lower_order
from openviper.db.utils import is_encodable

__all__ = ["condition_text", "default_text", "key_text", "write_literal"]

_NO_PLACE: Final = (Aggregate, Exists, Subquery, Window)


def default_text(field: AnyField, options: Options, dialect: Dialect) -> str:
    """Write the ``db_default`` of a field, in the form of its column.

    Args:
        field: The field.
        options: Of its model.
        dialect: Of the engine.

    Raises:
        ModelDefinitionError: It is no value of the field, or an expression of other kinds than the field or of rows.
    """
    given = field.db_default
    try:
        if not isinstance(given, Expression):
            return write_literal(way_to_field(field, dialect).convert(given), dialect)
        values: list[object] = []
        node = lower(given, values)
        _refuse_rows(node)
        scope = _Defaults(options, dialect, values)
        return _text(compile_assignment(node, scope, field.attname).element, dialect)
    except (FieldError, FieldValueError) as error:
        raise ModelDefinitionError(f"db_default of {field.path}: {error}") from error


def key_text(expression: Expression | Sort, options: Options, dialect: Dialect) -> tuple[str, bool]:
    """Write what an index keeps, and tell whether the largest comes first.

    Args:
        expression: Of the fields of the row.
        options: Of the model.
        dialect: Of the engine.

    Raises:
        ModelDefinitionError: It is of more than the row.
    """
    values: list[object] = []
    try:
        order = lower_order(expression, values)
        if order.expression is None or order.nulls is not None:
            raise FieldError("an index has expressions, with asc() or desc()")
        _refuse_rows(order.expression)
        element = compile_expression(order.expression, _Row(options, dialect, values)).element
    except (FieldError, FieldValueError) as error:
        raise ModelDefinitionError(f"an index of {options.label}: {error}") from error
    return _text(element, dialect), order.descending


def condition_text(condition: Q, options: Options, dialect: Dialect) -> str:
    """Write a condition for rows.

    Args:
        condition: Of the fields of the row.
        options: Of the model.
        dialect: Of the engine.

    Raises:
        ModelDefinitionError: It is empty, or of more than the row.
    """
    values: list[object] = []
    try:
        node = lower_condition(condition, values)
        if node is None:
            raise FieldError("the condition is empty; leave it out")
        _refuse_rows(node)
        return _text(HOOKS.condition(node, _Row(options, dialect, values)), dialect)
    except (FieldError, FieldValueError) as error:
        raise ModelDefinitionError(f"a condition of {options.label}: {error}") from error


def write_literal(value: object, dialect: Dialect) -> str:
    """Write a value as SQL.

    Args:
        value: As the driver would take it.
        dialect: Of the engine.

    Raises:
        FieldError: There is no literal for it.
    """
    if value is None:
        return "NULL"
    for kind, write in _LITERALS:
        if isinstance(value, kind):
            return write(value, dialect)
    raise FieldError(f"{shorten(value)} has no literal in SQL that is the same on all engines; give an expression")


def _write_text(value: Any, dialect: Dialect) -> str:
    text = str.__str__(value)
    if "\0" in text:
        raise FieldError("a text in a definition has no NUL")
    if not is_encodable(text):
        raise FieldError(f"{text!a} holds half of a surrogate pair, which no database stores")
    return ("N" if dialect.name == "mssql" and not text.isascii() else "") + "'" + text.replace("'", "''") + "'"


def _write_bool(value: Any, dialect: Dialect) -> str:
    return str(value).lower() if dialect.features.native_boolean else str(int(value))


def _write_float(value: Any, _: Dialect) -> str:
    if not math.isfinite(value):
        raise FieldError(f"{value} is no number that a definition can have")
    return float.__repr__(value)


def _write_bytes(value: Any, dialect: Dialect) -> str:
    words = {"postgresql": r"'\x{}'::bytea", "oracle": "HEXTORAW('{}')", "mssql": "0x{}"}
    return words.get(dialect.name, "X'{}'").format(bytes(value).hex())


def _write_moment(value: Any, _: Dialect) -> str:
    return f"'{value.isoformat(' ') if isinstance(value, dt.datetime) else value.isoformat()}'"


def _write_duration(value: dt.timedelta, dialect: Dialect) -> str:
    total = value // dt.timedelta(microseconds=1)
    if dialect.name == "postgresql":
        return f"'{total} microseconds'"
    seconds, rest = divmod(total, 1_000_000)
    return f"'{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:06d}'"


# In this order: True is an int, and a datetime a date.
_LITERALS: Final[Sequence[tuple[type | tuple[type, ...], Callable[[Any, Dialect], str]]]] = (
    (bool, _write_bool),
    (int, lambda value, _: int.__repr__(value)),
    (float, _write_float),
    (Decimal, lambda value, _: format(value, "f")),
    (str, _write_text),
    ((bytes, bytearray, memoryview), _write_bytes),
    (UUID, lambda value, _: f"'{value}'"),
    ((dt.date, dt.time), _write_moment),
    (dt.timedelta, _write_duration),
)


class _Literals(Parameters):
    """The values of a definition, which are written where parameters would stand."""

    def __init__(self, dialect: Dialect, values: Sequence[object]) -> None:
        lists = {place: len(one) for place, one in enumerate(values) if isinstance(one, tuple)}
        super().__init__(dialect, lists)
        self._values = values

    def value(self, place: Place, way: Way) -> Parameter:
        return self._write(way.convert(self._values[place]), way)

    def whole(self, place: Place, way: Way, pack: Callable[[list[Any]], object] | None = None) -> Parameter:
        items = [way.convert(one) for one in cast("Sequence[object]", self._values[place])]
        if pack is not None:
            return self._write(pack(items), way)
        written = ", ".join(write_literal(one, self.dialect) for one in items)
        if self.dialect.features.array_parameter:
            return self._made(f"ARRAY[{written}]", way)
        if not items:
            raise FieldError(f"{self.dialect.name} has no empty list in a definition; leave out what is met by no row")
        return self._made(f"({written})", way)

    def items(self, place: Place, way: Way) -> list[Parameter] | None:
        found = [way.convert(one) for one in cast("Sequence[object]", self._values[place])]
        return [self._write(one, way) for one in found]

    def _write(self, value: object, way: Way) -> Parameter:
        return self._made(write_literal(value, self.dialect), way)

    def _made(self, text: str, way: Way) -> Parameter:
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import literal_column

        # It stands wherever a parameter does, and has all of it that a statement is written by.
        return cast("Parameter", literal_column(text, way.sql_type()))


class _Row(Scope):
    """The scope of a definition, which sees the columns of the row alone."""

    def __init__(self, options: Options, dialect: Dialect, values: Sequence[object]) -> None:
        super().__init__(options.model, dialect, _Literals(dialect, values), hooks=HOOKS)

    def _join(self, steps: tuple[Any, ...]) -> Hop:
        raise FieldError(f"{steps[0].name} leads to another table, and a definition has the columns of its own only")


class _Defaults(_Row):
    """The scope of a default, which is there before the row."""

    def find(self, path: str) -> Found:
        raise FieldError(f"a default is there before the row, so it has no {path!r}; give a value or Now()")


def _refuse_rows(node: object) -> None:
    if isinstance(node, _NO_PLACE):
        raise FieldError("a definition has no queries, aggregates and windows in it, which are of other rows")
    if isinstance(node, tuple):
        for part in cast("tuple[object, ...]", node):
            _refuse_rows(part)


def _text(element: Element, dialect: Dialect) -> str:
    # A statement without parameters is sent as it is, so nothing in it may be doubled for a driver.
    compiled = element.compile(dialect=dialect.make_compiler("qmark"), compile_kwargs={"include_table": False})
    return " ".join(str(compiled).split("\n"))
