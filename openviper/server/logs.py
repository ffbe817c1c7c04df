"""What the server itself logs: through the project's handlers where it has some, else in uvicorn's format."""

import logging
import logging.config

from uvicorn.config import LOG_LEVELS, LOGGING_CONFIG

__all__ = ["configure_server_log"]

_OURS = "openviper.server"


def configure_server_log(level: str) -> None:
    """Make the messages of the server visible, whether or not the project logs anything.

    A handler on the root logger is the sign that the project does, whoever has put it there; it then gets the
    messages of the server as well.

    Args:
        level: Name of the least level, as uvicorn knows it.
    """
    if not logging.getLogger().handlers:
        ours = {"handlers": ["default"], "propagate": False}
        logging.config.dictConfig({**LOGGING_CONFIG, "loggers": {**LOGGING_CONFIG["loggers"], _OURS: ours}})
    # The level is that of this run; without its own the logger would take the one of the project's root.
    logging.getLogger(_OURS).setLevel(LOG_LEVELS[level])
