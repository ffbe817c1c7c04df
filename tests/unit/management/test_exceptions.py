"""Errors of commands."""

import pytest

from openviper.exceptions import OpenViperError
from openviper.management.base import CommandError
from openviper.management.exceptions import UsageError


@pytest.mark.parametrize(("error", "code"), [(CommandError("x"), 1), (CommandError("x", 7), 7), (UsageError("x"), 2)])
def test_error_carries_the_exit_code(error: CommandError, code: int) -> None:
    """A failure is exit code 1 unless it says otherwise; a wrong command line is 2 (A-64)."""
    assert error.returncode == code
    assert str(error) == "x"
    assert isinstance(error, OpenViperError)
