"""What the stack costs a request, against a bare ASGI function that sends the same bytes.

``python -m benchmarks.overhead [--rounds N]`` prints the medians per request. No server and no socket take part:
each application is called in this process, with the default middleware around it and with none.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.rounds import medians, table, turns
from openviper import OpenViper
from openviper.conf import settings
from openviper.types import ASGIApp, Message, Receive, Scope, Send

BODY: Final = b'{"hello":"world"}'
REQUESTS: Final = 2000


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """The least that answers: two messages, nothing decided."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def openviper() -> ASGIApp:
    """One route, and the middleware of the settings that hold when it starts."""
    app = OpenViper(debug=False)

    @app.get("/")
    async def home() -> dict[str, str]:
        return {"hello": "world"}

    return app


def starlette() -> ASGIApp:
    """The same route on Starlette, which has no middleware by default."""

    async def home(request: Request) -> JSONResponse:
        return JSONResponse({"hello": "world"})

    return Starlette(routes=[Route("/", home)])


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[None]:
    """Run an application's lifespan around the measurements, as a server does."""
    arriving: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}

    async def life() -> None:
        await app(scope, arriving.get, answers.put)

    async with asyncio.TaskGroup() as group:
        group.create_task(life())
        await arriving.put({"type": "lifespan.startup"})
        assert (await answers.get())["type"] == "lifespan.startup.complete"
        yield
        await arriving.put({"type": "lifespan.shutdown"})


def request() -> Scope:
    """A GET as a server hands it over."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def receive() -> Message:
    """The body of a GET."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def seconds_per_request(app: ASGIApp) -> float:
    """Send a slice of requests one after the other; CPU seconds of one."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(request(), receive, send)
    assert [sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])] == [200, BODY]
    began = time.process_time()
    for _ in range(REQUESTS):
        await app(request(), receive, send)
    return (time.process_time() - began) / REQUESTS


async def measure(rounds: int) -> dict[str, list[float]]:
    """Start every side and send them slices in turns: CPU seconds of a request, by side."""
    sides: dict[str, ASGIApp] = {"bare": bare, "starlette": starlette(), "openviper": openviper()}
    async with AsyncExitStack() as running:
        for name in ("starlette", "openviper"):
            await running.enter_async_context(started(sides[name]))
        with settings.overridden(MIDDLEWARE=()):
            sides["openviper, no middleware"] = openviper()
            await running.enter_async_context(started(sides["openviper, no middleware"]))
        taken: dict[str, list[float]] = {name: [] for name in sides}
        for name in turns(sides, rounds=rounds):
            taken[name].append(await seconds_per_request(sides[name]))
    return taken


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help=f"slices of {REQUESTS} requests (default: 15)")
    rounds: int = parser.parse_args().rounds

    print(table(medians(asyncio.run(measure(rounds))), against="bare", unit=1e-6, unit_name="us"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
