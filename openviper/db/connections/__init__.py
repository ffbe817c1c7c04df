"""Alias to database, and which connection a statement runs on.

Databases belong to the running event loop and open nothing before their first statement. A statement takes a
connection from the pool for as long as it runs, unless a block around it holds one (a transaction, a pinned
connection); then it runs there, in turn with whatever else runs in that block.

Pools are closed by ``close_db()``, by a server that stops, and by ``asyncio.run()`` at its end.
"""

from openviper.db.connections.blocks import get_connection, request_connection
from openviper.db.connections.database import Database
from openviper.db.connections.leases import Lease
from openviper.db.connections.loops import close_db, configure_db, get_database, reset, reset_engine
from openviper.db.connections.tables import init_db

__all__ = [
    "Database",
    "Lease",
    "close_db",
    "configure_db",
    "get_connection",
    "get_database",
    "init_db",
    "request_connection",
    "reset",
    "reset_engine",
]
