"""Interruptions that come out of foreign code, told apart from those that were meant for the process.

``CancelledError`` and ``SystemExit`` pass through ``except Exception``, since they are requests: to the task, to the
process. A hook that awaits a cancelled task, or calls ``sys.exit()``, raises the same classes and means nobody.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["contained"]


@contextmanager
def contained() -> Iterator[None]:
    """Make a failure of an interruption that the block brought about itself.

    Raises:
        RuntimeError: The block called ``sys.exit()``, or was cancelled without a request to the current task; the
            interruption is chained.
        BaseException: Everything else, a requested cancellation included, unchanged.
    """
    task = _current_task()
    requests = task.cancelling() if task is not None else 0
    try:
        yield
    except SystemExit as error:
        raise RuntimeError(f"it called sys.exit({'' if error.code is None else repr(error.code)})") from error
    except asyncio.CancelledError as error:
        if task is not None and task.cancelling() > requests:
            raise
        raise RuntimeError("it awaited something that was cancelled") from error


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # there is no event loop, as in the sync hooks of a script
        return None
