"""The process that watches over workers."""

import logging
import os
import signal
import sys
import threading

import pytest

from openviper.server.address import bind_socket
from openviper.server.workers import run_workers


def test_worker_that_cannot_start_ends_them_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Exit code 1 means that another start would fail the same way, so there is none."""
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, "-c", "raise SystemExit(1)"])
    listener = bind_socket("127.0.0.1", 0)

    with caplog.at_level(logging.INFO, "openviper.server"):
        code = run_workers(listener, 2, stop_timeout=30.0)

    assert code == 1
    assert "could not start" in caplog.text
    assert "takes its place" not in caplog.text
    assert listener.fileno() == -1


def test_worker_that_ends_by_itself_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Any other end is a crash, and the gap is filled until the parent is told to stop."""
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, "-c", "raise SystemExit(4)"])
    replaced = threading.Event()

    class StopAtReplacement(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "takes its place" in record.getMessage() and not replaced.is_set():
                replaced.set()
                os.kill(os.getpid(), signal.SIGTERM)

    handler = StopAtReplacement()
    logging.getLogger("openviper.server").addHandler(handler)
    try:
        code = run_workers(bind_socket("127.0.0.1", 0), 1, stop_timeout=30.0)
    finally:
        logging.getLogger("openviper.server").removeHandler(handler)

    assert code == 0
    assert "ended by itself with code 4" in caplog.text
