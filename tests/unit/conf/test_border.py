"""Running the project's code."""

import fractions
import json
import re

import pytest

from openviper.conf.border import locate_error, named_failure
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError
from openviper.primitives.imports import import_string


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
    """An error that names every problem keeps its shape."""
    with pytest.raises(SettingsValidationError), named_failure("the shop"):
        raise SettingsValidationError(["a"])


@pytest.mark.parametrize("status", [0, None, 3])
def test_leaving_the_program_is_a_failure(status: int | None) -> None:
    """Code that calls sys.exit() while it is loaded has failed, whatever the status; nobody takes it for a success."""
    with pytest.raises(ImproperlyConfigured, match="the shop cannot be loaded: SystemExit"), named_failure("the shop"):
        raise SystemExit(status)


def test_interruption_is_passed_on() -> None:
    """Whoever interrupts the process means the process."""
    with pytest.raises(KeyboardInterrupt), named_failure("the shop"):
        raise KeyboardInterrupt


def test_place_is_in_the_project() -> None:
    """An error inside Python or the framework is shown at the line of the project that led there, or at none."""
    with pytest.raises(ImproperlyConfigured, match=r"\(.*test_border\.py, line \d+\)$"), named_failure("the shop"):
        fractions.Fraction("half")
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    error = caught.value
    assert error.__traceback__ is not None
    assert locate_error(error.with_traceback(error.__traceback__.tb_next)).endswith("(char 1)")
    with pytest.raises(ModuleNotFoundError) as missing:
        import_string("nowhere.at.all")
    assert missing.value.__traceback__ is not None
    assert "line" not in locate_error(missing.value.with_traceback(missing.value.__traceback__.tb_next))


def test_syntax_error_says_its_own_place() -> None:
    """The line of a syntax error is the one that is wrong, not the one that imported it."""
    with pytest.raises(SyntaxError) as caught:
        compile("DEBUG = = 1", "settings.py", "exec")
    assert locate_error(caught.value) == "SyntaxError: invalid syntax (settings.py, line 1)"


def test_error_that_was_never_raised() -> None:
    """Without a place, none is named."""
    assert locate_error(ValueError("x")) == "ValueError: x"
