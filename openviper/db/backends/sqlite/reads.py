"""Reads of many tasks, through as few threads as are needed.

Theory of operation. A read outside of a transaction needs no connection of its own, so all of them stand in one line.
The first that comes borrows a connection from the pool and wakes its thread, which works off the line, those
included that join it meanwhile, and tells the loop of all results at once. One thread that serves 32 tasks is several
times as fast as 32 threads that fight for the interpreter.

A slow statement must not keep the others waiting. So a thread reports after a millisecond at the latest, and while
reads wait, a clock looks every two milliseconds: results that lie behind a slow statement are handed out, and for
each thread that has been at one statement all the while, a further connection is borrowed. It leaves again as soon as
another one keeps the line moving.

Loop and threads share nothing but two queues, whose ends CPython moves in one step.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Final, TypeVar

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.pool import Pool
from openviper.db.backends.sqlite.batch import Batch, Read
from openviper.db.backends.sqlite.connection import SQLiteConnection
from openviper.db.backends.sqlite.errors import timed_out, translated
from openviper.db.backends.sqlite.statements import Statements
from openviper.db.exceptions import ConnectionLostError, PoolTimeoutError

__all__ = ["SharedReads"]

T = TypeVar("T")

#: Seconds between two looks at a line that does not move.
_LOOK_SECONDS: Final = 0.002
#: Seconds that the statements of a batch take on average, from which several threads are worth it.
_SLOW_SECONDS: Final = 0.0005
#: Seconds between two interrupts of a statement that goes on.
_NAG_SECONDS: Final = 0.05


class SharedReads(Statements):
    """The line of the reads of one database, and who works it off.

    Args:
        pool: Where connections for reading come from.
        options: What the settings say about the database.
    """

    def __init__(self, pool: Pool[SQLiteConnection], options: BackendOptions) -> None:
        self._pool = pool
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Read] = deque()
        # What each connection is at; None for a single read that needs no line.
        self._serving: dict[SQLiteConnection, Batch | None] = {}
        self._recruiting: asyncio.Task[None] | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with a raw connection that only reads, in one hop.

        Args:
            function: Runs in the thread of a connection. It must not keep what it is given.

        Raises:
            StatementTimeoutError: It took longer than ``statement_timeout``.
            PoolTimeoutError: No connection became free in time.
            ORMException: In place of what SQLite raises; anything else passes unchanged.
        """
        if self._is_closed:
            raise self._closed()
        if not self._serving and not self._waiting and (connection := self._pool.take()) is not None:
            # With nobody else there the connection does it by itself, which costs a seventh less.
            self._serving[connection] = None
            try:
                return await connection.run(function)
            finally:
                self._leave(connection)
        future: asyncio.Future[T] = self._loop.create_future()
        read = Read(function, future, asyncio.current_task())
        self._waiting.append(read)
        if not self._serving:
            self._start()
        else:
            self._look_soon()
        try:
            return await future
        except asyncio.CancelledError:
            self._nag(read)
            raise
        except sqlite3.Error as error:
            failure = timed_out(self._options) if read.has_expired else translated(error, self._options)
            raise failure from error

    async def close(self) -> None:
        """Refuse what waits and what comes; what runs is ended by its connection."""
        self.terminate()
        if self._recruiting is not None:
            await asyncio.wait([self._recruiting])

    def terminate(self) -> None:
        """Refuse what waits and what comes, whether the event loop still runs or not."""
        self._is_closed = True
        if self._loop.is_closed():
            return
        self._refuse(self._closed(), asked_before=None)
        for timer in (self._looking, self._clock):
            if timer is not None:
                timer.cancel()
        if self._recruiting is not None:
            self._recruiting.cancel()

    def _start(self) -> None:
        """Let one more connection work off the line."""
        if (connection := self._pool.take()) is not None:
            self._serve(connection)
        elif self._recruiting is None:
            # A context of its own: it serves whoever waits.
            self._recruiting = self._loop.create_task(self._recruit(), context=Context())

    async def _recruit(self) -> None:
        try:
            connection = await self._pool.acquire()
        except PoolTimeoutError as error:
            self._refuse(error, asked_before=time.monotonic() - error.timeout)
        except ConnectionLostError as error:
            if not self._serving:
                self._refuse(error, asked_before=None)
        else:
            self._serve(connection) if self._waiting else self._pool.release(connection)
        finally:
            self._recruiting = None
        if self._waiting and not self._serving and not self._is_closed:
            self._start()

    def _serve(self, connection: SQLiteConnection) -> None:
        batch = self._serving[connection] = Batch(connection, self._waiting)
        if len(self._waiting) > 1:
            self._look_soon()
        connection.work(batch.work_off, partial(self._report, batch))
        if self._clock is None and self._options.statement_timeout is not None:
            self._clock = self._loop.call_later(self._options.statement_timeout, self._expire)

    def _report(self, batch: Batch) -> None:
        """Hand out the results of a batch that is over, and decide who goes on."""
        batch.hand_out()
        connection = batch.connection
        if self._waiting and connection.is_open:
            is_slow = batch.seconds > _SLOW_SECONDS * batch.count
            if is_slow or not any(_is_moving(other) for other in self._serving if other is not connection):
                self._serve(connection)
                if is_slow and len(self._waiting) > 1:
                    self._start()
                return
        self._leave(connection)

    def _leave(self, connection: SQLiteConnection) -> None:
        """Give a connection back; another one takes over if somebody waits."""
        del self._serving[connection]
        self._pool.release(connection)
        if self._waiting and not self._serving and not self._is_closed:
            self._start()

    def _look(self) -> None:
        """Hand out what lies behind a slow statement, and let others work off the line beside it."""
        self._looking = None
        if not self._serving or self._is_closed:
            return
        # Before the results: the last read may be taken out of the line in this moment, which ends the looking.
        is_needed = bool(self._waiting)
        stuck = 0
        for connection, batch in list(self._serving.items()):
            if batch is not None:
                batch.hand_out()
            stuck += not _is_moving(connection)
        if stuck == len(self._serving):
            for _ in range(min(stuck, len(self._waiting))):
                self._start()
        if is_needed:
            self._look_soon()

    def _look_soon(self) -> None:
        if self._looking is None:
            self._looking = self._loop.call_later(_LOOK_SECONDS, self._look)

    def _expire(self) -> None:
        """Interrupt the statements whose time is over, and look again when that of the next one is."""
        self._clock = None
        timeout = self._options.statement_timeout
        if timeout is None or not self._serving:
            return
        remaining = timeout
        for connection, batch in self._serving.items():
            read, age = batch.read if batch is not None else None, _age(connection)
            if read is not None and age >= timeout:
                read.has_expired = True
                self._nag(read)
            elif age < timeout:
                remaining = min(remaining, timeout - age)
        self._clock = self._loop.call_later(remaining, self._expire)

    def _nag(self, read: Read) -> None:
        """Interrupt a read until it is over; an interrupt that falls between two statements has no effect."""
        if not read.is_over and read.batch is not None:
            read.batch.connection.interrupt(read)
            self._loop.call_later(_NAG_SECONDS, self._nag, read)

    def _refuse(self, error: Exception, *, asked_before: float | None) -> None:
        """Fail the reads that wait, or those of them that came before an instant."""
        while self._waiting:
            try:
                read = self._waiting.popleft()
            except IndexError:
                return  # a thread was faster
            if asked_before is not None and read.asked_at > asked_before:
                self._waiting.appendleft(read)
                return
            read.finish(None, error)

    def _closed(self) -> ConnectionLostError:
        return ConnectionLostError(f"the connections to database {self._options.alias!r} have been closed")


def _age(connection: SQLiteConnection) -> float:
    """Give the seconds that a thread has been at the statement of now."""
    return time.monotonic() - connection.used_at


def _is_moving(connection: SQLiteConnection) -> bool:
    """Tell whether a thread has begun a statement a moment ago."""
    return _age(connection) < _LOOK_SECONDS
