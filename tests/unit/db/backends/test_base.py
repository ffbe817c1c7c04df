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


@pytest.mark.parametrize(("waits", "connects"), [(2.5, 2.5), (None, 60.0), (0.0, 60.0)])
def test_opening_a_connection_has_a_limit_in_any_case(waits: float | None, connects: float) -> None:
    """A server that does not answer gives its place in the pool back, also where waiting for one has no limit."""
    options = BackendOptions(alias="default", scheme="mssql", address="mssql://host/x", pool_timeout=waits)
    assert options.connect_timeout == connects
