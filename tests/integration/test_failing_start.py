"""A server that cannot start: one message, an exit code, and nobody is answered."""

import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.integration.processes import Server, Starter, run, script, viperctl
from tests.integration.sites import LIFECYCLE, add_app, add_setting

BROKEN_PLUGIN = 'async def ready() -> None:\n    raise ValueError("no oil")\n'
HANGING = (
    "import asyncio\n\n\nasync def startup() -> None:\n"
    '    print("hanging", flush=True)\n    await asyncio.Event().wait()\n'
)
# Told to stop between the end of its startup and the next step of the server that waits for it.
HASTY = """
import os
import signal
import sys

from openviper import OpenViper
from openviper.server.run import serve

inner = OpenViper()


@inner.on_shutdown
async def tell():
    print("shut down", flush=True)


async def app(scope, receive, send):
    async def stop_after(message):
        await send(message)
        if message["type"] == "lifespan.startup.complete":
            os.kill(os.getpid(), signal.SIGTERM)

    await inner(scope, receive, stop_after)


sys.exit(serve(app, port=0, server=sys.argv[1]))
"""
READY_FAILED = "ready() for installed app 'lantern' raised an error: no oil"


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("way", ["runserver", "workers", "uvicorn"])
def test_failing_ready_ends_the_server_before_it_listens(project: Path, free_port: int, way: str) -> None:
    """The exact message, an exit code that is not 0, and what had started is shut down (C-106, A-03, C-407)."""
    add_app(project, "diary", lifecycle=LIFECYCLE)
    add_app(project, "lantern", init=BROKEN_PLUGIN)
    ours = [sys.executable, "-m", "openviper", "viperctl", "runserver", "--port", str(free_port)]
    words = {
        "runserver": [*ours, "--no-reload"],
        "workers": [*ours, "--workers", "2"],
        "uvicorn": [script("uvicorn"), "shop.asgi:app", "--port", str(free_port)],
    }[way]

    with Server(words, project) as server:
        code = server.wait()

        assert code == (3 if way == "uvicorn" else 1)
        assert READY_FAILED in server.output
        assert "serving on" not in server.output
        assert "running on" not in server.output
    with socket.socket() as visitor:
        assert visitor.connect_ex(("127.0.0.1", free_port)) != 0


def test_hanging_startup_ends_after_its_time(project: Path, serve: Starter) -> None:
    """A hook that never returns is ended after LIFECYCLE_HOOK_TIMEOUT seconds, and named."""
    add_app(project, "marsh", lifecycle=HANGING)
    add_setting(project, "LIFECYCLE_HOOK_TIMEOUT", "0.2")

    with serve(project) as server:
        assert server.wait() == 1
        assert "marsh" in server.output
        assert "0.2" in server.output
        assert "serving on" not in server.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_can_be_stopped_while_it_starts(project: Path, serve: Starter, number: signal.Signals) -> None:
    """A stop signal ends a start that hangs, long before its time is over, and undoes what had started (C-413)."""
    add_app(project, "diary", lifecycle=LIFECYCLE)
    add_app(project, "marsh", lifecycle=HANGING)
    add_setting(project, "LIFECYCLE_HOOK_TIMEOUT", "3600.0")

    with serve(project) as server:
        server.wait_for("hanging")
        server.send_signal(number)

        assert server.wait() == 0
        assert "diary: shutdown" in server.output


@pytest.mark.parametrize("name", ["uvicorn", "granian"])
def test_stop_that_comes_as_the_start_ends_is_a_stop(tmp_path: Path, name: str) -> None:
    """A stop in the last moment of the start does not hit the shutdown, which runs to its end."""
    (tmp_path / "hasty.py").write_text(HASTY)

    result = run([sys.executable, "hasty.py", name], tmp_path)

    assert result.returncode == 0, result.stderr
    assert result.stdout == "shut down\n"
    assert "Traceback" not in result.stderr


def test_port_in_use_is_told_before_the_application_is_imported(project: Path) -> None:
    """One line on stderr and exit code 1; no code of the application has run."""
    with (project / "shop" / "asgi.py").open("a") as file:
        file.write('print("imported")\n')
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for words in ([], ["--reload"], ["--workers", "2"]):
            result = viperctl(project, "runserver", "--port", str(port), *words)

            assert result.returncode == 1
            assert result.stdout == ""
            assert result.stderr == (
                f"cannot listen on 127.0.0.1 port {port}: "
                "another program listens there; stop it, or choose another port\n"
            )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "70000"], "a port is a number from 0 to 65535"),
        (["--host", "no.such.host.invalid"], "no such host"),
        (["--port", "0", "--workers", "0"], "0 workers cannot serve"),
        (["--port", "0", "no_such_module"], "no_such_module"),
        (["--port", "0", "--reload", "no_such_module:app"], "there is no module no_such_module"),
        (["--port", "0", "--workers", "2", "no_such_module:app"], "there is no module no_such_module"),
        (["--port", "0", "shop.asgi:application"], "the module shop.asgi has no 'application'"),
        (["--port", "0", "shop.asgi:os"], "is of type module, no ASGI application"),
        (["--port", "0", "shop/asgi:a b"], "write a module and the name of the application"),
    ],
)
def test_wrong_wish_is_one_message(project: Path, words: list[str], message: str) -> None:
    """An impossible address, number of workers or application is refused without a traceback."""
    reload = [] if {"--reload", "--workers"} & set(words) else ["--no-reload"]

    result = viperctl(project, "runserver", *reload, *words)

    assert result.returncode in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_broken_application_shows_its_own_lines_only(project: Path) -> None:
    """An error in the project's code is shown with its traceback, without a line of the framework."""
    with (project / "shop" / "asgi.py").open("a") as file:
        file.write("lamp = undefined_name\n")

    result = viperctl(project, "runserver", "--no-reload", "--port", "0")

    assert result.returncode == 1
    assert "NameError: name 'undefined_name' is not defined" in result.stderr
    assert result.stderr.count('  File "') == 1


def test_middleware_that_breaks_the_lifespan_ends_the_server(project: Path, serve: Starter) -> None:
    """An error that climbs out of the lifespan is a failed start, not a server that never starts its apps."""
    add_app(
        project,
        "dam",
        middleware=(
            "from openviper.middleware.base import BaseMiddleware\n\n\n"
            "class Dam(BaseMiddleware):\n"
            "    async def __call__(self, scope, receive, send):\n"
            '        if scope["type"] == "lifespan":\n'
            '            raise LookupError("nothing but requests")\n'
            "        await self.app(scope, receive, send)\n"
        ),
    )
    add_setting(project, "MIDDLEWARE: tuple[str, ...]", '("dam.middleware.Dam",)')

    with serve(project) as server:
        assert server.wait() == 1
        assert "nothing but requests" in server.output


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["one", "two"])
def test_failing_shutdown_is_an_exit_code(project: Path, serve: Starter, words: list[str]) -> None:
    """A shutdown hook that fails is named, and the server ends with 1."""
    add_app(project, "lock", lifecycle='async def shutdown() -> None:\n    raise OSError("jammed")\n')

    with serve(project, *words) as server:
        server.address(count=2 if words else 1)
        assert server.stop() == 1
        assert "jammed" in server.output


def test_run_takes_a_file_and_names_what_is_wrong(tmp_path: Path) -> None:
    """``openviper run`` serves an application outside any project, and a wrong target is one message."""
    (tmp_path / "lone.py").write_text(
        "from openviper import OpenViper, Request\n\napp = OpenViper()\n\n\n"
        '@app.get("/")\nasync def home(request: Request) -> str:\n    return "alone"\n'
    )

    for target in ("lone", "lone.py", "lone:app"):
        with Server([script("openviper"), "run", target, "--port", "0", "--no-reload"], tmp_path) as server:
            assert server.get("/") == (200, "alone")
            assert server.stop() == 0
    wrong = run([script("openviper"), "run", "alone.py", "--port", "0"], tmp_path)
    assert wrong.returncode == 1
    assert wrong.stderr == (
        f"cannot load 'alone.py': there is no module alone in {tmp_path} or among the installed packages\n"
    )
