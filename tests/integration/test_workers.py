"""Several processes on one socket."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.integration.processes import Server, Starter
from tests.integration.sites import add_hooks, add_views


def workers_of(server: Server) -> set[int]:
    """The processes that the server says it has started."""
    listed = server.wait_for(r"\d workers: ([\d, ]+)")[0][1]
    return {int(pid) for pid in listed.split(",")}


def test_all_workers_answer_on_one_address(project: Path, serve: Starter) -> None:
    """Two workers share the socket; each has its own hooks, and all end with the parent's stop."""
    add_hooks(project)
    add_views(project)

    with serve(project, "--workers", "2") as server:
        pids = workers_of(server)
        server.address(count=2)
        answering = set()
        # Which worker takes a connection is the kernel's choice; a hundred of them reach both.
        for _ in range(100):
            told = json.loads(server.get("/process")[1])
            assert told["parent"] == server.pid
            answering.add(told["pid"])
            if answering == pids:
                break

        assert answering == pids
        assert server.stop() == 0
        assert server.output.count("diary: startup") == 2
        assert server.output.count("diary: shutdown") == 2


def test_crashed_worker_is_replaced(project: Path, serve: Starter) -> None:
    """A worker that is killed leaves a gap that is filled, and requests are answered all along."""
    add_views(project)

    with serve(project, "--workers", "2") as server:
        first = min(workers_of(server))
        server.address(count=2)
        os.kill(first, signal.SIGKILL)

        server.wait_for(rf"worker {first} ended by itself with code -9; another one takes its place")
        server.address(count=3)
        assert server.get("/")[0] == 200
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_to_stop_reaches_the_workers(project: Path, serve: Starter, number: signal.Signals) -> None:
    """Ctrl+C, a stop and a closed terminal end all processes with their shutdown hooks."""
    add_hooks(project)

    with serve(project, "--workers", "2") as server:
        server.address(count=2)
        server.send_signal(number)

        assert server.wait() == 0
        assert server.output.count("diary: shutdown") == 2


def test_workers_do_not_outlive_a_killed_parent(project: Path, serve: Starter) -> None:
    """The end of the parent, however it comes, is a stop for every worker."""
    add_hooks(project)

    with serve(project, "--workers", "2") as server:
        server.address(count=2)
        server.send_signal(signal.SIGKILL)

        # The output ends when the last process that could write to it has gone.
        assert server.wait() == -signal.SIGKILL
        assert server.output.count("diary: shutdown") == 2


def test_reload_leaves_one_worker(project: Path, serve: Starter) -> None:
    """With reload there is one serving process, whatever number is asked for."""
    with serve(project, "--workers", "2", "--reload") as server:
        server.address()
        server.stop()

        assert server.output.count("serving on") == 1
