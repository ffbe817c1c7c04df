"""Where log messages go, and in which form."""

import json
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from openviper.conf.base import BaseSettings
from openviper.conf.border import locate_error
from openviper.exceptions import ImproperlyConfigured

__all__ = ["JsonFormatter", "TextFormatter", "configure_logging"]

_TEXT: Final = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
# All but the line feed and the tab; the last two end a line for whoever reads with Unicode rules.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# The handler carries a name, so that a second call finds its own and leaves those of others alone.
_HANDLER: Final = "openviper"


class TextFormatter(logging.Formatter):
    """One line for people: time, level, logger and message, and in brackets the id of the request if there is one.

    Further lines of a message, and a traceback, are set in by four blanks, and control characters are written out, so
    that no text from outside makes a line of its own or moves the cursor.
    """

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, the lines after the first one set in."""
        text = _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), super().format(record))
        return text.replace("\n", "\n    ")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is that of the standard library
        """Write the line of a record; a traceback follows it."""
        line, request_id = super().formatMessage(record), vars(record).get("request_id")
        # The line of an unforeseen error names it already, for formatters that know no such field.
        return f"{line} [{request_id}]" if request_id and not line.endswith(f"(request {request_id})") else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    Its members are ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``, and ``request_id``, ``exception`` and
    ``stack`` where there are such.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line of ASCII, which every stream can carry."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := vars(record).get("request_id"):
            entry["request_id"] = str(request_id)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        return json.dumps(entry)


def configure_logging(settings: BaseSettings, *, filters: Sequence[logging.Filter] = ()) -> None:
    """Set up logging as the settings say; a second call replaces what the first one did.

    ``LOGGING`` wins over ``LOG_LEVEL`` and ``LOG_FORMAT``. Without it, a root logger that has handlers already is
    left alone: whoever runs the process (a server, a test runner) has decided.

    Args:
        settings: The settings object, or an instance.
        filters: What sees each record before it is written, in place of those of an earlier call; none leaves them.
            ``LOGGING`` names its own.

    Raises:
        ImproperlyConfigured: ``LOGGING`` is no valid configuration, or ``LOG_LEVEL`` is no level.
    """
    values = settings.as_dict(mask_sensitive=False)
    configuration = values["LOGGING"]
    if isinstance(configuration, dict) and configuration:
        _apply(configuration)
        return
    root = logging.getLogger()
    if any(handler.name != _HANDLER for handler in root.handlers):
        return
    level = logging.getLevelNamesMapping().get(str(values["LOG_LEVEL"]).upper())
    if level is None:
        raise ImproperlyConfigured(
            f"LOG_LEVEL is {values['LOG_LEVEL']!r}, and must be DEBUG, INFO, WARNING, ERROR or CRITICAL"
        )
    handler = next(iter(root.handlers), None) or logging.StreamHandler()
    handler.name = _HANDLER
    handler.setFormatter(JsonFormatter() if values["LOG_FORMAT"] == "json" else TextFormatter())
    handler.filters = list(filters) or handler.filters
    root.setLevel(level)
    root.addHandler(handler)


def _apply(configuration: dict[str, object]) -> None:
    import logging.config  # opens socketserver and pickle; few projects use it

    try:
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, **configuration})
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        # dictConfig says which part it could not make, and keeps the reason as the cause.
        reason = f"{error} ({locate_error(error.__cause__)})" if error.__cause__ else str(error)
        raise ImproperlyConfigured(f"LOGGING cannot be applied: {reason}") from error
