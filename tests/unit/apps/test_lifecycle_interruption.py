"""Lifecycle hooks that hang, and starts and stops that are cancelled on the way."""

import asyncio
from collections.abc import Callable

import pytest

from openviper.apps.exceptions import AppReadyError, AppShutdownError, AppStartupError
from openviper.apps.lifecycle import AppLifecycleManager
from openviper.apps.sequence import StartSequence, Step

WriteApp = Callable[..., None]

FAIL = "events.append('{0}'); raise ValueError('{0} broke')"


async def _start_and_wait_for(manager: AppLifecycleManager, events: list[str], event: str) -> asyncio.Task[None]:
    task = asyncio.create_task(manager.run_startup())
    while event not in events:
        await asyncio.sleep(0)
    return task


HANG = "events.append('hanging'); await asyncio.Event().wait()"


async def test_cancelled_start_is_undone_and_stays_cancelled(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A cancelled start shuts down what had started, once, in reverse, and passes the cancellation on (C-413)."""
    for name in ("shop", "mail"):
        write_lifecycle_app(name)
    write_lifecycle_app("blog", startup=HANG)
    manager = AppLifecycleManager()
    manager.discover(["shop", "mail", "blog"])
    task = await _start_and_wait_for(manager, events, "hanging")

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await manager.run_shutdown()

    assert events == ["startup shop", "startup mail", "hanging", "shutdown mail", "shutdown shop"]


async def test_second_cancellation_does_not_interrupt_the_cleanup(
    write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """However often the caller is cancelled, each shutdown() of the cleanup runs to its end (C-413)."""
    slow = "events.append('stopping'); await asyncio.sleep(0.01); events.append('stopped')"
    write_lifecycle_app("shop", shutdown=slow)
    write_lifecycle_app("blog", startup=HANG)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])
    task = await _start_and_wait_for(manager, events, "hanging")

    task.cancel()
    while "stopping" not in events:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert events == ["startup shop", "hanging", "stopping", "stopped"]


async def test_start_that_runs_out_of_the_callers_time_is_undone(
    write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """A time-out around run_startup() is a cancellation like any other; failed cleanups are its notes (C-413)."""
    write_lifecycle_app("shop", shutdown=FAIL.format("shop"))
    write_lifecycle_app("blog", startup=HANG)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])

    with pytest.raises(TimeoutError) as caught:
        await asyncio.wait_for(manager.run_startup(), timeout=0.01)

    assert events == ["startup shop", "hanging", "shop"]
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__notes__ == ["while undoing shop: ValueError: shop broke"]


def test_interrupted_start_is_undone(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """Ctrl-C inside a startup() undoes the start and passes on unchanged (C-413)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", startup="raise KeyboardInterrupt")
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(manager.run_startup())

    assert events == ["startup shop", "shutdown shop"]


@pytest.mark.parametrize(
    ("hook", "cause", "text"),
    [
        ("import sys; sys.exit(0)", SystemExit, r"it called sys\.exit\(0\)"),
        ("raise asyncio.CancelledError", asyncio.CancelledError, "it awaited something that was cancelled"),
        (
            "task = asyncio.create_task(asyncio.sleep(9)); task.cancel(); await task",
            asyncio.CancelledError,
            "it awaited something that was cancelled",
        ),
    ],
)
async def test_start_that_ends_by_an_interruption_of_its_own_has_failed(
    write_lifecycle_app: WriteApp, events: list[str], hook: str, cause: type[BaseException], text: str
) -> None:
    """sys.exit() and an unasked CancelledError out of a startup() are its failure, with app and hook (C-407, C-414)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", startup=hook)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])

    with pytest.raises(AppStartupError, match=rf"startup\(\) of installed app 'blog' failed: .*{text}") as caught:
        await manager.run_startup()

    assert type(caught.value.original_exception.__cause__) is cause
    assert events == ["startup shop", "shutdown shop"]


@pytest.mark.parametrize("hook", ["import sys; sys.exit()", "raise asyncio.CancelledError"])
def test_sync_ready_that_ends_by_an_interruption_has_failed(write_lifecycle_app: WriteApp, hook: str) -> None:
    """sys.exit() out of a ready() does not end the process in silence (C-409, C-414)."""
    write_lifecycle_app("shop", ready=hook)
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    with pytest.raises(AppReadyError, match=r"ready\(\) of installed app 'shop' failed: RuntimeError: it "):
        manager.run_ready()


async def test_abandoned_start_awaits_nothing_more(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A start whose coroutine is closed, as when its loop is gone, ends without awaiting a shutdown (C-413)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", startup=HANG)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])
    start = StartSequence([Step("apps", manager.run_startup)]).start()
    start.send(None)

    start.close()

    assert events == ["startup shop", "hanging"]


async def test_cancelled_shutdown_still_stops_every_app(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A cancellation interrupts the hook that is running; the others run, then it passes on (C-403)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", shutdown=HANG)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])
    await manager.run_startup()
    task = asyncio.create_task(manager.run_shutdown())
    while "hanging" not in events:
        await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task

    assert events[-2:] == ["hanging", "shutdown shop"]
    assert caught.value.__notes__ == ["while undoing blog: RuntimeError: it was cancelled before it had finished"]


async def test_hook_that_awaits_a_cancelled_task_has_failed(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """CancelledError out of a shutdown() nobody cancelled is that hook's failure; the others run (C-409)."""
    write_lifecycle_app("shop")
    awaits_cancelled = "task = asyncio.create_task(asyncio.sleep(9)); task.cancel(); await task"
    write_lifecycle_app("blog", shutdown=awaits_cancelled)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])
    await manager.run_startup()

    with pytest.raises(AppShutdownError, match="'blog' failed: RuntimeError: it awaited") as caught:
        await manager.run_shutdown()

    assert events[-1] == "shutdown shop"
    assert isinstance(caught.value.errors[0][1].__cause__, asyncio.CancelledError)


async def test_shutdown_that_wants_to_end_the_process_has_failed(
    write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """sys.exit() out of a shutdown() is that hook's failure; the others run (C-409)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", shutdown="raise SystemExit(0)")
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])
    await manager.run_startup()

    with pytest.raises(AppShutdownError, match=r"'blog' failed: RuntimeError: it called sys\.exit\(0\)"):
        await manager.run_shutdown()

    assert events[-1] == "shutdown shop"


async def test_hanging_startup_is_ended_by_its_limit(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A startup() that hangs is a failed start; the error names app, hook and seconds (C-407, C-414)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", startup=HANG)
    manager = AppLifecycleManager(hook_timeout=0.01)
    manager.discover(["shop", "blog"])

    with pytest.raises(AppStartupError) as caught:
        await manager.run_startup()

    assert isinstance(caught.value.original_exception, TimeoutError)
    assert "startup() of installed app 'blog' did not finish within 0.01 seconds" in str(caught.value)
    assert events == ["startup shop", "hanging", "shutdown shop"]


async def test_hanging_shutdown_is_ended_by_its_limit(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A shutdown() that hangs is reported as its error, and the others run (C-409)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", shutdown=HANG)
    manager = AppLifecycleManager(hook_timeout=0.01)
    manager.discover(["shop", "blog"])
    await manager.run_startup()

    with pytest.raises(AppShutdownError, match=r"shutdown\(\) of installed app 'blog' did not finish") as caught:
        await manager.run_shutdown()

    assert events[-2:] == ["hanging", "shutdown shop"]
    assert isinstance(caught.value.errors[0][1], TimeoutError)
