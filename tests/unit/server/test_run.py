"""What ``serve`` refuses before it starts anything."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.server.run import serve
from openviper.types import Receive, Scope, Send


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that nobody gets to."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module that fails the test if it is imported."""
    (tmp_path / "site_untouched.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    assert "site_untouched" not in sys.modules


def test_port_in_use_is_told_before_the_import(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A taken address is one message and exit code 1, whatever the application would do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert serve("site_untouched:app", port=port, app_dir=site) == 1

    assert capsys.readouterr().err == (
        f"cannot listen on 127.0.0.1 port {port}: another program listens there; stop it, or choose another port\n"
    )


@pytest.mark.parametrize(("reload", "workers"), [(True, 1), (False, 2)])
def test_missing_module_is_told_before_children_are_started(
    site: Path, capsys: pytest.CaptureFixture[str], reload: bool, workers: int
) -> None:
    """A module that cannot be found would fail in every child, so there is none."""
    assert serve("site_missing", port=0, reload=reload, workers=workers, app_dir=site) == 1

    assert "there is no module site_missing" in capsys.readouterr().err


def test_application_that_fails_is_told_and_the_port_is_free_again(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message of the failing module is shown, and the address is given back."""
    (site / "site_failing.py").write_text("1 / 0\n")

    assert serve("site_failing", port=0, app_dir=site) == 1

    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("workers", [0, -3])
def test_number_of_workers_is_at_least_one(capsys: pytest.CaptureFixture[str], workers: int) -> None:
    """No worker would serve nobody."""
    assert serve(nothing, port=0, workers=workers) == 1

    assert capsys.readouterr().err == f"{workers} workers cannot serve; ask for 1 or more\n"


def test_unknown_log_level_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The levels that there are stand in the message."""
    assert serve(nothing, port=0, log_level="loud") == 1

    assert "'loud' is none of critical, error, warning, info, debug, trace" in capsys.readouterr().err


def test_folder_of_the_application_comes_first_on_the_path_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calling twice with the same folder adds it once."""
    for _ in range(2):
        serve("site_missing", port=0, app_dir=site)

    assert sys.path[0] == str(site)
    assert sys.path.count(str(site)) == 1
