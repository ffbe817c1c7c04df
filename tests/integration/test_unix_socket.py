"""A server at a unix socket."""

import http.client
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.processes import Server, Starter, viperctl
from tests.integration.sites import add_views, rewrite


@pytest.fixture
def path() -> Iterator[Path]:
    """A path that is short enough for a socket, wherever the tests keep their files."""
    with tempfile.TemporaryDirectory(prefix="ov") as folder:
        yield Path(folder).resolve() / "shop.sock"


class UnixConnection(http.client.HTTPConnection):
    """A connection to a path."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


def ask(path: Path, **headers: str) -> bytes:
    """Get the first page through a socket."""
    with closing(UnixConnection(path)) as connection:
        connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse().read()


def wait_until_serving(server: Server, path: Path, *, count: int = 1) -> None:
    """Wait until the server says that it listens there."""
    server.wait_for(f"serving on unix:{path} ", count=count)


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["one", "two"])
def test_site_is_served_at_a_path(project: Path, path: Path, serve: Starter, workers: list[str]) -> None:
    """Requests are answered there, a second server is refused, and the file goes with the server."""
    add_views(project)

    with serve(project, "--uds", str(path), "--uds-mode", "600", *workers) as server:
        wait_until_serving(server, path, count=2 if workers else 1)
        assert ask(path) == b"one"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

        second = viperctl(project, "runserver", "--no-reload", "--uds", str(path))
        assert second.returncode == 1
        assert second.stderr == (
            f"cannot listen on {path}: another program listens there; stop it, or choose another path\n"
        )
        assert ask(path) == b"one"
        assert server.stop() == 0
    assert not path.exists()


def test_socket_of_a_killed_server_is_taken_over(project: Path, path: Path, serve: Starter) -> None:
    """What a crash has left does not keep the next server from starting."""
    add_views(project)
    with serve(project, "--uds", str(path)) as server:
        wait_until_serving(server, path)
        server.send_signal(signal.SIGKILL)
        server.wait()
    assert path.is_socket()

    with serve(project, "--uds", str(path)) as server:
        wait_until_serving(server, path)
        assert ask(path) == b"one"
        assert server.stop() == 0


def test_peer_is_believed_when_the_settings_say_so(project: Path, path: Path, serve: Starter) -> None:
    """A peer has no address there; ``unix`` in TRUSTED_PROXIES stands for it."""
    add_views(project)
    views = project / "shop" / "views.py"
    views.write_text(views.read_text().replace('return "one"', "return str(request.client)"))

    for trusted, told in (("unix", b"203.0.113.9"), ("127.0.0.1", b"None")):
        with serve(project, "--uds", str(path), OPENVIPER_TRUSTED_PROXIES=trusted) as server:
            wait_until_serving(server, path)
            assert told in ask(path, X_Forwarded_For="203.0.113.9")


def test_reload_keeps_the_path(project: Path, path: Path, serve: Starter) -> None:
    """A broken file closes the path to visitors, its mend opens it again."""
    add_views(project)
    views = project / "shop" / "views.py"
    whole = views.read_text()

    with serve(project, "--reload", "--uds", str(path)) as server:
        wait_until_serving(server, path)
        rewrite(views, whole + "def broken(:\n")
        server.wait_for("it starts anew after the next change")
        with pytest.raises(ConnectionRefusedError):
            ask(path)

        rewrite(views, whole.replace('"one"', '"two"'))
        wait_until_serving(server, path, count=2)
        assert ask(path) == b"two"
        assert server.stop() == 0
    assert not path.exists()
