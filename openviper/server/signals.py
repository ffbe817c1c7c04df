"""What signals mean to a server: the first asks it to stop, the second to be quick about it.

A child hears of the second one from its parent, by ``HURRY``: a terminal and a service manager send their one signal
to parent and child alike, and the parent passes it on, so that a child may get two where one was meant.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["HURRY", "handle_signals", "stop_requested"]

_IS_POSIX: Final = os.name == "posix"

#: What a parent sends to a child that is to cancel what it still does; where there are parents, there is SIGQUIT.
HURRY: Final = getattr(signal, "SIGQUIT", signal.SIGTERM)

_STOP: Final = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if _IS_POSIX else ()))


@contextmanager
def handle_signals(
    stop: Callable[[], object], hurry: Callable[[], object], *, is_child: bool = False
) -> Iterator[None]:
    """Handle the signals of this process for the time of the block; outside the main thread none are.

    Args:
        stop: Called at the first SIGINT, SIGTERM or SIGHUP.
        hurry: Called at every later one, and in a child at ``HURRY`` only.
        is_child: Whether a parent passes signals on.
    """
    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield
        return
    is_asked = False

    def take(number: int, _frame: object) -> None:
        nonlocal is_asked
        if is_child and number == HURRY:
            hurry()
        elif not is_asked:
            is_asked = True
            stop()
        elif not is_child:
            hurry()

    numbers = [*_STOP, HURRY] if is_child else _STOP
    # nohup has the hang-up ignored, and means it.
    handlers = {number: signal.signal(number, take) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def stop_requested(hurry: Callable[[], object] = lambda: None) -> Iterator[threading.Event]:
    """Hand out an event that is set when this process is told to end.

    Args:
        hurry: Called when it is told so once more.
    """
    event = threading.Event()
    with handle_signals(event.set, hurry):
        yield event
