"""The tutorial is followed from its first page to its last in one folder, as most readers do."""

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.page import RunCommand, Step, read_steps
from tests.docs.workspace import Workspace

TUTORIAL = Path(__file__).parents[2] / "docs/tutorial"
# Those who begin at a later page make a project first; the others have it and stand in it.
BEGINNING = ("openviper create-project reading", "cd reading")


@pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("REQUIRE_SERVICES"),
    reason="the pages call curl, which this machine has not",
)
def test_pages_follow_each_other_in_one_project(tmp_path: Path) -> None:
    """Each page begins where the one before it ends, once its first two commands are left out."""
    pages = [TUTORIAL / name for name in ("first-steps.md", "reading-list.md", "ready-for-visitors.md")]
    first, *others = [read_steps(page.read_text(encoding="utf-8")) for page in pages]

    with Workspace(tmp_path, page="docs/tutorial") as workspace:
        workspace.follow(first)
        for steps in others:
            workspace.follow(_without_beginning(steps))


def _without_beginning(steps: list[Step]) -> list[Step]:
    beginning, rest = steps[: len(BEGINNING)], steps[len(BEGINNING) :]
    assert tuple(step.command for step in beginning if isinstance(step, RunCommand)) == BEGINNING
    return rest
