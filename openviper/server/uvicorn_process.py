"""One process that serves one application, on uvicorn."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from openviper.server.address import format_url
from openviper.server.children import START_FAILED
from openviper.server.connection import BoundedConnection
from openviper.server.logs import ignore_cancelled
from openviper.server.options import TIDY_TIMEOUT, ProcessOptions
from openviper.server.signals import handle_signals
from openviper.types import ASGIApp

__all__ = ["make_config", "run_uvicorn"]

logger = logging.getLogger("openviper.server")


def run_uvicorn(
    app: ASGIApp, listener: socket.socket, options: ProcessOptions, *, lifeline: int | None, has_lifespan: bool
) -> int:
    """Serve until told to stop; see ``run_process``.

    Args:
        app: The application.
        listener: The bound socket; closed at the end.
        options: How to serve.
        lifeline: File descriptor whose end is taken for a request to stop; None for none.
        has_lifespan: Whether the application is known to have a lifespan; if not, it is tried.
    """
    config = make_config(app, options, has_lifespan=has_lifespan)
    server = _Server(config, format_url(listener), lifeline, options.graceful_timeout)
    with listener, handle_signals(server.request_stop, server.request_hurry, is_child=lifeline is not None):
        try:
            server.run(sockets=[listener])
        except SystemExit:
            # How newer versions of uvicorn say that the start failed; older ones return. Both have logged it.
            if server.started:
                raise
    return server.exit_code


def make_config(app: ASGIApp, options: ProcessOptions, *, has_lifespan: bool) -> uvicorn.Config:
    """Give the configuration of uvicorn; its loop and its lifespan serve granian as well."""
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        interface="asgi3",
        # "auto" would take an error that climbs out of the lifespan for an application without one.
        lifespan="on" if has_lifespan else "auto",
        log_config=None,
        log_level=options.log_level,
        access_log=options.access_log,
        # Names the program and so its known faults; RFC 9110 10.2.4 asks for restraint.
        server_header=False,
        # Ours reads the same for both servers.
        proxy_headers=False,
    )


class _Server(uvicorn.Server):
    """uvicorn's server that can also be stopped while the application starts, and says where it listens."""

    def __init__(self, config: uvicorn.Config, url: str, lifeline: int | None, graceful_timeout: float) -> None:
        super().__init__(config)
        self._url = url
        self._lifeline = lifeline
        self._graceful_timeout = graceful_timeout
        self._is_stop_requested = False
        self._is_draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._start: asyncio.Task[object] | None = None

    @property
    def exit_code(self) -> int:
        """What came of it, once the server has ended."""
        if not self.started:
            return 0 if self._is_stop_requested else START_FAILED
        return 1 if self.lifespan.should_exit else 0

    def request_stop(self) -> None:
        """Stop at the next chance; while the application starts, at once. Callable from a signal handler."""
        self.should_exit = self._is_stop_requested = True
        # A signal handler may run between any two steps of the loop, so it only leaves a note for the next one.
        if self._loop is not None and self._start is not None:
            self._loop.call_soon_threadsafe(self._cancel_start)

    def request_hurry(self) -> None:
        """Cancel the requests in flight, of a server that was asked to stop. Callable from a signal handler."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hurry)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to who has set handlers around the server."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self._loop = loop
        if self._lifeline is not None:
            loop.add_reader(self._lifeline, self._let_go, loop, self._lifeline)
        self._start = task
        try:
            await super().startup(sockets)
        except asyncio.CancelledError:
            # The loop closes next; that cancels the startup of the application, which undoes what it had done.
            if task is None or not self._is_stop_requested:
                raise
            task.uncancel()  # or the next wait with a time-out would take itself for cancelled
        finally:
            self._start = None
        if self.started:
            logger.info("serving on %s (Ctrl+C to stop)", self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the requests in flight finish while there is time, then shut the application down in any case."""
        self._is_draining = True
        patience = asyncio.get_running_loop().call_later(self._graceful_timeout, self._hurry)
        try:
            await super().shutdown(sockets)
        finally:
            patience.cancel()
        # A hurry may also come while the hooks run, which need no second round.
        if self.force_exit and not self.lifespan.shutdown_event.is_set():
            if tasks := list(self.server_state.tasks):
                _, left = await asyncio.wait(tasks, timeout=TIDY_TIMEOUT)
                if left:
                    logger.warning("cancelled requests do not end and are left behind")
            # uvicorn's way to hurry would leave the hooks of the application out.
            await self.lifespan.shutdown()

    def _cancel_start(self) -> None:
        # The start may have ended since the note was left, and what runs now is the shutdown.
        if self._start is not None:
            self._start.cancel()

    def _hurry(self) -> None:
        if not self._is_draining:
            # Connections are still taken, so it is too early; the drain will begin without patience.
            self._graceful_timeout = 0.0
            return
        if self.force_exit:
            return
        self.force_exit = True
        connections, tasks = self.server_state.connections, self.server_state.tasks
        if tasks:
            logger.warning("requests that were not done in time and are cancelled: %d", len(tasks))
        ignore_cancelled()
        for task in list(tasks):
            task.cancel()
        for connection in list(connections):
            connection.transport.abort()

    def _let_go(self, loop: asyncio.AbstractEventLoop, lifeline: int) -> None:
        # A closed pipe reads as ready for ever, and once is enough.
        loop.remove_reader(lifeline)
        self.request_stop()
