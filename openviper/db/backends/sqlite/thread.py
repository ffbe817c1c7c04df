"""The thread of one connection: it does jobs in order, and tells the loop what came of them.

It is a daemon, so a script that closes nothing ends at once; SQLite's journal makes that safe.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeAlias

from openviper.db.backends.sqlite.functions import failure_of

__all__ = ["Job", "Progress", "serve"]

#: Its number, what is done, whom to tell, and the loop of whoever waits.
Job: TypeAlias = tuple[int, Callable[[], Any], "asyncio.Future[Any]", Callable[..., None], asyncio.AbstractEventLoop]


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

    def interrupt(self, job: object, raw: sqlite3.Connection) -> None:
        """Stop the statement that runs, if it belongs to that job."""
        with self._lock:
            if self._job == job:
                raw.interrupt()


def serve(jobs: "SimpleQueue[Job | None]", progress: Progress) -> None:
    """Do the jobs of one connection until None comes."""
    while (job := jobs.get()) is not None:
        number, function, future, report, loop = job
        result: object = None
        failure: Exception | None = None
        progress.enter(number)
        if not future.cancelled():
            try:
                result = function()
            except sqlite3.Error as error:
                error.__cause__ = failure_of(error)
                failure = error
            except Exception as error:  # noqa: BLE001 - a job is foreign code, and its waiter gets the error
                failure = error
        progress.enter(None)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            loop.call_soon_threadsafe(report, future, result, failure)
        # An idle thread holds on to nothing.
        del job, function, future, report, loop, result, failure
