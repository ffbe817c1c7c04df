"""The dialects by the names of their engines."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from openviper.db.dialects.base import Dialect
from openviper.primitives.imports import import_string

__all__ = ["ENGINES", "get_dialect"]

#: Name of an engine to where its dialect is; one that nobody asks for is not loaded.
ENGINES: Final[Mapping[str, str]] = {
    "sqlite": "openviper.db.dialects.sqlite.SQLiteDialect",
    "postgresql": "openviper.db.dialects.postgresql.PostgreSQLDialect",
    "mysql": "openviper.db.dialects.mysql.MySQLDialect",
    "mariadb": "openviper.db.dialects.mysql.MariaDBDialect",
    "oracle": "openviper.db.dialects.oracle.OracleDialect",
    "mssql": "openviper.db.dialects.mssql.SQLServerDialect",
}


@cache
def get_dialect(name: str, *, use_tz: bool = True) -> Dialect:
    """Give the dialect of an engine; the same one on every call.

    Args:
        name: The engine, as ``Backend.dialect_name`` has it.
        use_tz: Whether datetimes are instants, see the setting ``USE_TZ``.

    Raises:
        LookupError: There is no such engine.
    """
    if name not in ENGINES:
        raise LookupError(f"there is no dialect {name!r}; known: {', '.join(sorted(ENGINES))}")
    found = import_string(ENGINES[name])
    if not (isinstance(found, type) and issubclass(found, Dialect)):
        raise TypeError(f"{ENGINES[name]} is no Dialect")
    return found(use_tz=use_tz)
