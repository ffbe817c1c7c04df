"""The list of everything that is wrong."""

from typing import TYPE_CHECKING

import pytest

from openviper.management.checkup import find_problems
from openviper.primitives.problems import Severity

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def test_settings_that_cannot_be_loaded_are_the_one_problem(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings nothing else can be checked, and that is what is reported."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "nowhere.settings")

    problems = find_problems()

    assert [problem.id for problem in problems] == ["settings.E000"]
    assert "nowhere.settings" in problems[0].message


def test_every_bad_value_is_a_problem_of_its_own(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that keep the settings from loading are listed one by one, each with its variable."""
    monkeypatch.setenv("OPENVIPER_DEBUG", "perhaps")
    monkeypatch.setenv("OPENVIPER_USE_TZ", "maybe")

    messages = [problem.message for problem in find_problems()]

    assert len(messages) == 2
    assert "OPENVIPER_DEBUG" in messages[0] + messages[1]
    assert "OPENVIPER_USE_TZ" in messages[0] + messages[1]


@pytest.mark.usefixtures("site")
def test_defaults_have_no_errors() -> None:
    """The framework's own defaults are free of errors."""
    assert [problem for problem in find_problems() if problem.severity is Severity.ERROR] == []
