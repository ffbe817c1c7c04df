"""Projects on the disk, written from a mapping of paths to texts."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files below ``tmp_path / "shop"`` and return that folder."""

    def write_files(files: Mapping[str, str]) -> Path:
        root = tmp_path / "shop"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return write_files
