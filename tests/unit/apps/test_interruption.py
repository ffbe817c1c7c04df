"""Which interruptions are requests, and which are failures of the code that raised them."""

import asyncio

import pytest

from openviper.apps.interruption import contained


@pytest.mark.parametrize(
    ("code", "text"), [(None, r"sys\.exit\(\)"), (0, r"sys\.exit\(0\)"), ("no", r"sys\.exit\('no'\)")]
)
def test_end_of_the_process_is_a_failure(code: object, text: str) -> None:
    """SystemExit becomes an error that shows how it was called, with the original chained."""
    with pytest.raises(RuntimeError, match=text) as caught, contained():
        raise SystemExit(code)

    assert isinstance(caught.value.__cause__, SystemExit)


def test_cancellation_without_a_task_is_a_failure() -> None:
    """Where no event loop runs, nobody can have asked for it."""
    with pytest.raises(RuntimeError, match="awaited something that was cancelled"), contained():
        raise asyncio.CancelledError


async def test_requested_cancellation_passes(never: asyncio.Event) -> None:
    """A request to the task goes on unchanged, also when an earlier one had been swallowed."""

    async def wait_twice() -> None:
        try:
            await never.wait()
        except asyncio.CancelledError:
            with contained():
                await never.wait()

    task = asyncio.create_task(wait_twice())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, GeneratorExit, ValueError])
def test_all_else_passes(interruption: type[BaseException]) -> None:
    """Ctrl-C, the end of a coroutine and plain errors stay what they are."""
    with pytest.raises(interruption), contained():
        raise interruption
