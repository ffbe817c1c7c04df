"""Transactions: what belongs to one unit of work becomes true together, or not at all.

Theory of operation. A block is a ``Scope``: the connection of the transaction, whose turns the calls of the block take
one after the other, and what joined the block (handlers for its end, values seen inside). An inner block is a
savepoint. While it runs it keeps the turn of the block around it, so whatever else runs there waits until it has ended,
and its own rollback can undo nothing but its own work.

An inner block that ends well hands over to the one around it what joined; one that fails drops it and runs the handlers
for a rollback. After the outermost COMMIT the handlers run in the order in which they joined, on no connection of ours;
those for a rollback run the last one first, as undoing does. A handler that fails is logged and counted, and changes
nothing: what is committed is committed.
"""

from openviper.db.transactions.block import Atomic, atomic, transaction
from openviper.db.transactions.hooks import current_scope, failed_handlers, in_transaction, on_commit, on_rollback

__all__ = [
    "Atomic",
    "atomic",
    "current_scope",
    "failed_handlers",
    "in_transaction",
    "on_commit",
    "on_rollback",
    "transaction",
]
