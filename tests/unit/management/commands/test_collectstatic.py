"""The collectstatic command."""

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from openviper.management.call import call_command
from openviper.management.exceptions import CommandError
from openviper.testing import override_settings

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

FILES = {
    "static/site.css": "a { color: red }\n",
    "blog/__init__.py": "raise RuntimeError('an app is not run for this')\n",
    "blog/static/blog/app.css": "b { color: red }\n",
}


class Terminal(io.StringIO):
    """A keyboard on which something has been typed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shop(site: "Site") -> "Site":
    """A project with static files of its own and of an app."""
    site.write({"settings.py": "INSTALLED_APPS = ['blog']\n", **FILES})
    return site


@pytest.fixture
def package_shop(site: "Site") -> "Site":
    """The same in the package layout."""
    site.write({"web/__init__.py": "", "web/settings.py": "INSTALLED_APPS = ['blog']\n", **FILES})
    return site


@pytest.mark.parametrize("layout", ["shop", "package_shop"])
@pytest.mark.parametrize("words", [["collectstatic"], ["collectstatic", "."]])
def test_files_of_project_and_apps_are_collected(layout: str, words: list[str], request: pytest.FixtureRequest) -> None:
    """In both layouts, with and without a target, without running an app (C-029, C-033, C-039a)."""
    project: Site = request.getfixturevalue(layout)

    outcome = project.run(*words)

    assert outcome.code == 0
    assert outcome.out.startswith(f"Copied 2 files to {project.root / 'staticfiles'}, 2 hashed names")
    assert {"staticfiles/site.css", "staticfiles/blog/app.css", "staticfiles/staticfiles.json"} <= set(project.files())


@pytest.mark.parametrize("script", [False, True])
def test_no_answer_is_waited_for_without_a_terminal(shop: "Site", script: bool) -> None:
    """With both entry points, even where files are deleted (C-033, C-036)."""
    shop.write({"staticfiles/old.css": ""})

    outcome = shop.spawn("collectstatic", "--clear", script=script)

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith(", 1 deleted.\n")
    assert "staticfiles/old.css" not in shop.files()


def test_second_run_says_what_is_unchanged(shop: "Site") -> None:
    """Changed files are counted apart from the others."""
    shop.run("collectstatic")
    shop.write({"static/site.css": "a { color: blue }\n"})

    outcome = shop.run("collectstatic", "--no-compress")

    assert outcome.out == f"Copied 1 file to {shop.root / 'staticfiles'}, 1 unchanged, 2 hashed names.\n"
    assert (shop.root / "staticfiles/site.css").read_text() == "a { color: blue }\n"


def test_dry_run_lists_and_changes_nothing(shop: "Site") -> None:
    """A line for each file that would be copied or deleted."""
    shop.write({"staticfiles/old.css": ""})
    before = shop.files()

    outcome = shop.run("collectstatic", "--clear", "--dry-run", "--no-hash")

    assert outcome.out == (
        "copy  blog/app.css\ncopy  site.css\ndelete  old.css\n"
        f"Would copy 2 files to {shop.root / 'staticfiles'}, 1 to delete.\n"
    )
    assert shop.files() == before


def test_output_for_programs(shop: "Site") -> None:
    """One JSON object on standard output."""
    outcome = shop.run("collectstatic", "--json", "--no-compress")

    assert json.loads(outcome.out) == {
        "folder": str(shop.root / "staticfiles"),
        "dry_run": False,
        "copied": ["blog/app.css", "site.css"],
        "unchanged": 0,
        "hashed": 2,
        "compressed": 0,
        "removed": [],
        "shadowed": [],
        "left_out": [],
    }


def test_what_is_not_taken_is_told(shop: "Site") -> None:
    """Links out of a folder and files of a name that is taken are notes on standard error."""
    shop.write({"blog/static/site.css": "second", "secret.txt": ""})
    (shop.root / "static/secret.txt").symlink_to(shop.root / "secret.txt")

    outcome = shop.run("collectstatic")

    assert outcome.code == 0
    assert f"{shop.root / 'blog/static/site.css'} is not taken" in outcome.err
    assert f"{shop.root / 'static/secret.txt'} is a link that leads out of its folder" in outcome.err


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("Yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_terminal_is_asked_before_files_are_deleted(
    shop: "Site", monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    """Anything but yes changes nothing."""
    shop.write({"staticfiles/old.css": ""})
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    outcome = shop.run("collectstatic", "--clear")

    assert outcome.code == code
    assert "1 file in" in outcome.err
    assert ("staticfiles/old.css" in shop.files()) == (code == 1)


@pytest.mark.parametrize("words", [["--clear", "--no-input"], []])
def test_terminal_is_not_asked_without_need(shop: "Site", monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """Neither when told not to, nor where nothing is deleted."""
    shop.write({"staticfiles/old.css": ""})
    monkeypatch.setattr(sys, "stdin", Terminal(""))

    assert shop.run("collectstatic", *words).code == 0


@pytest.mark.parametrize(
    ("root", "reason"),
    [("", "STATIC_ROOT is empty"), (".", "is or holds"), ("static", "where"), ("viperctl.py", "is a file")],
)
def test_folder_that_cannot_be_used_is_one_message(shop: "Site", root: str, reason: str) -> None:
    """The mend is in the message, and nothing is written."""
    shop.write({"settings.py": f"STATIC_ROOT = {root!r}\nSTATICFILES_DIRS = ('assets', 'static')\n", "viperctl.py": ""})
    before = shop.files()

    outcome = shop.run("collectstatic")

    assert outcome.code == 1
    assert reason.replace("where", "files come from") in outcome.err
    assert "Traceback" not in outcome.err
    assert shop.files() == before


@pytest.mark.parametrize(("root", "reason"), [("media", "MEDIA_ROOT"), ("media/x", "MEDIA_ROOT"), ("lib", ".git")])
@pytest.mark.parametrize("words", [["--clear", "--no-input"], ["--clear", "--dry-run"]])
def test_folder_of_something_else_is_not_cleared(shop: "Site", root: str, reason: str, words: list[str]) -> None:
    """Uploads and repositories survive a STATIC_ROOT that names their folder."""
    shop.write({"settings.py": f"STATIC_ROOT = {root!r}\n", "media/cover.png": "", "lib/.git/config": ""})
    before = shop.files()

    outcome = shop.run("collectstatic", *words)

    assert outcome.code == 1
    assert reason in outcome.err
    assert shop.files() == before


def test_reference_to_nothing_names_file_and_line(shop: "Site") -> None:
    """The run ends with 1, unless it is lenient."""
    shop.write({"static/site.css": "a { background: url(no.png) }\n"})

    outcome = shop.run("collectstatic")

    assert outcome.code == 1
    assert "site.css, line 1: 'no.png'" in outcome.err
    assert shop.run("collectstatic", "--lenient").code == 0


def test_command_can_be_called_from_code(shop: "Site") -> None:
    """The options have names, and an error reaches the caller."""
    with override_settings(STATIC_ROOT=""), pytest.raises(CommandError, match="STATIC_ROOT is empty"):
        call_command("collectstatic", clear=True, no_input=True)
