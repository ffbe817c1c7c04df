"""Everything that blocks and handlers do at a database, under one roof; see ``late``."""

from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.backends.base import Isolation
from openviper.db.connections.leases import current_lease
from openviper.db.connections.loops import get_database
from openviper.db.transactions.handlers import failed_handlers, run_handler
from openviper.db.transactions.running import begin, end
from openviper.db.transactions.scope import Scope

__all__ = [
    "DEFAULT_ALIAS",
    "Isolation",
    "Scope",
    "begin",
    "current_lease",
    "end",
    "failed_handlers",
    "get_database",
    "run_handler",
]
