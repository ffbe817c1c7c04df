"""One process that serves one application, on the server that it was told to."""

import socket

from openviper.app.application import OpenViper
from openviper.middleware.proxies import ProxyHeadersMiddleware
from openviper.server.logs import configure_server_log
from openviper.server.options import ProcessOptions
from openviper.types import ASGIApp

__all__ = ["run_process"]


def run_process(app: ASGIApp, listener: socket.socket, options: ProcessOptions, *, lifeline: int | None = None) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP: then finish the requests in flight, run the shutdown and return.

    A second signal, or the end of ``graceful_timeout``, cancels the requests; the shutdown runs all the same.

    Args:
        app: The application.
        listener: The bound socket; closed at the end.
        options: See the class.
        lifeline: File descriptor whose end is taken for a request to stop; None for none.

    Returns:
        0 after a stop on request, 1 when the application failed to start or to shut down.

    Raises:
        MissingDependencyError: The server is not installed.
    """
    configure_server_log(options.log_level, options.log_format)
    # Of ours it is known that it has a lifespan; of others it is seen when they are asked.
    has_lifespan = isinstance(app, OpenViper)
    if options.trusted_proxies:
        app = ProxyHeadersMiddleware(app, trusted=options.trusted_proxies, headers=options.proxy_headers)
    if options.server == "granian":
        # A floor of Rust that most sites do not have.
        from openviper.server.granian_process import run_granian as run
    else:
        # A heavy floor.
        from openviper.server.uvicorn_process import run_uvicorn as run
    return run(app, listener, options, lifeline=lifeline, has_lifespan=has_lifespan)
