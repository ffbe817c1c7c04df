"""MariaDB and MySQL through asyncmy."""

from openviper.db.backends.mysql.backend import MySQLBackend

__all__ = ["MySQLBackend"]
