"""Where log messages go, and in which form."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from openviper.conf.base import BaseSettings
from openviper.conf.border import describe_failure
from openviper.exceptions import ImproperlyConfigured

__all__ = ["JsonFormatter", "configure_logging"]

_TEXT: Final = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
# The handler carries a name, so that a second call finds its own and leaves those of others alone.
_HANDLER: Final = "openviper"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``, ``exception`` if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line of ASCII, which every stream can carry."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def configure_logging(settings: BaseSettings) -> None:
    """Set up logging as the settings say; a second call replaces what the first one did.

    ``LOGGING`` wins over ``LOG_LEVEL`` and ``LOG_FORMAT``. Without it, a root logger that has handlers already is
    left alone: whoever runs the process (a server, a test runner) has decided.

    Args:
        settings: The settings object, or an instance.

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
    handler.setFormatter(JsonFormatter() if values["LOG_FORMAT"] == "json" else logging.Formatter(_TEXT))
    root.setLevel(level)
    root.addHandler(handler)


def _apply(configuration: dict[str, object]) -> None:
    import logging.config  # opens socketserver and pickle; few projects use it

    try:
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, **configuration})
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        # dictConfig says which part it could not make, and keeps the reason as the cause.
        reason = f"{error} ({describe_failure(error.__cause__)})" if error.__cause__ else str(error)
        raise ImproperlyConfigured(f"LOGGING cannot be applied: {reason}") from error
