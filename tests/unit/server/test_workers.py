"""The process that watches over workers."""

import itertools
import logging
import os
import signal
import sys
import threading

import pytest

from openviper.server.address import bind_socket
from openviper.server.children import START_FAILED, Child
from openviper.server.workers import Post, run_workers


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


class Ended(Child):
    """A worker that ends as soon as it is started, with a code."""

    def __init__(self, code: int) -> None:
        self._code = code

    @property
    def pid(self) -> int:
        return 7

    @property
    def exit_code(self) -> int:
        return self._code


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def starts_of(post: Post, clock: Clock, *, until: float, step: float = 0.5) -> list[float]:
    """When a post is given a new worker, if it is looked at every half second."""
    times = []
    while clock.now < until:
        clock.now += step
        before = post.child
        assert not post.look()
        if post.child is not None and post.child is not before:
            times.append(clock.now)
    return times


def test_worker_that_keeps_crashing_is_replaced_ever_later() -> None:
    """The first replacement comes at once, each further one after twice the time, up to half a minute."""
    clock = Clock()
    post = Post(lambda: Ended(4), clock)

    times = starts_of(post, clock, until=130.0)

    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert times[0] == 0.5
    assert pauses[:7] == pytest.approx([1.0, 1.5, 2.5, 4.5, 8.5, 16.5, 30.5], abs=0.51)
    assert max(pauses) <= 31.0


def test_worker_that_has_lived_for_long_is_replaced_at_once() -> None:
    """After half a minute of life a crash is a new story."""
    clock = Clock()
    started: list[Ended] = []

    def start() -> Child:
        started.append(Ended(4))
        return started[-1]

    post = Post(start, clock)
    starts_of(post, clock, until=4.0)
    clock.now = 10.0
    post.look()
    count = len(started)

    clock.now = 60.0
    post.look()

    assert len(started) == count + 1


def test_replacement_that_cannot_start_is_tried_again() -> None:
    """What has worked once may work again: a database that is away for a minute does not end the site."""
    clock = Clock()
    codes = [4, START_FAILED, START_FAILED]
    post = Post(lambda: Ended(codes.pop(0) if codes else 4), clock)

    assert len(starts_of(post, clock, until=5.0)) >= 2


def test_first_worker_that_cannot_start_says_so() -> None:
    """Nothing has ever worked here, and another start would fail the same way."""
    assert Post(lambda: Ended(START_FAILED), Clock()).look()
