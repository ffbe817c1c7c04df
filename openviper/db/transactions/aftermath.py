"""Running what comes after something that is done for good: a statement, or a transaction.

What fails is logged and counted, keeps nobody else from running and undoes nothing. It runs in the task of the caller,
without a limit of time, until that task is cancelled: then what is running ends, and all that is still to come has one
short time together. A second cancellation, or the end of that time, ends everything. What was ended or never ran is
logged and counted as well, and the cancellation goes on to the caller in any case.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

__all__ = ["GRACE_SECONDS", "Aftermath", "Step"]

#: Seconds that all that is still to run may take together, once the task has been cancelled.
GRACE_SECONDS: Final = 3.0


class Step(NamedTuple):
    """Something that runs.

    Args:
        kind: What it is, for the log.
        name: Which one it is, for the log.
        run: Called without arguments; what it returns is awaited if that is possible.
    """

    kind: str
    name: object
    run: Callable[[], object]


class Aftermath:
    """What runs in one room after what is done, and how often it has failed.

    Args:
        logger: Where failures go.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        #: How many have failed, were ended before they had finished, or were never run.
        self.failures = 0

    async def run(self, steps: Iterable[Step], *, is_cancelled: bool = False, limit: float = GRACE_SECONDS) -> None:
        """Run steps, one after the other.

        Args:
            steps: In their order; they may be made on the way.
            is_cancelled: Whether the caller has been cancelled already, and goes on to raise that.
            limit: Seconds that all those together have which run after a cancellation.

        Raises:
            CancelledError: The task was cancelled meanwhile.
        """
        waiting = iter(steps)
        interruption = None
        if not is_cancelled:
            interruption = await self._run_until_cancelled(waiting)
            if interruption is None:
                return
        try:
            async with asyncio.timeout(limit):
                later = await self._run_until_cancelled(waiting)
                if later is not None:
                    raise later  # which becomes a TimeoutError if it is that of the limit
        except TimeoutError:
            pass
        except asyncio.CancelledError as error:
            interruption = error
        for kind, name, _ in waiting:
            self.failures += 1
            self._logger.error("%s was not run, as the task was cancelled: %s", kind, name)
        if interruption is not None:
            raise interruption

    async def attempt(self, step: Step) -> None:
        """Run one step; its failure is logged and counted.

        Args:
            step: What is run.

        Raises:
            CancelledError: The task was cancelled meanwhile.
        """
        kind, name, run = step
        requests = _count_requests()
        try:
            result = run()
            if inspect.isawaitable(result):
                await result
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # What is done stays so, and the others have work of their own: whatever went wrong is told and ends here.
            self.failures += 1
            # One that awaited something that was cancelled has failed, as nobody has cancelled the caller.
            if isinstance(error, asyncio.CancelledError) and _count_requests() > requests:
                self._logger.warning("%s was cancelled along with its task: %s", kind, name)
                raise
            self._logger.exception("%s failed: %s", kind, name)

    async def _run_until_cancelled(self, waiting: Iterator[Step]) -> asyncio.CancelledError | None:
        """Run steps until there are no more, or the task is cancelled; returns the cancellation, to be raised."""
        requests = _count_requests()
        for step in waiting:
            try:
                await self.attempt(step)
            except asyncio.CancelledError as error:
                return error
            if _count_requests() > requests:
                return asyncio.CancelledError()  # it was told, and has kept it to itself
        return None


def _count_requests() -> int:
    """Count the cancellations of the running task that nobody has taken back."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
