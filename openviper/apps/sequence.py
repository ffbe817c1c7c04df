"""Starting several things in order, and stopping them in reverse."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from openviper.apps.cleanup import Cleanup, note_failures, unwind
from openviper.apps.exceptions import describe_error

__all__ = ["SharedSequence", "StartSequence", "Step"]

# Between two looks of a holder that waits for a start or a stop.
_POLL_SECONDS: Final = 0.01


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

    What was started belongs to the event loop of the first holder. Holders on other loops, as of a second server in a
    thread of its own, are guests: they wait while it starts and use it once it runs, and when the last holder of the
    home loop lets go, it is stopped there.

    Args:
        sequence: What is shared; nobody else may start or stop it.
    """

    def __init__(self, sequence: StartSequence) -> None:
        self._sequence = sequence
        self._holders: dict[asyncio.AbstractEventLoop, int] = {}
        self._home: asyncio.AbstractEventLoop | None = None
        self._turn: _Turn | None = None
        self._guard = threading.Lock()

    async def acquire(self) -> None:
        """Hold the sequence, starting it first if nobody does; waits while it is being started or stopped.

        Raises:
            BaseException: What the start raised; the caller holds nothing then.
        """
        async with self._in_turn() as is_outermost:
            if is_outermost and not self._sequence.is_started:
                await self._start()
            self._count(1)

    async def acquire_first(self) -> bool:
        """Hold the sequence, starting it first, unless somebody holds it already; tell whether the caller does now.

        Raises:
            BaseException: What the start raised; the caller holds nothing then.
        """
        async with self._in_turn() as is_outermost:
            if not is_outermost or self._sequence.is_started:
                return False
            await self._start()
            self._count(1)
            return True

    async def release(self) -> None:
        """Let go of the sequence, stopping it when nobody else holds it; once for every ``acquire()``.

        Raises:
            BaseException: What the stop raised; the sequence is stopped all the same.
        """
        async with self._in_turn() as is_outermost:
            is_last = self._count(-1) == 0
            if is_outermost and is_last and self._home is asyncio.get_running_loop():
                await self._sequence.stop()

    async def _start(self) -> None:
        # There are holders left of a loop that was closed without a stop.
        self._holders = {loop: count for loop, count in self._holders.items() if not loop.is_closed()}
        self._home = asyncio.get_running_loop()
        await self._sequence.start()

    def _count(self, step: int) -> int:
        """Change the number of holders on the running loop, and return it."""
        loop = asyncio.get_running_loop()
        self._holders[loop] = self._holders.get(loop, 0) + step
        return self._holders[loop]

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[bool]:
        """Wait for the turn; False inside means that the running code stands in it already.

        That is so when a hook, run by the sequence, holds the same sequence in turn: a ``startup()`` that calls a
        management command. It must not wait for itself, nor must a task or a thread that it waits for.
        """
        outer = _turns.get()
        if self._turn is not None and self._turn in outer:
            yield False
            return
        turn = _Turn(asyncio.get_running_loop())
        # One of threads would stop the loop while it waits.
        while not self._take(turn):  # noqa: ASYNC110 - a lock or an event of asyncio serves one loop
            await asyncio.sleep(_POLL_SECONDS)
        _turns.set((*outer, turn))
        try:
            yield True
        finally:
            _turns.set(outer)
            if self._turn is turn:
                self._turn = None

    def _take(self, turn: "_Turn") -> bool:
        with self._guard:
            # Nobody will come back from a loop that was closed.
            is_free = self._turn is None or self._turn.loop.is_closed()
            if is_free:
                self._turn = turn
            return is_free


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    loop: asyncio.AbstractEventLoop


# The turns that the running code stands in, of any sequence; tasks and threads started inside inherit them.
_turns: ContextVar[tuple[_Turn, ...]] = ContextVar("turns", default=())


def _cleanups(steps: Iterable[Step]) -> list[Cleanup]:
    return [(step.name, step.stop) for step in steps if step.stop is not None]
