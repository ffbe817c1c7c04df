"""Servers and commands as a user starts them: other processes, in a folder of their own, with a bare environment."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self, TypeAlias

#: Seconds that a process may take for one thing before the test fails.
PATIENCE: Final = 30.0

#: Starts ``runserver`` in a folder, with further words and variables.
Starter: TypeAlias = "Callable[..., Server]"

_ADDRESS: Final = re.compile(r"(?:serving|running) on http://([\d.]+):(\d+)")


def script(name: str) -> str:
    """The path of a console script beside the Python that runs the tests."""
    return str(Path(sysconfig.get_path("scripts"), name))


def environment(home: Path, **variables: str) -> dict[str, str]:
    """An environment in which nothing is said about a project, a terminal or a user."""
    names = ("PATH", "LANG", "COVERAGE_PROCESS_START", "COVERAGE_FILE")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **variables}


def run(words: Sequence[str], cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return its output and exit code."""
    return subprocess.run(
        words,
        cwd=cwd,
        env=environment(cwd, **variables),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
    )


def viperctl(cwd: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the project in a folder."""
    return run([sys.executable, "-m", "openviper", "viperctl", *words], cwd, **variables)


class Server:
    """A server in another process, with everything that it prints.

    Use it as a context manager: at the end it is killed if it still runs, with the processes it has started.
    """

    def __init__(self, words: Sequence[str], cwd: Path, **variables: str) -> None:
        self._process = subprocess.Popen(
            words,
            cwd=cwd,
            env=environment(cwd, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The session is the process's own, so this reaches its children and nobody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)

    @property
    def pid(self) -> int:
        """The process that was started, which may be the parent of those that serve."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return "".join(self._lines)

    def wait_for(self, pattern: str, *, count: int = 1) -> list[re.Match[str]]:
        """Wait until a pattern has been printed a number of times, and return its matches.

        Raises:
            AssertionError: It has not, in time or before the process ended; the message is the output.
        """
        wanted = re.compile(pattern)

        def found() -> bool:
            return len(list(wanted.finditer(self.output))) >= count or not self._reader.is_alive()

        with self._news:
            self._news.wait_for(found, PATIENCE)
        matches = list(wanted.finditer(self.output))
        assert len(matches) >= count, f"{pattern!r} was not printed {count} times:\n{self.output}"
        return matches

    def address(self, *, count: int = 1) -> tuple[str, int]:
        """Wait until the server listens (for the ``count``-th time) and return host and port."""
        found = self.wait_for(_ADDRESS.pattern, count=count)[-1]
        return found[1], int(found[2])

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection to the server."""
        return http.client.HTTPConnection(*self.address(), timeout=PATIENCE)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Ask for a path on a connection of its own and return status and text."""
        connection = self.connect()
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def open(self, path: str, *headers: str) -> socket.socket:
        """Begin a request, wait for the first bytes of its answer, and leave the connection open."""
        connection = socket.create_connection(self.address(), timeout=PATIENCE)
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(16), f"{path} was not answered"
        return connection

    def open_websocket(self, path: str) -> socket.socket:
        """Open a websocket, as a client that then says nothing."""
        handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        return self.open(path, *handshake, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")

    def wait_until_refused(self) -> None:
        """Wait until the server lets nobody in any more.

        Raises:
            AssertionError: It still does when the patience is at its end.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with socket.socket() as visitor:
                if visitor.connect_ex(self.address()) != 0:
                    return
        raise AssertionError("connections are still taken")

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self._process.send_signal(number)

    def send_signal_to_all(self, number: signal.Signals) -> None:
        """Send a signal to the process and its children, as a terminal and a service manager do."""
        os.killpg(self._process.pid, number)

    def wait(self) -> int:
        """Wait for the end of the process and of its output, and return the exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def stop(self) -> int:
        """Send SIGTERM and wait for the end."""
        self.send_signal(signal.SIGTERM)
        return self.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def serve(cwd: Path, *words: str, **variables: str) -> Server:
    """Start ``runserver`` on a free port, without reload unless it is asked for."""
    reload = () if {"--reload", "--workers"} & set(words) else ("--no-reload",)
    command = [sys.executable, "-m", "openviper", "viperctl", "runserver", "--port", "0", *reload, *words]
    return Server(command, cwd, **variables)
