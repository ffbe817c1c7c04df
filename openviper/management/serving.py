"""The options of the commands that serve an application: what all of them have in common."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from openviper.server.options import LOG_FORMATS, SERVERS
from openviper.server.run import LOG_LEVELS

__all__ = ["add_serving_arguments"]


def add_serving_arguments(parser: ArgumentParser, *, is_short: bool = False) -> None:
    """Declare how an application is served, by the names that ``serve`` has for it.

    Args:
        parser: The parser of the command.
        is_short: Whether host, port and workers have a short name too.
    """

    def names(name: str) -> list[str]:
        return [f"-{name[0]}", f"--{name}"] if is_short else [f"--{name}"]

    add = parser.add_argument
    add(*names("host"), default="127.0.0.1", help="name or address to listen on (default: %(default)s)")
    add(*names("port"), type=int, default=8000, help="port, 0 for a free one (default: %(default)s)")
    add("--uds", type=Path, metavar="PATH", help="listen on a unix socket in place of host and port")
    add(
        "--uds-mode",
        type=_read_mode,
        default=0o660,
        metavar="MODE",
        help="permissions of its file, in octal (default: 660)",
    )
    add("--server", choices=SERVERS, default="uvicorn", help="the server to use (default: %(default)s)")
    add(
        *names("workers"),
        type=int,
        default=1,
        help="number of processes; with --reload there is one (default: %(default)s)",
    )
    add("--log-level", choices=LOG_LEVELS, default="info", help="(default: %(default)s)")
    add("--log-format", choices=LOG_FORMATS, help="json for one JSON object a line")
    add("--json", dest="log_format", action="store_const", const="json", help="the same as --log-format json")
    add("--no-access-log", dest="access_log", action="store_false", help="do not log each request")
    add(
        "--graceful-timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="time of requests in flight after a stop, before they are cancelled (default: 30)",
    )


def _read_mode(text: str) -> int:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise ArgumentTypeError(f"{text!r} is no mode of a file; write it in octal, as in 660")
    return mode
