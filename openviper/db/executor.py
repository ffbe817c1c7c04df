"""The one place that every statement of a model passes: from a description to its results.

Database, dialect, plan, arguments, rows, results; in this order, and each of them found rather than made when a query
of the same shape has been run before.
"""

import gc
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final

from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.backends.base import BackendOptions, Row
from openviper.db.compiler.plan import Plan, Reader
from openviper.db.compiler.planning import plan_of
from openviper.db.connections.database import Database
from openviper.db.connections.guard import refuse_write
from openviper.db.connections.loops import get_database
from openviper.db.exceptions import ORMException, TableNotFound, TransactionError, UnreadableValueError
from openviper.db.fields.base import FieldKind
from openviper.db.options import Options
from openviper.db.permissions import bypass_permissions, check_permission, slot
from openviper.db.query.description import Query
from openviper.db.registry import registry
from openviper.db.routers import primary_of, refuse_foreign
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import Routed, read_routed, route_read
from openviper.db.transactions.hooks import in_transaction

__all__ = [
    "MOST_KEYS",
    "bypass_permissions",
    "database_of",
    "in_slices",
    "name_model",
    "plan_for",
    "read_all",
    "read_exactly",
    "read_one",
    "read_rows",
    "stream",
]

#: Most keys that one statement names in a list; a power of two, as lists are filled up to one.
MOST_KEYS: Final = 16_384
#: A read of exactly one row asks for two at most, by which it can tell that there are more.
_TWO = 2
#: From so many rows on they are read without the collector.
_MANY_ROWS = 200
#: What the conversions of values raise for a value that no field has stored.
_UNREADABLE: Final = (ArithmeticError, AttributeError, TypeError, ValueError)
#: Values that a driver makes itself, and of which engines have more than Python.
_MOMENTS: Final = frozenset({FieldKind.DATE, FieldKind.DATETIME, FieldKind.TIME})
_ADVICE: Final = "read the rows without it, and set it to something else with update()"


def database_of(options: Options, using: str | None = None) -> Database:
    """Give the database that a model's rows are in.

    Args:
        options: Of the model.
        using: An alias that goes before the one of the model.

    Raises:
        DatabaseAliasNotFoundError: The settings have no such alias.
    """
    return get_database(options.database if using is None else using)


def in_slices(keys: Sequence[object]) -> Iterator[tuple[object, ...]]:
    """Give keys in parts that one statement each can name; nothing for no keys.

    Args:
        keys: Any number of them.
    """
    for start in range(0, len(keys), MOST_KEYS):
        yield tuple(keys[start : start + MOST_KEYS])


def plan_for(query: Query, values: tuple[object, ...], database: Database) -> Plan:
    """Give the plan of a query for these values.

    Args:
        query: The description.
        values: Its values; how many there are in lists may decide the text.
        database: Where it will run.

    Raises:
        FieldError: The query names what does not exist.
        TransactionError: It locks rows, and no transaction would hold the locks.
        DatabaseReadOnlyError: It locks rows of a database that is for reading only.
        CrossDatabaseRelationError: A value is an instance of another database.
    """
    if query.lock is not None and database.options.read_only:
        raise refuse_write(database.options)
    if query.lock is not None and not in_transaction(database.alias):
        raise TransactionError(
            "select_for_update() locks rows until the transaction ends, and there is none; "
            "use it inside async with atomic()"
        )
    if routes.is_spread:
        refuse_foreign(values, database.alias)
    plan = plan_of(query, database.dialect)
    return plan.sized(values) if plan.lists else plan


async def read_all(query: Query, values: tuple[object, ...], using: str | None = None) -> list[Any]:
    """Run a query and give what comes of all its rows.

    Args:
        query: The description.
        values: Its values.
        using: Alias of the database; None means that of the model.

    Raises:
        FieldError: The query names what does not exist, or a value is of a wrong type.
        ORMException: Whatever the database says.
    """
    # These lines stand in every reading function: a function around them would cost each query a call more.
    if routes.routers and type(using) is not Routed:
        return await read_routed(read_all, query, values, using)
    database = get_database(query.model._meta.database if using is None else using)
    plan = plan_for(query, values, database)
    if slot.checker is not None:
        await check_permission(query.model, "read", plan.models)
    reader = plan.reader(database.alias)
    try:
        rows = await database.fetch(plan.sql, plan.bind(values))
    except (TableNotFound, UnreadableValueError) as error:
        raise _named(error, query, database) from error
    return read_rows(reader, rows)


async def read_one(
    query: Query, values: tuple[object, ...], using: str | None = None, *, default: object = None
) -> Any:
    """Run a query and give what comes of its first row.

    Args:
        query: The description.
        values: Its values.
        using: Alias of the database; None means that of the model.
        default: What is given where there is no row.

    Raises:
        FieldError: The query names what does not exist, or a value is of a wrong type.
        ORMException: Whatever the database says.
    """
    if routes.routers and type(using) is not Routed:
        return await read_routed(read_one, query, values, using, default=default)
    database = get_database(query.model._meta.database if using is None else using)
    plan = plan_for(query, values, database)
    if slot.checker is not None:
        await check_permission(query.model, "read", plan.models)
    reader = plan.reader(database.alias)
    try:
        row = await database.fetch_one(plan.sql, plan.bind(values))
    except (TableNotFound, UnreadableValueError) as error:
        raise _named(error, query, database) from error
    if row is None:
        return default
    try:
        return reader.one(row)
    except _UNREADABLE as error:
        _blame(error, reader, (row,))
        raise


async def read_exactly(query: Query, values: tuple[object, ...], using: str | None = None) -> Any:
    """Run a query and give what comes of its one row.

    Args:
        query: The description; without a limit if there cannot be two rows, else with one of two.
        values: Its values.
        using: Alias of the database; None means that of the model.

    Raises:
        DoesNotExist: There is no row; it is the error of the model.
        MultipleObjectsReturned: There are more; it is the error of the model.
        FieldError: The query names what does not exist, or a value is of a wrong type.
        ORMException: Whatever the database says.
    """
    if routes.routers and type(using) is not Routed:
        return await read_routed(read_exactly, query, values, using)
    database = get_database(query.model._meta.database if using is None else using)
    plan = plan_for(query, values, database)
    if slot.checker is not None:
        await check_permission(query.model, "read", plan.models)
    reader = plan.reader(database.alias)
    try:
        if query.limit is None:
            row = await database.fetch_one(plan.sql, plan.bind(values))
        else:
            rows = await database.fetch(plan.sql, plan.bind(values))
            if len(rows) >= _TWO:
                raise query.model.MultipleObjectsReturned(f"more than one {_describe(query)}")
            row = rows[0] if rows else None
    except (TableNotFound, UnreadableValueError) as error:
        raise _named(error, query, database) from error
    if row is None:
        raise query.model.DoesNotExist(f"there is no {_describe(query)}")
    try:
        return reader.one(row)
    except _UNREADABLE as error:
        _blame(error, reader, (row,))
        raise


async def stream(
    query: Query, values: tuple[object, ...], using: str | None = None, size: int = 2000
) -> AsyncGenerator[list[Any], None]:
    """Run a query and give what comes of its rows in lists; to be closed if it is left early.

    Args:
        query: The description.
        values: Its values.
        using: Alias of the database; None means that of the model.
        size: Most rows of a list.

    Raises:
        FieldError: The query names what does not exist, or a value is of a wrong type.
        ORMException: Whatever the database says.
    """
    if routes.routers:
        using = await route_read(query, using)
    database = get_database(query.model._meta.database if using is None else using)
    plan = plan_for(query, values, database)
    if slot.checker is not None:
        await check_permission(query.model, "read", plan.models)
    reader = plan.reader(database.alias)
    try:
        async with aclosing(database.stream(plan.sql, plan.bind(values), size)) as lists:
            async for rows in lists:
                yield read_rows(reader, rows)
    except (TableNotFound, UnreadableValueError) as error:
        raise _named(error, query, database) from error


def read_rows(reader: Reader, rows: Sequence[Row]) -> list[Any]:
    """Give what comes of rows; none of it can be garbage yet, so the collector does not look for any meanwhile.

    Of 10,000 instances it would look at each several times, and at all that the process holds: a fifth of the time.

    Args:
        reader: Of the plan, for the database that the rows come from.
        rows: As the driver gives them.

    Raises:
        UnreadableValueError: A row holds what no field could hold.
    """
    pauses = len(rows) >= _MANY_ROWS and gc.isenabled()
    if pauses:
        gc.disable()
    try:
        return reader.many(rows)
    except _UNREADABLE as error:
        _blame(error, reader, rows)
        raise
    finally:
        if pauses:
            gc.enable()


def name_model(error: TableNotFound, options: Options, told: BackendOptions) -> TableNotFound:
    """Make the error that says whose table is not there.

    Args:
        error: What the engine's backend made.
        options: Of the model that the statement is about; another one in it may be the one that is meant.
        told: Of the database that the table is not in.
    """
    table = error.table_name.rpartition(".")[2]
    advice = _advise_tables(told)
    if table in ("", options.table):
        return TableNotFound(options.label, options.table, advice)
    owner = next((model for model in registry if model._meta.table == table), None)
    return TableNotFound(None if owner is None else owner._meta.label, table, advice)


def _advise_tables(told: BackendOptions) -> str:
    """Say who makes tables where ``init_db()`` does not."""
    alias = told.alias
    if told.is_replica:
        return f"database {alias!r} is a replica, which gets tables from its primary {primary_of(alias)!r}"
    if told.read_only:
        return f"database {alias!r} is for reading only, so its tables are made where it is written"
    return "" if alias == DEFAULT_ALIAS else f"`await init_db(using={alias!r})` makes those that are missing"


def _blame(error: Exception, reader: Reader, rows: Sequence[Row]) -> None:
    """Name the first value of rows that cannot be read.

    Raises:
        UnreadableValueError: There is one.
    """
    row = next((row for row in rows if not _is_readable(reader, row)), None)
    name = None if row is None else reader.find_fault(row)
    if name is not None:
        raise UnreadableValueError(f"a row holds something in {name} that this field cannot be; {_ADVICE}") from error


def _is_readable(reader: Reader, row: Row) -> bool:
    try:
        reader.one(row)
    except _UNREADABLE:
        return False
    return True


def _named(error: TableNotFound | UnreadableValueError, query: Query, database: Database) -> ORMException:
    """Say of which model a table is missing, or which values a driver may have stumbled over; it does not tell."""
    if isinstance(error, TableNotFound):
        return name_model(error, query.model._meta, database.options)
    options: Options = query.model._meta
    names = [f"{options.label}.{field.name}" for field in options.fields if field.kind in _MOMENTS]
    names += [*query.related, *(name for name, _ in query.annotations)]
    return UnreadableValueError(f"{error}: one of {', '.join(names) or options.label}; {_ADVICE}")


def _describe(query: Query) -> str:
    """Name the model and what was looked for, without the values, which may be secrets."""
    names = sorted(set(_names_in(query.where)))
    return f"{query.model._meta.label}{' with that ' + ', '.join(names) if names else ''}"


def _names_in(node: object) -> list[str]:
    if not isinstance(node, tuple):
        return []
    if node and node[-1] == "lookup":
        return [str(node[0])]
    return [name for part in node for name in _names_in(part)]
