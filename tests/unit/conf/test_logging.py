"""Log messages: their form, and who decides where they go."""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from openviper.conf import JsonFormatter, Settings, configure_logging
from openviper.conf.logging import TextFormatter
from openviper.exceptions import ImproperlyConfigured


@contextlib.contextmanager
def new_root() -> Iterator[logging.Logger]:
    """The root logger as a new process has it; the test runner adds handlers of its own around every test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield root
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def record(message: str, **options: Any) -> logging.LogRecord:
    return logging.LogRecord("shop", logging.INFO, "shop.py", 1, message, options.get("args"), options.get("exc_info"))


def test_json_line() -> None:
    """A record is one line with time in UTC, level, logger and message."""
    entry = record("sold %d", args=(3,))
    line = JsonFormatter().format(entry)
    found = json.loads(line)
    assert list(found) == ["time", "level", "logger", "message"]
    assert (found["level"], found["logger"], found["message"]) == ("INFO", "shop", "sold 3")
    written = datetime.fromisoformat(found["time"])
    assert written.tzinfo == UTC
    assert abs(written.timestamp() - entry.created) < 0.001


def test_json_line_with_an_exception() -> None:
    """A traceback is one value on the same line."""
    try:
        raise ValueError("gone")
    except ValueError:
        line = JsonFormatter().format(record("sale failed", exc_info=sys.exc_info()))
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: gone")


def test_json_line_of_text_that_no_encoding_carries() -> None:
    """A line is ASCII, so that writing it cannot fail; reading it gives the text back."""
    line = JsonFormatter().format(record("caf\u00e9 \ud800\n"))
    assert line.isascii()
    assert json.loads(line)["message"] == "caf\u00e9 \ud800\n"


def test_text_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """By default messages from INFO on go to stderr as text."""
    with new_root():
        configure_logging(Settings())
        logging.getLogger("shop").info("open")
        logging.getLogger("shop").debug("quiet")
        assert capsys.readouterr().err.endswith("INFO     shop: open\n")


def test_lines_of_a_request_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The id is in brackets in text and a member in JSON, once; a line of no request has neither."""
    request = {"request_id": "7f3a"}
    with new_root():
        configure_logging(Settings(), filters=[logging.Filter()])
        logging.getLogger("shop").info("sold", extra=request)
        logging.getLogger("shop").info("torn (request 7f3a)", extra=request)
        logging.getLogger("shop").info("open", extra={"request_id": None})
        configure_logging(Settings(LOG_FORMAT="json"))
        logging.getLogger("shop").info("sold", extra=request)
        (handler,) = logging.getLogger().handlers
        assert len(handler.filters) == 1
    sold, torn, opened, structured = capsys.readouterr().err.splitlines()
    assert (sold[-11:], torn[-13:], opened[-4:]) == ("sold [7f3a]", "request 7f3a)", "open")
    assert json.loads(structured)["request_id"] == "7f3a"


def test_text_from_outside_makes_no_line_of_its_own() -> None:
    """Further lines are set in, and what ends a line elsewhere or moves a cursor is written out."""
    forged = record("tab\tbed\n2026-01-01 ERROR shop: sold\r\x1b[2K\u2028out\x85")
    assert TextFormatter().format(forged).split("shop: ", 1)[1].splitlines() == [
        "tab\tbed",
        "    2026-01-01 ERROR shop: sold\\r\\x1b[2K\\u2028out\\x85",
    ]
    try:
        raise ValueError("gone\nfor good")
    except ValueError:
        _, *following = TextFormatter().format(record("sale failed", exc_info=sys.exc_info())).splitlines()
    assert following[-2:] == ["    ValueError: gone", "    for good"]
    assert all(line.startswith("    ") for line in following)


@pytest.mark.parametrize("request_id", ["1", "shop", "INFO"])
def test_id_that_stands_in_the_line_by_chance_is_told(request_id: str) -> None:
    """A digit is in every line; only the line that says which request it is about needs no brackets."""
    entry = record("sold 1")
    entry.request_id = request_id
    assert TextFormatter().format(entry).endswith(f"sold 1 [{request_id}]")


def test_json_line_with_the_stack() -> None:
    """What ``stack_info`` asks for is a value on the same line."""
    entry = record("here")
    entry.stack_info = "Stack (most recent call last):\n  here"
    assert json.loads(JsonFormatter().format(entry))["stack"] == "Stack (most recent call last):\n  here"


def test_second_call_replaces_the_first() -> None:
    """Level and format can be changed; messages do not appear twice."""
    with new_root() as root:
        configure_logging(Settings())
        configure_logging(Settings(LOG_LEVEL="ERROR", LOG_FORMAT="json"))
        (handler,) = root.handlers
        assert root.level == logging.ERROR
        assert isinstance(handler.formatter, JsonFormatter)


def test_logging_of_others_is_left_alone() -> None:
    """Where the root logger has a handler, someone else has decided."""
    with new_root() as root:
        stream = logging.StreamHandler(io.StringIO())
        root.addHandler(stream)
        root.setLevel(logging.ERROR)
        configure_logging(Settings(LOG_LEVEL="DEBUG"))
        assert root.handlers == [stream]
        assert root.level == logging.ERROR


def test_own_configuration_wins() -> None:
    """LOGGING replaces level and format, also over handlers that are there; loggers that exist go on."""
    with new_root() as root:
        root.addHandler(logging.StreamHandler(io.StringIO()))
        existing = logging.getLogger("shop")
        handlers = {"null": {"class": "logging.NullHandler"}}
        configure_logging(Settings(LOG_LEVEL="DEBUG", LOGGING={"handlers": handlers, "root": {"handlers": ["null"]}}))
        assert [type(handler) for handler in root.handlers] == [logging.NullHandler]
        assert not existing.disabled


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"LOGGING": {"root": {"handlers": ["nowhere"]}}}, "LOGGING cannot be applied"),
        ({"LOGGING": {"version": 9}}, "LOGGING cannot be applied"),
        (
            {"LOGGING": {"handlers": {"f": {"class": "logging.FileHandler", "filename": "/nowhere/log"}}}},
            r"configure handler 'f' \(FileNotFoundError: .*/nowhere/log'\)$",
        ),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD'"),
    ],
)
def test_configuration_that_cannot_work(values: dict[str, Any], message: str) -> None:
    """A mistake is an error that names the setting."""
    with new_root(), pytest.raises(ImproperlyConfigured, match=message):
        configure_logging(Settings(**values))
