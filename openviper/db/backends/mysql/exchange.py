"""One question and its answer on a session, which a cancellation of the asker cannot tear in two.

The protocol knows no other way to the next question than through the whole answer, so asyncmy closes a session whose
reader is cancelled, and with it the transaction around. Here the reader is driven by hand: it waits for futures that no
task of the caller owns, and whoever is left to finish it goes on where the caller has stopped.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

__all__ = ["Exchange", "Guard"]

_NEVER: Final = float("inf")


class Exchange:
    """A coroutine of the driver that can be left and taken up again.

    Args:
        work: The coroutine; it waits for nothing but plain futures.
    """

    __slots__ = ("_waited", "_work")

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self._waited: asyncio.Future[Any] | None = None

    async def run(self) -> Any:
        """Carry it on until it ends, and give its result; after a cancellation it may be called again.

        Raises:
            BaseException: What the coroutine raises, or the cancellation, of which it does not know.
        """
        send = self._work.send
        try:
            while True:
                waited = self._waited
                if waited is not None and not waited.done():
                    ready = waited.get_loop().create_future()
                    waited.add_done_callback(partial(_wake, ready))
                    await ready
                self._waited = send(None)
        except StopIteration as end:
            return end.value


class Guard:
    """Watches that answers come, with one timer for many questions.

    Args:
        seconds: How long one may take; None means no limit.
        give_up: Is called when one takes longer.
    """

    __slots__ = ("_deadline", "_give_up", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float | None, give_up: Callable[[], None]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        self._deadline = _NEVER
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """A question is sent."""
        if self._seconds is None:
            return
        self._deadline = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def rest(self) -> None:
        """The answer is there."""
        self._deadline = _NEVER

    def stop(self) -> None:
        """No more questions are sent."""
        self._deadline = _NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._deadline == _NEVER:
            return
        remaining = self._deadline - self._loop.time()
        if remaining > 0:
            self._timer = self._loop.call_later(remaining, self._look)
        else:
            self._give_up()


def _wake(ready: "asyncio.Future[None]", _: object) -> None:
    if not ready.done():
        ready.set_result(None)
