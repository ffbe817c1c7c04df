"""Making the tables of models at once, for scripts and tests; a project that lives has migrations."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

from openviper.db.backends.base import Args, Row
from openviper.db.dialects.base import Dialect
from openviper.db.options import Options
from openviper.db.schema.ddl import create_statements, drop_statements
from openviper.db.schema.table import TableSchema, schema_of

__all__ = ["Session", "create_tables", "drop_tables"]


class Session(Protocol):
    """What statements are sent to: a connection, or the database that lends one."""

    def fetch(self, sql: str, args: Args = ()) -> Awaitable[Sequence[Row]]:
        """Run a statement and return all of its rows."""

    def execute(self, sql: str, args: Args = ()) -> Awaitable[int]:
        """Run a statement and return how many rows it touched."""


async def create_tables(session: Session, models: Iterable[Options], dialect: Dialect) -> list[str]:
    """Make the tables of models; those that are there already stay as they are.

    Models without a table of their own (abstract ones, proxies) and those with ``managed = False`` are passed over.
    The caller opens a transaction, where the engine can roll such statements back.

    Args:
        session: Of the database that all of the models live in.
        models: What is known of them.
        dialect: Of the engine.

    Returns:
        Names of the tables that were made.
    """
    known = await _names_of_tables(session, dialect)
    missing = [one for one in _schemas_of(models) if one.name.lower() not in known]
    if not missing:
        return []
    for statement in create_statements(missing, dialect):
        await session.execute(statement)
    return [one.name for one in missing]


async def drop_tables(session: Session, models: Iterable[Options], dialect: Dialect) -> list[str]:
    """Drop the tables of models with all that is in them; those that are not there are passed over.

    The caller opens a transaction, where the engine can roll such statements back; SQLite needs one to drop tables
    whose rows refer to each other in a circle.

    Args:
        session: Of the database that all of the models live in.
        models: What is known of them.
        dialect: Of the engine.

    Returns:
        Names of the tables that were dropped.
    """
    known = await _names_of_tables(session, dialect)
    found = [one for one in _schemas_of(models) if one.name.lower() in known]
    if not found:
        return []
    for statement in drop_statements(found, dialect):
        await session.execute(statement)
    return [one.name for one in found]


def _schemas_of(models: Iterable[Options]) -> list[TableSchema]:
    return [schema_of(one) for one in models if one.managed and not (one.abstract or one.proxy)]


async def _names_of_tables(session: Session, dialect: Dialect) -> set[str]:
    # Oracle writes names in capitals, MySQL on some systems without them.
    return {str(row[0]).lower() for row in await session.fetch(dialect.table_names_sql)}
