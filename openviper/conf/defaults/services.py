"""What works beside the requests: caches, tasks, mail, logs."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from typing import Literal

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """Caches, the queue of tasks, mail and logging."""

    CACHES: Options = {}
    """Caches by alias: ``{"default": {"BACKEND": "dotted.path", "OPTIONS": {...}}}``; empty means one in memory."""

    TASKS: Options = {"broker": "database"}
    """Work after the request: ``broker`` is where it waits."""

    EMAIL: Options = {
        "backend": "SMTPBackend",
        "host": "localhost",
        "port": 587,
        "use_tls": True,
        "use_ssl": False,
        "timeout": 10,
        "username": "",
        "password": "",
        "from": "",
        "default_sender": "noreply@example.com",
        "fail_silently": False,
        "background": None,
    }
    """How mail is sent; ``timeout`` is in seconds, ``background`` None lets the framework decide.

    Danger: it holds a password; read it from the environment.
    """

    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """Least severe messages that are logged."""

    LOG_FORMAT: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line for machines.

    In text the lines of a traceback, and all but the first of a message, are set in by four blanks, so a line that is
    not is a message.
    """

    LOGGING: Options = {}
    """Configuration for ``logging.config.dictConfig``; if given, it replaces ``LOG_LEVEL`` and ``LOG_FORMAT``."""
