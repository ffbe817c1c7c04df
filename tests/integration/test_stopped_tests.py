"""A run of the tests of a project that is told to stop."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.processes import Server

ENDLESS = """\
import os
import signal


def test_waits_for_a_signal() -> None:
    print("waiting:", os.getpid(), flush=True)
    signal.pause()
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP), (signal.SIGINT, 2)],
)
def test_signal_reaches_pytest(project: Path, number: signal.Signals, code: int) -> None:
    """A signal to ``viperctl test`` alone ends pytest too, with pytest's own exit code or 128 and the signal."""
    (project / "tests" / "test_endless.py").write_text(ENDLESS)

    with Server([sys.executable, "viperctl.py", "test", "-s", "tests/test_endless.py"], project) as running:
        pid = int(running.wait_for(r"waiting: (\d+)")[0][1])
        running.send_signal(number)
        assert running.wait() == code

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
