"""Undoing in reverse, all of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from openviper.apps.cleanup import Cleanup, note_failures, unwind


class Log:
    """Cleanups that note their names."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def note(self, name: str) -> Cleanup:
        """Make one that succeeds."""

        async def run() -> None:
            self.names.append(name)

        return name, run

    def fail(self, name: str, error: BaseException) -> Cleanup:
        """Make one that raises."""

        async def run() -> None:
            self.names.append(name)
            raise error

        return name, run

    def wait(self, name: str, wait: Callable[[], Awaitable[object]]) -> Cleanup:
        """Make one that waits for something, and notes whether it came to its end."""

        async def run() -> None:
            self.names.append(f"{name} begins")
            await wait()
            self.names.append(f"{name} ends")

        return name, run

    async def seen(self, name: str) -> None:
        """Return once the name is noted."""
        while name not in self.names:
            await asyncio.sleep(0)


@pytest.fixture
def log() -> Log:
    return Log()


async def test_cleanups_run_in_reverse_and_failures_are_collected(log: Log) -> None:
    """The last one runs first; a failing one is returned by name and keeps no other from running (A-46)."""
    error = ValueError("jammed")

    failures = await unwind([log.note("first"), log.fail("second", error), log.note("third")])

    assert log.names == ["third", "second", "first"]
    assert failures == [("second", error)]


async def test_cancellation_moves_the_rest_under_a_shield(log: Log, never: asyncio.Event) -> None:
    """The running cleanup is interrupted; the others run to their end, though cancelled again (C-413)."""
    gate = asyncio.Event()
    task = asyncio.create_task(unwind([log.wait("first", gate.wait), log.wait("second", never.wait)]))
    await log.seen("second begins")
    task.cancel()
    await log.seen("first begins")
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()

    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log.names == ["second begins", "first begins", "first ends"]


async def test_shielded_cleanup_has_a_limit(log: Log, never: asyncio.Event) -> None:
    """After a cancellation a cleanup that hangs is given up at its limit, and the others still run (C-413)."""
    failures = await unwind([log.note("first"), log.wait("second", never.wait)], shielded=True, limit=0.01)

    assert log.names == ["second begins", "first"]
    assert [(name, type(error)) for name, error in failures] == [("second", TimeoutError)]


def test_interruption_inside_a_cleanup_passes_on_after_the_others(log: Log) -> None:
    """Ctrl-C during a cleanup ends the program only when the others have run; failures are its notes."""
    interruption = KeyboardInterrupt()
    cleanups = [log.note("first"), log.fail("second", interruption), log.fail("third", ValueError("jammed"))]

    with pytest.raises(KeyboardInterrupt) as caught:
        asyncio.run(_unwind(cleanups))

    assert log.names == ["third", "second", "first"]
    assert caught.value is interruption
    assert caught.value.__notes__ == ["while undoing third: ValueError: jammed"]


async def test_cleanup_that_wants_to_end_the_process_has_failed(log: Log) -> None:
    """sys.exit() inside a cleanup is a failure of it like any other."""
    failures = await unwind([log.note("first"), log.fail("second", SystemExit(3))])

    assert log.names == ["second", "first"]
    assert [(name, repr(error)) for name, error in failures] == [
        ("second", "RuntimeError('it called sys.exit(3)')"),
    ]


async def _unwind(cleanups: list[Cleanup]) -> None:
    await unwind(cleanups)


async def test_abandoned_unwinding_ends_in_silence(log: Log, never: asyncio.Event) -> None:
    """A coroutine that is closed in the middle awaits nothing more, for nobody would run it."""
    coroutine = unwind([log.note("first"), log.wait("second", never.wait)])
    coroutine.send(None)

    coroutine.close()

    assert log.names == ["second begins"]


def test_notes_name_what_failed() -> None:
    """Each failed cleanup is one note, with the type and the text of its error (C-407)."""
    error = RuntimeError("boom")

    note_failures(error, [("shop", ValueError("jammed")), ("blog", KeyError())])

    assert error.__notes__ == ["while undoing shop: ValueError: jammed", "while undoing blog: KeyError"]
