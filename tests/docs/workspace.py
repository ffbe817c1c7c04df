"""An empty folder in which a page of the documents is followed, step by step, as a reader would.

Commands go through ``sh`` and keep the working directory and the exported variables of the one before. Python
blocks go to one process a page. A server that a page starts listens on a free port instead of the one shown, so
that pages can be followed side by side; the reader's port is put back into everything that is compared.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.docs import interpreter
from tests.docs.match import difference, matches
from tests.docs.page import RunCommand, RunPython, Step, WriteFile

STEP_SECONDS: Final = 60.0
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
SHOWN_PORT: Final = "8000"

# The state is kept by the shell itself, so that `cd` and `export` mean what they mean to a reader.
_SHELL: Final = 'trap \'s=$?; pwd > "$0/folder"; export -p > "$0/exports"; exit $s\' EXIT; . "$0/exports"; eval "$1"'
_LEAVE: Final = '. "$0/exports"; eval "exec $1"'
_URL_PORT: Final = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0):(\d+)")
_TAKES_PORT: Final = re.compile(r"\b(?:runserver|start-server|openviper run|uvicorn)\b")


class SnippetError(Exception):
    """A page does not do what it says.

    Args:
        line: The line of the page, counted from 1.
        message: What was done and what came of it.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class Workspace:
    """Where the steps of one page are done; a context manager that ends what it started.

    Args:
        root: An empty folder for the reader's files; what the runner keeps for itself lies beside it.
        page: The page, as tracebacks name it.
    """

    def __init__(self, root: Path, *, page: str) -> None:
        self.root = root / "workspace"
        self._state = root / "state"
        self._page = page
        self._port: int | None = None
        self._shown_port = SHOWN_PORT
        self._server: Server | None = None
        self._python: subprocess.Popen[str] | None = None
        home = root / "home"
        for folder in (self.root, self._state, home):
            folder.mkdir(parents=True)
        # Without it curl draws a progress bar wherever its output is no terminal.
        (home / ".curlrc").write_text("silent\nshow-error\n")
        self._environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
        }
        (self._state / "folder").write_text(f"{self.root}\n")
        (self._state / "exports").touch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """Where the reader stands after the commands so far."""
        return Path((self._state / "folder").read_text().rstrip("\n"))

    def follow(self, steps: list[Step]) -> None:
        """Do the steps in order.

        Raises:
            SnippetError: A step failed or printed something else than the page shows.
        """
        if any(isinstance(step, RunCommand) and step.in_background for step in steps):
            self._shown_port = _port_shown(steps)
            self._port = free_port()
        for step in steps:
            match step:
                case WriteFile():
                    self._write(step)
                case RunPython():
                    self._run_python(step)
                case RunCommand(in_background=True):
                    self._start_server(step)
                case RunCommand():
                    self._run_command(step)

    def close(self) -> None:
        """End the server and the Python process; a second call does nothing."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._python is not None:
            with self._python as process:
                process.kill()
            self._python = None

    def _write(self, step: WriteFile) -> None:
        path = self.folder / step.path
        if path.suffix == ".py":
            try:
                compile(step.text, step.path, "exec")
            except SyntaxError as error:
                raise SnippetError(step.line + (error.lineno or 1) - 1, f"{step.path} is no Python: {error}") from error
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._with_real_port(step.text), encoding="utf-8")

    def _run_command(self, step: RunCommand) -> None:
        command = self._with_real_port(step.command)
        try:
            done = subprocess.run(
                ["sh", "-c", _SHELL, str(self._state), command],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=STEP_SECONDS,
                encoding="utf-8",
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SnippetError(step.line, f"$ {step.command}\nwas still running after {STEP_SECONDS:g} s") from error
        printed = self._with_shown_port(done.stdout)
        if done.returncode:
            raise SnippetError(step.line, f"$ {step.command}\nended with {done.returncode}:\n{printed}{self._log()}")
        if found := difference(step.output, printed):
            raise SnippetError(step.line, f"$ {step.command}\n{found}{self._log()}")

    def _start_server(self, step: RunCommand) -> None:
        if self._server is not None:
            self._server.stop()
        command, port = self._with_real_port(step.command), self._port
        assert port is not None
        if str(port) not in command and _TAKES_PORT.search(command):
            command = f"{command} --port {port}"
        self._server = Server(
            ["sh", "-c", _LEAVE, str(self._state), command],
            folder=self.folder,
            environment=self._environment,
            log=self._state / "server.log",
        )
        if not self._server.wait_for_port(port, seconds=START_SECONDS):
            raise SnippetError(
                step.line,
                f"$ {step.command} &\nlistens not on the port that the page calls ({self._shown_port}); "
                f"if the command cannot take --port, show the port in the file that sets it{self._log()}",
            )
        if step.output is not None and not matches(f"{step.output}\n...", self._with_shown_port(self._server.log())):
            raise SnippetError(step.line, f"$ {step.command} &\n{difference(step.output, self._log())}")

    def _run_python(self, step: RunPython) -> None:
        if self._python is None:
            self._python = self._start_python()
        process = self._python
        assert process.stdin is not None
        assert process.stdout is not None
        code = self._with_real_port(step.code)
        request = {"code": code, "page": self._page, "line": step.line, "folder": str(self.folder)}
        # A block that never ends is killed, and the read below then sees the end of the stream.
        watchdog = threading.Timer(STEP_SECONDS, process.kill)
        watchdog.start()
        try:
            process.stdin.write(f"{json.dumps(request)}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        finally:
            watchdog.cancel()
        errors = (self._state / "python.log").read_text(encoding="utf-8")
        if not answer:
            raise SnippetError(step.line, f"the block ended its process or ran for {STEP_SECONDS:g} s\n{errors}")
        result = json.loads(answer)
        if result["error"] is not None:
            raise SnippetError(step.line, f"{result['error']}{errors}{self._log()}")
        if found := difference(step.output, self._with_shown_port(result["output"])):
            raise SnippetError(step.line, f"{found}\n{errors}")

    def _start_python(self) -> subprocess.Popen[str]:
        with (self._state / "python.log").open("w") as errors:
            return subprocess.Popen(
                ["sh", "-c", f'. "$0/exports"; exec {sys.executable} -u -c "$1"', str(self._state), _INTERPRETER],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
            )

    def _with_real_port(self, text: str) -> str:
        return text if self._port is None else _replace_number(text, self._shown_port, str(self._port))

    def _with_shown_port(self, text: str) -> str:
        return text if self._port is None else _replace_number(text, str(self._port), self._shown_port)

    def _log(self) -> str:
        return "" if self._server is None else f"\nthe server said:\n{self._server.log()}"


class Server:
    """A command that keeps running: a process group of its own and a file for what it prints.

    Args:
        command: The program and its arguments.
        folder: Its working directory.
        environment: All of its environment.
        log: Where its output goes.
    """

    def __init__(self, command: list[str], *, folder: Path, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        """Everything that it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_for_port(self, port: int, *, seconds: float) -> bool:
        """Wait until a port of the loopback answers; False when the process ends or the time is up before."""
        for _ in range(int(seconds / 0.05)):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                return False
        return False

    def stop(self) -> None:
        """End the whole group: asked first, killed after ten seconds."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def free_port() -> int:
    """A port of the loopback that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _port_shown(steps: list[Step]) -> str:
    for step in steps:
        text = step.command if isinstance(step, RunCommand) else step.code if isinstance(step, RunPython) else ""
        if found := _URL_PORT.search(text):
            return found[1]
    return SHOWN_PORT


def _replace_number(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\d.]){old}(?!\d)", new, text)


_INTERPRETER: Final = Path(str(interpreter.__file__)).read_text(encoding="utf-8")
