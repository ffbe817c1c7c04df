"""The connections of one PostgreSQL database, and what each session is told at its start."""

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.pooled import PooledBackend
from openviper.db.backends.postgresql.connection import PostgreSQLConnection, time_outs
from openviper.db.backends.postgresql.driver import Driver
from openviper.db.exceptions import ConnectionLostError, DatabaseConfigurationError
from openviper.primitives.imports import require

__all__ = ["PostgreSQLBackend"]


class PostgreSQLBackend(PooledBackend[PostgreSQLConnection]):
    """One PostgreSQL database in the running event loop.

    Args:
        options: What the settings say about it.

    Raises:
        MissingDependencyError: asyncpg is not installed.
    """

    dialect_name = "postgresql"

    def __init__(self, options: BackendOptions) -> None:
        self._driver: Driver = require("asyncpg", extra="postgres", needed_by=f"database {options.alias!r}")
        super().__init__(options)

    async def _open(self) -> PostgreSQLConnection:
        options = self.options
        try:
            raw = await self._driver.connect(
                options.address,
                timeout=options.connect_timeout,
                statement_cache_size=0 if options.pgbouncer else options.statement_cache,
                max_cached_statement_lifetime=0,
                server_settings=_session_settings(options),
            )
        except (ValueError, self._driver.exceptions.ClientConfigurationError) as error:
            raise DatabaseConfigurationError(
                f"the URL of database {options.alias!r} cannot be used: {type(error).__name__}; "
                "write it as postgresql://user:password@host:port/name"
            ) from None  # its text may quote a part of the URL, which can be one of the password
        except (self._driver.PostgresError, self._driver.InterfaceError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise ConnectionLostError(f"database {options.alias!r} cannot be reached: {reason}") from error
        return PostgreSQLConnection(raw, options, self._driver)


def _session_settings(options: BackendOptions) -> dict[str, str]:
    if options.pgbouncer:
        return {}  # it refuses what it does not know, and hands sessions on
    settings = {name: str(value) for name, value in time_outs(options).items()}
    if "application_name" not in options.address:
        settings["application_name"] = "openviper"
    if options.read_only:
        settings["default_transaction_read_only"] = "on"
    return settings
