"""A connection that the calls of one task tree share, and how code finds the one around it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Final, TypeVar

from openviper.db.backends.base import Connection
from openviper.db.exceptions import LockTimeoutError, ORMException, TransactionError

__all__ = ["Lease", "current_lease", "enter_lease", "leave_lease", "open_transactions"]

T = TypeVar("T")


class Lease:
    """A connection that the calls of one task tree share, one after the other.

    Args:
        connection: Whose turns these are.
        alias: The database.
        is_transaction: Whether what runs here belongs together: an error in it then spoils all that follows, on
            every engine as PostgreSQL has it.
        timeout: Seconds that a turn may be waited for; None means no limit.
    """

    __slots__ = (
        "__weakref__",
        "_is_taken",
        "_queue",
        "alias",
        "before",
        "connection",
        "failure",
        "is_abandoned",
        "is_over",
        "is_transaction",
        "timeout",
    )

    def __init__(
        self, connection: Connection, *, alias: str, is_transaction: bool = False, timeout: float | None = None
    ) -> None:
        self.connection = connection
        self.alias = alias
        self.is_transaction = is_transaction
        self.timeout = timeout
        # What the code around uses.
        self.before: Lease | None = None
        self.is_over = False
        # Its generator was thrown away, so that the context which began it can still point here.
        self.is_abandoned = False
        self.failure: BaseException | None = None
        self._is_taken = False
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether somebody has the turn."""
        return self._is_taken

    async def run(self, call: Callable[[Connection], Awaitable[T]]) -> T:
        """Do something with the connection when its turn has come.

        Raises:
            TransactionError: The transaction is over, or has failed before.
            LockTimeoutError: The turn did not come in time.
        """
        await self.enter()
        try:
            self.check()
            return await call(self.connection)
        except (ORMException, asyncio.CancelledError) as error:
            if self.is_transaction and not self.is_over and self.failure is None:
                self.failure = error
            raise
        finally:
            self.leave()

    async def enter(self) -> None:
        """Wait for the turn, and keep it until ``leave()``.

        Raises:
            LockTimeoutError: It did not come in time.
        """
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        limit = asyncio.timeout(self.timeout)
        try:
            async with limit:
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()  # it came in the same moment
            if isinstance(error, TimeoutError) and limit.expired():
                raise LockTimeoutError(
                    f"the transaction on database {self.alias!r} was busy for {self.timeout or 0:g} seconds with an "
                    "inner block or another query of the same task tree; a block must not wait for a task that needs "
                    "the block around it"
                ) from error
            raise

    def leave(self) -> None:
        """Give the turn to the next."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)  # handed over, so that nobody who comes later can overtake
                return
        self._is_taken = False

    def check(self) -> None:
        """Refuse what cannot go on.

        Raises:
            TransactionError: The transaction is over, or has failed before.
        """
        if not self.is_transaction:
            return
        if self.is_over:
            raise TransactionError(
                f"the transaction on database {self.alias!r} is over, and a task that was started inside goes on; "
                "wait for it inside the block, or start it after the block"
            )
        if self.failure is not None:
            raise TransactionError(
                f"the transaction on database {self.alias!r} has failed ({type(self.failure).__name__}), so everything "
                "in it is refused until it ends; put what may fail into an atomic() of its own inside"
            ) from self.failure


# The connections that blocks around the running code hold, by alias; child tasks inherit them.
_leases: ContextVar[Mapping[str, Lease]] = ContextVar("leases")
_NONE: Final[Mapping[str, Lease]] = {}


def current_lease(alias: str) -> Lease | None:
    """Return what a block around the running code holds, a transaction that is over included."""
    lease = _leases.get(_NONE).get(alias)
    while lease is not None and lease.is_abandoned:
        lease = lease.before
    return lease


def open_transactions() -> Iterator[Lease]:
    """Give the transactions that the running code is in, one a database at most, in the order in which they began."""
    leases = _leases.get(_NONE)
    for alias in leases:
        lease = current_lease(alias)
        if lease is not None and lease.is_transaction and not lease.is_over:
            yield lease


def enter_lease(lease: Lease) -> Lease | None:
    """Let the statements of the running code, and of the tasks that it starts, use a lease; returns the one before."""
    leases = _leases.get(_NONE)
    _leases.set({**leases, lease.alias: lease})
    return leases.get(lease.alias)


def leave_lease(lease: Lease, before: Lease | None) -> None:
    """Undo ``enter_lease()``; not by a token, which only the context that made it accepts."""
    leases = dict(_leases.get(_NONE))
    if leases.get(lease.alias) is not lease:
        return
    if before is None:
        del leases[lease.alias]
    else:
        leases[lease.alias] = before
    _leases.set(leases)
