"""Reads that stand in a line, and the work of one thread on it."""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from openviper.db.backends.sqlite.connection import SQLiteConnection
from openviper.db.backends.sqlite.functions import failure_of
from openviper.db.backends.sqlite.session import roll_back
from openviper.db.backends.worker import Progress

__all__ = ["Batch", "Read"]

#: Seconds after which a thread reports, so that the first result does not wait for too many others.
_BATCH_SECONDS: Final = 0.001


class Read:
    """One read: what is run, and who waits for it.

    Args:
        function: Runs in the thread of a connection.
        future: Gets what comes of it.
        task: Who asked, for messages.
    """

    __slots__ = ("asked_at", "batch", "function", "future", "has_expired", "is_over", "task")

    def __init__(
        self,
        function: Callable[[sqlite3.Connection], Any],
        future: "asyncio.Future[Any]",
        task: asyncio.Task[Any] | None,
    ) -> None:
        self.function = function
        self.future = future
        self.task = task
        self.asked_at = time.monotonic()
        # Set by the thread that takes it out of the line, and when it is through with it.
        self.batch: Batch | None = None
        self.is_over = False
        self.has_expired = False

    def finish(self, result: object, failure: Exception | None) -> None:
        """Tell whoever waits; does nothing if they have left."""
        if self.future.done():
            return
        if failure is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(failure)


class Batch:
    """The work of one thread on the line, until the line is empty or its time is over.

    Args:
        connection: Whose thread it is.
        waiting: The line.
    """

    __slots__ = ("_results", "connection", "count", "read", "seconds", "waiting")

    def __init__(self, connection: SQLiteConnection, waiting: deque[Read]) -> None:
        self.connection = connection
        self.waiting = waiting
        self.read: Read | None = None
        self.count = 0
        self.seconds = 0.0
        self._results: deque[tuple[Read, object, Exception | None]] = deque()

    def hand_out(self) -> None:
        """Give those who wait what is there already; in the loop."""
        while self._results:
            read, result, failure = self._results.popleft()
            read.finish(result, failure)

    def work_off(self, raw: sqlite3.Connection, progress: Progress) -> None:
        """Run reads, in the thread."""
        connection, waiting = self.connection, self.waiting
        began = now = time.monotonic()
        while now - began < _BATCH_SECONDS:
            try:
                read = waiting.popleft()
            except IndexError:
                break
            # Before the look at the future: whoever leaves marks the future first and looks for the thread then.
            read.batch = self
            self.read = read
            connection.holder = read.task
            connection.used_at = now
            if not read.future.done():
                self._results.append(_run(read, raw, progress))
                self.count += 1
            read.is_over = True
            now = time.monotonic()
        self.read = None
        self.seconds = now - began


def _run(read: Read, raw: sqlite3.Connection, progress: Progress) -> tuple[Read, object, Exception | None]:
    progress.enter(read)
    result: object = None
    failure: Exception | None = None
    try:
        try:
            result = read.function(raw)
        finally:
            if raw.in_transaction:
                roll_back(raw)  # the next read belongs to somebody else
    except sqlite3.Error as error:
        error.__cause__ = failure_of(error)
        failure = error
    except Exception as error:  # noqa: BLE001 - a read is foreign code, and its waiter gets the error
        failure = error
    progress.enter(None)
    return read, result, failure
