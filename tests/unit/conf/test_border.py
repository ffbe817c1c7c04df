"""Running the project's code."""

import re

import pytest

from openviper.conf.border import describe_failure, named_failure
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError


def test_failure_names_subject_cause_and_place() -> None:
    """Whatever the code raises becomes one error, with the cause chained and no secret in the text."""
    with pytest.raises(ImproperlyConfigured) as caught, named_failure("the shop"):
        raise KeyError("X")
    assert re.fullmatch(r"the shop cannot be loaded: KeyError: 'X' \(.*test_border.py, line \d+\)", str(caught.value))
    assert isinstance(caught.value.__cause__, KeyError)


def test_failure_does_not_repeat_a_secret() -> None:
    """The text of the cause is shown without passwords."""
    with pytest.raises(ImproperlyConfigured, match=r"redis://:\*\*\*@host"), named_failure("the shop"):
        raise ConnectionError("redis://:hush@host")


def test_list_of_problems_is_passed_on() -> None:
    """An error that names every problem keeps its shape; leaving the program is no failure."""
    with pytest.raises(SettingsValidationError), named_failure("the shop"):
        raise SettingsValidationError(["a"])
    with pytest.raises(SystemExit), named_failure("the shop"):
        raise SystemExit(3)


def test_syntax_error_says_its_own_place() -> None:
    """The line of a syntax error is the one that is wrong, not the one that imported it."""
    with pytest.raises(SyntaxError) as caught:
        compile("DEBUG = = 1", "settings.py", "exec")
    assert describe_failure(caught.value) == "SyntaxError: invalid syntax (settings.py, line 1)"


def test_error_that_was_never_raised() -> None:
    """Without a place, none is named."""
    assert describe_failure(ValueError("x")) == "ValueError: x"
