"""How a block ends: commit, rollback, or a part of each, whatever happens to the task meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Final

from openviper.db.backends.base import Connection
from openviper.db.connections.database import Database
from openviper.db.connections.leases import Lease
from openviper.db.exceptions import ConnectionLostError, LockTimeoutError, TransactionError
from openviper.db.transactions.scope import Scope

__all__ = ["abandon", "close_turns", "end_inner", "end_outermost", "hand_back", "outlast"]

logger = logging.getLogger("openviper.db")

#: Seconds that a rollback may take before the connection is dropped, which is a rollback too.
_ROLLBACK_SECONDS: Final = 10.0

#: Seconds that a cancelled task waits for its COMMIT; before, the limit of statements holds.
_COMMIT_SECONDS: Final = 10.0


async def end_outermost(scope: Scope, failure: BaseException | None, *, is_raised: bool) -> None:
    """End the outermost block.

    Args:
        scope: The block.
        failure: Why it cannot be kept; None commits.
        is_raised: Whether the failure leaves the block by itself.
    """
    connection, database = scope.connection, scope.database
    pinned = scope.before
    if failure is not None:
        is_dirty, interruption = await _roll_back(scope, failure)
        hand_back(database, connection, pinned, is_dirty=is_dirty)
        await scope.run_rollback_handlers(is_cancelled=not isinstance(interruption or failure, Exception))
        if interruption is not None:
            raise interruption
        if not is_raised:
            raise _spoiled(scope) from failure
        return
    # A task of its own: a cancellation in the middle of a COMMIT would leave open what has become of it.
    commit = _start(connection.commit())
    interruption = await outlast(commit, limit=_COMMIT_SECONDS)
    refused = _failure_of(commit)
    if refused is None:
        scope.is_kept = True
        hand_back(database, connection, pinned, is_dirty=False)
        await scope.run_commit_handlers(is_cancelled=interruption is not None)
    elif _is_unknown(refused):
        # Nobody knows whether the server has committed, so neither kind of handler would be right.
        hand_back(database, connection, pinned, is_dirty=True)
        happened = "was given up" if isinstance(refused, asyncio.CancelledError) else "broke"
        logger.error(
            "the connection to database %r %s during a COMMIT, whose outcome is unknown", scope.alias, happened
        )
    else:
        is_dirty, later = await _roll_back(scope, refused)
        interruption = interruption or later
        hand_back(database, connection, pinned, is_dirty=is_dirty)
        await scope.run_rollback_handlers(is_cancelled=interruption is not None)
    if interruption is not None:
        raise interruption from refused
    if refused is not None:
        raise refused


async def end_inner(scope: Scope, outer: Scope, failure: BaseException | None, *, is_raised: bool) -> None:
    """End an inner block, and give the turn back to the one around it."""
    refused: BaseException | None = None
    interruption: asyncio.CancelledError | None = None
    try:
        if failure is None:
            release = _start(scope.connection.release(scope.savepoint))
            interruption = await outlast(release, limit=_COMMIT_SECONDS)
            refused = _failure_of(release)
            if refused is None:
                scope.is_kept = True
                scope.join_outer(outer)
        if failure is not None or refused is not None:
            undo = _start(scope.connection.rollback_to(scope.savepoint), limit=_ROLLBACK_SECONDS)
            interruption = await outlast(undo) or interruption
            if (broken := _failure_of(undo)) is not None and outer.failure is None:
                outer.failure = broken  # the whole transaction is in doubt, so all of it has to go
    finally:
        outer.leave()
    if failure is not None or refused is not None:
        await scope.run_rollback_handlers(is_cancelled=not isinstance(interruption or failure or refused, Exception))
    if interruption is not None:
        raise interruption
    if refused is not None:
        raise refused
    if failure is not None and not is_raised:
        raise _spoiled(scope) from failure


async def close_turns(scope: Scope) -> None:
    """End the block for other tasks, once the query that one of them may be in has ended."""
    try:
        await scope.enter()
    except LockTimeoutError as error:
        scope.failure = scope.failure or error
        scope.is_over = True
    else:
        scope.is_over = True
        scope.leave()


async def _roll_back(scope: Scope, cause: BaseException) -> tuple[bool, asyncio.CancelledError | None]:
    """Undo the transaction; returns whether the connection has to be looked after, and what came in between."""
    rollback = _start(scope.connection.rollback(), limit=_ROLLBACK_SECONDS)
    interruption = await outlast(rollback)
    refused = _failure_of(rollback)
    if refused is None:
        return False, interruption
    # A connection that is gone takes its transaction with it; others are put in order or dropped by the pool.
    if not isinstance(refused, ConnectionLostError):
        cause.add_note(f"the rollback failed too: {type(refused).__name__}: {refused}")
    return True, interruption


def abandon(scope: Scope, error: GeneratorExit) -> None:
    """End a block whose coroutine is being thrown away, so that nothing can be awaited in it any more."""
    scope.is_over = scope.is_abandoned = True
    if scope.outer is not None:
        if scope.outer.failure is None:
            scope.outer.failure = error
        scope.outer.leave()
        scope.database.spawn(scope.run_rollback_handlers(is_cancelled=False))
        return
    scope.database.spawn(end_outermost(scope, error, is_raised=True))


def hand_back(database: Database, connection: Connection, pinned: Lease | None, *, is_dirty: bool) -> None:
    """Give a connection back to where it came from: the pool, or a block that has pinned it."""
    if pinned is not None and pinned.connection is connection:
        pinned.leave()
    else:
        database.backend.release(connection, is_dirty=is_dirty)


def _spoiled(scope: Scope) -> TransactionError:
    return TransactionError(
        f"an error inside the block on database {scope.alias!r} was handled there, yet it had made the transaction "
        "fail, so nothing of the block was stored; put what may fail into an atomic() of its own inside"
    )


def _start(work: Coroutine[object, object, None], limit: float | None = None) -> asyncio.Task[None]:
    """Begin something in a task of its own.

    Args:
        work: What is done.
        limit: Seconds that it may take; None means no limit here.
    """
    bounded = work
    try:
        if limit is not None:
            bounded = _within(limit, work)
        return asyncio.create_task(bounded)
    except BaseException:  # deep in a recursion there may be no room left for a task
        bounded.close()
        work.close()
        raise


async def _within(seconds: float, work: Coroutine[object, object, None]) -> None:
    async with asyncio.timeout(seconds):
        await work


def _failure_of(task: asyncio.Task[None]) -> BaseException | None:
    """Give what a task that is done has raised; one that was given up gives its cancellation."""
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def _is_unknown(refused: BaseException) -> bool:
    """Tell whether a COMMIT that failed may have been carried out."""
    return isinstance(refused, asyncio.CancelledError) or (
        isinstance(refused, ConnectionLostError) and refused.was_sent
    )


async def outlast(work: Awaitable[object], *, limit: float | None = None) -> asyncio.CancelledError | None:
    """Wait until something is done, however often the caller is cancelled; returns the cancellation, to be raised.

    Args:
        work: What is waited for.
        limit: Seconds after the first cancellation when it is given up, and cancelled in its turn; None means never.
    """
    task = asyncio.ensure_future(work)
    interruption: asyncio.CancelledError | None = None
    deadline: asyncio.TimerHandle | None = None
    while not task.done():
        try:
            await asyncio.wait([task])  # unlike a plain await, this does not pass a cancellation on
        except asyncio.CancelledError as error:
            interruption = error
            if limit is not None and deadline is None:
                deadline = asyncio.get_running_loop().call_later(limit, task.cancel)
    if deadline is not None:
        deadline.cancel()
    return interruption
