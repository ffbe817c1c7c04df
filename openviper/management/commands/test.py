"""Run the project's tests with pytest."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from openviper.exceptions import MissingDependencyError
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand

_TESTING: Final = {"OPENVIPER_ENV": "testing"}
# Tells the databases of the tests to stay when the run ends.
_KEEP_DATABASE: Final = {"OPENVIPER_TEST_KEEPDB": "1"}
_SIGNALLED: Final = 128
_IS_POSIX: Final = os.name == "posix"


class Command(BaseCommand):
    """Runs pytest in a process of its own, with the project importable and its settings named."""

    help = "Run the project's tests with pytest."
    needs_apps = False
    takes_target = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the labels and options."""
        parser.add_argument(
            "test_labels",
            nargs="*",
            metavar="LABEL",
            help="path of a test file or folder, with a test as in tests/test_shop.py:TestCart; all tests by default. "
            "Options that are not listed here go to pytest, and so do all words behind --",
        )
        parser.passes_on = True
        parser.add_argument("-v", "--verbose", action="count", default=0, help="name each test; twice for more")
        parser.add_argument("-x", "--failfast", action="store_true", help="stop at the first failure")
        parser.add_argument(
            "--keepdb",
            action="store_true",
            help="leave the databases of the fixture db where they are, as the last test left them",
        )

    def handle(self, test_labels: Sequence[str], *, verbose: int, failfast: bool, keepdb: bool) -> int:
        """Run pytest and return its exit code.

        Raises:
            MissingDependencyError: pytest is not installed.
        """
        if find_spec("pytest") is None:
            raise MissingDependencyError("pytest", extra="test", needed_by="The test command")
        root = self.project.root
        nodes = [_seen_from(root, node_id(label)) for label in test_labels]
        arguments = [*["-v"] * verbose, *["-x"] * failfast, *nodes]
        environ = {**os.environ, **_TESTING, **(_KEEP_DATABASE if keepdb else {})}
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        return _run([sys.executable, "-m", "pytest", *arguments], environ, root)


def node_id(label: str) -> str:
    """Turn ``file.py:Test:method`` into pytest's ``file.py::Test::method``; other words stay as they are."""
    file, colon, name = label.partition(".py:")
    if not colon:
        return label
    # A parameter in brackets may hold colons of its own.
    test, bracket, parameters = name.partition("[")
    return f"{file}.py::{re.sub(':+', '::', test.strip(':'))}{bracket}{parameters}"


def _seen_from(root: Path, node: str) -> str:
    """Make a path that was typed in another folder than the project's one that is right in both."""
    path, colons, test = node.partition("::")
    if Path(path).is_absolute() or not Path(path).exists() or Path.cwd() == root:
        return node
    return f"{Path(path).absolute()}{colons}{test}"


def _run(command: Sequence[str], environ: dict[str, str], folder: Path) -> int:
    # pytest looks for tests and for its settings where it is started.
    with (
        subprocess.Popen(command, env=environ, cwd=folder) as process,  # noqa: S603 - the words are the user's own
        _signals_passed_on(process),
    ):
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                # The terminal interrupts pytest as well, which then still prints its summary.
                continue
            return code if code >= 0 else _SIGNALLED - code


@contextmanager
def _signals_passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let signals to this process reach pytest, which would otherwise go on by itself."""
    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield
        return
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if _IS_POSIX else []), *([] if _is_at_terminal() else [signal.SIGINT])]
    # nohup has the hang-up ignored, and means it.
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, lambda number, _frame: process.send_signal(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_at_terminal() -> bool:
    """Tell whether Ctrl+C in a terminal means this process and those that it starts, all at once."""
    if not _IS_POSIX:
        return True
    try:
        with Path("/dev/tty").open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:  # a process of a service or of CI has no terminal
        return False
