"""The check command."""

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def test_sound_project_has_no_problems(root_layout: "Site") -> None:
    """A project without problems gets one line and exit code 0."""
    root_layout.write({"settings.py": "INSTALLED_APPS = ['blog']\nSECRET_KEY = 'k' * 64\n"})

    done = root_layout.run("check", "--fail-level", "warning")

    assert (done.code, done.out, done.err) == (0, "No problems found.\n", "")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("import nowhere_to_be_found\n", "error settings.E000 "),
        ("INSTALLED_APPS = ['broken']\n", "error apps.E001 "),
        ("MIDDLEWARE = ['no.such.Middleware']\n", "error middleware.E001 "),
    ],
)
def test_what_is_broken_is_reported(site: "Site", settings: str, problem: str) -> None:
    """Broken settings, apps and middleware are problems in the list, with a hint, and exit code 1 (C-035)."""
    site.write({"settings.py": settings, "broken/__init__.py": "1 / 0\n"})

    done = site.run("check")

    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert any(line.startswith(problem) for line in lines)
    assert lines[1].startswith("  hint: ")
    assert lines[-1].startswith("Found 1 error")


def test_warnings_fail_only_on_demand(site: "Site") -> None:
    """A warning is shown with exit code 0, and makes it 1 with ``--fail-level warning``."""
    site.write({"settings.py": "INSTALLED_APPS = ['not_installed']\n"})

    assert site.run("check").code == 0
    done = site.run("check", "--fail-level=warning")

    assert done.code == 1
    assert "warning apps.W001 " in done.out


def test_deployment_is_checked_on_demand(root_layout: "Site") -> None:
    """``--deploy`` reports what is right for development and wrong in production."""
    development, production = root_layout.run("check"), root_layout.run("check", "--deploy")

    assert development.code == 0
    assert production.code == 1
    assert "DEBUG" in production.out


def test_problems_can_be_read_by_programs(site: "Site") -> None:
    """``--json`` prints a list of id, message, hint and severity, also when it is empty."""
    site.write({"settings.py": "INSTALLED_APPS = ['not_installed']\nSECRET_KEY = 'k' * 64\n"})

    problems = json.loads(site.run("check", "--json").out)

    assert [sorted(problem) for problem in problems] == [["hint", "id", "message", "severity"]]
    assert (problems[0]["id"], problems[0]["severity"]) == ("apps.W001", "warning")


def test_folder_without_settings_is_told(site: "Site") -> None:
    """Where no settings are found the defaults are checked, and a warning says so."""
    done = site.run("check")

    assert done.code == 0
    assert done.err == f"Warning: no settings found in {site.root}; checking the defaults.\n"
