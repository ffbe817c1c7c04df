"""Every backend has what the others have, by the same names and with the same arguments."""

import inspect
import sys
from typing import Any

import pytest

from openviper.db.backends.base import Backend, BackendOptions, Connection
from openviper.db.backends.mssql.backend import SQLServerBackend
from openviper.db.backends.mssql.connection import SQLServerConnection
from openviper.db.backends.mysql.backend import MySQLBackend
from openviper.db.backends.mysql.connection import MySQLConnection
from openviper.db.backends.oracle.backend import OracleBackend
from openviper.db.backends.oracle.connection import OracleConnection
from openviper.db.backends.pool import PooledConnection
from openviper.db.backends.postgresql.backend import PostgreSQLBackend
from openviper.db.backends.postgresql.connection import PostgreSQLConnection
from openviper.db.backends.sqlite.backend import SQLiteBackend
from openviper.db.backends.sqlite.connection import SQLiteConnection
from openviper.exceptions import MissingDependencyError

CONNECTIONS: list[type[Connection]] = [
    MySQLConnection,
    OracleConnection,
    PostgreSQLConnection,
    SQLServerConnection,
    SQLiteConnection,
]
BACKENDS: list[type[Backend]] = [MySQLBackend, OracleBackend, PostgreSQLBackend, SQLServerBackend, SQLiteBackend]
DRIVERS: list[tuple[type[Any], str, str, str]] = [
    (MySQLBackend, "mariadb", "asyncmy", "mysql"),
    (MySQLBackend, "mysql", "asyncmy", "mysql"),
    (OracleBackend, "oracle", "oracledb", "oracle"),
    (PostgreSQLBackend, "postgresql", "asyncpg", "postgres"),
    (SQLServerBackend, "mssql", "pyodbc", "mssql"),
]


def arguments_of(kind: type, name: str) -> list[tuple[str, object]]:
    """Give names and defaults of a method's arguments."""
    return [(one.name, one.default) for one in inspect.signature(getattr(kind, name)).parameters.values()]


@pytest.mark.parametrize("kind", CONNECTIONS, ids=lambda kind: kind.__name__)
def test_sessions_have_the_methods_of_all(kind: type[Connection]) -> None:
    """Each method of the contract is there, is awaited or not as it says, and takes what it says (C-011vh)."""
    methods = dict(inspect.getmembers(Connection, inspect.isfunction))
    for name in [name for name in methods if not name.startswith("_")]:
        assert inspect.iscoroutinefunction(getattr(kind, name)) == inspect.iscoroutinefunction(methods[name]), name
        assert arguments_of(kind, name) == arguments_of(Connection, name)
    assert issubclass(kind, PooledConnection)
    assert getattr(kind, "__abstractmethods__", frozenset()) == frozenset()


@pytest.mark.parametrize("kind", BACKENDS, ids=lambda kind: kind.__name__)
def test_backends_lend_connections_alike(kind: type[Backend]) -> None:
    """Whoever asks for a connection asks every engine in the same way (C-011vh)."""
    assert inspect.iscoroutinefunction(kind.acquire)
    assert arguments_of(kind, "acquire") == arguments_of(Backend, "acquire")
    assert arguments_of(kind, "take") == arguments_of(Backend, "take")
    assert getattr(kind, "__abstractmethods__", frozenset()) == frozenset()


@pytest.mark.parametrize(("kind", "scheme", "driver", "extra"), DRIVERS, ids=lambda one: getattr(one, "__name__", one))
def test_missing_driver_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, kind: type[Any], scheme: str, driver: str, extra: str
) -> None:
    """The error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, driver, None)
    options = BackendOptions(alias="default", scheme=scheme, address=f"{scheme}://joe:s3cret@db/shop")
    with pytest.raises(MissingDependencyError, match=rf"openviper\[{extra}\]") as caught:
        kind(options)
    assert "s3cret" not in str(caught.value)
