"""What an engine offers."""

import pytest

from openviper.db.backends.base import BackendOptions, Isolation


def test_isolation_is_known_by_its_words() -> None:
    """The levels are those of the SQL standard that every engine has or exceeds."""
    assert [level.value for level in Isolation] == ["read committed", "repeatable read", "serializable"]
    with pytest.raises(ValueError, match="snapshot"):
        Isolation("snapshot")


def test_options_are_data_that_shows_no_address() -> None:
    """Options compare by value, can be a key, and their text is safe for a log."""
    options = BackendOptions(alias="default", scheme="postgresql", address="postgresql://joe:s3cret@host/x")
    assert options == BackendOptions(alias="default", scheme="postgresql", address="postgresql://joe:s3cret@host/x")
    assert len({options, options}) == 1
    assert repr(options) == "BackendOptions(alias='default', scheme='postgresql')"
