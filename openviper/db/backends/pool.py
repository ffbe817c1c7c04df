"""A bounded pool of connections for one event loop.

Theory of operation. Connections that nobody uses lie on a stack, so that the busiest stay warm and the others grow old
and are replaced. Whoever finds the stack empty opens a connection as long as there are places, and joins the queue of
waiters otherwise. A connection that comes back goes straight to the first waiter, so nobody who comes later can
overtake. A place that becomes free (a connection broke, or could not be opened) is handed over in the same way, as
None, and counts as taken all the while.

Nothing is sent to the server when a connection comes back. One whose session is not as it should be (a query was
cancelled, a transaction was left open) is put in order by a task of the pool before anybody gets it.
"""

import asyncio
import math
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from openviper.db.exceptions import ConnectionLostError, ORMException, PoolTimeoutError

__all__ = ["Pool", "PoolLimits", "PooledConnection"]

#: Seconds without use after which a connection is asked whether it still answers.
_IDLE_SECONDS: Final = 30.0


class PooledConnection(ABC):
    """A connection with what the pool notes about it."""

    __slots__ = ("holder", "opened_at", "used_at")

    def __init__(self) -> None:
        self.opened_at = 0.0
        self.used_at = 0.0
        self.holder: asyncio.Task[object] | None = None

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether the session is there, as far as is known without asking the server."""

    @property
    @abstractmethod
    def is_clean(self) -> bool:
        """Whether the next user can take the session as it is."""

    @abstractmethod
    async def ping(self) -> None:
        """Ask the server for a sign of life."""

    @abstractmethod
    async def clean(self) -> None:
        """Bring the session into the state of a new one."""

    @abstractmethod
    async def close(self) -> None:
        """End the session in good order."""

    @abstractmethod
    def terminate(self) -> None:
        """Drop the session at once."""


C = TypeVar("C", bound=PooledConnection)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How many connections there may be, and for how long.

    Args:
        alias: The database, for messages.
        size: Connections that are kept open, at least 1.
        overflow: Connections beyond them while all are in use.
        timeout: Seconds that one may be waited for while all are in use; None means no limit.
        recycle: Seconds after which one is replaced.
        care: Seconds that one has for being asked, put in order or closed, before it is dropped; None means no limit.
    """

    alias: str
    size: int
    overflow: int
    timeout: float | None
    recycle: float
    care: float | None = 5.0


class Pool(Generic[C]):
    """Connections to one database, lent to one task at a time.

    Args:
        open_connection: Opens one.
        limits: How many, and for how long.
        timed_out: Makes the error for a wait that took too long, from the holders and their ages in seconds.
        clock: Seconds from any start.
    """

    def __init__(
        self,
        open_connection: Callable[[], Awaitable[C]],
        limits: PoolLimits,
        *,
        timed_out: Callable[[Sequence[tuple[str, float]]], Exception] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_connection = open_connection
        self._limits = limits
        self._timed_out = timed_out or self._default_error
        self._clock = clock
        self._idle: list[C] = []
        self._lent: set[C] = set()
        # With the instants at which they give up, by the clock of the loop; those who have left stay until their turn.
        self._waiters: deque[tuple[float, asyncio.Future[C | None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        # Places that are taken: by connections on the stack, lent, being opened or being put in order.
        self._taken = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        # Connections that were opened until then are replaced, by the clock of the pool.
        self._renewed_at = -math.inf

    @property
    def holders(self) -> list[tuple[str, float]]:
        """Who has a connection, and for how many seconds, the longest first."""
        now = self._clock()
        held = [(_describe(connection.holder), now - connection.used_at) for connection in self._lent]
        return sorted(held, key=lambda entry: entry[1], reverse=True)

    def take(self) -> C | None:
        """Lend the connection on top of the stack if it can be used without a question; None otherwise."""
        if not self._idle:
            return None
        connection = self._idle[-1]
        now = self._clock()
        opened_at = connection.opened_at
        if (
            not connection.is_open
            or now - connection.used_at > _IDLE_SECONDS
            or now - opened_at > self._limits.recycle
            or opened_at <= self._renewed_at
        ):
            return None
        self._idle.pop()
        return self._lend(connection, now)

    async def acquire(self) -> C:
        """Lend a connection, waiting for one if need be.

        Raises:
            PoolTimeoutError: None became free in time, or the error that the pool was given for this.
            ConnectionLostError: The pool is closed, or the database cannot be reached.
        """
        if (connection := self.take()) is not None:
            return connection
        return self._lend(await self._next(), self._clock())

    def release(self, connection: C, *, is_dirty: bool = False) -> None:
        """Take a connection back; a second call does nothing.

        Args:
            connection: One that was lent.
            is_dirty: Whether its session may have been changed.
        """
        if connection not in self._lent:
            return
        self._lent.discard(connection)
        connection.holder = None
        if not connection.is_open or self._is_closed:
            self._discard(connection)
        elif is_dirty or not connection.is_clean:
            self._spawn(self._clean(connection))
        else:
            self._put_back(connection)

    def renew(self) -> None:
        """Have every connection of now replaced before its next use; those that are lent stay with their users."""
        self._renewed_at = self._clock()

    async def close(self) -> None:
        """Close every connection, cut off those that are lent, and refuse who waits; a second call does nothing."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._refuse_waiters()
        for connection in list(self._lent):
            connection.terminate()
        idle, self._idle = self._idle, []
        for connection in idle:
            self._spawn(self._close(connection))
        # Both kinds of task end by themselves: each has its limit.
        while self._tasks:
            await asyncio.wait(list(self._tasks))
        self._taken = len(self._lent)

    def terminate(self) -> None:
        """Drop every connection at once, whether its event loop still runs or not."""
        self._is_closed = True
        for connection in (*self._idle, *self._lent):
            connection.terminate()
        self._idle.clear()

    def _lend(self, connection: C, now: float) -> C:
        connection.used_at = now
        connection.holder = asyncio.current_task()
        self._lent.add(connection)
        return connection

    async def _next(self) -> C:
        """Return a connection that can be used; its place counts as taken."""
        if self._is_closed:
            raise ConnectionLostError(f"the connections to database {self._limits.alias!r} have been closed")
        if self._idle:
            return await self._revive(self._idle.pop())
        if self._taken < self._limits.size + self._limits.overflow:
            self._taken += 1
            return await self._open()
        connection = await self._wait()
        return await self._open() if connection is None else await self._revive(connection)

    async def _wait(self) -> C | None:
        loop, timeout = asyncio.get_running_loop(), self._limits.timeout
        waiter: asyncio.Future[C | None] = loop.create_future()
        # All wait equally long, so one timer for the first of them is enough.
        self._waiters.append((math.inf if timeout is None else loop.time() + timeout, waiter))
        if timeout is not None and self._timer is None:
            self._timer = loop.call_later(timeout, self._give_up)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It was handed over in the same moment in which the waiter was cancelled.
                connection = waiter.result()
                self._free_place() if connection is None else self._put_back(connection)
            raise

    def _give_up(self) -> None:
        """Refuse the waiters whose time is over, and look again when that of the next one is."""
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._waiters and (self._waiters[0][1].done() or self._waiters[0][0] <= loop.time()):
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(self._timed_out(self.holders))
        if self._waiters:
            self._timer = loop.call_at(self._waiters[0][0], self._give_up)

    async def _open(self) -> C:
        try:
            connection = await self._open_connection()
        except BaseException:
            self._free_place()
            raise
        connection.opened_at = self._clock()
        return connection

    async def _revive(self, connection: C) -> C:
        """Return the connection, or one in its place if it is too old or does not answer."""
        now = self._clock()
        is_fresh = self._is_young(connection, now)
        if is_fresh and now - connection.used_at <= _IDLE_SECONDS:
            return connection
        try:
            if is_fresh and await self._answers(connection):
                return connection
        except BaseException:
            self._discard(connection)
            raise
        self._spawn(self._close(connection))
        return await self._open()

    def _is_young(self, connection: C, now: float) -> bool:
        opened_at = connection.opened_at
        return connection.is_open and now - opened_at <= self._limits.recycle and opened_at > self._renewed_at

    async def _answers(self, connection: C) -> bool:
        try:
            async with asyncio.timeout(self._limits.care):
                await connection.ping()
        except (ORMException, OSError):
            return False
        return True

    async def _clean(self, connection: C) -> None:
        try:
            async with asyncio.timeout(self._limits.care):
                await connection.clean()
        except (ORMException, OSError):
            self._discard(connection)
        except BaseException:
            # The end of asyncio.run() cancels this and closes the pool then, which waits for what is begun here: a
            # SQLite file that is closed in good order leaves no log beside it.
            self._spawn(self._close(connection))
            self._free_place()
            raise
        else:
            self._put_back(connection)

    async def _close(self, connection: C) -> None:
        try:
            async with asyncio.timeout(self._limits.care):
                await connection.close()
        except (ORMException, OSError):
            pass  # it is gone, which is what was wanted
        finally:
            connection.terminate()

    def _put_back(self, connection: C) -> None:
        while self._waiters:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                connection.used_at = self._clock()
                waiter.set_result(connection)
                return
        if self._is_closed or len(self._idle) >= self._limits.size:
            self._taken -= 1
            self._spawn(self._close(connection))
            return
        connection.used_at = self._clock()
        self._idle.append(connection)

    def _discard(self, connection: C) -> None:
        connection.terminate()
        self._free_place()

    def _free_place(self) -> None:
        while self._waiters:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken -= 1

    def _refuse_waiters(self) -> None:
        error = ConnectionLostError(f"the connections to database {self._limits.alias!r} have been closed")
        while self._waiters:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)

    def _spawn(self, care: Coroutine[object, object, None]) -> None:
        # A context of its own: the care outlives the request or the transaction that caused it.
        task = asyncio.get_running_loop().create_task(care, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _default_error(self, holders: Sequence[tuple[str, float]]) -> Exception:
        return PoolTimeoutError(self._limits.alias, self._limits.timeout or 0.0, holders)


def _describe(task: asyncio.Task[object] | None) -> str:
    """Name a task, what it runs and the line that it stands at."""
    if task is None:
        return "code outside a task"
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    frames = task.get_stack(limit=1)
    place = f" at {frames[-1].f_code.co_filename}:{frames[-1].f_lineno}" if frames else ""
    return f"{task.get_name()} ({name}{place})"
