"""What ``serve`` refuses before it starts anything."""

import json
import socket
import subprocess
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


def test_missing_server_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that is not installed is one message, before anything is bound or started."""
    monkeypatch.setitem(sys.modules, "granian", None)

    for workers in (1, 2):
        assert serve(nothing, port=0, server="granian", workers=workers) == 1
        assert capsys.readouterr().err == (
            "the server granian needs the package 'granian', which is not installed; "
            'install it with: pip install "openviper[granian]"\n'
        )


def test_wrong_wishes_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A time that cannot be and a proxy that is no address are one message each."""
    assert serve(nothing, port=0, graceful_timeout=-1) == 1
    assert capsys.readouterr().err == "-1 seconds to stop cannot be; ask for 0 or more\n"
    assert serve(nothing, port=0, trusted_proxies=["proxy.example"]) == 1
    assert "the trusted proxy 'proxy.example' is no address" in capsys.readouterr().err


def test_failure_is_json_where_the_log_is() -> None:
    """The reason why the server did not start is one JSON object too, with its exception."""
    words = "from openviper.server.run import serve; raise SystemExit(serve('gone', port=0, log_format='json'))"
    result = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=30, check=False)

    entry = json.loads(result.stderr)
    assert result.returncode == 1
    assert (entry["level"], entry["logger"]) == ("CRITICAL", "openviper.server")
    assert "there is no module gone" in entry["message"]
    assert "ModuleNotFoundError" in entry["exception"]
