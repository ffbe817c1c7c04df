"""One process that serves one application, on granian.

granian parses HTTP in threads of its own and calls the application on our event loop. The lifespan, the log of
requests and the order of a stop are the ones of uvicorn, so that a project may change servers without noticing.
"""

import asyncio
import logging
import os
import socket
from typing import Any, Final

from openviper.primitives.imports import require
from openviper.server.address import format_url
from openviper.server.children import START_FAILED
from openviper.server.logs import ignore_cancelled
from openviper.server.options import TIDY_TIMEOUT, ProcessOptions
from openviper.server.requests import OpenRequests
from openviper.server.signals import handle_signals
from openviper.server.uvicorn_process import make_config
from openviper.types import ASGIApp

__all__ = ["require_granian", "run_granian"]

logger = logging.getLogger("openviper.server")

_BACKLOG: Final = 2048
# granian counts connections, kept-alive ones too, and lets no more in; uvicorn has no such limit.
_CONNECTIONS: Final = 65536

# Seconds that granian may take to send what cancelled requests have left; it also waits for requests that have not
# arrived as a whole, and these get no more time.
_FLUSH_TIMEOUT: Final = 0.25

# dictConfig for granian, which would take over the handlers of the project otherwise: touch none.
_KEEP_LOGGING: Final = {"version": 1, "incremental": True, "formatters": {}, "handlers": {}, "loggers": {}}


def require_granian() -> Any:  # a module, whose classes are made when it is known to be there
    """Import granian.

    Raises:
        MissingDependencyError: It is not installed.
    """
    return require("granian.server.embed", extra="granian", needed_by="the server granian")


def run_granian(
    app: ASGIApp, listener: socket.socket, options: ProcessOptions, *, lifeline: int | None, has_lifespan: bool
) -> int:
    """Serve until told to stop; see ``run_process``.

    Args:
        app: The application.
        listener: The bound socket; closed at the end.
        options: How to serve.
        lifeline: File descriptor whose end is taken for a request to stop; None for none.
        has_lifespan: Whether the application is known to have a lifespan; if not, it is tried.

    Raises:
        MissingDependencyError: granian is not installed.
    """
    require_granian()
    process = _Process(app, listener, options, lifeline, has_lifespan=has_lifespan)
    with listener, asyncio.Runner(loop_factory=process.config.get_loop_factory()) as runner:
        process.loop = runner.get_loop()
        with handle_signals(process.request_stop, process.request_hurry, is_child=lifeline is not None):
            return runner.run(process.serve())


class _Process:
    """The life of the process: start the application, serve, drain, shut the application down."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        options: ProcessOptions,
        lifeline: int | None,
        *,
        has_lifespan: bool,
    ) -> None:
        self.config = make_config(app, options, has_lifespan=has_lifespan)
        self.config.load()
        self.loop: asyncio.AbstractEventLoop | None = None
        self._requests = OpenRequests(app, access_log=options.access_log)
        self._listener = listener
        self._lifeline = lifeline
        self._graceful_timeout = options.graceful_timeout
        self._stopping = asyncio.Event()
        self._hurrying = asyncio.Event()

    def request_stop(self) -> None:
        """Stop at the next chance. Callable from a signal handler."""
        self._note(self._stopping)

    def request_hurry(self) -> None:
        """Cancel the requests in flight. Callable from a signal handler."""
        self._note(self._hurrying)

    def _note(self, event: asyncio.Event) -> None:
        # A signal handler may run between any two steps of the loop.
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(event.set)

    async def serve(self) -> int:
        """Live, and return the exit code."""
        loop = asyncio.get_running_loop()
        lifeline = self._lifeline
        if lifeline is not None:
            loop.add_reader(lifeline, self._let_go, loop, lifeline)
        lifespan = self.config.lifespan_class(self.config)
        # The loop closes after a stop; that cancels the startup of the application, which undoes what it had done.
        if not await _finished_before(self._stopping, loop.create_task(lifespan.startup())):
            return 0
        if lifespan.should_exit:
            return START_FAILED
        self._requests.state = lifespan.state
        is_well = await self._serve_requests()
        await lifespan.shutdown()
        return 0 if is_well and not lifespan.should_exit else 1

    async def _serve_requests(self) -> bool:
        """Answer until told to stop; tell whether granian has held out for as long."""
        url = format_url(self._listener)
        # From here on connections wait, so that the message is true before granian's thread has begun.
        self._listener.listen(_BACKLOG)
        server = _embed(self._requests, self._listener)
        serving = asyncio.get_running_loop().create_task(server.serve())
        logger.info("serving on %s (Ctrl+C to stop)", url)
        is_well = not await _finished_before(self._stopping, serving)
        if is_well:
            logger.info("Shutting down")
            self._listener.close()
            server.stop()
            self._requests.stop()
            await self._drain(asyncio.get_running_loop().create_task(self._wait_ended(serving)))
        else:
            logger.error("granian has ended by itself", exc_info=serving.exception())
        return is_well

    def _let_go(self, loop: asyncio.AbstractEventLoop, lifeline: int) -> None:
        # A closed pipe reads as ready for ever, and once is enough.
        loop.remove_reader(lifeline)
        self._stopping.set()

    async def _wait_ended(self, serving: asyncio.Task[None]) -> None:
        await serving
        # granian does not wait for websockets.
        await self._requests.wait_ended()

    async def _drain(self, ended: asyncio.Task[None]) -> None:
        try:
            async with asyncio.timeout(self._graceful_timeout):
                if await _finished_before(self._hurrying, ended):
                    return
        except TimeoutError:
            pass
        ignore_cancelled()
        if count := self._requests.cancel():
            logger.warning("requests that were not done in time and are cancelled: %d", count)
        try:
            async with asyncio.timeout(TIDY_TIMEOUT):
                await self._requests.wait_ended()
        except TimeoutError:
            logger.warning("cancelled requests do not end and are left behind")
        await asyncio.wait([ended], timeout=_FLUSH_TIMEOUT)


async def _finished_before(event: asyncio.Event, task: asyncio.Task[None]) -> bool:
    """Wait for a task or an event, and tell whether the task has ended; the task goes on in the other case."""
    waiting = asyncio.get_running_loop().create_task(event.wait())
    try:
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return task.done()


def _embed(app: ASGIApp, listener: socket.socket) -> Any:  # granian has no types that are there without it
    """Make granian's server for a loop of ours, on a socket of ours."""
    embed = require_granian()
    net = require("granian.net", extra="granian", needed_by="the server granian")

    def take_socket(server: Any) -> None:
        # granian closes what it is given. socket.dup() would make the socket blocking, for the other workers as well.
        descriptor = os.dup(listener.fileno())
        holder = net.SocketHolder(descriptor, listener.family not in (socket.AF_INET, socket.AF_INET6), _BACKLOG)
        # Private names of a subclass of ours; granian's workers take the socket from there.
        vars(server).update(_shd=holder, _sfd=descriptor)

    # Its own method would bind the address itself; there is no public one to give it a socket.
    on_our_socket = type("OnOurSocket", (embed.Server,), {"_init_shared_socket": take_socket})
    return on_our_socket(
        app,
        interface=embed.Interfaces.ASGINL,
        backlog=_BACKLOG,
        backpressure=_CONNECTIONS,
        log_dictconfig=_KEEP_LOGGING,
        log_level=embed.LogLevels.error,
    )
