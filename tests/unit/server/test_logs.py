"""Where the server's own messages go."""

import asyncio
import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from openviper.conf import JsonFormatter
from openviper.server.logs import configure_server_log, ignore_cancelled
from openviper.server.options import LogFormat

CONFIGURED = ("openviper.server", "uvicorn", "uvicorn.access", "uvicorn.error", "_granian")


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


def test_everything_on_the_console_can_be_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing configured one handler writes all lines, those of the application and warnings included."""
    with root_with():
        configure_server_log("info", "json")
        configure_server_log("info", "json")
        logging.getLogger("openviper.server").info("serving")
        logging.getLogger("uvicorn.access").warning('%s - "GET /"', "127.0.0.1")
        try:
            raise LookupError("no page")
        except LookupError:
            logging.getLogger("shop").exception("failed")
        with pytest.warns(UserWarning, match="old"):
            warnings.warn("old", UserWarning, stacklevel=1)
        logging.captureWarnings(False)

    entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [entry["message"] for entry in entries] == ["serving", '127.0.0.1 - "GET /"', "failed"]
    assert "LookupError: no page" in entries[2]["exception"]


@pytest.mark.parametrize(("wish", "is_json"), [("json", True), ("text", False)])
def test_handlers_of_the_project_take_the_form_that_is_asked_for(wish: LogFormat, is_json: bool) -> None:
    """Those on the console do; a file keeps the form that the project has given it."""
    console, file = logging.StreamHandler(sys.stderr), logging.StreamHandler(io.StringIO())
    console.setFormatter(logging.Formatter() if is_json else JsonFormatter())
    file.setFormatter(JsonFormatter())
    try:
        with root_with(console, file):
            configure_server_log("info", wish)
    finally:
        logging.captureWarnings(False)

    assert isinstance(console.formatter, JsonFormatter) is is_json
    assert isinstance(file.formatter, JsonFormatter)


@pytest.mark.parametrize("name", ["uvicorn.error", "_granian.utils"])
def test_cancelled_requests_are_not_shown_as_errors(caplog: pytest.LogCaptureFixture, name: str) -> None:
    """Once requests are cancelled on purpose their tracebacks say nothing; other errors still do."""
    logger = logging.getLogger(name)
    before = logger.filters[:]
    try:
        ignore_cancelled()
        logger.error("raised", exc_info=asyncio.CancelledError())
        logger.error("raised\nTraceback (most recent call last):\nCancelledError: ")
        logger.error("raised", exc_info=LookupError())
        logger.error("raised\nTraceback (most recent call last):\nLookupError: CancelledErrors\n\nof old")
    finally:
        logger.filters[:] = before

    assert len(caplog.records) == 2
