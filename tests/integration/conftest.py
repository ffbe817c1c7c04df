"""Projects on the disk."""

from pathlib import Path

import pytest

from openviper.management.scaffold import create_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project named ``shop``, as ``create-project`` makes it."""
    return create_project("shop", tmp_path)
