"""Folders with static files in them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from openviper.staticfiles.manifest import forget_manifests

Writer = Callable[[str, Mapping[str, str | bytes]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes files by their names below a folder of the test, and returns the folder."""

    def write_files(folder: str, files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / folder
        root.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write_files


@pytest.fixture(autouse=True)
def no_manifest_of_another_test() -> None:
    """Lists of hashed names are read once a process; each test reads its own."""
    forget_manifests()
