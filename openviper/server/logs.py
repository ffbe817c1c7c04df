"""What the server itself logs: through the project's handlers where it has some, else in uvicorn's format."""

import asyncio
import logging
import logging.config
import sys
from typing import Final

from uvicorn.config import LOG_LEVELS, LOGGING_CONFIG
from uvicorn.logging import DefaultFormatter

from openviper.conf.logging import JsonFormatter
from openviper.core.context import RequestIdFilter
from openviper.server.options import LogFormat

__all__ = ["configure_server_log", "ignore_cancelled"]

_OURS: Final = "openviper.server"
# granian's own log: that it starts and is experimental when embedded is said in our documentation.
_GRANIAN: Final = "_granian"
# Who tells of an exception that an application has let out.
_TELLERS: Final = ("uvicorn.error", "_granian.utils")


def configure_server_log(level: str, log_format: LogFormat | None = None) -> None:
    """Make the messages of the server visible, whether or not the project logs anything.

    A handler on the root logger is the sign that the project does, whoever has put it there; it then gets the
    messages of the server as well. A second call changes nothing.

    Args:
        level: Name of the least level, as uvicorn knows it.
        log_format: ``json`` gives every handler on stdout and stderr this form, and those who log nothing one;
            ``text`` takes it from them. None leaves the handlers of the project as they are.
    """
    if log_format is not None:
        _change_format(log_format)
    if log_format != "json" and not logging.getLogger().handlers:
        ours = {"handlers": ["default"], "propagate": False}
        loggers = {**LOGGING_CONFIG["loggers"], _OURS: ours, _GRANIAN: ours}
        logging.config.dictConfig({**LOGGING_CONFIG, "loggers": loggers})
    # The level is that of this run; without its own the logger would take the one of the project's root.
    logging.getLogger(_OURS).setLevel(LOG_LEVELS[level])
    logging.getLogger(_GRANIAN).setLevel(max(LOG_LEVELS[level], logging.ERROR))


def ignore_cancelled() -> None:
    """Leave the tracebacks of cancelled requests out of the log from now on; that they are cancelled stands there."""
    for name in _TELLERS:
        logging.getLogger(name).addFilter(_is_no_cancellation)


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        return False
    # granian's record has the traceback as text.
    return "CancelledError" not in record.getMessage().rstrip().rpartition("\n")[2]


def _change_format(log_format: LogFormat) -> None:
    root = logging.getLogger()
    if log_format == "json":
        if not root.handlers:
            root.addHandler(logging.StreamHandler())
        # A warning of Python itself would be the one line that is no JSON.
        logging.captureWarnings(True)
    for handler in root.handlers:
        if not isinstance(handler, logging.StreamHandler) or handler.stream not in (sys.stdout, sys.stderr):
            continue
        if log_format == "json":
            handler.setFormatter(JsonFormatter())
            if not any(isinstance(known, RequestIdFilter) for known in handler.filters):
                handler.addFilter(RequestIdFilter())
        elif isinstance(handler.formatter, JsonFormatter):
            handler.setFormatter(DefaultFormatter(LOGGING_CONFIG["formatters"]["default"]["fmt"]))
