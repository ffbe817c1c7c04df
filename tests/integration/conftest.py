"""Projects on the disk, and servers for them."""

from pathlib import Path

import pytest

from openviper.management.scaffold import create_project
from openviper.server.options import SERVERS
from tests.integration import processes
from tests.integration.processes import Server, Starter


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project named ``shop``, as ``create-project`` makes it."""
    return create_project("shop", tmp_path)


@pytest.fixture(params=SERVERS)
def serve(request: pytest.FixtureRequest) -> Starter:
    """Starts ``runserver`` on a free port; a test that asks for it runs with each server."""

    def start(cwd: Path, *words: str, **variables: str) -> Server:
        return processes.serve(cwd, "--server", request.param, *words, **variables)

    return start
