"""One process that serves one application, on uvicorn."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from openviper.app.application import OpenViper
from openviper.server.address import format_url
from openviper.server.children import START_FAILED
from openviper.server.logs import configure_server_log
from openviper.server.options import ProcessOptions
from openviper.types import ASGIApp

__all__ = ["run_process"]

logger = logging.getLogger("openviper.server")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run_process(app: ASGIApp, listener: socket.socket, options: ProcessOptions, *, lifeline: int | None = None) -> int:
    """Serve until SIGINT or SIGTERM: then finish the requests in flight, run the shutdown and return.

    Args:
        app: The application.
        listener: The bound socket; closed at the end.
        options: See the class.
        lifeline: File descriptor whose end is taken for a request to stop; None for none.

    Returns:
        0 after a stop on request, 1 when the application failed to start or to shut down.
    """
    configure_server_log(options.log_level)
    config = uvicorn.Config(
        app,
        http="httptools",
        interface="asgi3",
        # "auto" would take an error that climbs out of the lifespan for an application without one.
        lifespan="on" if isinstance(app, OpenViper) else "auto",
        log_config=None,
        log_level=options.log_level,
        access_log=options.access_log,
        # Names the program and so its known faults; RFC 9110 10.2.4 asks for restraint.
        server_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=list(options.trusted_proxies),
        timeout_graceful_shutdown=options.graceful_timeout,
    )
    server = _Server(config, format_url(listener), lifeline)
    with listener, _stop_on_signals(server.request_stop):
        try:
            server.run(sockets=[listener])
        except SystemExit:
            # How newer versions of uvicorn say that the start failed; older ones return. Both have logged it.
            if server.started:
                raise
    return server.exit_code


class _Server(uvicorn.Server):
    """uvicorn's server that can also be stopped while the application starts, and says where it listens."""

    def __init__(self, config: uvicorn.Config, url: str, lifeline: int | None) -> None:
        super().__init__(config)
        self._url = url
        self._lifeline = lifeline
        self._is_stop_requested = False
        self._cancel_start: Callable[[], object] | None = None

    @property
    def exit_code(self) -> int:
        """What came of it, once the server has ended."""
        if not self.started:
            return 0 if self._is_stop_requested else START_FAILED
        return 1 if self.lifespan.should_exit else 0

    def request_stop(self) -> None:
        """Stop at the next chance; while the application starts, at once. Callable from a signal handler."""
        self.should_exit = self._is_stop_requested = True
        cancel, self._cancel_start = self._cancel_start, None
        if cancel is not None:
            cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal, as uvicorn does, and do not wait for the start to end."""
        super().handle_exit(sig, frame)
        self.request_stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if self._lifeline is not None:
            loop.add_reader(self._lifeline, self._let_go, loop, self._lifeline)
        # A signal handler may run between any two steps of the loop, so it only leaves a note for the next one.
        if task is not None:
            self._cancel_start = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            await super().startup(sockets)
        except asyncio.CancelledError:
            # The loop closes next; that cancels the startup of the application, which undoes what it had done.
            if task is None or not self._is_stop_requested:
                raise
            task.uncancel()  # or the next wait with a time-out would take itself for cancelled
        finally:
            self._cancel_start = None
        if self.started:
            logger.info("serving on %s (Ctrl+C to stop)", self._url)

    def _let_go(self, loop: asyncio.AbstractEventLoop, lifeline: int) -> None:
        # A closed pipe reads as ready for ever, and once is enough.
        loop.remove_reader(lifeline)
        self.request_stop()


@contextmanager
def _stop_on_signals(request_stop: Callable[[], None]) -> Iterator[None]:
    """Take over the signals around the server, which raises those that it has handled once more at its end."""
    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield
        return
    handlers = {number: signal.signal(number, lambda *_: request_stop()) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
