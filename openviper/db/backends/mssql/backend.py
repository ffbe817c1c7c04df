"""The connections of one SQL Server database."""

import asyncio
from typing import cast

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.mssql.address import connection_text
from openviper.db.backends.mssql.connection import SQLServerConnection
from openviper.db.backends.mssql.driver import Driver
from openviper.db.backends.pooled import PooledBackend
from openviper.db.exceptions import ConnectionLostError
from openviper.primitives.imports import require

__all__ = ["SQLServerBackend"]


class SQLServerBackend(PooledBackend[SQLServerConnection]):
    """One SQL Server database in the running event loop.

    Args:
        options: What the settings say about it.

    Raises:
        DatabaseConfigurationError: Its URL cannot be read, or no ODBC driver is installed.
        MissingDependencyError: pyodbc is not installed.
    """

    dialect_name = "mssql"

    def __init__(self, options: BackendOptions) -> None:
        driver = cast("Driver", require("pyodbc", extra="mssql", needed_by=f"database {options.alias!r}"))
        self._driver = driver
        # The driver manager would keep sessions of its own beside those of the pool.
        driver.pooling = False
        self._text = connection_text(options, driver.drivers())
        super().__init__(options)

    async def _open(self) -> SQLServerConnection:
        made = SQLServerConnection(self.options, self._driver, text=self._text)
        seconds = self.options.connect_timeout
        try:
            async with asyncio.timeout(seconds):
                await made.open()
        except TimeoutError as error:
            raise ConnectionLostError(
                f"database {self.options.alias!r} cannot be reached: it did not answer in {seconds:g} seconds"
            ) from error
        return made
