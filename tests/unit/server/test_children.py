"""Children that run the command line of their parent again."""

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.server.address import bind_socket
from openviper.server.children import ChildMaker, Inheritance
from openviper.server.signals import HURRY
from openviper.server.unix_socket import bind_unix_socket

PATIENCE = 30.0

TAKE_AND_REPORT = """
import os, sys
from openviper.server.children import Inheritance
taken = Inheritance.take()
assert taken.listener.getsockname() == ("127.0.0.1", int(sys.argv[1])), taken
assert Inheritance.take() is None
assert not [name for name in os.environ if "OPENVIPER" in name]
sys.exit(7)
"""

WAIT_FOR_PARENT = """
import os, sys
from openviper.server.children import Inheritance
sys.exit(5 if os.read(Inheritance.take().lifeline, 1) == b"" else 6)
"""


@pytest.fixture
def maker() -> Iterator[ChildMaker]:
    """A maker of children on a free port."""
    maker = ChildMaker(bind_socket("127.0.0.1", 0))
    yield maker
    maker.close()


def as_command_line(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Make words the command line that this process was started with."""
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, *words])


def test_child_takes_the_socket_once(maker: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child finds the bound socket, and its own children find nothing."""
    port = maker.listener.getsockname()[1]
    as_command_line(monkeypatch, "-c", TAKE_AND_REPORT, str(port))

    assert maker.start().wait(PATIENCE) == 7


def test_process_without_parent_has_no_inheritance() -> None:
    """A server that was started by hand takes its own socket."""
    assert Inheritance.take() is None


def test_child_learns_that_its_parent_has_ended(maker: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipe reads as closed once the parent lets go of it."""
    as_command_line(monkeypatch, "-c", WAIT_FOR_PARENT)
    child = maker.start()
    assert child.exit_code is None

    maker.close()

    assert child.wait(PATIENCE) == 5


def test_child_that_does_not_stop_is_killed(maker: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting has an end: a child that ignores the request is gone after it."""
    as_command_line(monkeypatch, "-c", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()")
    child = maker.start()
    child.ask_to_stop()

    assert child.wait(0.5) in (-signal.SIGKILL, -signal.SIGTERM)
    child.ask_to_stop()  # one that has ended is left alone
    assert child.exit_code is not None


def test_patience_with_a_child_leaves_it_running(maker: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever only looks whether a child has ended does not kill it."""
    as_command_line(monkeypatch, "-c", "import signal; signal.pause()")
    child = maker.start()

    assert not child.has_ended_within(0.01)
    assert child.exit_code is None
    child.ask_to_stop()
    assert child.has_ended_within(PATIENCE)


def test_address_is_kept_while_connections_are_refused(maker: ChildMaker) -> None:
    """After the socket was given up for another one, the address is the same."""
    before = maker.listener
    address = before.getsockname()

    maker.refuse_connections()

    assert before.fileno() == -1
    assert maker.listener.getsockname() == address


def test_address_is_kept_at_a_unix_socket_too() -> None:
    """The path stays taken while nobody is let in there."""
    with tempfile.TemporaryDirectory(prefix="ov") as folder:
        path = Path(folder).resolve() / "s"
        maker = ChildMaker(bind_unix_socket(path))

        maker.refuse_connections()

        assert maker.listener.getsockname() == str(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
            assert visitor.connect_ex(str(path)) != 0
        maker.close()


def test_all_children_are_asked_to_hurry(maker: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call reaches every child that still runs, and none that has ended."""
    as_command_line(monkeypatch, "-c", "import signal; signal.pause()")
    children = [maker.start(), maker.start()]
    children[0].ask_to_stop()
    children[0].wait(PATIENCE)

    maker.hurry()

    assert [child.wait(PATIENCE) for child in children] == [-signal.SIGTERM, -HURRY]
