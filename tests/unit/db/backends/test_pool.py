"""The pool, on connections that are only noted down."""

import asyncio

import pytest

from openviper.db.backends.pool import Pool, PooledConnection, PoolLimits
from openviper.db.exceptions import ConnectionLostError, PoolTimeoutError


class Plain(PooledConnection):
    """A connection to nothing."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.open = True
        self.clean_now = True
        self.answers = True
        self.deeds: list[str] = []

    @property
    def is_open(self) -> bool:
        return self.open

    @property
    def is_clean(self) -> bool:
        return self.clean_now

    async def ping(self) -> None:
        self.deeds.append("ping")
        if not self.answers:
            raise ConnectionLostError("no answer")

    async def clean(self) -> None:
        self.deeds.append("clean")
        if not self.answers:
            raise ConnectionLostError("no answer")
        self.clean_now = True

    async def close(self) -> None:
        self.deeds.append("close")
        self.open = False

    def terminate(self) -> None:
        self.deeds.append("terminate")
        self.open = False


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A pool with all that it is made of."""

    def __init__(self, size: int = 1, overflow: int = 0, timeout: float | None = 5.0) -> None:
        self.made: list[Plain] = []
        self.clock = Clock()
        self.failure: BaseException | None = None
        limits = PoolLimits(alias="default", size=size, overflow=overflow, timeout=timeout, recycle=100.0)
        self.pool = Pool(self.open, limits, clock=self.clock)

    async def open(self) -> Plain:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.made.append(Plain(len(self.made)))
        return self.made[-1]


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_connection_is_used_again() -> None:
    """Nothing is opened before the first use; the one that came back last is the next."""
    bench = Bench(size=2)
    assert bench.pool.take() is None
    first, second = await bench.pool.acquire(), await bench.pool.acquire()
    bench.pool.release(first)
    bench.pool.release(second)
    assert bench.pool.take() is second
    assert await bench.pool.acquire() is first
    assert second.deeds == []


async def test_waiters_are_served_in_order() -> None:
    """Connections go to waiters in the order of their coming, and nobody who comes later overtakes."""
    bench, served = Bench(), list[int]()
    held = await bench.pool.acquire()

    async def wait(number: int) -> None:
        connection = await bench.pool.acquire()
        served.append(number)
        await asyncio.sleep(0)
        bench.pool.release(connection)

    tasks = [asyncio.create_task(wait(number)) for number in range(5)]
    await turns()
    bench.pool.release(held)
    assert bench.pool.take() is None
    await asyncio.gather(*tasks)
    assert served == [0, 1, 2, 3, 4]
    assert len(bench.made) == 1


async def test_overflow_is_closed_after_its_use() -> None:
    """Connections beyond the size are closed when they come back and nobody waits."""
    bench = Bench(size=1, overflow=1)
    first, second = await bench.pool.acquire(), await bench.pool.acquire()
    bench.pool.release(first)
    bench.pool.release(second)
    await turns()
    assert (first.deeds, second.deeds) == ([], ["close", "terminate"])
    bench.pool.release(await bench.pool.acquire())
    assert len(bench.made) == 2


async def test_wait_ends_and_names_the_holders() -> None:
    """After its time a waiter gets an error that says who has the connections and since when."""
    bench = Bench(timeout=0.01)
    held = await bench.pool.acquire()
    bench.clock.now += 7.0
    with pytest.raises(
        PoolTimeoutError, match=r"test_wait_ends_and_names_the_holders at .*test_pool.py:\d+\) for 7.0 s"
    ):
        await bench.pool.acquire()
    bench.pool.release(held)
    assert await bench.pool.acquire() is held


async def test_cancelled_waiter_leaves_its_place_to_the_next() -> None:
    """A waiter that is cancelled, even in the moment of the handing over, loses no connection."""
    bench = Bench()
    for is_handed_over in (False, True):
        held = await bench.pool.acquire()
        first = asyncio.create_task(bench.pool.acquire())
        second = asyncio.create_task(bench.pool.acquire())
        await turns()
        if is_handed_over:
            bench.pool.release(held)
            first.cancel()
        else:
            first.cancel()
            bench.pool.release(held)
        bench.pool.release(await second)
        assert first.cancelled() or first.cancelling()
        await asyncio.gather(first, return_exceptions=True)
    assert len(bench.made) == 1


async def test_failed_opening_leaves_its_place_to_the_next() -> None:
    """A connection that cannot be opened is an error for one caller only."""
    bench = Bench()
    bench.failure = ConnectionLostError("not there")
    for _ in range(3):
        with pytest.raises(ConnectionLostError):
            await bench.pool.acquire()
    opening = asyncio.create_task(bench.pool.acquire())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(bench.pool.acquire())
    with pytest.raises(ConnectionLostError):
        await opening
    bench.failure = None
    assert (await waiting).number == 0


async def test_broken_connection_is_replaced() -> None:
    """One that broke on the stack, is too old or does not answer after a pause is replaced without an error."""
    bench = Bench()
    first = await bench.pool.acquire()
    bench.pool.release(first)
    first.open = False
    second = await bench.pool.acquire()
    bench.pool.release(second)
    bench.clock.now += 31.0
    assert await bench.pool.acquire() is second
    assert second.deeds == ["ping"]
    bench.pool.release(second)
    bench.clock.now += 31.0
    second.answers = False
    third = await bench.pool.acquire()
    assert third is not second
    bench.pool.release(third)
    bench.clock.now += 101.0
    assert await bench.pool.acquire() is not third
    await turns()
    assert third.deeds == ["close", "terminate"]


async def test_broken_connection_makes_room_for_a_waiter() -> None:
    """A connection that comes back broken is replaced for whoever waits."""
    bench = Bench()
    held = await bench.pool.acquire()
    waiting = asyncio.create_task(bench.pool.acquire())
    await turns()
    held.open = False
    bench.pool.release(held)
    assert (await waiting).number == 1


@pytest.mark.parametrize("answers", [True, False])
async def test_untidy_connection_is_put_in_order_first(answers: bool) -> None:
    """One with a query or a transaction left open is cleaned, or dropped, before anybody gets it."""
    bench = Bench()
    held = await bench.pool.acquire()
    held.clean_now, held.answers = False, answers
    bench.pool.release(held)
    bench.pool.release(held)  # a second time does nothing
    assert bench.pool.take() is None
    connection = await bench.pool.acquire()
    assert (connection is held) == answers
    assert held.deeds == (["clean"] if answers else ["clean", "terminate"])
    bench.pool.release(connection, is_dirty=True)
    assert await bench.pool.acquire() is connection
    assert connection.deeds[-1] == "clean"


async def test_closed_pool_serves_nobody() -> None:
    """Closing ends idle connections in good order, cuts off lent ones and refuses who waits."""
    bench = Bench(size=2)
    idle, lent = await bench.pool.acquire(), await bench.pool.acquire()
    waiting = asyncio.create_task(bench.pool.acquire())
    await turns()
    bench.pool.release(idle)
    lent_too = await waiting
    assert lent_too is idle
    waiting = asyncio.create_task(bench.pool.acquire())
    await turns()
    await bench.pool.close()
    await bench.pool.close()
    with pytest.raises(ConnectionLostError, match="closed"):
        await waiting
    with pytest.raises(ConnectionLostError, match="closed"):
        await bench.pool.acquire()
    assert not lent.open
    bench.pool.release(lent)
    assert lent.deeds[0] == "terminate"


async def test_dropped_pool_ends_every_connection() -> None:
    """Terminating needs no loop and closes nothing in good order."""
    bench = Bench(size=2)
    idle, lent = await bench.pool.acquire(), await bench.pool.acquire()
    bench.pool.release(idle)
    bench.pool.terminate()
    assert (idle.deeds, lent.deeds) == (["terminate"], ["terminate"])
