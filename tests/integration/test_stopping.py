"""What becomes of requests when the server is told to stop."""

import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.integration.processes import Server, Starter
from tests.integration.sites import add_app, add_hooks, add_stream, add_views

ONE: list[str] = []
RELOAD = ["--reload"]
TWO = ["--workers", "2"]


def begin_slow_request(server: Server, workers: list[str]) -> socket.socket:
    """Start a request that ends when the file ``release`` is there."""
    server.address(count=2 if workers else 1)
    connection = socket.create_connection(server.address(), timeout=30)
    connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    server.wait_for("slow: begun")
    return connection


def read_all(connection: socket.socket) -> bytes:
    """Read an answer up to the end of the connection."""
    with connection, connection.makefile("rb") as file:
        return file.read()


@pytest.mark.parametrize("workers", [ONE, TWO], ids=["one", "two"])
def test_one_stop_that_reaches_every_process_cancels_nothing(project: Path, serve: Starter, workers: list[str]) -> None:
    """A terminal signals parent and children alike, and the request in flight is answered all the same."""
    add_views(project)

    with serve(project, *workers) as server:
        request = begin_slow_request(server, workers)
        server.send_signal_to_all(signal.SIGINT)
        server.wait_for("Shutting down", count=2 if workers else 1)
        (project / "release").touch()

        assert read_all(request).endswith(b"late")
        assert server.wait() == 0


@pytest.mark.parametrize("workers", [ONE, TWO], ids=["one", "two"])
def test_no_connection_is_taken_while_requests_finish(project: Path, serve: Starter, workers: list[str]) -> None:
    """Visitors are refused from the stop on, and do not wait for a server that will not answer."""
    add_views(project)

    with serve(project, *workers) as server:
        request = begin_slow_request(server, workers)
        server.send_signal(signal.SIGTERM)
        server.wait_for("Shutting down", count=2 if workers else 1)
        server.wait_until_refused()
        (project / "release").touch()

        assert read_all(request).endswith(b"late")


@pytest.mark.parametrize("workers", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_cancels_what_the_first_has_waited_for(
    project: Path, serve: Starter, workers: list[str], second: signal.Signals
) -> None:
    """Whoever asks twice does not wait for requests any more, and the shutdown hooks still run."""
    add_hooks(project)
    add_views(project)

    with serve(project, "--graceful-timeout", "3600", *workers) as server:
        request = begin_slow_request(server, workers)
        server.send_signal(signal.SIGTERM)
        server.wait_for("Shutting down")
        server.send_signal(second)

        assert server.wait() == 0
        assert "cancelled: 1" in server.output
        assert "slow: done" not in server.output
        assert server.output.count("diary: shutdown") == (2 if workers else 1)
        request.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_of_a_reloading_server_lets_requests_finish(project: Path, serve: Starter, number: signal.Signals) -> None:
    """Only a restart is short with them; whoever stops the server gets the answers that were being made."""
    add_hooks(project)
    add_views(project)

    with serve(project, *RELOAD) as server:
        request = begin_slow_request(server, ONE)
        server.send_signal(number)
        server.wait_for("Shutting down")
        # Longer than a restart would wait.
        threading.Timer(1.0, (project / "release").touch).start()

        assert read_all(request).endswith(b"late")
        assert server.wait() == 0
        assert server.output.count("diary: shutdown") == 1


def test_second_signal_to_a_reloading_server_cancels_the_requests(project: Path, serve: Starter) -> None:
    """The parent hands the hurry on to its child."""
    add_hooks(project)
    add_views(project)

    with serve(project, *RELOAD) as server:
        request = begin_slow_request(server, ONE)
        server.send_signal(signal.SIGTERM)
        server.wait_for("Shutting down")
        server.send_signal(signal.SIGTERM)

        assert server.wait() == 0
        assert "cancelled: 1" in server.output
        assert server.output.count("diary: shutdown") == 1
        request.close()


def test_two_signals_at_once_are_two(project: Path, serve: Starter) -> None:
    """A second signal that comes before the server has begun to stop is not lost."""
    add_hooks(project)
    add_views(project)

    with serve(project, "--graceful-timeout", "3600") as server:
        request = begin_slow_request(server, ONE)
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGTERM)

        assert server.wait() == 0
        assert server.output.count("diary: shutdown") == 1
        request.close()


def test_second_signal_leaves_the_hooks_alone(project: Path, serve: Starter) -> None:
    """A hook that runs is neither cut short nor run once more."""
    hook = (
        "import asyncio\nfrom pathlib import Path\n\n\nasync def shutdown() -> None:\n"
        '    print("brook: begun", flush=True)\n'
        '    while not Path("release").exists():\n        await asyncio.sleep(0.01)\n'
        '    print("brook: done", flush=True)\n'
    )
    add_app(project, "brook", lifecycle=hook)

    with serve(project) as server:
        server.address()
        server.send_signal(signal.SIGTERM)
        server.wait_for("brook: begun")
        server.send_signal(signal.SIGTERM)
        (project / "release").touch()

        assert server.wait() == 0
        assert server.output.count("brook: done") == 1
        assert server.output.count("Waiting for application shutdown") == 1


def test_stream_is_cancelled_after_the_time_it_is_given(project: Path, serve: Starter) -> None:
    """An answer without an end is cut off, without a traceback, and the shutdown hooks run."""
    add_hooks(project)
    add_stream(project)

    with serve(project, "--graceful-timeout", "0.3") as server:
        stream = server.open("/stream/")

        assert server.stop() == 0
        assert "cancelled: 1" in server.output
        assert "Traceback" not in server.output
        assert server.output.count("diary: shutdown") == 1
        stream.close()


def test_idle_connections_and_websockets_do_not_hold_up_the_stop(project: Path, serve: Starter) -> None:
    """A kept connection is closed, and a websocket's application is told; nobody waits for the clients."""
    add_stream(project)

    with serve(project, "--graceful-timeout", "3600") as server:
        idle, websocket = server.open("/"), server.open_websocket("/stream/")

        assert server.stop() == 0
        assert "stream: disconnected" in server.output
        assert "cancelled" not in server.output
        idle.close()
        websocket.close()


def test_hang_up_is_a_stop(project: Path, serve: Starter) -> None:
    """A terminal that is closed ends a single server with its shutdown hooks."""
    add_hooks(project)

    with serve(project) as server:
        server.address()
        server.send_signal(signal.SIGHUP)

        assert server.wait() == 0
        assert "diary: shutdown" in server.output
