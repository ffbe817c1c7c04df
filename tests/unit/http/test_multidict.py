"""MultiDict: what queries and forms have in common."""

import pytest

from openviper.http.multidict import MultiDict


def test_last_value_counts_and_all_are_there() -> None:
    """As a mapping it gives the last value, as a list all of them, and nothing of it can be changed by either."""
    values = MultiDict({"a": ["1", "2"], "b": [""]})
    assert (values["a"], values.get("a"), values.getlist("a"), dict(values)) == (
        "2",
        "2",
        ["1", "2"],
        {"a": "2", "b": ""},
    )
    values.getlist("a").clear()
    assert values.getlist("a") == ["1", "2"]


def test_name_that_is_not_there() -> None:
    """It has the default, no values, and is a KeyError where it is asked for directly."""
    values = MultiDict({"a": ["1"]})
    assert (values.get("c"), values.get("c", 7), values.getlist("c"), "c" in values, len(values)) == (
        None,
        7,
        [],
        False,
        1,
    )
    with pytest.raises(KeyError, match="c"):
        values["c"]


def test_values_are_not_shown() -> None:
    """They may be passwords, so its text holds the names alone."""
    assert repr(MultiDict({"password": ["hunter2"]})) == "MultiDict('password')"
