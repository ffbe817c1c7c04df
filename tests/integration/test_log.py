"""What a server logs, and in which form."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import Server, Starter, script
from tests.integration.sites import add_app, add_views

BROKEN_PLUGIN = 'async def ready() -> None:\n    raise ValueError("no oil")\n'


def entries(server: Server) -> list[dict[str, Any]]:
    """Everything that a server has printed, which must be one JSON object a line."""
    return [json.loads(line) for line in server.output.splitlines()]


@pytest.mark.parametrize("words", [[], ["--workers", "2"], ["--reload"]], ids=["one", "workers", "reload"])
def test_every_line_can_be_json(project: Path, serve: Starter, words: list[str]) -> None:
    """Start, requests, errors with their traceback, and stop: one object a line, from every process."""
    add_views(project)

    with serve(project, "--log-format", "json", *words) as server:
        server.address(count=2 if "--workers" in words else 1)
        assert server.get("/")[0] == 200
        assert server.get("/broken")[0] == 500
        assert server.stop() == 0

    told = entries(server)
    messages = [entry["message"] for entry in told]
    assert any(message.startswith("serving on http://127.0.0.1:") for message in messages)
    assert any(message.endswith('"GET / HTTP/1.1" 200') for message in messages)
    (error,) = [entry for entry in told if "exception" in entry]
    assert error["level"] == "ERROR"
    assert error["exception"].endswith("LookupError: no such lamp")
    assert {"time", "level", "logger", "message"} <= set(told[0])


def test_failed_start_is_json_too(project: Path, serve: Starter) -> None:
    """An app that refuses to start is told in the same form."""
    add_app(project, "lantern", init=BROKEN_PLUGIN)

    with serve(project, "--json") as server:
        assert server.wait() == 1

    assert any("no oil" in entry["message"] for entry in entries(server))


def test_broken_module_is_json_too(project: Path, serve: Starter) -> None:
    """A module that cannot be imported is told with its exception, which a reader of the log can find."""
    (project / "shop" / "asgi.py").write_text("def broken(:\n")

    with serve(project, OPENVIPER_LOG_FORMAT="json") as server:
        assert server.wait() == 1

    (entry,) = entries(server)
    assert entry["level"] == "CRITICAL"
    assert "SyntaxError" in entry["exception"]


@pytest.mark.parametrize("words", [[], ["--workers", "2"], ["--reload"]], ids=["one", "workers", "reload"])
def test_requests_are_logged_unless_told_otherwise(project: Path, serve: Starter, words: list[str]) -> None:
    """Each request is a line of whichever process answers it, and none with ``--no-access-log``."""
    with serve(project, *words) as server:
        server.get("/")
        server.wait_for(r'127\.0\.0\.1:\d+ - "GET / HTTP/1\.1" 200')

    with serve(project, "--no-access-log", *words) as server:
        assert server.get("/")[0] == 200
        server.stop()
        assert "GET /" not in server.output


def test_run_has_the_options_of_runserver(tmp_path: Path) -> None:
    """``openviper run`` serves with any of them, and believes the proxies that it is told."""
    (tmp_path / "lone.py").write_text(
        "from openviper import OpenViper, Request\n\napp = OpenViper()\n\n\n"
        '@app.get("/")\nasync def home(request: Request) -> str:\n    return str(request.client)\n'
    )
    words = "run lone --port 0 --server granian --log-format json --no-access-log --trusted-proxy 127.0.0.0/8"

    with Server([script("openviper"), *words.split()], tmp_path) as server:
        status, text = server.get("/", {"X-Forwarded-For": "203.0.113.9"})
        assert (status, "203.0.113.9" in text) == (200, True)
        assert server.stop() == 0

    assert not any("GET" in entry["message"] for entry in entries(server))


def test_missing_server_is_named_with_its_extra(project: Path) -> None:
    """Without the package the server is not started, and the message says what to install."""
    blocked = "import sys; sys.modules['granian'] = None; from openviper.cli.main import main; "
    words = "['viperctl', 'runserver', '--server', 'granian', '--port', '0', '--reload']"

    with Server([sys.executable, "-c", f"{blocked}raise SystemExit(main({words}))"], project) as server:
        assert server.wait() == 1

    assert server.output == (
        "the server granian needs the package 'granian', which is not installed; "
        'install it with: pip install "openviper[granian]"\n'
    )
