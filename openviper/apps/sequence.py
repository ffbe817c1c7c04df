"""Starting several things in order, and stopping them in reverse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from openviper.apps.cleanup import Cleanup, note_failures, unwind
from openviper.apps.exceptions import describe_error

__all__ = ["SharedSequence", "StartSequence", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that starts and, perhaps, stops.

    Args:
        name: What it is, as an error names it.
        start: Called without arguments, and awaited.
        stop: Called without arguments, and awaited; None when there is nothing to stop.
    """

    name: str
    start: Callable[[], Awaitable[object]]
    stop: Callable[[], Awaitable[object]] | None = None


class StartSequence:
    """Steps that start one after the other, and stop in reverse.

    Args:
        steps: In the order of starting.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = tuple(steps)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_started(self) -> bool:
        """Whether all steps have started, none has been stopped since, and their event loop is still there."""
        return self._loop is not None and not self._loop.is_closed()

    async def start(self) -> None:
        """Start every step; if one fails, or the caller is cancelled, stop those that had started.

        Raises:
            RuntimeError: The sequence has started already; stop it first.
            BaseException: What the failing step raised, unchanged. Each step that failed to stop is a note of it.
        """
        if self.is_started:
            raise RuntimeError("the sequence has started already; stop() it before the next start()")
        started: list[Step] = []
        try:
            for step in self._steps:
                await step.start()
                started.append(step)
        except GeneratorExit:
            raise  # the coroutine is being thrown away; nothing can be awaited any more
        except BaseException as error:
            note_failures(error, await unwind(_cleanups(started), shielded=not isinstance(error, Exception)))
            raise
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Stop every step in reverse order; nothing happens unless the sequence is started.

        Raises:
            Exception: What the one step that failed to stop raised.
            ExceptionGroup: Several failed; its message holds the text of all of them.
            BaseException: The caller was cancelled; all steps have been stopped by then.
        """
        if not self.is_started:
            return
        self._loop = None
        failures = await unwind(_cleanups(self._steps))
        if len(failures) == 1:
            raise failures[0][1]
        if failures:
            texts = "; ".join(f"{name}: {describe_error(error)}" for name, error in failures)
            raise ExceptionGroup(f"{len(failures)} steps did not stop: {texts}", [error for _, error in failures])


class SharedSequence:
    """A start sequence with several holders: the first one starts it, the last one stops it.

    Holders live on one event loop, as what they start usually does.

    Args:
        sequence: What is shared; nobody else may start or stop it.
    """

    def __init__(self, sequence: StartSequence) -> None:
        self._sequence = sequence
        self._holders = 0
        self._turn = asyncio.Lock()
        self._turn_loop: asyncio.AbstractEventLoop | None = None
        self._task_in_turn: asyncio.Task[object] | None = None

    async def acquire(self) -> None:
        """Hold the sequence, starting it first if nobody does; waits while it is being started or stopped.

        Raises:
            BaseException: What the start raised; the caller holds nothing then.
        """
        async with self._in_turn() as is_outermost:
            if is_outermost and not self._sequence.is_started:
                self._holders = 0  # there are some left if a loop was closed without a stop
                await self._sequence.start()
            self._holders += 1

    async def acquire_first(self) -> bool:
        """Hold the sequence, starting it first, unless somebody holds it already; tell whether the caller does now.

        Raises:
            BaseException: What the start raised; the caller holds nothing then.
        """
        async with self._in_turn() as is_outermost:
            if not is_outermost or self._sequence.is_started:
                return False
            self._holders = 0
            await self._sequence.start()
            self._holders = 1
            return True

    async def release(self) -> None:
        """Let go of the sequence, stopping it when nobody else holds it; once for every ``acquire()``.

        Raises:
            BaseException: What the stop raised; the sequence is stopped all the same.
        """
        async with self._in_turn() as is_outermost:
            self._holders -= 1
            if is_outermost and self._holders == 0:
                await self._sequence.stop()

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[bool]:
        """Wait for the turn; False inside means that the task has it already.

        That is so when a hook, run by the sequence, holds the same sequence in turn: a ``startup()`` that calls a
        management command. It must not wait for itself.
        """
        task = asyncio.current_task()
        if task is not None and task is self._task_in_turn:
            yield False
            return
        loop = asyncio.get_running_loop()
        if self._turn_loop is not loop:
            # A lock serves the loop that first waited for it; one of a loop that has ended is of no use.
            self._turn, self._turn_loop = asyncio.Lock(), loop
        async with self._turn:
            self._task_in_turn = task
            try:
                yield True
            finally:
                self._task_in_turn = None


def _cleanups(steps: Iterable[Step]) -> list[Cleanup]:
    return [(step.name, step.stop) for step in steps if step.stop is not None]
