"""PostgreSQL through asyncpg."""

from openviper.db.backends.postgresql.backend import PostgreSQLBackend

__all__ = ["PostgreSQLBackend"]
