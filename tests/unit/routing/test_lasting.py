"""Dependencies that live as long as the application."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest

from openviper import OpenViper
from openviper.exceptions import ServiceUnavailable
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Depends
from openviper.routing.route import Route
from openviper.testing import TestClient
from tests.unit.routing.calls import call, make_app

log: list[str] = []


@pytest.fixture(autouse=True)
def _clear() -> None:
    log.clear()


async def engine() -> AsyncIterator[str]:
    log.append("open engine")
    yield "engine"
    log.append("close engine")


def pool(*, engine: Annotated[str, Depends(engine, scope="app")]) -> Iterator[list[str]]:
    log.append("open pool")
    yield [engine]
    log.append("close pool")


async def handler(pool: Annotated[list[str], Depends(pool, scope="app")]) -> object:
    return {"pool": id(pool)}


async def test_made_once_and_closed_in_reverse() -> None:
    """Requests that come together share one, which lasts until the application stops."""
    app = make_app()
    first, second = await asyncio.gather(call(handler, app=app), call(handler, app=app))
    assert first == second == await call(handler, app=app)
    assert log == ["open engine", "open pool"]
    await app.lasting_dependencies.close()
    assert log[2:] == ["close pool", "close engine"]


async def test_failed_start_is_tried_again() -> None:
    """What could not be made is not remembered."""
    failures = [ConnectionError("not yet")]

    def connect() -> str:
        if failures:
            raise failures.pop()
        return "connected"

    async def connected(value: Annotated[str, Depends(connect, scope="app")]) -> list[str]:
        return [value]

    app = make_app()
    with pytest.raises(ConnectionError):
        await call(connected, app=app)
    assert await call(connected, app=app) == ["connected"]


async def test_application_closes_them_and_starts_anew() -> None:
    """Each run of an application has its own."""
    app = OpenViper(routes=())
    app.get("/")(handler)
    for _ in range(2):
        async with TestClient(app) as client:
            assert (await client.get("/")).status_code == 200
    assert log == ["open engine", "open pool", "close pool", "close engine"] * 2


def _of_a_request(page: int = 1) -> int:
    return page


def _of_a_short_life(value: Annotated[int, Depends(_of_a_request)]) -> int:
    return value


@pytest.mark.parametrize("dependency", [_of_a_request, _of_a_short_life])
def test_what_lasts_cannot_come_from_a_request(dependency: object) -> None:
    """An argument that a request gives is refused when the route is registered."""

    async def wrong(value: int = Depends(dependency, scope="app")) -> None: ...  # type: ignore[arg-type]  # a parameter

    with pytest.raises(RouteError, match="lives as long as the application"):
        Route.build("/", wrong, methods=("GET",), name=None)


def test_unknown_scope_is_refused() -> None:
    """A scope is one of two words."""

    async def wrong(value: int = Depends(_of_a_request, scope="session")) -> None: ...  # type: ignore[arg-type]  # the point of the test

    with pytest.raises(RouteError, match="neither 'request' nor 'app'"):
        Route.build("/", wrong, methods=("GET",), name=None)


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nobody")


async def test_nothing_of_the_first_visitor_lasts() -> None:
    """It is made without the context of the request that asked first."""
    variable.set("the first visitor")

    def look() -> str:
        return variable.get()

    async def seen(value: Annotated[str, Depends(look, scope="app")]) -> list[str]:
        return [value]

    assert await call(seen, app=make_app()) == ["nobody"]


async def test_slow_one_holds_up_only_those_that_need_it() -> None:
    """Others are made meanwhile, and a visitor who leaves does not take it along."""
    go_on, made = asyncio.Event(), []

    async def slow() -> int:
        made.append("slow")
        await go_on.wait()
        return 1

    async def quick() -> int:
        return 2

    async def needs_slow(value: Annotated[int, Depends(slow, scope="app")]) -> list[int]:
        return [value]

    async def needs_quick(value: Annotated[int, Depends(quick, scope="app")]) -> list[int]:
        return [value]

    app = make_app()
    first = asyncio.create_task(call(needs_slow, app=app))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(call(needs_quick, app=app), 5) == [2]
    second = asyncio.create_task(call(needs_slow, app=app))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go_on.set()
    assert await second == [1]
    assert made == ["slow"]


async def test_task_group_is_left_where_it_was_entered() -> None:
    """What must be left by the task that entered it can be held for the life of the application."""

    async def group() -> AsyncIterator[asyncio.TaskGroup]:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
        log.append("left")

    async def uses(tasks: Annotated[asyncio.TaskGroup, Depends(group, scope="app")]) -> None:
        tasks.create_task(asyncio.sleep(0))

    app = make_app()
    await asyncio.create_task(call(uses, app=app))
    await app.lasting_dependencies.close()
    assert log == ["left"]


async def test_one_that_ends_by_itself_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    """A task of it that fails ends it, which is logged, and the next request gets a new one."""

    async def group() -> AsyncIterator[asyncio.TaskGroup]:
        log.append("open")
        async with asyncio.TaskGroup() as tasks:
            yield tasks

    async def fail() -> None:
        raise LookupError("gone")

    async def breaks(tasks: Annotated[asyncio.TaskGroup, Depends(group, scope="app")]) -> None:
        tasks.create_task(fail())

    app = make_app()
    await call(breaks, app=app)
    for _ in range(5):
        await asyncio.sleep(0)
    assert "made anew" in caplog.text
    await call(breaks, app=app)
    assert log == ["open", "open"]
    with pytest.raises(ExceptionGroup):
        await app.lasting_dependencies.close()


async def test_stop_while_one_is_made() -> None:
    """The request that waits for it is told so, and what was begun is left."""

    async def endless() -> AsyncIterator[None]:
        try:
            await asyncio.Event().wait()
            yield
        finally:
            log.append("left")

    async def uses(value: Annotated[None, Depends(endless, scope="app")]) -> None: ...

    app = make_app()
    task = asyncio.create_task(call(uses, app=app))
    for _ in range(3):
        await asyncio.sleep(0)
    await app.lasting_dependencies.close()
    with pytest.raises(ServiceUnavailable):
        await task
    assert log == ["left"]
