"""Oracle through python-oracledb, which needs no libraries of the vendor."""

from openviper.db.backends.oracle.backend import OracleBackend

__all__ = ["OracleBackend"]
