"""SQL Server through pyodbc."""

from openviper.db.backends.mssql.backend import SQLServerBackend

__all__ = ["SQLServerBackend"]
