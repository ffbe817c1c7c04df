"""Errors of finding a project."""

from pathlib import Path

import pytest

from openviper.core.exceptions import AmbiguousProjectError, ProjectError, TargetError
from openviper.exceptions import OpenViperError


def test_ambiguous_project_says_how_to_choose() -> None:
    """The error names every candidate and both ways to say which one is meant."""
    error = AmbiguousProjectError(Path("/srv"), ["api", "web"])

    assert error.candidates == ("api", "web")
    assert str(error) == (
        "/srv holds several projects: api, web; "
        "name one after the command, or its settings with --settings api.settings"
    )


def test_wrong_target_is_a_value_error() -> None:
    """A target that names nothing is also the builtin error that a caller would expect."""
    with pytest.raises(ValueError, match="'nowhere' is no app or project below /srv"):
        raise TargetError("nowhere", Path("/srv"))


@pytest.mark.parametrize("kind", [ProjectError, AmbiguousProjectError, TargetError])
def test_errors_have_the_root_of_the_framework(kind: type[Exception]) -> None:
    """Whoever catches the framework's errors catches these."""
    assert issubclass(kind, OpenViperError)
