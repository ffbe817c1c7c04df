"""Waiting for the end of a transaction, whatever happens to the task meanwhile."""

import asyncio

import pytest

from openviper.db.transactions.ending import outlast


async def cancel_often(task: "asyncio.Task[object]", times: int) -> None:
    """Cancel a task, with turns of the loop between."""
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()


async def test_work_is_waited_for_however_often_the_caller_is_cancelled() -> None:
    """It ends, and the cancellation is given back to be raised."""
    gate, found = asyncio.Event(), list[object]()
    work = asyncio.create_task(gate.wait())

    async def wait() -> object:
        interruption = await outlast(work, limit=60)
        found.append(work.result())
        return interruption

    task = asyncio.create_task(wait())
    await cancel_often(task, 3)
    gate.set()
    assert isinstance(await task, asyncio.CancelledError)
    assert found == [True]


async def test_work_that_does_not_end_is_given_up() -> None:
    """A cancelled caller waits for a limited time, after which the work is cancelled too."""
    work = asyncio.create_task(asyncio.Event().wait())

    async def wait() -> object:
        return await outlast(work, limit=0.01)

    task = asyncio.create_task(wait())
    await cancel_often(task, 2)
    assert isinstance(await asyncio.wait_for(task, 5), asyncio.CancelledError)
    assert work.cancelled()


async def test_limit_counts_from_the_cancellation() -> None:
    """As long as nobody cancels there is none, and what the work raises stays with it."""

    async def fail() -> None:
        await asyncio.sleep(0.03)
        raise ZeroDivisionError

    work = asyncio.create_task(fail())
    assert await outlast(work, limit=0.001) is None
    with pytest.raises(ZeroDivisionError):
        work.result()
