"""Blocking calls off the loop."""

import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest

from openviper.primitives.threads import close_pool, limit_pool, run_at_once, run_in_pool, run_in_thread

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


async def test_pool_bounds_the_calls_that_run_at_once() -> None:
    """A call that finds every thread busy waits for its turn, and sees the variables of its own caller."""
    request_id.set("r-2")
    running, most = 0, 0
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=5)

    def work() -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        with lock:
            running -= 1
        return request_id.get()

    try:
        assert await asyncio.gather(*(run_in_pool(2, work) for _ in range(6))) == ["r-2"] * 6
        assert most <= 2
    finally:
        close_pool()


async def test_limit_holds_whoever_comes_first() -> None:
    """A pool that was limited has so many threads, also when the first call knows of another number."""
    limit_pool(1)
    names = await asyncio.gather(*(run_in_pool(40, lambda: threading.current_thread().name) for _ in range(4)))
    close_pool()
    assert len(set(names)) == 1


async def test_cancelled_caller_leaves_the_line() -> None:
    """A call whose turn has not come when its caller is cancelled never runs."""
    release = threading.Event()
    ran: list[int] = []
    first = asyncio.create_task(run_in_pool(1, release.wait, 5))
    waiting = asyncio.create_task(run_in_pool(1, ran.append, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    assert await first
    close_pool()
    assert ran == []


async def test_pool_that_was_closed_is_made_anew() -> None:
    """Closing lets the threads go, and is harmless when there are none."""
    close_pool()
    assert await run_in_pool(1, str, 1) == "1"
    close_pool()
    assert await run_in_pool(1, str, 2) == "2"
    close_pool()


async def test_stop_iteration_in_the_pool_is_an_error() -> None:
    """Nobody waits for ever for a call that raised it."""
    with pytest.raises(RuntimeError, match="raised StopIteration"):
        await run_in_pool(1, next, iter(()))
    close_pool()


def test_process_with_an_open_pool_ends_at_once() -> None:
    """A script that closes nothing ends with its own exit code (C-016)."""
    script = (
        "import asyncio\n"
        "from openviper.primitives.threads import run_in_pool\n"
        "for _ in range(2): print(asyncio.run(run_in_pool(40, str, 1)))\n"
        "raise SystemExit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "1\n1\n", "")


async def test_clean_up_waits_for_nobody() -> None:
    """A clean-up gets a thread when every thread of the pool, and any number of other clean-ups, wait for it."""
    freed = threading.Event()
    waiting = [asyncio.ensure_future(run_in_pool(2, freed.wait, 10)) for _ in range(4)]
    ending = [asyncio.ensure_future(run_at_once(freed.wait, 10)) for _ in range(30)]
    await asyncio.sleep(0)
    await asyncio.wait_for(run_at_once(freed.set), 5)
    assert all(await asyncio.gather(*waiting, *ending))
    close_pool()


async def test_clean_up_is_waited_for_by_the_cancelled() -> None:
    """A caller that is cancelled once and again goes on when the clean-up is over, and stays cancelled."""
    request_id.set("r-3")
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def clean_up() -> None:
        begun.set()
        go_on.wait(5)
        seen.append(request_id.get())
        raise LookupError("late")

    task = asyncio.create_task(run_at_once(clean_up))
    await run_in_thread(begun.wait, 5)
    for _ in range(2):
        task.cancel()
        await asyncio.wait([task], timeout=0.01)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert seen == ["r-3"]
    assert isinstance(caught.value.__cause__, LookupError)


async def test_error_of_a_clean_up_reaches_the_caller() -> None:
    """What it raises is raised where it is waited for."""

    def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await run_at_once(fail)
