"""From the settings to the options of one database: which alias, which address, which limits."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.db.aliases import DEFAULT_ALIAS, NO_ALIASES
from openviper.db.backends.base import BackendOptions
from openviper.db.exceptions import (
    DatabaseAliasNotFoundError,
    DatabaseBackendNotFoundError,
    DatabaseConfigurationError,
)

__all__ = ["database_aliases", "parse_url", "read_options", "state_default"]

_MEMORY: Final = ":memory:"
# As a URL names the engine, and as we do.
_ENGINES: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mariadb": "mariadb",
    "mysql": "mysql",
    "oracle": "oracle",
    "mssql": "mssql",
    "sqlserver": "mssql",
}

_OPTIONS: Final = (
    "BACKEND",
    "URL",
    "ECHO",
    "POOL_SIZE",
    "MAX_OVERFLOW",
    "POOL_TIMEOUT",
    "POOL_RECYCLE",
    "STATEMENT_TIMEOUT",
    "LOCK_TIMEOUT",
    "PREPARED_STMT_CACHE",
    "PGBOUNCER",
    "READ_ONLY",
    "ROLE",
)
_STATEMENT_CACHE: Final = 200
_ROLES: Final = ("primary", "replica")


class _Program:
    """What the program itself says, in place of the settings."""

    default: Mapping[str, object] | None = None


def state_default(entry: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """Let a program say what the default database is, in place of the settings.

    Args:
        entry: Options as ``DATABASES`` has them; None lets the settings speak again.

    Returns:
        What was said before.
    """
    said, _Program.default = _Program.default, entry
    return said


def database_aliases() -> list[str]:
    """Give the aliases that the settings have, ``default`` first."""
    databases: Mapping[str, object] = settings.DATABASES
    named = [alias for alias in databases if alias not in NO_ALIASES and alias != DEFAULT_ALIAS]
    has_default = _Program.default is not None or bool(databases.get(DEFAULT_ALIAS)) or bool(settings.DATABASE_URL)
    return [DEFAULT_ALIAS, *named] if has_default else named


def read_options(alias: str) -> BackendOptions:
    """Read what the settings say about a database.

    Args:
        alias: Its name. For ``default``, ``DATABASES`` wins over ``DATABASE_URL``.

    Raises:
        DatabaseAliasNotFoundError: There is no such alias.
        DatabaseBackendNotFoundError: Its URL names an engine that is not there.
        DatabaseConfigurationError: It has no URL, or an option cannot work.
    """
    stated = _Stated(alias, _find_entry(alias))
    url = stated.text("URL")
    if not url:
        raise DatabaseConfigurationError(
            f"No DATABASE_URL configured: database {alias!r} has no address; set DATABASE_URL, or "
            f"DATABASES[{alias!r}] = {{'OPTIONS': {{'URL': 'sqlite:///db.sqlite3'}}}}"
        )
    scheme, address = parse_url(url, alias=alias)
    is_replica = stated.choice("ROLE", _ROLES) == "replica"
    options = BackendOptions(
        alias=alias,
        scheme=scheme,
        address=address,
        echo=stated.switch("ECHO", settings.DATABASE_ECHO),
        pool_size=stated.count("POOL_SIZE", settings.DATABASE_POOL_SIZE, least=1),
        max_overflow=stated.count("MAX_OVERFLOW", settings.DATABASE_MAX_OVERFLOW),
        pool_timeout=stated.limit("POOL_TIMEOUT", settings.DATABASE_POOL_TIMEOUT),
        pool_recycle=stated.seconds("POOL_RECYCLE", settings.DATABASE_POOL_RECYCLE),
        statement_timeout=stated.limit("STATEMENT_TIMEOUT", settings.DATABASE_STATEMENT_TIMEOUT),
        lock_timeout=stated.limit("LOCK_TIMEOUT", settings.DATABASE_LOCK_TIMEOUT),
        statement_cache=stated.count("PREPARED_STMT_CACHE", _STATEMENT_CACHE),
        pgbouncer=stated.switch("PGBOUNCER", default=False),
        read_only=is_replica or stated.switch("READ_ONLY", default=False),
        is_replica=is_replica,
    )
    # The server of a replica refuses writes by itself.
    if options.pgbouncer and options.read_only and not is_replica:
        raise DatabaseConfigurationError(
            f"database {alias!r} is READ_ONLY behind a PGBOUNCER, which keeps no session to say so in; "
            "connect as a role that may only read"
        )
    return options


def parse_url(url: str, *, alias: str = DEFAULT_ALIAS) -> tuple[str, str]:
    """Split the URL of a database into the engine and what its driver connects to.

    ``sqlite:///name`` starts where every relative path in the settings does (the folder of the project, without one
    the working directory), ``sqlite:////name`` is absolute. A ``+driver`` after the engine changes nothing.

    Args:
        url: The address.
        alias: Whose it is, for messages, which never hold the address itself.

    Raises:
        DatabaseBackendNotFoundError: The engine is not there.
        DatabaseConfigurationError: It is no URL.
    """
    scheme, separator, rest = url.strip().partition("://")
    engine = _ENGINES.get(scheme.partition("+")[0].lower())
    if not separator:
        raise DatabaseConfigurationError(
            f"the URL of database {alias!r} has no '://'; write it as sqlite:///db.sqlite3 or "
            "postgresql://user:password@host/name"
        )
    if engine is None:
        raise DatabaseBackendNotFoundError(alias, scheme, _ENGINES)
    if engine != "sqlite":
        return engine, f"{engine}://{rest}"
    if rest in {"", "/", _MEMORY, f"/{_MEMORY}"}:
        return engine, _MEMORY
    if not rest.startswith("/") or "?" in rest:
        raise DatabaseConfigurationError(
            f"the URL of database {alias!r} names a host or has a query, which a file has not; "
            "write three slashes and the path: sqlite:///db.sqlite3"
        )
    return engine, str(project_folder() / Path(rest[1:]))


def _find_entry(alias: str) -> Mapping[str, object]:
    if alias == DEFAULT_ALIAS and _Program.default is not None:
        return _Program.default
    databases: Mapping[str, object] = settings.DATABASES
    entry = None if alias in NO_ALIASES else databases.get(alias)
    if entry and not isinstance(entry, Mapping):
        raise DatabaseConfigurationError(
            f"DATABASES[{alias!r}] is a {type(entry).__name__}; give it options: {{'OPTIONS': {{'URL': ...}}}}"
        )
    if isinstance(entry, Mapping) and entry:
        inner = entry.get("OPTIONS") or {}
        if not isinstance(inner, Mapping):
            raise DatabaseConfigurationError(f"DATABASES[{alias!r}]['OPTIONS'] is no table of options")
        return {**{name: value for name, value in entry.items() if name != "OPTIONS"}, **inner}
    if alias == DEFAULT_ALIAS:
        return {"URL": settings.DATABASE_URL}
    raise DatabaseAliasNotFoundError(alias, database_aliases())


class _Stated:
    """The options that one alias states, each read by what it has to be."""

    def __init__(self, alias: str, entry: Mapping[str, object]) -> None:
        self._alias = alias
        self._entry = entry
        for name in entry:
            if name not in _OPTIONS:
                raise DatabaseConfigurationError(
                    f"database {alias!r} has an option {name!r}, which does not exist; there are: {', '.join(_OPTIONS)}"
                )

    def text(self, name: str) -> str:
        value = self._entry.get(name, "")
        if not isinstance(value, str):
            raise self._refused(name, f"of type {type(value).__name__}", "a text")
        return value

    def choice(self, name: str, known: Sequence[str]) -> str:
        value = self._entry.get(name, known[0])
        if value not in known:
            raise self._refused(name, repr(value), f"one of {', '.join(known)}")
        return str(value)

    def switch(self, name: str, default: bool) -> bool:
        value = self._entry.get(name, default)
        if not isinstance(value, bool):
            raise self._refused(name, repr(value), "True or False")
        return value

    def count(self, name: str, default: int, *, least: int = 0) -> int:
        value = self._entry.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self._refused(name, repr(value), f"a whole number, {least} or more")
        return value

    def seconds(self, name: str, default: float) -> float:
        value = self._entry.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self._refused(name, repr(value), "seconds above 0")
        return float(value)

    def limit(self, name: str, default: float | None) -> float | None:
        value = self._entry.get(name, default)
        return None if value is None else self.seconds(name, default or 0.0)

    def _refused(self, name: str, found: str, wanted: str) -> DatabaseConfigurationError:
        return DatabaseConfigurationError(f"database {self._alias!r}: {name} is {found}; give it {wanted}")
