"""One process that serves one application."""

import asyncio
import http.client
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

import pytest

from openviper.server.address import bind_socket
from openviper.server.options import ProcessOptions
from openviper.server.process import run_process
from openviper.server.proxies import TrustedProxies
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
        body = f"{scope['client'][0]} {scope['scheme']}".encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

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

    def __init__(self, app: ASGIApp, options: ProcessOptions = OPTIONS) -> None:
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

    def get(self, **headers: str) -> tuple[int, bytes]:
        """Ask for the first page."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
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


def test_server_ends_well_when_its_parent_has_gone(listening: threading.Event) -> None:
    """The end of the lifeline is a stop on request: requests, shutdown, exit code 0."""
    site = Site()

    with Running(site) as running:
        assert listening.wait(PATIENCE)
        assert running.get() == (200, b"127.0.0.1 http")
        running.cut()

        assert running.wait() == 0
    assert site.events == ["startup", "shutdown"]


def test_application_without_lifespan_is_served(listening: threading.Event) -> None:
    """An application of another framework may refuse the lifespan, and is served all the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await Site()(scope, receive, send)

    with Running(app) as running:
        assert listening.wait(PATIENCE)
        assert running.get()[0] == 200
        running.cut()
        assert running.wait() == 0


def test_failed_startup_is_an_exit_code(listening: threading.Event) -> None:
    """An application that reports a failed start is never listened for."""
    with Running(Site(failing="startup")) as running:
        assert running.wait() == 1

    assert not listening.is_set()


def test_failed_shutdown_is_an_exit_code(listening: threading.Event) -> None:
    """An application that reports a failed shutdown leaves a trace in the exit code."""
    with Running(Site(failing="shutdown")) as running:
        assert listening.wait(PATIENCE)
        running.cut()

        assert running.wait() == 1


def test_stop_during_the_startup_cancels_it(listening: threading.Event) -> None:
    """A server that is told to stop while it starts does not wait for the start; what was begun is undone."""
    site = Site(hanging=True)

    with Running(site) as running:
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
    listening: threading.Event, trusted: tuple[str, ...], told: bytes
) -> None:
    """Address and scheme of the client come from a trusted proxy, and from nobody else."""
    with Running(Site(), replace(OPTIONS, trusted_proxies=TrustedProxies(trusted))) as running:
        assert listening.wait(PATIENCE)

        assert running.get(X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https") == (200, told)


def test_socket_is_closed_at_the_end(listening: threading.Event) -> None:
    """The address is free again once the server has ended."""
    with Running(Site()) as running:
        assert listening.wait(PATIENCE)
        running.cut()
        running.wait()

    bind_socket(*running.address).close()
