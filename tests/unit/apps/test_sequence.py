"""Steps that start in order and stop in reverse."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from openviper.apps.sequence import SharedSequence, StartSequence, Step


class Log:
    """Steps that note what they do."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def step(self, name: str, *, start: BaseException | None = None, stop: BaseException | None = None) -> Step:
        """Make a step that notes its name, and raises what it is given."""

        async def begin() -> None:
            self.names.append(f"+{name}")
            if start is not None:
                raise start

        async def end() -> None:
            self.names.append(f"-{name}")
            if stop is not None:
                raise stop

        return Step(name, begin, end)


@pytest.fixture
def log() -> Log:
    return Log()


async def test_stop_is_the_mirror_of_start(log: Log) -> None:
    """Steps start in order and stop in reverse; one without a stop is passed (A-46, C-403)."""

    async def begin() -> None:
        log.names.append("+ready")

    sequence = StartSequence([log.step("parts"), Step("ready", begin), log.step("apps")])

    await sequence.start()
    states = [sequence.is_started]
    await sequence.stop()
    states.append(sequence.is_started)

    assert states == [True, False]
    assert log.names == ["+parts", "+ready", "+apps", "-apps", "-parts"]


async def test_failing_step_undoes_the_ones_before(log: Log) -> None:
    """What had started is stopped in reverse; the original error passes on, failed cleanups as notes (A-03, W-29)."""
    error = RuntimeError("boom")
    steps = [log.step("parts", stop=ValueError("jammed")), log.step("mail"), log.step("apps", start=error)]
    sequence = StartSequence(steps)

    with pytest.raises(RuntimeError, match="boom") as caught:
        await sequence.start()

    assert caught.value is error
    assert error.__notes__ == ["while undoing parts: ValueError: jammed"]
    assert log.names == ["+parts", "+mail", "+apps", "-mail", "-parts"]
    assert not sequence.is_started


async def test_cancelled_start_is_undone(log: Log, never: asyncio.Event) -> None:
    """A cancelled start stops what had started, and stays cancelled (C-413)."""

    async def hang() -> None:
        log.names.append("+hang")
        await never.wait()

    sequence = StartSequence([log.step("parts"), Step("hang", hang)])
    task = asyncio.create_task(sequence.start())
    while "+hang" not in log.names:
        await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log.names == ["+parts", "+hang", "-parts"]


async def test_second_cancellation_does_not_interrupt_the_undoing(log: Log, never: asyncio.Event) -> None:
    """A start that is cancelled again while it is undone still stops each step to its end (C-413)."""
    gate = asyncio.Event()

    async def begin() -> None:
        log.names.append("+slow")

    async def end() -> None:
        log.names.append("stopping")
        await gate.wait()
        log.names.append("-slow")

    sequence = StartSequence([Step("slow", begin, end), Step("hang", never.wait)])
    task = asyncio.create_task(sequence.start())
    await _seen(log, "+slow")
    task.cancel()
    await _seen(log, "stopping")
    task.cancel()
    await asyncio.sleep(0)

    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log.names == ["+slow", "stopping", "-slow"]


async def _seen(log: Log, name: str) -> None:
    while name not in log.names:
        await asyncio.sleep(0)


async def test_sequence_starts_again_after_a_stop(log: Log) -> None:
    """A stopped sequence starts anew, and so does one whose start failed (C-119)."""
    sequence = StartSequence([log.step("apps")])
    await sequence.start()
    await sequence.stop()

    await sequence.start()
    await sequence.stop()

    assert log.names == ["+apps", "-apps", "+apps", "-apps"]


async def test_second_start_is_refused_and_second_stop_does_nothing(log: Log) -> None:
    """A started sequence does not start twice; a stopped one has nothing to stop."""
    sequence = StartSequence([log.step("apps")])
    await sequence.start()

    with pytest.raises(RuntimeError, match="started already"):
        await sequence.start()
    await sequence.stop()
    await sequence.stop()

    assert log.names == ["+apps", "-apps"]


async def test_single_failure_of_a_stop_is_raised_as_it_is(log: Log) -> None:
    """All steps stop; the one error reaches the caller unchanged (A-46)."""
    error = ValueError("jammed")
    sequence = StartSequence([log.step("parts"), log.step("apps", stop=error)])
    await sequence.start()

    with pytest.raises(ValueError, match="jammed") as caught:
        await sequence.stop()

    assert caught.value is error
    assert log.names[-2:] == ["-apps", "-parts"]


async def test_failures_of_a_stop_are_raised_together(log: Log) -> None:
    """Several errors come as one group, whose message holds all their texts (A-46)."""
    errors = [ValueError("jammed"), KeyError("lost")]
    sequence = StartSequence([log.step("parts", stop=errors[1]), log.step("apps", stop=errors[0])])
    await sequence.start()

    with pytest.raises(ExceptionGroup) as caught:
        await sequence.stop()

    assert list(caught.value.exceptions) == errors
    assert "2 steps did not stop: apps: ValueError: jammed; parts: KeyError: 'lost'" in str(caught.value)


async def test_shared_sequence_runs_from_its_first_holder_to_its_last(log: Log) -> None:
    """The first holder starts it, the last one stops it, and the next one starts it again (C-119)."""
    shared = SharedSequence(StartSequence([log.step("apps")]))

    await shared.acquire()
    await shared.acquire()
    await shared.release()
    assert log.names == ["+apps"]
    await shared.release()
    await shared.acquire()
    await shared.release()

    assert log.names == ["+apps", "-apps", "+apps", "-apps"]


def test_start_on_a_loop_that_is_gone_does_not_count(log: Log) -> None:
    """A process that left a loop without stopping, as tests may, starts anew on the next loop (C-119, C-016)."""
    sequence = StartSequence([log.step("apps")])
    shared = SharedSequence(sequence)
    asyncio.run(shared.acquire())

    async def second() -> None:
        await shared.acquire()
        await shared.release()

    assert not sequence.is_started
    asyncio.run(second())

    assert log.names == ["+apps", "+apps", "-apps"]


async def test_second_holder_waits_until_the_start_is_complete(log: Log) -> None:
    """A holder that comes while the sequence is being started goes on only when it has started (C-402)."""
    gate = asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        log.names.append("+slow")

    shared = SharedSequence(StartSequence([Step("slow", slow)]))
    first = asyncio.create_task(shared.acquire())
    second = asyncio.create_task(shared.acquire())
    await asyncio.sleep(0)

    gate.set()
    await asyncio.gather(first, second)

    assert log.names == ["+slow"]


async def test_failed_start_has_no_holder(log: Log) -> None:
    """Whoever could not start the sequence does not hold it; the next one tries anew."""
    errors: list[BaseException | None] = [RuntimeError("boom"), None]

    async def begin() -> None:
        log.names.append("+apps")
        error = errors.pop(0)
        if error is not None:
            raise error

    shared = SharedSequence(StartSequence([Step("apps", begin)]))
    with pytest.raises(RuntimeError, match="boom"):
        await shared.acquire()

    await shared.acquire()

    assert log.names == ["+apps", "+apps"]


async def test_hook_may_hold_the_sequence_that_runs_it(log: Log) -> None:
    """A step that holds the sequence while it is started or stopped does not wait for itself."""

    async def hold() -> None:
        await shared.acquire()
        log.names.append("held")
        await shared.release()

    shared = SharedSequence(StartSequence([log.step("parts"), Step("apps", hold, hold)]))
    async with asyncio.timeout(5):
        await shared.acquire()
        await shared.release()

    assert log.names == ["+parts", "held", "held", "-parts"]


async def test_only_the_first_of_those_who_need_a_start_holds_it(log: Log) -> None:
    """Requests that come together start once and hold once; somebody who holds already is enough (A-02)."""
    shared = SharedSequence(StartSequence([log.step("apps")]))

    assert sorted(await asyncio.gather(*(shared.acquire_first() for _ in range(3)))) == [False, False, True]
    assert await shared.acquire_first() is False
    await shared.release()

    assert log.names == ["+apps", "-apps"]


def test_turn_is_not_tied_to_a_loop_that_has_ended(log: Log) -> None:
    """Several who wait at once on a second loop wait there, not for the first one (C-016)."""
    shared = SharedSequence(StartSequence([log.step("apps")]))

    async def crowd() -> None:
        await asyncio.gather(*(shared.acquire_first() for _ in range(3)))

    asyncio.run(crowd())
    asyncio.run(crowd())

    assert log.names == ["+apps", "+apps"]


async def test_task_that_a_hook_waits_for_may_hold_the_sequence(log: Log) -> None:
    """Neither does a task, nor a thread with a loop of its own, that a step starts and waits for."""

    async def hold() -> None:
        await shared.acquire()
        log.names.append("held")
        await shared.release()

    async def begin() -> None:
        await asyncio.create_task(hold())
        await asyncio.to_thread(asyncio.run, hold())

    shared = SharedSequence(StartSequence([Step("apps", begin)]))
    async with asyncio.timeout(5):
        await shared.acquire()
        await shared.release()

    assert log.names == ["held", "held"]


def test_second_loop_waits_for_the_start_on_the_first(log: Log) -> None:
    """Two servers in two threads start the apps once; whoever comes second goes on when they have started (C-119)."""
    begun, coming = threading.Event(), threading.Event()

    async def slow() -> None:
        begun.set()
        assert coming.wait(10)
        log.names.append("+slow")

    async def stop() -> None:
        log.names.append("-slow")

    shared = SharedSequence(StartSequence([Step("slow", slow, stop)]))

    async def first() -> None:
        await shared.acquire()
        assert is_done.wait(10)
        await shared.release()

    async def second() -> None:
        coming.set()
        await shared.acquire()
        log.names.append("second")
        await shared.release()
        is_done.set()

    is_done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        home = pool.submit(asyncio.run, first())
        assert begun.wait(10)
        asyncio.run(second())
        home.result(10)

    assert log.names == ["+slow", "second", "-slow"]


def test_guest_on_another_loop_never_stops_what_it_did_not_start(log: Log) -> None:
    """The sequence stops on its home loop, with the last holder there, whoever else is left (C-119)."""
    shared = SharedSequence(StartSequence([log.step("apps")]))
    guest = asyncio.Runner()

    async def home() -> None:
        await shared.acquire()
        await asyncio.to_thread(guest.run, shared.acquire())
        await shared.release()
        log.names.append("left")
        await asyncio.to_thread(guest.run, shared.release())

    asyncio.run(home())
    guest.close()

    assert log.names == ["+apps", "-apps", "left"]
