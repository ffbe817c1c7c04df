"""Statements that write one instance: INSERT, and UPDATE of some of its fields where its key is.

What they bind are the attributes of an instance, so unlike those of queries they have no values beside them. All else
is as with plans: text and binding function are made once for each model, dialect and set of fields.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from openviper.db.compiler.origin import RowOrigin, origin_for
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import FieldValueError, ModelValidationError
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.db.tables import table_of

if TYPE_CHECKING:
    from sqlalchemy.sql import ClauseElement

__all__ = [
    "BindColumns",
    "BindRow",
    "WritePlan",
    "bare_insert",
    "insert_plan",
    "name_faults",
    "text_of",
    "update_plan",
    "write_binder",
    "write_column_binder",
    "write_reader",
]

#: Gives the driver's arguments of an instance's attributes.
BindRow: TypeAlias = Callable[[Mapping[str, object]], tuple[object, ...]]
#: Gives a list for each field of the attributes of many.
BindColumns: TypeAlias = Callable[[Sequence[Mapping[str, object]]], tuple[list[object], ...]]

_MAX_PLANS: Final = 2000


class WritePlan:
    """A statement that writes one instance.

    Args:
        sql: The statement.
        fields: Whose values it binds, in the order of the placeholders.
        bind: See ``BindRow``; a FieldValueError where the engine cannot store a value.
        key: The field that the engine makes the value of and gives back; None where it makes none.
        given: The fields whose values come back as a row, the key among them; none where that is the key alone.
    """

    __slots__ = ("_origins", "bind", "dialect", "fields", "given", "key", "options", "prepared", "read", "sql")

    def __init__(
        self,
        options: Options,
        dialect: Dialect,
        *,
        sql: str,
        fields: Sequence[AnyField],
        key: AnyField | None = None,
        given: Sequence[AnyField] = (),
    ) -> None:
        self.options = options
        self.dialect = dialect
        self.sql = sql
        self.fields = tuple(fields)
        self.key = key
        self.given = tuple(given)
        #: Gives the attributes that a row which came back stands for.
        self.read = write_reader(self.given, dialect)
        self.bind = write_binder(self.fields, dialect)
        #: The fields that have a say in what is stored, such as those that are set by themselves.
        self.prepared = tuple(one for one in self.fields if one.prepares)
        self._origins: dict[str, RowOrigin] = {}

    def __repr__(self) -> str:
        return f"<WritePlan {self.sql}>"

    def origin(self, alias: str) -> RowOrigin:
        """Give the origin of instances whose row is what was bound, then the key if the engine made it.

        Args:
            alias: The database that was written to.
        """
        found = self._origins.get(alias)
        if found is None:
            more = self.given or ((self.key,) if self.key else ())
            names = tuple(one.attname for one in (*self.fields, *more))
            found = self._origins[alias] = origin_for(self.options, self.dialect, names, alias)
        return found


def insert_plan(
    options: Options, dialect: Dialect, *, makes_key: bool, ignores: bool = False, left: tuple[str, ...] = ()
) -> WritePlan:
    """Give the INSERT of an instance; the same one on every call.

    Args:
        options: Of the model.
        dialect: Of the engine.
        makes_key: Whether the engine makes the key.
        ignores: Whether a row that is already there makes it do nothing.
        left: Attributes of fields that the engine makes the values of; they come back where INSERT gives rows back.
    """
    return _insert_plan(options, dialect, makes_key, ignores, left, registry.version)


def update_plan(options: Options, dialect: Dialect, names: tuple[str, ...]) -> WritePlan:
    """Give the UPDATE of some fields of the row with the key of the instance; the same one on every call.

    Args:
        options: Of the model.
        dialect: Of the engine.
        names: The fields that are set; at least one.
    """
    return _update_plan(options, dialect, names, registry.version)


def text_of(statement: "ClauseElement", dialect: Dialect, *, columns: list[str] | None = None) -> tuple[str, list[str]]:
    """Write a statement of SQLAlchemy.

    Args:
        statement: Whatever there is text for.
        dialect: Of the engine.
        columns: The columns that are written; None means those that the statement names.

    Returns:
        The text, and the names of its parameters in their order.
    """
    compiled: Any = statement.compile(dialect=dialect.compiler, column_keys=columns)  # typed as if it might be a string
    return str(compiled), list(compiled.positiontup or ())


def name_faults(fields: Sequence[AnyField], dialect: Dialect, values: Mapping[str, object]) -> None:
    """Name the fields of an instance that the engine cannot store.

    Args:
        fields: Those that are bound.
        dialect: Of the engine.
        values: Attributes of the instance.

    Raises:
        ModelValidationError: There are some.
    """
    errors: dict[str, list[str]] = {}
    for field in fields:
        try:
            write_binder((field,), dialect)(values)
        except FieldValueError as error:
            errors[field.name] = error.messages
    if errors:
        raise ModelValidationError(errors)


def write_binder(fields: Sequence[AnyField], dialect: Dialect) -> BindRow:
    """Write the function that binds attributes of an instance.

    Args:
        fields: Whose values, in the order of the arguments.
        dialect: Of the engine.
    """
    names: dict[str, object] = {}
    lines: list[str] = []
    parts: list[str] = []
    for place, field in enumerate(fields):
        lines.append(f"    v{place} = values[{field.attname!r}]")
        parts.append(_bound(f"v{place}", field, dialect, names))
    source = ["def bind(values):", *lines, f"    return ({''.join(f'{part}, ' for part in parts)})"]
    return cast("BindRow", _make("\n".join(source), names))


def write_reader(fields: Sequence[AnyField], dialect: Dialect) -> Callable[[Sequence[object]], dict[str, object]]:
    """Write the function that gives the attributes which a row of the driver stands for.

    Args:
        fields: Whose values are in the row.
        dialect: Of the engine.
    """
    names: dict[str, object] = {}
    parts: list[str] = []
    for place, field in enumerate(fields):
        read = dialect.form_of(field).read
        names |= {} if read is None else read.names
        value = f"r[{place}]" if read is None else read.write(f"r[{place}]", null=True)
        parts.append(f"{field.attname!r}: {value}")
    exec(compile(f"def read(r):\n    return {{{', '.join(parts)}}}", "<given values>", "exec"), names)  # noqa: S102 - as above
    return cast("Callable[[Sequence[object]], dict[str, object]]", names["read"])


def write_column_binder(fields: Sequence[AnyField], dialect: Dialect) -> BindColumns:
    """Write the function that binds attributes of many instances, a list for each field.

    Args:
        fields: Whose values, in the order of the arguments.
        dialect: Of the engine.
    """
    names: dict[str, object] = {}
    parts: list[str] = []
    for field in fields:
        column = f"[values[{field.attname!r}] for values in rows]"
        bound = _bound("v", field, dialect, names)
        parts.append(column if bound == "v" else f"[{bound} for v in {column}]")
    source = ["def bind(rows):", f"    return ({''.join(f'{part}, ' for part in parts)})"]
    return cast("BindColumns", _make("\n".join(source), names))


def _bound(value: str, field: AnyField, dialect: Dialect, names: dict[str, object]) -> str:
    bind = dialect.form_of(field).bind
    if bind is None:
        return value
    names |= bind.names
    return bind.write(value, null=True)


def _make(source: str, names: dict[str, object]) -> object:
    exec(compile(source, "<values of instances>", "exec"), names)  # noqa: S102 - names of fields as literals
    return names["bind"]


@lru_cache(maxsize=_MAX_PLANS)
def _insert_plan(
    options: Options, dialect: Dialect, makes_key: bool, ignores: bool, left: tuple[str, ...], _version: int
) -> WritePlan:
    # SQLAlchemy costs a start 100 ms and is needed for a statement that no plan exists for.
    from sqlalchemy import bindparam, insert

    table = table_of(options, dialect)
    fields = [one for one in options.fields if not (makes_key and one is options.pk) and one.attname not in left]
    given = [*([options.pk] if makes_key else ()), *(options.by_name[name] for name in left)]
    given = given if left and dialect.key_words == "returning" else []
    values = {one.attname: bindparam(f"v_{one.attname}", type_=table.c[one.attname].type) for one in fields}
    statement: Any = insert(table).values(values)
    if given:
        statement = statement.returning(*(table.c[one.attname] for one in given))
    elif makes_key and dialect.key_words:
        statement = statement.returning(table.c[options.pk.attname])
    if fields or "{key}" not in dialect.default_row:
        # An INSERT that names no columns would stand for one with all of them.
        sql, _ = text_of(statement, dialect, columns=[one.attname for one in fields])
    else:
        sql = bare_insert(options, dialect)
    if ignores:
        # SQLAlchemy has one class for it in each dialect; the words are the same on all engines that know them.
        head, word, tail = sql.partition(" RETURNING ")
        sql = f"{head} ON CONFLICT DO NOTHING{word}{tail}"
    if options.pk.auto and not makes_key and dialect.own_key_words != "{sql}":
        name = dialect.compiler.identifier_preparer.format_table(table)
        sql = dialect.own_key_words.format(table=name, sql=sql)
    return WritePlan(options, dialect, sql=sql, fields=fields, key=options.pk if makes_key else None, given=given)


def bare_insert(options: Options, dialect: Dialect) -> str:
    """Write the INSERT of a row of which the engine makes all there is, the key.

    Args:
        options: Of the model.
        dialect: Of an engine that has no words for it, so that its key is said to be made.
    """
    table, names = table_of(options, dialect), dialect.compiler.identifier_preparer
    key = names.format_column(table.c[options.pk.attname])
    return f"INSERT INTO {names.format_table(table)} {dialect.default_row.format(key=key)} RETURNING {key} INTO :1"


@lru_cache(maxsize=_MAX_PLANS)
def _update_plan(options: Options, dialect: Dialect, names: tuple[str, ...], _version: int) -> WritePlan:
    # SQLAlchemy costs a start 100 ms and is needed for a statement that no plan exists for.
    from sqlalchemy import bindparam, update

    table = table_of(options, dialect)
    fields = [options.by_name[name] for name in names]
    values = {one.attname: bindparam(f"v_{one.attname}", type_=table.c[one.attname].type) for one in fields}
    key = table.c[options.pk.attname]
    statement = update(table).where(key == bindparam("key", type_=key.type)).values(values)
    sql, order = text_of(statement, dialect)
    by_parameter = {f"v_{one.attname}": one for one in fields} | {"key": options.pk}
    return WritePlan(options, dialect, sql=sql, fields=[by_parameter[name] for name in order])
