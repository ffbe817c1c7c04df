"""Databases, and what hangs on their rows."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from typing import Literal

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["DatabaseSettings"]


class DatabaseSettings(BaseSettings):
    """Connections, limits of queries, events of models."""

    DATABASE_URL: str = ""
    """Address of the database, such as ``sqlite:///db.sqlite3`` or ``postgresql://user:password@host/name``.

    Others begin with ``mariadb://``; what follows a ``?`` are options of the engine, such as ``ssl-ca``.

    Used where ``DATABASES`` has no ``default`` of its own.

    Danger: it holds a password; keep it in ``.env`` or in the environment.
    """

    DATABASE_ECHO: bool = False
    """Logs every SQL statement with its duration and the line that led to it; values are shown by their types only.

    Like the settings below, it holds for every database that states no ``ECHO`` of its own in ``DATABASES``.
    """

    DATABASE_POOL_SIZE: int = 5
    """Connections to a database that each process keeps open."""

    DATABASE_MAX_OVERFLOW: int = 10
    """Connections beyond the pool that may be opened when all of it is in use; each is closed after its use.

    Danger: all processes together must stay below what the server allows (``max_connections``).
    """

    DATABASE_POOL_TIMEOUT: float | None = 10.0
    """Seconds that a query waits for a connection when all are in use; None sets no limit.

    Danger: without a limit, code that keeps connections for itself stops everything else for ever.
    """

    DATABASE_POOL_RECYCLE: int = 3600
    """Seconds after which a connection is replaced, so that the server does not close it first."""

    DATABASE_STATEMENT_TIMEOUT: float | None = 60.0
    """Seconds that one statement may take before the database ends it; None sets no limit.

    Danger: without a limit, a query that nobody waits for any more keeps its connection and its locks.
    """

    DATABASE_LOCK_TIMEOUT: float | None = 10.0
    """Seconds that a statement waits for rows and tables that others have locked, on SQLite for the turn to write.

    None sets no limit.
    """

    DATABASES: Options = {}
    """Databases by alias: ``{"default": {"OPTIONS": {"URL": ...}}}``, or the options without the inner ``OPTIONS``.

    Options: ``URL``; ``ECHO``, ``POOL_SIZE``, ``MAX_OVERFLOW``, ``POOL_TIMEOUT``, ``POOL_RECYCLE``,
    ``STATEMENT_TIMEOUT`` and ``LOCK_TIMEOUT`` in place of the settings above; ``PREPARED_STMT_CACHE``, statements that
    a connection keeps prepared; ``PGBOUNCER``, True behind a pool of connections that keeps no sessions;
    ``READ_ONLY``, True refuses every write; ``ROLE``, ``"replica"`` for one that follows another database and refuses
    writes as well.

    Two keys are no aliases: ``ROUTERS``, a list of routers (dotted paths, classes or instances) that say where the
    statements of a model go, and ``ROUTING``, a table that makes a ``PrimaryReplicaRouter`` (``PRIMARY``, ``REPLICAS``,
    ``READ_YOUR_WRITES``, ``REPLICA_SELECTION``). Its ``default`` wins over ``DATABASE_URL``.
    """

    MAX_QUERY_ROWS: int | None = None
    """Most rows that one query may return; None sets no limit."""

    FETCH_MODE: Literal["one", "peers", "raise"] = "peers"
    """How relations and deferred fields that were not read are read when they are awaited: ``"peers"`` for all
    instances of the same result in one query, ``"one"`` for the one instance, ``"raise"`` not at all.

    ``QuerySet.fetch_mode()`` says it for one query.
    """

    MODEL_EVENTS: Options = {}
    """Handlers of model events: model to event to dotted paths, each below an installed app.

    In place of a path, ``{"handler": path, "on_commit": True}`` waits for the commit of the transaction.

    Danger: what is outside of ``INSTALLED_APPS`` is never called, only logged; run ``viperctl check``.
    """
