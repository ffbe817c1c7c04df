"""The benchmarks run, and those that have bounds keep them."""

import os
import subprocess
import sys

import pytest

from benchmarks.rounds import medians, table, turns
from tests.architecture.source import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
        env=environment,
        check=False,
    )


def test_sides_take_turns() -> None:
    """Every side is measured once a round, and once more for the caches."""
    assert list(turns(["a", "b"], rounds=1)) == ["a", "b", "a", "b"]
    assert medians({"a": [9.0, 1.0, 3.0, 2.0]}) == {"a": 2.0}


def test_table_shows_ratios() -> None:
    """Each line has the median in its unit and the ratio to the side that counts as one."""
    lines = table({"bare": 0.001, "ours": 0.002}, against="bare", unit=1e-3, unit_name="ms").splitlines()
    assert [line.split() for line in lines] == [["bare", "1.00", "ms", "1.00x"], ["ours", "2.00", "ms", "2.00x"]]


def test_overhead_can_be_measured() -> None:
    """Every side of the comparison answers with the same bytes; one round is enough to see it."""
    done = run("benchmarks.overhead", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert "openviper, no middleware" in done.stdout


def test_served_requests_can_be_measured() -> None:
    """Both sides give every answer that is expected of them; whether the bounds hold is for a longer run."""
    done = run("benchmarks.serving", "--rounds", "1", "--scenarios", "json,stack,upload,file")
    assert done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()[1:5]] == ["json", "stack", "upload", "file"]


@pytest.mark.slow
def test_served_requests_keep_their_bounds() -> None:
    """Of a bare function's speed at least the promised part is left, for each kind of request, on a real server."""
    done = run("benchmarks.serving")
    assert done.returncode == 0, done.stdout + done.stderr


def test_database_can_be_measured() -> None:
    """The framework and the driver read the same row; one round is enough to see it."""
    done = run("benchmarks.database", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert "openviper" in done.stdout


def test_orm_can_be_measured() -> None:
    """Every operation of the ORM works beside the driver's; one round is enough to see it."""
    done = run("benchmarks.orm", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("openviper") == done.stdout.count("driver") >= 8


@pytest.mark.slow
def test_start_is_as_fast_as_starlette() -> None:
    """Import and an application with one route take at most 1.15 times Starlette's CPU time, in the same run."""
    done = run("benchmarks.startup", "--rounds", "15")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_reload_takes_a_second_at_most() -> None:
    """From saving a file until the new code answers, on both servers, also while a stream is open."""
    done = run("benchmarks.reload", "--rounds", "5")
    assert done.returncode == 0, done.stdout + done.stderr
