"""What runs after what is done for good: how it fails, and how a cancellation ends it."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from openviper.db.transactions.aftermath import GRACE_SECONDS, Aftermath, Step

LOGGER = logging.getLogger("openviper.afterwards")
#: Seconds that are enough for what ends, and over soon.
SHORT = 0.05


class Story:
    """Steps that write down what became of them."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.started = asyncio.Event()
        self.aftermath = Aftermath(LOGGER)

    def step(self, name: str, run: Callable[[], object]) -> Step:
        """Make one."""
        return Step("a handler", name, run)

    def works(self, name: str) -> Step:
        """Make one that ends after a turn of the loop."""

        async def work() -> None:
            await asyncio.sleep(0)
            self.told.append(name)

        return self.step(name, work)

    def hangs(self, name: str, *, keeps: bool = False) -> Step:
        """Make one that ends when it is cancelled, which it may keep to itself."""

        async def hang() -> None:
            self.started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.told.append(f"{name} ended")
                if not keeps:
                    raise

        return self.step(name, hang)

    async def run(self, *steps: Step, limit: float = SHORT, is_cancelled: bool = False) -> None:
        """Run steps with a short grace."""
        await self.aftermath.run(steps, limit=limit, is_cancelled=is_cancelled)

    async def until_started(self) -> None:
        """Wait until the next one hangs."""
        await asyncio.wait_for(self.started.wait(), 5)
        self.started.clear()


async def test_failures_stop_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Errors, an exit and an interruption of something else are logged with tracebacks and counted."""
    story = Story()

    def fail() -> None:
        raise ZeroDivisionError

    def leave() -> None:
        raise SystemExit(3)

    async def await_what_was_cancelled() -> None:
        other = asyncio.create_task(asyncio.sleep(1))
        other.cancel()
        await other

    broken = [story.step(str(run), run) for run in (fail, leave, await_what_was_cancelled)]
    await story.run(*broken, story.works("last"))
    assert (story.told, story.aftermath.failures) == (["last"], 3)
    assert [record.exc_text is not None for record in caplog.records] == [True] * 3


@pytest.mark.parametrize("keeps", [False, True])
async def test_cancellation_leaves_a_short_time_to_the_rest(keeps: bool) -> None:
    """The one that hangs is ended, the others run, and the caller is cancelled, whatever the one does with it."""
    story = Story()
    task = asyncio.create_task(story.run(story.hangs("1", keeps=keeps), story.works("2"), story.works("3"), limit=5))
    await story.until_started()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert story.told == ["1 ended", "2", "3"]


@pytest.mark.parametrize("keeps", [False, True])
async def test_time_of_the_rest_is_over(keeps: bool, caplog: pytest.LogCaptureFixture) -> None:
    """All that hang after a cancellation have one short time together; what is left is logged, counted, never run."""
    story = Story()
    steps = [story.hangs("1"), story.hangs("2", keeps=keeps), story.works("3"), story.works("4")]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SHORT):
            await story.run(*steps)
    assert story.told == ["1 ended", "2 ended"]
    assert story.aftermath.failures == (3 if keeps else 4)
    left = [record.getMessage() for record in caplog.records if "was not run" in record.getMessage()]
    assert [message[-1] for message in left] == ["3", "4"]


async def test_second_cancellation_ends_everything() -> None:
    """Whoever cancels twice waits for nobody, however long the time of the rest would be."""
    story = Story()
    steps = [story.hangs("1"), story.hangs("2"), story.hangs("3"), story.works("4")]
    task = asyncio.create_task(story.run(*steps, limit=1000))
    for _ in range(2):
        await story.until_started()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert (story.told, story.aftermath.failures) == (["1 ended", "2 ended"], 4)


async def test_interruption_of_something_else_within_the_time_of_the_rest() -> None:
    """One that awaits what was cancelled has failed, and ends the time of nobody."""
    story = Story()

    async def await_what_was_cancelled() -> None:
        other = asyncio.create_task(asyncio.sleep(1))
        other.cancel()
        await other

    steps = [story.hangs("1"), story.step("2", await_what_was_cancelled), story.works("3")]
    task = asyncio.create_task(story.run(*steps, limit=5))
    await story.until_started()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (story.told, story.aftermath.failures) == (["1 ended", "3"], 2)


async def test_caller_that_was_cancelled_before() -> None:
    """What runs for one who is about to be cancelled has the short time only, and raises nothing by itself."""
    story = Story()
    await story.run(story.works("1"), story.hangs("2"), story.works("3"), is_cancelled=True)
    assert (story.told, story.aftermath.failures) == (["1", "2 ended"], 2)


async def test_no_limit_without_a_cancellation() -> None:
    """A step may take longer than the grace as long as nobody is cancelled."""
    story = Story()

    async def slow() -> None:
        await asyncio.sleep(3 * SHORT)
        story.told.append("slow")

    await story.run(story.step("slow", slow), story.works("last"))
    assert (story.told, story.aftermath.failures) == (["slow", "last"], 0)


def test_grace_is_short() -> None:
    """Nobody who is cancelled waits for longer than a few seconds."""
    assert 0 < GRACE_SECONDS <= 5
