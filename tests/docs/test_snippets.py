"""The documents do what they say: every page is followed step by step."""

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.page import RunCommand, read_steps
from tests.docs.workspace import Workspace

ROOT = Path(__file__).parents[2]
PAGES = [
    *(path for name in ("README.md", "CONTRIBUTING.md") if (path := ROOT / name).exists()),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """Every block of a page runs in an empty folder and prints what the page shows."""
    steps = read_steps(page.read_text(encoding="utf-8"))
    calls_curl = any(isinstance(step, RunCommand) and "curl" in step.command for step in steps)
    if calls_curl and shutil.which("curl") is None and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("the page calls curl, which this machine has not")
    with Workspace(tmp_path, page=page.relative_to(ROOT).as_posix()) as workspace:
        workspace.follow(steps)
