"""Blocking calls off the loop."""

import asyncio
import contextvars
import threading

import pytest

from openviper.primitives.threads import run_in_thread

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id")


async def test_call_runs_elsewhere_and_sees_the_callers_context() -> None:
    """The call has another thread, the same context variables, and its arguments."""
    request_id.set("r-1")

    def work(first: int, *, second: int) -> tuple[int, str, bool]:
        return first + second, request_id.get(), threading.current_thread() is threading.main_thread()

    assert await run_in_thread(work, 1, second=2) == (3, "r-1", False)


async def test_error_of_the_call_reaches_the_caller() -> None:
    """Nothing is swallowed on the way back."""

    def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await run_in_thread(fail)


async def test_stop_iteration_of_the_call_is_an_error_and_not_the_end() -> None:
    """A future cannot carry a StopIteration; its waiter gets a RuntimeError instead of waiting for ever."""

    def find() -> int:
        return next(number for number in range(3) if number > 5)

    with pytest.raises(RuntimeError, match="find raised StopIteration") as caught:
        await asyncio.wait_for(run_in_thread(find), 5)
    assert isinstance(caught.value.__cause__, StopIteration)
