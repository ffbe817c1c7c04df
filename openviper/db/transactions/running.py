"""How a block begins and ends: the way in, where ``atomic()`` has said what is wanted, and the way out."""

from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.backends.base import Isolation
from openviper.db.connections.database import Database
from openviper.db.connections.leases import Lease, current_lease, enter_lease, leave_lease
from openviper.db.connections.loops import get_database
from openviper.db.exceptions import ConnectionLostError, TransactionError
from openviper.db.transactions.ending import abandon, close_turns, end_inner, end_outermost, hand_back, outlast
from openviper.db.transactions.scope import Scope

__all__ = ["begin", "end"]


async def begin(
    using: str | None = None, *, isolation: Isolation | None = None, durable: bool = False, read_only: bool = False
) -> Scope:
    """Begin a transaction, or set a mark inside the one that runs.

    Args:
        using: Alias of the database; None means ``default``.
        isolation: How far it is kept apart from other transactions; None means the engine's own default.
        durable: Whether it must be the outermost block.
        read_only: Whether writes are refused inside.

    Raises:
        TransactionError: The block cannot begin here: it is durable and not the outermost, asks for what only the
            outermost can have, or the transaction has failed or is over.
    """
    database = get_database(using)
    before = current_lease(database.alias)
    if isinstance(before, Scope):
        _check_inner(before, isolation=isolation, durable=durable, read_only=read_only)
        scope = await _begin_inner(database, before)
    else:
        scope = await _begin_outermost(database, before, isolation, read_only=read_only or database.options.read_only)
    enter_lease(scope)
    return scope


async def end(using: str | None, error: BaseException | None) -> None:
    """End the block that the running code is in: keep its work if it ended well, undo it otherwise.

    Args:
        using: Alias of the database; None means ``default``.
        error: What left the block; None if nothing did.

    Raises:
        TransactionError: The block began in another task.
    """
    alias = DEFAULT_ALIAS if using is None else using
    scope = current_lease(alias)
    if not isinstance(scope, Scope):
        raise TransactionError(
            f"the block on database {alias!r} ends in another task than it began in; keep it within one function"
        )
    leave_lease(scope, scope.before)
    if isinstance(error, GeneratorExit):
        abandon(scope, error)
        return
    # Others of the task tree may be in the middle of a query.
    interruption = await outlast(close_turns(scope)) if scope.is_busy else None
    scope.is_over = True
    reason = error or interruption
    failure = reason or scope.failure
    try:
        if scope.outer is None:
            await end_outermost(scope, failure, is_raised=reason is not None)
        else:
            await end_inner(scope, scope.outer, failure, is_raised=reason is not None)
    finally:
        if interruption is not None:
            raise interruption


async def _begin_outermost(
    database: Database, before: Lease | None, isolation: Isolation | None, *, read_only: bool
) -> Scope:
    backend = database.backend
    writes = not read_only
    # A connection that the code around holds serves here too, except on SQLite, where it may only be for reading.
    pinned = before if before is not None and not before.is_over and not backend.splits_writes else None
    if pinned is not None:
        await pinned.enter()
        connection = pinned.connection
    else:
        connection = await backend.acquire(writes=writes)
    try:
        try:
            await connection.begin(isolation, read_only)
        except ConnectionLostError as error:
            if error.was_sent or pinned is not None:
                raise
            # It had broken while nobody used it: one more, on a new one.
            backend.release(connection)
            connection = await backend.acquire(writes=writes)
            await connection.begin(isolation, read_only)
    except BaseException:
        hand_back(database, connection, pinned, is_dirty=True)
        raise
    return Scope(database, connection, outer=None, before=before, read_only=read_only)


def _check_inner(outer: Scope, *, isolation: Isolation | None, durable: bool, read_only: bool) -> None:
    """Refuse what an inner block cannot have."""
    outer.check()
    if durable:
        raise TransactionError(
            f"a durable block on database {outer.alias!r} began inside another one, whose rollback would undo "
            "it; call it from outside"
        )
    if isolation is not None or (read_only and not outer.read_only):
        raise TransactionError(
            f"an inner block on database {outer.alias!r} asks for an isolation or for read_only, which hold for "
            "a whole transaction; ask for them in the outermost block"
        )


async def _begin_inner(database: Database, outer: Scope) -> Scope:
    await outer.enter()
    scope = Scope(database, outer.connection, outer=outer, before=outer, read_only=outer.read_only)
    try:
        outer.check()
        await outer.connection.savepoint(scope.savepoint)
    except BaseException as error:
        if outer.failure is None and not outer.is_over:
            outer.failure = error
        outer.leave()
        raise
    return scope
