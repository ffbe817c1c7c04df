"""Where a write goes, whether it may, that it has happened, and what its failure is called."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from openviper.db.backends.base import BackendOptions
from openviper.db.connections import Database
from openviper.db.connections.guard import refuse_write
from openviper.db.connections.leases import current_lease
from openviper.db.exceptions import DatabaseReadOnlyError, TableNotFound
from openviper.db.executor import database_of, name_model, plan_for, read_rows
from openviper.db.lists import note_change
from openviper.db.options import Options
from openviper.db.permissions import Action, check_permission, slot
from openviper.db.query.description import Query
from openviper.db.registry import AnyModel
from openviper.db.routers import slot as routes
from openviper.db.routing.replicas import note_written
from openviper.db.transactions import current_scope

__all__ = ["allow", "allow_reads", "named", "note_sent", "read_unasked", "target_of"]


def target_of(options: Options, using: str | None = None) -> Database:
    """Give the database that rows of a model are written to.

    Args:
        options: Of the model.
        using: Alias of the database; None means that of the model, else ``default``.

    Raises:
        DatabaseReadOnlyError: The model, or the database, is for reading only.
    """
    if options.read_only:
        raise DatabaseReadOnlyError(f"{options.label} is read only (Meta.read_only), so nothing of it is written")
    database = database_of(options, using)
    if database.options.read_only:
        raise refuse_write(database.options)
    if routes.routers:
        note_written(database.alias)
    note_change(options.table)
    return database


def note_sent(options: Options, alias: str) -> None:
    """Note that a write has ended, well or not: what was read meanwhile may lack it.

    In a transaction others go on reading what was there before, so it is noted again when that ends.

    Args:
        options: Of the model.
        alias: The database.
    """
    table = options.table
    note_change(table)
    # Most writes are in no transaction, and this look is the cheaper one.
    scope = None if current_lease(alias) is None else current_scope(alias)
    if scope is None:
        return
    key = note_change, table
    if not scope.get(key):
        scope.set(key, True)
        # Before the handlers of others, which may take their time.
        scope.commit_handlers.insert(0, partial(note_change, table))
        scope.on_rollback(partial(note_change, table))


async def allow(options: Options, action: Action) -> None:
    """Ask whether the running task may do something with a model.

    Args:
        options: Of the model.
        action: What is done.

    Raises:
        PermissionError: It may not.
    """
    if slot.checker is not None:
        await check_permission(options.model, action)


async def allow_reads(models: Sequence[AnyModel]) -> None:
    """Ask whether the running task may read rows of models that a statement looks at on the way.

    Args:
        models: Each of them; at least one.

    Raises:
        PermissionError: It may not.
    """
    if slot.checker is not None:
        await check_permission(models[0], "read", models[1:])


async def read_unasked(query: Query, values: tuple[object, ...], database: Database) -> list[Any]:
    """Read what has to be known to write; nobody is shown it, so nobody is asked whether they may see it.

    Args:
        query: The description.
        values: Its values.
        database: Where the write goes.

    Raises:
        ORMException: Whatever the database says.
    """
    # Not by way of the executor's reading, which asks for permission, and may ask routers for another database.
    plan = plan_for(query, values, database)
    with named(query.model._meta, database.options):
        rows = await database.fetch(plan.sql, plan.bind(values))
    return read_rows(plan.reader(database.alias), rows)


@contextmanager
def named(options: Options, told: BackendOptions) -> Iterator[None]:
    """Name the model in the error of a statement whose table is missing."""
    try:
        yield
    except TableNotFound as error:
        raise name_model(error, options, told) from error
