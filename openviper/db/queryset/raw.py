"""SQL by hand and in view: statements that a project writes itself, and the text and the plan of those it does not."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping, Sequence
from functools import lru_cache
from keyword import iskeyword
from typing import Any, Final, Generic, Literal, TypeVar, cast

from openviper.conf import settings
from openviper.db.addresses import read_options
from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.compiler.handwritten import write_statement
from openviper.db.compiler.harmless import only_reads
from openviper.db.compiler.hydration import Cell, RecordShape, read_dicts, read_records
from openviper.db.compiler.origin import Differ, known_fields
from openviper.db.compiler.plan import Maker
from openviper.db.compiler.planning import plan_of
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError, TableNotFound, UnreadableValueError
from openviper.db.executor import database_of, name_model, plan_for, read_rows
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.permissions import Action, check_permission, slot
from openviper.db.query.description import Query
from openviper.db.query.reading import Answer, Reading
from openviper.db.registry import AnyModel
from openviper.db.routers import slot as routes
from openviper.db.routing.replicas import note_written
from openviper.db.routing.statements import route_read, route_write

__all__ = ["ExplainOutput", "RawRows", "explain", "raw", "sql_of"]

M = TypeVar("M")

ExplainOutput = Literal["text", "json", "yaml", "xml"]

_OUTPUTS: Final[tuple[str, ...]] = ("text", "json", "yaml", "xml")
_READS: Final[tuple[Action, ...]] = ("read",)
_ALL: Final[tuple[Action, ...]] = ("read", "create", "update", "delete")


def raw(model: type[M], sql: str, params: Mapping[str, object], alias: str | None = None) -> "RawRows[M]":
    """Give the rows of a statement that is written by hand; nothing is sent before it is awaited.

    Args:
        model: What the rows become.
        sql: The statement; ``:name`` stands for a value on every engine, and a list for ``(..., ...)``, as in
            ``WHERE id IN :ids``. The percent sign, casts (``::text``) and what is quoted need no care.
        params: The values by their names. They are sent beside the text and never become part of it.
        alias: The database; None means that of the model.
    """
    return RawRows(model, sql, params, alias)


class RawRows(Generic[M]):
    """The rows of a statement that is written by hand: ``await rows`` gives a list of instances.

    Columns become the fields that are stored in them; fields without a column are not loaded, and other columns
    become attributes. The primary key has to be among them.
    """

    __slots__ = ("_alias", "_model", "_params", "_sql")

    def __init__(self, model: type[M], sql: str, params: Mapping[str, object], alias: str | None) -> None:
        if not isinstance(sql, str):
            raise FieldError(f"raw() takes a statement as text, not {shorten(sql)}")
        self._model = cast("AnyModel", model)
        self._sql = sql
        self._params = dict(params)
        self._alias = alias

    def __repr__(self) -> str:
        return f"<RawRows of {self._model._meta.label}, not read yet>"

    def __await__(self) -> Generator[object, None, list[M]]:
        """Read the rows.

        Raises:
            FieldError: A parameter is missing or unknown, a value is of no type that a column holds, the primary key
                is not among the columns, or a column cannot be an attribute.
            UnreadableValueError: A column with the name of a field holds what the field could not.
            ORMException: Whatever the database says.
        """
        return self._read("rows").__await__()

    def __aiter__(self) -> AsyncIterator[M]:
        """Read all rows at once and give one after the other."""
        return self._iterate()

    def using(self, alias: str | None) -> "RawRows[M]":
        """Send the statement to another database.

        Args:
            alias: The database; None means that of the model.

        Raises:
            ValueError: It is an empty text.
        """
        if alias == "":
            raise ValueError("using() is given an empty text; give the alias of a database, or None for the model's")
        return RawRows(cast("type[M]", self._model), self._sql, self._params, alias)

    def values(self) -> Answer[list[dict[str, Any]]]:
        """Read the rows as dicts by the names of the columns; the values of fields are as instances have them."""
        return self._read("dicts")

    async def _iterate(self) -> AsyncGenerator[M, None]:
        for row in await self:
            yield row

    async def _read(self, mode: Literal["rows", "dicts"]) -> list[Any]:
        options: Options = self._model._meta
        if slot.checker is not None:
            # What a statement by hand does cannot be told from its text, unless it only reads: all is asked for.
            for action in _READS if only_reads(self._sql) else _ALL:
                await check_permission(self._model, action)
        alias = self._alias
        if routes.routers:
            alias = await _route(self._model, self._sql, alias)
        database = database_of(options, alias)
        written = write_statement(self._sql, self._params, database.dialect)
        try:
            names, rows = await database.fetch_named(*written)
        except TableNotFound as error:
            raise name_model(error, options, database.options) from error
        if not rows:
            return []
        reader = _reader(options, database.dialect, names, mode)(database.alias)
        try:
            return read_rows(reader, rows)
        except UnreadableValueError as error:
            raise UnreadableValueError(f"{error}; a column that is computed needs the name of no field: AS") from error


async def _route(model: AnyModel, sql: str, alias: str | None) -> str | None:
    """Give the database that a statement by hand goes to."""
    if only_reads(sql):
        return await route_read(Query(model), alias)
    alias = await route_write(model._meta, alias)
    note_written(alias)
    return alias


def sql_of(rows: Reading) -> str:
    """Give the SQL text of a query set, with placeholders of the engine where its values belong.

    Args:
        rows: The query set.

    Raises:
        FieldError: The query names what does not exist.
    """
    options: Options = rows.query.model._meta
    plan = plan_of(rows.query, _dialect_of(options, rows.db_alias))
    return (plan.sized(rows.params) if plan.lists else plan).sql


async def explain(
    rows: Reading, *, analyze: bool = False, verbose: bool = False, output: ExplainOutput = "text"
) -> str:
    """Ask the database how it would carry out a query.

    Args:
        rows: The query set.
        analyze: Whether it is carried out, to show what each step took; PostgreSQL only.
        verbose: Whether more is told; PostgreSQL only.
        output: How the answer is written; SQLite knows text only.

    Raises:
        DatabaseOperationNotSupportedError: The engine does not know an option.
        FieldError: The query names what does not exist, or ``output`` is none.
    """
    if output not in _OUTPUTS:
        raise FieldError(f"output={shorten(output)} is unknown; there are {', '.join(_OUTPUTS)}")
    query = rows.query
    alias = await route_read(query, rows.db_alias) if routes.routers else rows.db_alias
    database = database_of(query.model._meta, alias)
    plan = plan_for(query, rows.params, database)
    if slot.checker is not None:
        await check_permission(query.model, "read", plan.models)
    words = database.dialect.ask_steps(analyze=analyze, verbose=verbose, output=output)
    return database.dialect.draw_steps(*await database.fetch_named(f"{words} {plan.sql}", plan.bind(rows.params)))


@lru_cache(maxsize=500)
def _reader(options: Options, dialect: Dialect, names: tuple[str, ...], mode: str) -> Maker:
    """Give what makes something of rows with columns of these names."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldError(f"the statement has two columns {twice!r}; give one of them another name with AS")
    fields = {field.column: field for field in options.fields}
    cells: list[Cell] = []
    for place, name in enumerate(names):
        field = fields.get(name)
        form = None if field is None else dialect.form_of(field)
        shown = name if field is None or mode == "dicts" else field.attname
        cells.append(Cell(place, shown, None if form is None else form.read))
    if mode == "dicts":
        return read_dicts(cells, len(names))
    return read_records(_shape(options, dialect, names, cells), len(names))


def _shape(options: Options, dialect: Dialect, names: Sequence[str], cells: Sequence[Cell]) -> RecordShape:
    columns = {field.column for field in options.fields}
    key = next((cell for cell, name in zip(cells, names, strict=True) if name == options.pk.column), None)
    if key is None:
        raise FieldError(
            f"the statement has no column {options.pk.column!r}, the primary key of {options.label}; select it, "
            "or read dicts with .values()"
        )
    extra = [cell for cell, name in zip(cells, names, strict=True) if name not in columns]
    for cell in extra:
        _check_attribute(options, cell.name)
    # Only columns of fields can have changed when the instance is saved.
    own = tuple(cell for cell in cells if cell not in extra)
    differ = Differ(known_fields(options, dialect, {cell.name: cell.place for cell in own}))
    return RecordShape(0, options.model, differ, own, key, tuple(extra))


def _check_attribute(options: Options, name: str) -> None:
    """Refuse a column that cannot be an attribute; its name is written into the function that makes instances."""
    is_name = name.isidentifier() and name.isascii() and not name.startswith("_") and not iskeyword(name)
    if not is_name or hasattr(options.model, name) or name in options.by_name:
        raise FieldError(
            f"the column {shorten(name)} cannot be an attribute of {options.label}; give it another name with AS, "
            "or read dicts with .values()"
        )


def _dialect_of(options: Options, alias: str | None) -> Dialect:
    try:
        return database_of(options, alias).dialect
    except RuntimeError:  # no loop is running, and none is needed to write a text
        stated = read_options((options.database if alias is None else alias) or DEFAULT_ALIAS)
        return get_dialect(stated.scheme, use_tz=settings.USE_TZ)
