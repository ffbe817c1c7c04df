"""What signals mean to a server."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from openviper.server.signals import HURRY, handle_signals, stop_requested

PATIENCE = 30.0
STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def noting(notes: list[str]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Calls that note which of them was made."""
    return lambda: notes.append("stop"), lambda: notes.append("hurry")


@pytest.mark.parametrize("number", STOPS)
def test_signal_sets_the_event_and_handlers_come_back(number: signal.Signals) -> None:
    """Inside the block a signal only sets the event; after it everything is as before."""
    before = signal.getsignal(number)

    with stop_requested() as stopping:
        assert not stopping.is_set()
        os.kill(os.getpid(), number)
        assert stopping.wait(PATIENCE)

    assert signal.getsignal(number) == before


def test_second_signal_asks_to_hurry() -> None:
    """Whichever signals they are, the first stops and each later one hurries."""
    notes: list[str] = []

    with handle_signals(*noting(notes)):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)

    assert notes == ["stop", "hurry", "hurry"]


def test_child_hurries_by_the_word_of_its_parent_only() -> None:
    """A terminal and the parent may both tell a child of one stop, which is no reason to cancel anything."""
    notes: list[str] = []
    before = signal.getsignal(HURRY)

    with handle_signals(*noting(notes), is_child=True):
        for number in (signal.SIGINT, signal.SIGTERM, HURRY):
            signal.raise_signal(number)

    assert notes == ["stop", "hurry"]
    assert signal.getsignal(HURRY) == before


def test_hang_up_that_is_ignored_stays_ignored() -> None:
    """A server that was started with nohup outlives its terminal."""
    notes: list[str] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with handle_signals(*noting(notes)):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert notes == []


def test_other_threads_leave_signals_alone() -> None:
    """A server in a thread is stopped by other means, and changes no handler."""
    before = [signal.getsignal(number) for number in STOPS]
    seen: list[object] = []

    def serve() -> None:
        with handle_signals(*noting([])):
            seen.extend(signal.getsignal(number) for number in STOPS)

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join(PATIENCE)

    assert seen == before
