"""Arguments that fall back to settings."""

import pytest

from openviper.conf import settings
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET


@pytest.mark.parametrize("value", ["DENY", "", None, 0, False])
def test_given_value_counts(value: object) -> None:
    """Whatever was given counts, also when it is empty or None."""
    assert given_or_setting(value, "X_FRAME_OPTIONS") == value


def test_setting_stands_in_for_what_was_not_given() -> None:
    """Without an argument the setting has its present value."""
    with settings.overridden(X_FRAME_OPTIONS="SAMEORIGIN"):
        found: str = given_or_setting(UNSET, "X_FRAME_OPTIONS")
    assert found == "SAMEORIGIN"


def test_missing_setting_is_an_error() -> None:
    """A name that is no setting is never taken for None."""
    with pytest.raises(AttributeError, match="X_FRAME_OPTION"):
        given_or_setting(UNSET, "X_FRAME_OPTION")
