"""How code joins the block that it runs in."""

import inspect
from typing import TYPE_CHECKING

from openviper.db.transactions.late import work

if TYPE_CHECKING:
    from openviper.db.transactions.handlers import Handler
    from openviper.db.transactions.scope import Scope

__all__ = ["current_scope", "failed_handlers", "in_transaction", "on_commit", "on_rollback"]


def current_scope(using: str | None = None) -> "Scope | None":
    """Return the block that the running code is in, the innermost one; None outside of any.

    Args:
        using: Alias of the database; None means ``default``.

    Raises:
        ValueError: It is an empty text.
    """
    if using == "":
        # Most often a variable of the environment that is not set, and never the main database.
        raise ValueError("using is an empty text; give the alias of a database, or None for 'default'")
    lease = work.current_lease(work.DEFAULT_ALIAS if using is None else using)
    return lease if isinstance(lease, work.Scope) and not lease.is_over else None


def in_transaction(using: str | None = None) -> bool:
    """Tell whether the running code is in an ``atomic()`` block of that database."""
    return current_scope(using) is not None


def on_commit(handler: "Handler", using: str | None = None) -> None:
    """Run something once the transaction is committed, or at once where there is none.

    Args:
        handler: Called without arguments; what it returns is awaited if that is possible. Its failure is logged and
            counted. Outside a transaction a plain function raises to the caller, and what returns an awaitable
            runs in a task that ``close_db()`` waits for.
        using: Alias of the database; None means ``default``.
    """
    scope = current_scope(using)
    if scope is not None:
        scope.on_commit(handler)
    elif (result := handler()) is not None and inspect.isawaitable(result):
        work.get_database(using).spawn(work.run_handler(lambda: result, "on_commit", handler))


def on_rollback(handler: "Handler", using: str | None = None) -> None:
    """Run something if the transaction is rolled back; does nothing where there is none.

    Args:
        handler: Called without arguments; what it returns is awaited if that is possible.
        using: Alias of the database; None means ``default``.
    """
    scope = current_scope(using)
    if scope is not None:
        scope.on_rollback(handler)


def failed_handlers() -> int:
    """Return how many handlers after transactions have failed in this process; each is in the log."""
    return work.failed_handlers()
