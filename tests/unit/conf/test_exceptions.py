"""Errors of settings."""

from openviper.conf.exceptions import UnknownSettingError
from openviper.exceptions import OpenViperError


def test_unknown_setting_is_what_callers_expect() -> None:
    """It is an AttributeError for attributes, a KeyError for items, and carries its evidence."""
    error = UnknownSettingError("DEBGU", suggestion="DEBUG")
    assert isinstance(error, OpenViperError)
    assert isinstance(error, AttributeError)
    assert isinstance(error, KeyError)
    assert (error.setting, error.suggestion) == ("DEBGU", "DEBUG")
    assert str(error) == "there is no setting 'DEBGU'; did you mean 'DEBUG'?"


def test_message_without_a_suggestion() -> None:
    """Where nothing is close, nothing is suggested."""
    assert str(UnknownSettingError("SHOP")) == "there is no setting 'SHOP'"
