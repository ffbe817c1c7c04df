"""The tables of all models at once, for scripts and tests; a project that lives has migrations."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.connections.blocks import get_connection
from openviper.db.connections.database import Database
from openviper.db.connections.guard import refuse_write
from openviper.db.connections.loops import get_database
from openviper.db.exceptions import DatabaseReadOnlyError, IntegrityError, QueryError
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.db.routers import ask_yes_or_no, load, primary_of

if TYPE_CHECKING:
    from openviper.db.schema.creation import Session

__all__ = ["init_db"]


async def init_db(drop_first: bool = False, using: str | None = None) -> list[str]:
    """Make the tables of all models of a database; those that are there already stay as they are.

    It is all or nothing where the engine can roll such statements back, and several processes may call it at once.
    Models with ``managed = False`` are passed over, and so are those that live in another database. One that no model
    lives in gets the tables of ``default``, so that their rows can be copied there. Routers with ``allow_migrate()``
    may say otherwise of each model. The models are those that have
    been imported: for installed apps ``openviper.setup()`` does that.

    Args:
        drop_first: True drops the tables before, with all that is in them.
        using: Alias of the database; None means ``default``, where models without one of their own live.

    Returns:
        Names of the tables that were made.

    Raises:
        ModelReferenceError: A model refers to one that does not exist.
        DatabaseReadOnlyError: The database is for reading only; nothing was sent.
        QueryError: The engine refuses a statement; nothing was made, where the engine can undo what it did before.
    """
    # Every model loads this module, and few processes make tables.
    from openviper.db.schema.creation import create_tables, drop_tables

    database = get_database(using)
    if database.options.is_replica:
        raise DatabaseReadOnlyError(
            f"nothing was sent: database {database.alias!r} is a replica, which gets tables as it gets rows, from its "
            f"primary: init_db(using={primary_of(database.alias)!r}) makes them there"
        )
    if database.options.read_only:
        raise refuse_write(database.options)
    models = await _models_of(database.alias)

    async def make(session: "Session") -> list[str]:
        dropped = await drop_tables(session, models, database.dialect) if drop_first else []
        made = await create_tables(session, models, database.dialect)
        if dropped:
            # What sessions have prepared may hold the types of columns that are no more.
            database.backend.renew()
        return made

    lease = database.lease(writes=True)
    if lease is not None and lease.is_transaction:
        return await make(database)
    try:
        return await _in_transaction(database, make)
    except (IntegrityError, QueryError):
        # Another process made the same tables: the engine refuses the second, which then finds them.
        return await _in_transaction(database, make)


async def _models_of(alias: str) -> list[Options]:
    found: list[Options] = [vars(model)["_meta"] for model in registry]
    homes = {one.database or DEFAULT_ALIAS for one in found}
    home = alias if alias in homes else DEFAULT_ALIAS
    models = [one for one in found if (one.database or DEFAULT_ALIAS) == home]
    if not load():
        return models
    answers = {one: await ask_yes_or_no("allow_migrate", alias, one.auto_created or one.model) for one in found}
    return [one for one, answer in answers.items() if answer or (answer is None and one in models)]


async def _in_transaction(database: Database, make: Callable[["Session"], Awaitable[list[str]]]) -> list[str]:
    async with get_connection(database.alias) as connection:
        if not database.dialect.features.ddl_in_transaction:
            if (lock := database.dialect.table_lock_sql) is not None:
                await connection.fetch(lock)
            return await make(connection)
        await connection.begin()
        try:
            made = await make(connection)
        except BaseException:
            await connection.rollback()
            raise
        await connection.commit()
        return made
