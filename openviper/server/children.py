"""Child processes that run the command line of this process again and serve on its socket.

The same command line finds the same project in every layout, with nothing to hand over but two file descriptors:
the bound socket, and the reading end of a pipe that nobody writes to. The pipe closes with the parent, however that
ends, so that no child is left behind to hold the port.
"""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Final, Self

from openviper.server.address import bind_socket
from openviper.server.signals import HURRY
from openviper.server.unix_socket import take_again

__all__ = ["START_FAILED", "Child", "ChildMaker", "Inheritance"]

#: Exit code of a server that could not be started; starting it again would fail the same way.
START_FAILED: Final = 1

# Without the prefix of settings, so that nobody takes it for one.
_VARIABLE: Final = "_OPENVIPER_SOCKET"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a child gets from its parent.

    Args:
        listener: The bound socket.
        lifeline: File descriptor that reads as closed when the parent has ended.
    """

    listener: socket.socket
    lifeline: int

    @classmethod
    def take(cls) -> Self | None:
        """Take over what the parent left, once; None in a process that is nobody's child."""
        # Gone from the environment, so that processes started by the application do not take themselves for servers.
        numbers = os.environ.pop(_VARIABLE, None)
        if numbers is None:
            return None
        listener, lifeline = map(int, numbers.split(","))
        return cls(socket.socket(fileno=listener), lifeline)


class Child:
    """One child process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the process runs; the negative number of a signal that ended it."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Send SIGTERM; a process that has ended is left alone."""
        self._process.terminate()

    def ask_to_hurry(self) -> None:
        """Let it cancel what it still does; a process that has ended is left alone."""
        self._process.send_signal(HURRY)

    def has_ended_within(self, timeout: float) -> bool:
        """Wait for the end, and leave the process running if it takes longer.

        Args:
            timeout: Seconds.
        """
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit code.

        Args:
            timeout: Seconds; a process that takes longer is killed.
        """
        if not self.has_ended_within(timeout):
            self._process.kill()  # cannot be ignored, so the wait below is short
        return self._process.wait()


class ChildMaker:
    """Starts children on one socket; keep it until the last of them has ended.

    Args:
        listener: The bound socket.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        # Neither end is inheritable (PEP 446): children get the reading one only, which the kernel closes with us.
        self._lifeline, self._life = os.pipe()
        self._is_closed = False
        self._children: list[Child] = []

    def start(self) -> Child:
        """Run the command line of this process again, as a child."""
        # orig_argv also holds options of Python itself, such as -m and -X (sys.argv has lost them).
        descriptors = (self.listener.fileno(), self._lifeline)
        child = Child(
            subprocess.Popen(  # noqa: S603 - the words are those that this process was started with
                [sys.executable, *sys.orig_argv[1:]],
                env={**os.environ, _VARIABLE: ",".join(map(str, descriptors))},
                pass_fds=descriptors,
            )
        )
        self._children = [*(other for other in self._children if other.exit_code is None), child]
        return child

    def hurry(self) -> None:
        """Let all children that still run cancel what they do. Callable from a signal handler."""
        for child in self._children:
            child.ask_to_hurry()

    def refuse_connections(self) -> None:
        """Drop the connections that wait on the socket, and take its address again without listening.

        Raises:
            AddressError: Another program was faster and has the address now.
        """
        if self.listener.family not in (socket.AF_INET, socket.AF_INET6):
            self.listener = take_again(self.listener)
            return
        host, port = self.listener.getsockname()[:2]
        self.listener.close()
        self.listener = bind_socket(host, port)

    def close(self) -> None:
        """Let go of the socket, and of children that still run: they end when the pipe does. Twice does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self.listener.close()
        os.close(self._lifeline)
        os.close(self._life)
