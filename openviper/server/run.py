"""Start a server with our defaults: uvicorn on httptools and, where it is installed, uvloop; or granian."""

import logging
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from openviper.core.app_resolver import AppResolver
from openviper.exceptions import MissingDependencyError, SettingsValidationError
from openviper.middleware.proxies import DEFAULT_HEADERS, TrustedProxies
from openviper.primitives.imports import module_exists
from openviper.server.address import bind_socket
from openviper.server.children import START_FAILED, Inheritance
from openviper.server.exceptions import ApplicationLoadError, ServerError
from openviper.server.options import SERVERS, LogFormat, ProcessOptions, ServerName
from openviper.server.target import Target
from openviper.server.unix_socket import DEFAULT_MODE, bind_unix_socket, remove_unix_socket
from openviper.types import ASGIApp

__all__ = ["LOG_LEVELS", "serve"]

#: What ``log_level`` may be, the quietest first.
LOG_LEVELS: Final = ("critical", "error", "warning", "info", "debug", "trace")

# Seconds beyond the grace for requests that the shutdown of the application may take in a child process.
_SHUTDOWN_ALLOWANCE: Final = 60.0


def serve(
    target: str | ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: Path | str | None = None,
    uds_mode: int = DEFAULT_MODE,
    server: ServerName = "uvicorn",
    reload: bool = False,
    workers: int = 1,
    log_level: str = "info",
    log_format: LogFormat | None = None,
    access_log: bool = True,
    factory: bool = False,
    app_dir: Path | str | None = None,
    graceful_timeout: float = 30,
    trusted_proxies: Sequence[str] = (),
    proxy_headers: Sequence[str] = DEFAULT_HEADERS,
    unwatched: Sequence[Path] = (),
) -> int:
    """Serve an application until the process is told to stop by SIGINT, SIGTERM or SIGHUP.

    A stop lets the requests in flight finish, then runs the shutdown of the application; a second signal cancels
    the requests. With ``reload`` or several ``workers`` the command line of this process is run again in children,
    which call this function too.

    Args:
        target: The application, or its name: ``app``, ``app.py``, ``package.module`` or ``package.module:name``,
            where the name in the module is ``app`` if it is not given.
        host: Name or address of this machine.
        port: 0 to 65535; 0 takes a free one, which is logged.
        uds: Path of a unix socket to listen on, in place of host and port; needs a POSIX system.
        uds_mode: Permissions of its file; who may write to it may connect.
        server: ``uvicorn``, or ``granian``, which the extra of that name brings.
        reload: Start anew when a file below ``app_dir`` changes. Needs a POSIX system and leaves one worker.
        workers: Number of processes. More than one needs a POSIX system.
        log_level: One of ``LOG_LEVELS``.
        log_format: ``json`` logs one JSON object a line; None is the format of the project, or text without one.
        access_log: Whether each request is logged.
        factory: Whether the name is that of a function that makes the application.
        app_dir: Put in front of ``sys.path``, and watched; None adds nothing and watches the working directory.
        graceful_timeout: Seconds that requests in flight may take after a stop was requested; a restart by
            ``reload`` gives them a quarter of a second.
        trusted_proxies: Addresses and networks whose word about the client counts, and ``unix`` for whoever connects
            to the unix socket.
        proxy_headers: The headers that they set, see ``TRUSTED_PROXY_HEADERS``.
        unwatched: Folders whose files do not cause a reload.

    Returns:
        0 after a stop on request; 1 when the server could not start, with the reason on stderr, or when the
        application failed to shut down.
    """
    root = str(Path(app_dir or ".").absolute())
    if app_dir is not None and sys.path[:1] != [root]:
        sys.path.insert(0, root)
    try:
        trusted, headers = _trusted(trusted_proxies), tuple(proxy_headers)
        options = ProcessOptions(log_level, access_log, graceful_timeout, trusted, server, log_format, headers)
        inherited = Inheritance.take()
        if inherited is not None:
            return _serve_here(_load(target, factory), inherited.listener, options, inherited.lifeline)
        _check_wishes(options, workers, needs_posix=reload or workers > 1 or uds is not None)
        with _listen(host, port, uds, uds_mode) as listener:
            if not reload and workers == 1:
                return _serve_here(_load(target, factory), listener, options)
            if isinstance(target, str):
                _check_target(target)
            if reload:
                return _watch(listener, Path(root), unwatched, options)
            return _multiply(listener, workers, options)
    except (ServerError, MissingDependencyError) as error:
        _report(error, log_level, log_format)
        return START_FAILED


def _trusted(entries: Sequence[str]) -> TrustedProxies:
    try:
        return TrustedProxies(entries)
    except SettingsValidationError as error:
        raise ServerError("; ".join(error.errors)) from error


@contextmanager
def _listen(host: str, port: int, uds: Path | str | None, mode: int) -> Iterator[socket.socket]:
    if uds is None:
        with bind_socket(host, port) as listener:
            yield listener
        return
    path = Path(uds).absolute()
    try:
        with bind_unix_socket(path, mode=mode) as listener:
            yield listener
    finally:
        remove_unix_socket(path)


def _report(error: Exception, log_level: str, log_format: LogFormat | None) -> None:
    if log_format != "json":
        sys.stderr.write(f"{error}\n")
        return
    # uvicorn is a heavy floor, and a plain message should not wait for it.
    from openviper.server.logs import configure_server_log

    configure_server_log(log_level if log_level in LOG_LEVELS else "info", log_format)
    logging.getLogger("openviper.server").critical("%s", error, exc_info=error)


def _load(target: str | ASGIApp, is_factory: bool) -> ASGIApp:
    return Target.parse(target, is_factory=is_factory).load() if isinstance(target, str) else target


def _check_wishes(options: ProcessOptions, workers: int, *, needs_posix: bool) -> None:
    if options.log_level not in LOG_LEVELS:
        raise ServerError(f"the log level {options.log_level!r} is none of {', '.join(LOG_LEVELS)}")
    if options.server not in SERVERS:
        raise ServerError(f"the server {options.server!r} is none of {', '.join(SERVERS)}")
    if options.server == "granian" and not module_exists("granian"):
        # Said once, and not by every child.
        raise MissingDependencyError("granian", extra="granian", needed_by="the server granian")
    if workers < 1:
        raise ServerError(f"{workers} workers cannot serve; ask for 1 or more")
    if options.graceful_timeout < 0:
        raise ServerError(f"{options.graceful_timeout} seconds to stop cannot be; ask for 0 or more")
    if needs_posix and os.name != "posix":
        raise ServerError("reload, several workers and unix sockets need a POSIX system")


def _check_target(target: str) -> None:
    """Refuse a module that cannot be found, without running any code: children would fail over it for ever."""
    module = Target.parse(target).module
    if AppResolver().resolve(module) is None:
        raise ApplicationLoadError(
            target, f"there is no module {module} in {sys.path[0]} or among the installed packages"
        )


def _serve_here(app: ASGIApp, listener: socket.socket, options: ProcessOptions, lifeline: int | None = None) -> int:
    # uvicorn and its loop are a heavy floor, and a wrong target should be reported without waiting for them.
    from openviper.server.process import run_process

    return run_process(app, listener, options, lifeline=lifeline)


def _watch(listener: socket.socket, root: Path, unwatched: Sequence[Path], options: ProcessOptions) -> int:
    # uvicorn, for the format of its log, and watchfiles are heavy floors that one process alone does not need.
    from openviper.server.logs import configure_server_log
    from openviper.server.reload import run_with_reload

    configure_server_log(options.log_level, options.log_format)
    stop_timeout = options.graceful_timeout + _SHUTDOWN_ALLOWANCE
    return run_with_reload(listener, root, ignored=unwatched, stop_timeout=stop_timeout)


def _multiply(listener: socket.socket, workers: int, options: ProcessOptions) -> int:
    # uvicorn is a heavy floor; here it only gives the log its format.
    from openviper.server.logs import configure_server_log
    from openviper.server.workers import run_workers

    configure_server_log(options.log_level, options.log_format)
    return run_workers(listener, workers, stop_timeout=options.graceful_timeout + _SHUTDOWN_ALLOWANCE)
