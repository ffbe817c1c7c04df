"""One process that serves one application, on either server."""

import asyncio
import http.client
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

import pytest

from openviper.middleware.proxies import TrustedProxies
from openviper.server.address import bind_socket
from openviper.server.options import SERVERS, ProcessOptions
from openviper.server.process import run_process
from openviper.types import ASGIApp, Receive, Scope, Send

PATIENCE = 30.0
OPTIONS = ProcessOptions(log_level="info", access_log=False, graceful_timeout=5, trusted_proxies=TrustedProxies(()))


class Site:
    """An ASGI application that tells the client's address, and notes what it was asked.

    Args:
        failing: The event of the lifespan that it answers with a failure.
        hanging: Whether its startup never ends.
    """

    def __init__(self, *, failing: str = "", hanging: bool = False) -> None:
        self.failing = failing
        self.hanging = hanging
        self.begun = threading.Event()
        self.events: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["path"] == "/endless":
            await self._stream(send)
        if scope["path"] == "/broken":
            raise LookupError("no page")
        body = f"{scope['client'][0]} {scope['scheme']}".encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        try:
            await asyncio.Event().wait()
        finally:
            # Tidying up takes more than one step of the loop.
            for _ in range(20):
                await asyncio.sleep(0)
            self.events.append("cancelled")

    async def _live(self, receive: Receive, send: Send) -> None:
        for _ in range(2):
            event = (await receive())["type"].removeprefix("lifespan.")
            self.events.append(event)
            self.begun.set()
            if self.hanging:
                try:
                    await asyncio.Event().wait()
                finally:
                    self.events.append("undone")
            outcome = "failed" if event == self.failing else "complete"
            await send({"type": f"lifespan.{event}.{outcome}", "message": f"{event} says no"})


class Running:
    """An application that a thread serves until its lifeline is cut."""

    def __init__(self, app: ASGIApp, options: ProcessOptions) -> None:
        listener = bind_socket("127.0.0.1", 0)
        self.address: tuple[str, int] = listener.getsockname()
        self._lifeline, self._life = os.pipe()
        self._codes: list[int] = []
        self._thread = threading.Thread(
            target=lambda: self._codes.append(run_process(app, listener, options, lifeline=self._lifeline))
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._thread.join(PATIENCE)
        os.close(self._lifeline)

    def get(self, path: str = "/", **headers: str) -> tuple[int, bytes]:
        """Ask for a page."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def cut(self) -> None:
        """Let the lifeline read as closed; a second call does nothing."""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        self._thread.join(PATIENCE)
        (code,) = self._codes
        return code


@pytest.fixture(params=SERVERS)
def options(request: pytest.FixtureRequest) -> ProcessOptions:
    """How to serve; a test that asks for it runs with each server."""
    return replace(OPTIONS, server=request.param)


@pytest.fixture
def listening() -> Iterator[threading.Event]:
    """An event that is set when a server says that it listens."""
    event = threading.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("serving on http://127.0.0.1:"):
                event.set()

    handler = Listener()
    logging.getLogger("openviper.server").addHandler(handler)
    yield event
    logging.getLogger("openviper.server").removeHandler(handler)


def test_server_ends_well_when_its_parent_has_gone(options: ProcessOptions, listening: threading.Event) -> None:
    """The end of the lifeline is a stop on request: requests, shutdown, exit code 0."""
    site = Site()

    with Running(site, options) as running:
        assert listening.wait(PATIENCE)
        assert running.get() == (200, b"127.0.0.1 http")
        running.cut()

        assert running.wait() == 0
    assert site.events == ["startup", "shutdown"]


def test_application_without_lifespan_is_served(options: ProcessOptions, listening: threading.Event) -> None:
    """An application of another framework may refuse the lifespan, and is served all the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await Site()(scope, receive, send)

    with Running(app, options) as running:
        assert listening.wait(PATIENCE)
        assert running.get()[0] == 200
        running.cut()
        assert running.wait() == 0


def test_failed_startup_is_an_exit_code(options: ProcessOptions, listening: threading.Event) -> None:
    """An application that reports a failed start is never listened for."""
    with Running(Site(failing="startup"), options) as running:
        assert running.wait() == 1

    assert not listening.is_set()


def test_failed_shutdown_is_an_exit_code(options: ProcessOptions, listening: threading.Event) -> None:
    """An application that reports a failed shutdown leaves a trace in the exit code."""
    with Running(Site(failing="shutdown"), options) as running:
        assert listening.wait(PATIENCE)
        running.cut()

        assert running.wait() == 1


def test_stop_during_the_startup_cancels_it(options: ProcessOptions, listening: threading.Event) -> None:
    """A server that is told to stop while it starts does not wait for the start; what was begun is undone."""
    site = Site(hanging=True)

    with Running(site, options) as running:
        assert site.begun.wait(PATIENCE)
        running.cut()

        assert running.wait() == 0
    assert site.events == ["startup", "undone"]
    assert not listening.is_set()


@pytest.mark.parametrize(
    ("trusted", "told"),
    [((), b"127.0.0.1 http"), (("127.0.0.0/8",), b"203.0.113.9 https"), (("192.0.2.1",), b"127.0.0.1 http")],
)
def test_forwarded_headers_count_from_trusted_addresses(
    options: ProcessOptions, listening: threading.Event, trusted: tuple[str, ...], told: bytes
) -> None:
    """Address and scheme of the client come from a trusted proxy, and from nobody else."""
    with Running(Site(), replace(options, trusted_proxies=TrustedProxies(trusted))) as running:
        assert listening.wait(PATIENCE)

        assert running.get(X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https") == (200, told)


def test_socket_is_closed_at_the_end(options: ProcessOptions, listening: threading.Event) -> None:
    """The address is free again once the server has ended."""
    with Running(Site(), options) as running:
        assert listening.wait(PATIENCE)
        running.cut()
        running.wait()

    bind_socket(*running.address).close()


def test_endless_answer_is_cancelled_after_its_time(options: ProcessOptions, listening: threading.Event) -> None:
    """A stop waits for a stream as long as it is allowed to, and the shutdown follows."""
    site = Site()

    with Running(site, replace(options, graceful_timeout=0.2)) as running:
        assert listening.wait(PATIENCE)
        connection = http.client.HTTPConnection(*running.address, timeout=PATIENCE)
        connection.request("GET", "/endless")
        assert connection.getresponse().read(5) == b"begun"
        running.cut()

        assert running.wait() == 0
        connection.close()
    assert site.events == ["startup", "cancelled", "shutdown"]


def test_idle_connection_does_not_hold_up_the_stop(options: ProcessOptions, listening: threading.Event) -> None:
    """A connection that is kept for a next request is closed at once."""
    with Running(Site(), replace(options, graceful_timeout=3600.0)) as running:
        assert listening.wait(PATIENCE)
        connection = http.client.HTTPConnection(*running.address, timeout=PATIENCE)
        connection.request("GET", "/")
        assert connection.getresponse().read()
        running.cut()

        assert running.wait() == 0
        connection.close()


def test_error_of_an_application_is_logged_and_answered(
    options: ProcessOptions, listening: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    """An application that raises gets 500 for its client, and its exception is part of the record."""
    with Running(Site(), options) as running:
        assert listening.wait(PATIENCE)
        assert running.get("/broken") == (500, b"Internal Server Error")

    (record,) = [record for record in caplog.records if "Exception in ASGI application" in record.getMessage()]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


@pytest.mark.parametrize("is_on", [True, False])
def test_access_log_tells_each_request(
    options: ProcessOptions, listening: threading.Event, caplog: pytest.LogCaptureFixture, is_on: bool
) -> None:
    """Method, path with query, and status stand in the log under one name; when it is off, nothing does."""
    trusted = TrustedProxies(["127.0.0.1"])
    access = logging.getLogger("uvicorn.access")
    propagate = access.propagate
    try:
        with Running(Site(), replace(options, access_log=is_on, trusted_proxies=trusted)) as running:
            assert listening.wait(PATIENCE)
            running.get("/page?a=%C3%A4", X_Forwarded_For="203.0.113.9")
    finally:
        access.propagate = propagate

    told = [record.getMessage() for record in caplog.records if record.name == "uvicorn.access"]
    assert told == (['203.0.113.9:0 - "GET /page?a=%C3%A4 HTTP/1.1" 200'] if is_on else [])
