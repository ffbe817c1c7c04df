"""One ``atomic()`` block while it runs: its connection, and what joined it."""

from openviper.db.backends.base import Connection
from openviper.db.connections.database import Database
from openviper.db.connections.leases import Lease
from openviper.db.exceptions import TransactionError
from openviper.db.transactions.handlers import Handler, run_handlers

__all__ = ["Handler", "Scope"]


class Scope(Lease):
    """One ``atomic()`` block while it runs.

    Args:
        database: Where it runs.
        connection: The connection of the transaction.
        outer: The block around it; None for the outermost.
        before: What the code around the block uses.
        read_only: Whether writes are refused.
    """

    __slots__ = (
        "commit_handlers",
        "database",
        "depth",
        "is_kept",
        "outer",
        "read_only",
        "rollback_handlers",
        "values",
    )

    def __init__(
        self,
        database: Database,
        connection: Connection,
        *,
        outer: "Scope | None",
        before: Lease | None,
        read_only: bool,
    ) -> None:
        super().__init__(
            connection, alias=database.alias, is_transaction=True, timeout=database.options.statement_timeout
        )
        self.database = database
        self.outer = outer
        self.before = before
        self.read_only = read_only
        self.depth: int = outer.depth + 1 if outer else 0
        #: Whether it has ended well, which a cancellation that left it meanwhile does not tell.
        self.is_kept = False
        self.commit_handlers: list[Handler] = []
        self.rollback_handlers: list[Handler] = []
        self.values: dict[object, object] = {}

    @property
    def savepoint(self) -> str:
        """Name of the mark that an inner block stands for."""
        return f"openviper_{self.depth}"

    def on_commit(self, handler: Handler) -> None:
        """Run something once the outermost block is committed; dropped if this block, or one around it, rolls back."""
        self.check_open()
        self.commit_handlers.append(handler)

    def on_rollback(self, handler: Handler) -> None:
        """Run something if this block, or one around it, rolls back; dropped by the commit of the outermost."""
        self.check_open()
        self.rollback_handlers.append(handler)

    def get(self, key: object, default: object = None) -> object:
        """Return a value that joined this block or one around it, the innermost first."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.values:
                return scope.values[key]
            scope = scope.outer
        return default

    def set(self, key: object, value: object) -> None:
        """Keep a value that is seen inside this block, and around it once this block has ended well.

        Args:
            key: Whatever the part that keeps it uses for its own, such as a tuple that begins with its name.
            value: What is kept, until the transaction ends.
        """
        self.check_open()
        self.values[key] = value

    def check_open(self) -> None:
        """Refuse what joins too late.

        Raises:
            TransactionError: The block has ended.
        """
        if self.is_over:
            raise TransactionError(f"the transaction on database {self.alias!r} is over; nothing can join it any more")

    def join_outer(self, outer: "Scope") -> None:
        """Hand over what joined to the block around, in order."""
        # In order, as if all of it had joined the block around.
        outer.commit_handlers += self.commit_handlers
        outer.rollback_handlers += self.rollback_handlers
        outer.values.update(self.values)

    async def run_commit_handlers(self, *, is_cancelled: bool) -> None:
        """Run the handlers for a commit, in the order in which they joined."""
        await run_handlers(self.commit_handlers, "on_commit", is_cancelled=is_cancelled)

    async def run_rollback_handlers(self, *, is_cancelled: bool) -> None:
        """Run the handlers for a rollback, the last one first."""
        await run_handlers(self.rollback_handlers[::-1], "on_rollback", is_cancelled=is_cancelled)
