"""Several processes on one socket; one that crashes is replaced."""

import logging
import socket
import time
from typing import Final

from openviper.server.children import START_FAILED, Child, ChildMaker, stop_requested

__all__ = ["run_workers"]

logger = logging.getLogger("openviper.server")

# Seconds between two looks at the workers, which is also how fast a crashing one can come back.
_INTERVAL: Final = 0.5


def run_workers(listener: socket.socket, count: int, *, stop_timeout: float) -> int:
    """Keep a number of children serving until this process is told to end.

    Args:
        listener: The bound socket; closed at the end.
        count: Number of processes.
        stop_timeout: Seconds that the workers may take to end, together; those that take longer are killed.

    Returns:
        0 after a stop on request, 1 when the application cannot be started.
    """
    maker = ChildMaker(listener)
    workers: list[Child] = []
    try:
        with stop_requested() as stopping:
            workers.extend(maker.start() for _ in range(count))
            logger.info("%d workers: %s", count, ", ".join(str(worker.pid) for worker in workers))
            result = 0
            while result == 0 and not stopping.wait(_INTERVAL):
                result = _replace_ended(workers, maker)
            _stop_all(workers, stop_timeout)
            return result
    finally:
        maker.close()


def _replace_ended(workers: list[Child], maker: ChildMaker) -> int:
    for index, worker in enumerate(workers):
        code = worker.exit_code
        if code == START_FAILED:
            # A wrong setting or a taken name would fail the same way for ever.
            logger.error("worker %d could not start, so all are stopped", worker.pid)
            return START_FAILED
        if code is not None:
            logger.warning("worker %d ended by itself with code %d; another one takes its place", worker.pid, code)
            workers[index] = maker.start()
    return 0


def _stop_all(workers: list[Child], timeout: float) -> None:
    # All are asked before the first is waited for, so that they stop side by side.
    for worker in workers:
        worker.ask_to_stop()
    end = time.monotonic() + timeout
    for worker in workers:
        worker.wait(max(0.0, end - time.monotonic()))
