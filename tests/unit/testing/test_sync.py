"""The client for tests that are plain functions."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from openviper.testing import LifespanFailedError, SyncTestClient
from openviper.types import ASGIApp, Receive, Scope, Send


async def living(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that tells whether its startup ran on the loop that the request runs on."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            event = await receive()
            scope["state"]["loop"] = asyncio.get_running_loop()
            await send({"type": f"{event['type']}.complete"})
        return
    same = scope["state"]["loop"] is asyncio.get_running_loop()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"a=1")]})
    await send({"type": "http.response.body", "body": f"{scope['method']} {same}".encode()})


@pytest.mark.parametrize("method", ["get", "options", "post", "put", "patch", "delete"])
def test_whole_block_lives_on_one_loop(method: str) -> None:
    """Startup and every request share one event loop, so a pool opened at the start can be used."""
    with SyncTestClient(living) as client:
        response = getattr(client, method)("/")
    assert response.text == f"{method.upper()} True"


def test_arguments_are_those_of_the_asynchronous_client() -> None:
    """Address, headers and cookies work as in TestClient."""
    with SyncTestClient(living, "https://shop.example", headers={"x-a": "1"}) as client:
        response = client.head("/books", params={"page": 2})
        assert response.url == "https://shop.example/books?page=2"
        assert (client.base_url, client.headers, client.cookies["a"]) == ("https://shop.example", {"x-a": "1"}, "1")
        assert client.app is living


def test_client_outside_its_block_is_refused() -> None:
    """Without the block there is no loop to live on; the message shows the block."""
    client = SyncTestClient(living)
    with pytest.raises(RuntimeError, match=r"with SyncTestClient\(app\) as client"):
        client.get("/")


async def test_client_under_a_running_loop_is_refused() -> None:
    """Where a loop is running the other client is the right one, and the message says so."""
    with pytest.raises(RuntimeError, match="use TestClient"):
        SyncTestClient(living).__enter__()


def test_block_inside_its_own_block_is_refused() -> None:
    """A client in use cannot be entered again."""
    with SyncTestClient(living) as client, pytest.raises(RuntimeError, match="in use already"):
        client.__enter__()


def test_failed_start_leaves_the_client_unused() -> None:
    """After a failed startup the loop is closed and the client may be entered again."""
    attempts: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        attempts.append(1)
        await receive()
        await send({"type": "lifespan.startup.failed", "message": f"attempt {len(attempts)}"})

    client = SyncTestClient(app)
    for attempt in (1, 2):
        with pytest.raises(LifespanFailedError, match=f"attempt {attempt}"):
            client.__enter__()


def test_failed_shutdown_closes_the_loop_all_the_same(answering: Callable[..., ASGIApp]) -> None:
    """A shutdown that fails is raised, and the client is free for another block."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "stuck"})

    client = SyncTestClient(app)
    for _ in range(2):
        client.__enter__()
        with pytest.raises(LifespanFailedError, match="stuck"):
            client.__exit__(None, None, None)


def test_exception_of_the_application_has_no_context() -> None:
    """What the application raises reaches the test as if it had been called directly."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await living(scope, receive, send)
            return
        raise LookupError("nobody there")

    with SyncTestClient(app) as client, pytest.raises(LookupError) as raised:
        client.get("/")
    assert raised.value.__context__ is None


def test_stream_is_read_while_it_is_made() -> None:
    """Pieces come one by one, and leaving the block early is a disconnect."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
            return
        await receive()
        await send({"type": "http.response.start", "status": 202, "headers": [(b"x-mark", b"1")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        if scope["path"] == "/whole":
            await send({"type": "http.response.body", "body": b"two"})
            return
        seen.append((await receive())["type"])

    with SyncTestClient(app) as client:
        with client.stream("GET", "/whole") as response:
            assert (response.status_code, response.headers["x-mark"]) == (202, "1")
            assert response.read() == b"onetwo"
        with client.stream("GET", "/endless") as response:
            assert next(response.iter_bytes()) == b"one"
            assert seen == []
        assert seen == ["http.disconnect"]
        with pytest.raises(LookupError, match="of the test"), client.stream("GET", "/endless"):
            raise LookupError("of the test")


def test_threads_take_turns() -> None:
    """Requests of several threads are sent one after the other, on the one loop of the client."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.001)
        await living(scope, receive, send)

    with SyncTestClient(app) as client, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.get("/").text, range(12)))
    assert answers == ["GET True"] * 12


WORD: ContextVar[str] = ContextVar("word", default="none")


async def telling(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that gives back a context variable and then sets it."""
    if scope["type"] == "lifespan":
        await living(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": WORD.get().encode()})
    WORD.set("of the app")


def test_request_sees_what_stands_around_it() -> None:
    """Blocks around a request hold for it, such as a budget of queries; what it sets itself stays inside."""
    with SyncTestClient(telling) as client:
        assert client.get("/").text == "none"
        token = WORD.set("around")
        assert client.get("/").text == "around"
        WORD.reset(token)
        assert client.get("/").text == "none"
    assert WORD.get() == "none"
