"""Databases, and what hangs on their rows."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["DatabaseSettings"]


class DatabaseSettings(BaseSettings):
    """Connections, limits of queries, events of models."""

    DATABASE_URL: str = ""
    """Address of the database, such as ``sqlite:///db.sqlite3`` or ``postgresql://user:password@host/name``.

    Used where ``DATABASES`` has no ``default`` of its own.

    Danger: it holds a password; keep it in ``.env`` or in the environment.
    """

    DATABASE_ECHO: bool = False
    """Logs every SQL statement of the default database.

    Danger: the values in statements are personal data in the log.
    """

    DATABASE_POOL_SIZE: int = 5
    """Connections to the default database that are kept open."""

    DATABASE_MAX_OVERFLOW: int = 10
    """Connections beyond the pool that may be opened when all of it is in use."""

    DATABASE_POOL_RECYCLE: int = 3600
    """Seconds after which a connection is replaced, so that the server does not close it first."""

    DATABASES: Options = {}
    """Databases by alias: ``{"default": {"OPTIONS": {"URL": ...}}}``, or the options without the inner ``OPTIONS``.

    Options: ``URL``, ``ECHO``, ``POOL_SIZE``, ``MAX_OVERFLOW``, ``POOL_RECYCLE``, ``POOL_TIMEOUT``,
    ``PREPARED_STMT_CACHE``, ``READ_ONLY``, ``ROLE``. The keys ``ROUTERS`` and ``ROUTING`` are no aliases.
    Its ``default`` wins over ``DATABASE_URL``.
    """

    MAX_QUERY_ROWS: int | None = None
    """Most rows that one query may return; None sets no limit."""

    MODEL_EVENTS: Options = {}
    """Handlers of model events: model to event to dotted paths, each below an installed app."""
