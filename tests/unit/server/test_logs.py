"""Where the server's own messages go."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from openviper.server.logs import configure_server_log

CONFIGURED = ("openviper.server", "uvicorn", "uvicorn.access", "uvicorn.error")


@contextmanager
def root_with(*handlers: logging.Handler) -> Iterator[None]:
    """Give the root logger these handlers only; what the block configures is forgotten after it."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    root.handlers[:] = handlers
    try:
        yield
    finally:
        root.level, root.handlers[:] = before
        for logger in map(logging.getLogger, CONFIGURED):
            logger.handlers, logger.propagate, logger.level = [], True, logging.NOTSET


def test_without_a_configuration_the_server_brings_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """A process in which nobody has configured logging shows what the server says."""
    with root_with():
        configure_server_log("info")
        logging.getLogger("openviper.server").info("serving")
        logging.getLogger("openviper.server").debug("details")

    assert capsys.readouterr().err.split() == ["INFO:", "serving"]


def test_project_that_configures_logging_gets_the_messages() -> None:
    """Where the root logger has a handler, it gets them, at the level of this run and not at the project's."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    with root_with(Collector()):
        logging.getLogger().setLevel(logging.ERROR)
        configure_server_log("debug")
        logging.getLogger("openviper.server").debug("details")

    assert messages == ["details"]
