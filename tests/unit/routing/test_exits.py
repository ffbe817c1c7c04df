"""Dependencies that clean up."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from openviper import OpenViper
from openviper.exceptions import Conflict, ValidationError
from openviper.http.request import Request
from openviper.http.response import StreamingResponse
from openviper.primitives.threads import close_pool, run_in_pool
from openviper.routing.params import Depends
from openviper.testing import TestClient
from tests.unit.routing.calls import call, send_all

log: list[str] = []
current: contextvars.ContextVar[str] = contextvars.ContextVar("current", default="none")


@pytest.fixture(autouse=True)
def _clear() -> None:
    log.clear()


async def outer() -> AsyncIterator[str]:
    log.append("open outer")
    try:
        yield "outer"
    except BaseException as error:
        log.append(f"outer saw {type(error).__name__}")
        raise
    finally:
        log.append("close outer")


def inner(given: Annotated[str, Depends(outer)]) -> Iterator[str]:
    log.append("open inner")
    try:
        yield f"{given}, inner"
    except BaseException as error:
        log.append(f"inner saw {type(error).__name__}")
        raise
    finally:
        log.append("close inner")


async def test_clean_up_follows_in_reverse() -> None:
    """What was opened last is closed first, after the handler and before the answer."""

    async def handler(value: Annotated[str, Depends(inner)], same: Annotated[str, Depends(outer)]) -> list[str]:
        log.append("run")
        return [value, same]

    assert await call(handler) == ["outer, inner", "outer"]
    assert log == ["open outer", "open inner", "run", "close inner", "close outer"]


async def test_error_of_the_handler_reaches_every_generator() -> None:
    """Both kinds see the error where they yielded, and it goes on."""

    async def handler(value: Annotated[str, Depends(inner)]) -> None:
        raise KeyError(value)

    with pytest.raises(KeyError):
        await call(handler)
    assert log[2:] == ["inner saw KeyError", "close inner", "outer saw KeyError", "close outer"]


async def test_refused_argument_reaches_the_generators() -> None:
    """A handler that is never called, because its own arguments are wrong, is an error as well."""

    async def handler(value: Annotated[str, Depends(outer)], page: int) -> None: ...

    with pytest.raises(ValidationError):
        await call(handler)
    assert log == ["open outer", "outer saw ValidationError", "close outer"]


async def test_failing_clean_up_is_the_answer() -> None:
    """A commit that fails is an error of the request, and the clean-ups around it run with that error."""

    async def commit(given: Annotated[str, Depends(outer)]) -> AsyncIterator[str]:
        yield given
        raise Conflict("taken")

    async def handler(value: Annotated[str, Depends(commit)]) -> str:
        return value

    with pytest.raises(Conflict):
        await call(handler)
    assert log == ["open outer", "outer saw Conflict", "close outer"]


async def test_generator_may_put_another_error_in_place() -> None:
    """What a generator raises instead is what the client is told."""

    async def translate() -> AsyncIterator[None]:
        try:
            yield
        except KeyError as error:
            raise Conflict("exists") from error

    async def handler(nothing: Annotated[None, Depends(translate)]) -> None:
        raise KeyError

    with pytest.raises(Conflict):
        await call(handler)


async def test_kept_error_is_still_an_error() -> None:
    """A generator that swallows an error does not make an answer of it."""

    async def swallow() -> AsyncIterator[None]:
        try:
            yield
        except KeyError:
            log.append("swallowed")

    async def handler(nothing: Annotated[None, Depends(swallow)]) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await call(handler)
    assert log == ["swallowed"]


async def test_cancellation_reaches_the_generators() -> None:
    """A request that is cancelled closes what it opened, and stays cancelled."""
    started = asyncio.Event()

    async def handler(value: Annotated[str, Depends(inner)]) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(call(handler))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log[2:] == ["inner saw CancelledError", "close inner", "outer saw CancelledError", "close outer"]


async def test_stream_keeps_its_dependencies_open() -> None:
    """Clean-up waits for the last byte where the answer is made while it is sent."""

    async def handler(value: Annotated[str, Depends(outer)]) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            log.append("stream")
            yield value

        return StreamingResponse(pieces())

    response = await call(handler)
    assert log == ["open outer"]
    _, body = await send_all(response)
    assert body == b"outer"
    assert log == ["open outer", "stream", "close outer"]


async def test_error_of_a_stream_reaches_its_dependencies() -> None:
    """What breaks while the answer is sent is raised in the generators, once."""

    async def handler(value: Annotated[str, Depends(inner)]) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield value
            raise KeyError(value)

        return StreamingResponse(pieces())

    response = await call(handler)
    with pytest.raises(KeyError):
        await send_all(response)
    assert log[2:] == ["inner saw KeyError", "close inner", "outer saw KeyError", "close outer"]


async def test_plain_generator_runs_in_one_context_off_the_loop() -> None:
    """Its steps may set and reset a context variable, and block."""

    def plain() -> Iterator[bool]:
        token = current.set("inside")
        yield threading.current_thread() is threading.main_thread()
        current.reset(token)
        log.append("reset")

    async def handler(is_main: Annotated[bool, Depends(plain)]) -> list[bool]:
        return [is_main]

    assert await call(handler) == [False]
    assert log == ["reset"]


async def test_clean_up_of_plain_generators_needs_no_turn() -> None:
    """Requests that hold what all threads of the pool wait for give it back."""
    few = threading.BoundedSemaphore(2)

    def connection() -> Iterator[int]:
        if not few.acquire(timeout=10):
            raise TimeoutError
        try:
            yield 1
        finally:
            few.release()

    async def handler(value: Annotated[int, Depends(connection)]) -> list[int]:
        await asyncio.sleep(0)
        return [value]

    answers = await asyncio.wait_for(asyncio.gather(*(call(handler) for _ in range(60))), 5)
    assert answers == [[1]] * 60


async def test_cancelled_while_a_plain_generator_is_entered() -> None:
    """What it has taken when it comes to its value is given back, although the request has gone."""
    begun, go_on = threading.Event(), threading.Event()

    def connection() -> Iterator[int]:
        begun.set()
        go_on.wait(5)
        try:
            yield 1
        except BaseException as error:
            log.append(type(error).__name__)
            raise
        finally:
            log.append("released")

    async def handler(value: Annotated[int, Depends(connection)]) -> None: ...

    task = asyncio.create_task(call(handler))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["CancelledError", "released"]


async def test_cancelled_before_a_plain_generator_has_its_turn() -> None:
    """A generator that never began is not begun for a request that has gone."""
    go_on = threading.Event()
    blocked = [asyncio.ensure_future(run_in_pool(40, go_on.wait, 5)) for _ in range(40)]
    await asyncio.sleep(0)

    def connection() -> Iterator[int]:
        log.append("begun")
        yield 1

    async def handler(value: Annotated[int, Depends(connection)]) -> None: ...

    task = asyncio.create_task(call(handler))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await asyncio.gather(*blocked)
    close_pool()
    assert log == []


async def test_stream_that_nobody_sends_leaves_its_dependencies() -> None:
    """The end of the request closes what an answer would have closed that was dropped, and closes it once."""

    async def handler(value: Annotated[str, Depends(outer)]) -> StreamingResponse:
        return StreamingResponse(iter([value]))

    async def replace(request: Request, call_next: Any) -> object:
        await call_next(request)
        return {"replaced": log.copy()}

    app = OpenViper(routes=[], debug=False)
    app.get("/dropped", middlewares=[replace])(handler)
    app.get("/sent")(handler)
    async with TestClient(app) as client:
        assert (await client.get("/dropped")).json() == {"replaced": ["open outer"]}
        assert log == ["open outer", "close outer"]
        assert (await client.get("/sent")).text == "outer"
    assert log == ["open outer", "close outer"] * 2


async def _no_value() -> AsyncIterator[int]:
    numbers: tuple[int, ...] = ()
    for number in numbers:
        yield number


async def _two_values() -> AsyncIterator[int]:
    yield 1
    yield 2


def _no_plain_value() -> Iterator[int]:
    yield from ()


def _two_plain_values() -> Iterator[int]:
    yield 1
    yield 2


@pytest.mark.parametrize("dependency", [_no_value, _two_values, _no_plain_value, _two_plain_values])
async def test_generator_that_does_not_yield_once_is_named(dependency: object) -> None:
    """No value, or a second one, is a mistake of the project, and told as such."""

    async def handler(value: int = Depends(dependency)) -> list[int]:  # type: ignore[arg-type]  # told by its parameter
        return [value]

    with pytest.raises(RuntimeError, match=r"yields (nothing|twice)"):
        await call(handler)
