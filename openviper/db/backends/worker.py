"""The thread of one connection: it does jobs in order, and tells the loop what came of them.

It is a daemon, so a script that closes nothing ends at once; what is not stored by then is undone by the engine.
"""

import asyncio
import threading
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.pool import PooledConnection

__all__ = ["Interruptible", "Job", "Progress", "ThreadedConnection", "serve"]

#: Its number, what is done, whom to tell, and the loop of whoever waits.
Job: TypeAlias = tuple[int, Callable[[], Any], "asyncio.Future[Any]", Callable[..., None], asyncio.AbstractEventLoop]
T = TypeVar("T")

#: Seconds between two interrupts of a job that goes on.
_NAG_SECONDS: Final = 0.05


class Interruptible(Protocol):
    """What runs statements in a thread, and can be told to stop by another one."""

    def interrupt(self) -> None:
        """Stop the statement that runs."""

    def close(self) -> object:
        """End the session; called in its thread."""


class Progress:
    """Which job a thread is at, so that an interrupt hits this one and no other."""

    __slots__ = ("_job", "_lock")

    def __init__(self) -> None:
        self._job: object = None
        self._lock = threading.Lock()

    def enter(self, job: object) -> None:
        """Note the job that begins; None stands for none."""
        with self._lock:
            self._job = job

    def interrupt(self, job: object, raw: Interruptible) -> None:
        """Stop the statement that runs, if it belongs to a job.

        Args:
            job: The number of the job.
            raw: What runs it.
        """
        with self._lock:
            if self._job == job:
                raw.interrupt()


def serve(
    jobs: "SimpleQueue[Job | None]", progress: Progress, failed: Callable[[Exception], None] | None = None
) -> None:
    """Do the jobs of one connection until None comes.

    Args:
        jobs: What is to be done.
        progress: Where the job is noted that is done.
        failed: Adds to an error what only this thread knows.
    """
    while (job := jobs.get()) is not None:
        number, function, future, report, loop = job
        result: object = None
        failure: Exception | None = None
        progress.enter(number)
        if not future.cancelled():
            try:
                result = function()
            except Exception as error:  # noqa: BLE001 - a job is foreign code, and its waiter gets the error
                if failed is not None:
                    failed(error)
                failure = error
        progress.enter(None)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            loop.call_soon_threadsafe(report, future, result, failure)
        # An idle thread holds on to nothing.
        del job, function, future, report, loop, result, failure


class ThreadedConnection(PooledConnection):
    """A session whose driver blocks, in a thread of its own; a cancelled job is interrupted until it ends.

    Args:
        options: What the settings say about the database.
    """

    __slots__ = ("_deadline", "_done", "_expired", "_jobs", "_loop", "_options", "_progress", "_sent", "_timer")

    def __init__(self, options: BackendOptions) -> None:
        super().__init__()
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # Jobs by number. More than one is under way only after a cancellation.
        self._sent = 0
        self._done = 0
        self._progress = Progress()
        self._deadline = 0.0
        self._expired = False
        self._timer: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """End the session and the thread; a second call does nothing."""
        self._stop_clock()
        if (handle := self._detach()) is not None:
            closing = self._send(handle.close)
            # Behind the job that closes, so that whoever waits for that one is told of it.
            self._jobs.put(None)
            # A cancelled job would not be done, and the session stay open.
            await asyncio.shield(closing)

    def terminate(self) -> None:
        """Stop what runs, and let the thread end the session; nobody waits for it."""
        self._stop_clock()
        if (handle := self._detach()) is not None:
            handle.interrupt()
            self._post(handle.close)
            self._jobs.put(None)

    @abstractmethod
    def _handle(self) -> Interruptible | None:
        """Give what can be interrupted; None where the session is closed."""

    @abstractmethod
    def _detach(self) -> Interruptible | None:
        """Give the same, and forget it, so that no statement is sent to it any more."""

    def _send(self, function: Callable[[], T]) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = self._loop.create_future()
        self._sent += 1
        self._jobs.put((self._sent, function, future, self._report, self._loop))
        return future

    def _post(self, function: Callable[[], object]) -> None:
        _ = self._send(function)  # nobody waits for it

    def _report(self, future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
        self._done += 1
        if future.done():
            return  # whoever waited has left
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def _start_clock(self) -> None:
        timeout = self._options.statement_timeout
        if timeout is None:
            return
        # One timer for many statements: it looks at the deadline of the latest when it fires, which is cheaper than
        # one timer each.
        self._deadline = self._loop.time() + timeout
        if self._timer is None:
            self._timer = self._loop.call_later(timeout, self._look)

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._sent == self._done:
            return
        remaining = self._deadline - self._loop.time()
        if remaining > 0:
            self._timer = self._loop.call_later(remaining, self._look)
        else:
            self._expired = True
            self._nag(self._sent)

    def _nag(self, job: int) -> None:
        """Interrupt a job until it ends; an interrupt that falls between two statements has no effect."""
        handle = self._handle()
        if self._done < job and handle is not None:
            self._progress.interrupt(job, handle)
            self._loop.call_later(_NAG_SECONDS, self._nag, job)
