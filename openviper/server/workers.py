"""Several processes on one socket; one that crashes is replaced.

A worker that ends by itself is replaced at once; if its successors do not live long either, each next one waits
twice as long, so that a site whose database is away for a moment comes back without burning a processor meanwhile.
"""

import logging
import socket
import time
from collections.abc import Callable
from typing import Final

from openviper.server.children import START_FAILED, Child, ChildMaker
from openviper.server.signals import stop_requested

__all__ = ["Post", "run_workers"]

logger = logging.getLogger("openviper.server")

# Seconds between two looks at the workers, which is also how fast a crashing one can come back.
_INTERVAL: Final = 0.5

# A worker that lives for as many seconds is well, and its next end is not the continuation of the last one.
_HEALTHY_AFTER: Final = 30.0
_LONGEST_PAUSE: Final = 30.0


class Post:
    """The place of one worker, which is held by one process after the other.

    Args:
        start: Starts a process.
        clock: Seconds that never go back.
    """

    def __init__(self, start: Callable[[], Child], clock: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._clock = clock
        self._pause = 0.0
        self._is_first = True
        self._next_start = clock()
        self._started_at = clock()
        self.child: Child | None = start()

    def look(self) -> bool:
        """Notice the end of the process, and start the next one when it is time.

        Returns:
            Whether it could not start although nothing had ever worked here: another would fail the same way.
        """
        if self.child is None:
            if self._clock() >= self._next_start:
                self.child, self._started_at = self._start(), self._clock()
            return False
        code = self.child.exit_code
        if code is None:
            return False
        if code == START_FAILED and self._is_first:
            logger.error("worker %d could not start, so all are stopped", self.child.pid)
            return True
        self._leave(self.child.pid, code)
        return False

    def _leave(self, pid: int, code: int) -> None:
        if not self._is_first and self._clock() - self._started_at < _HEALTHY_AFTER:
            self._pause = min(self._pause * 2 or _INTERVAL, _LONGEST_PAUSE)
        else:
            self._pause = 0.0
        self._is_first = False
        self.child, self._next_start = None, self._clock() + self._pause
        when = f" in {self._pause:g} seconds" if self._pause else ""
        logger.warning("worker %d ended by itself with code %d; another one takes its place%s", pid, code, when)
        self.look()


def run_workers(listener: socket.socket, count: int, *, stop_timeout: float) -> int:
    """Keep a number of children serving until this process is told to end.

    Args:
        listener: The bound socket; closed at the end.
        count: Number of processes.
        stop_timeout: Seconds that the workers may take to end, together; those that take longer are killed.

    Returns:
        0 after a stop on request, 1 when the application cannot be started or a worker failed to shut down.
    """
    maker = ChildMaker(listener)
    try:
        with stop_requested(maker.hurry) as stopping:
            posts = [Post(maker.start) for _ in range(count)]
            logger.info("%d workers: %s", count, ", ".join(str(post.child.pid) for post in posts if post.child))
            is_failed = False
            while not is_failed and not stopping.wait(_INTERVAL):
                is_failed = any(post.look() for post in posts)
            # The workers refuse connections from now on, and would leave them waiting while this holds the socket.
            listener.close()
            codes = _stop_all([post.child for post in posts if post.child is not None], stop_timeout)
            # Other codes are those of a stop that came before there was anything to shut down.
            return START_FAILED if is_failed or START_FAILED in codes else 0
    finally:
        maker.close()


def _stop_all(workers: list[Child], timeout: float) -> list[int]:
    # All are asked before the first is waited for, so that they stop side by side.
    for worker in workers:
        worker.ask_to_stop()
    end = time.monotonic() + timeout
    return [worker.wait(max(0.0, end - time.monotonic())) for worker in workers]
