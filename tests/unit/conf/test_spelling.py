"""Suggestions."""

import pytest

from openviper.conf.spelling import closest, is_one_slip


def test_closest_name() -> None:
    """A misspelt name finds the one that was meant; a name like no other finds none."""
    assert closest("INSTALED_APPS", ["INSTALLED_APPS", "MIDDLEWARE"]) == "INSTALLED_APPS"
    assert closest("SHOP", ["INSTALLED_APPS", "MIDDLEWARE"]) is None


def test_likeness_can_be_asked_for() -> None:
    """A higher cutoff refuses what a lower one accepts."""
    assert closest("SITE_URL", ["STATIC_URL"], cutoff=0.5) == "STATIC_URL"
    assert closest("SITE_URL", ["STATIC_URL"], cutoff=0.85) is None


@pytest.mark.parametrize("name", ["DEBG", "DEBUGS", "XDEBUG", "DEBUK", "DEBGU", "EDBUG", "DDEBUG"])
def test_one_slip(name: str) -> None:
    """A letter left out, added or wrong, and two that changed places, at any end."""
    assert is_one_slip(name, "DEBUG")
    assert is_one_slip("DEBUG", name)


@pytest.mark.parametrize("name", ["DEBUG", "DEB", "DEBUGGED", "GUBED", "DXBXG", ""])
def test_more_or_less_than_one_slip(name: str) -> None:
    """The name itself is none, and two differences are too many."""
    assert not is_one_slip(name, "DEBUG")
    assert not is_one_slip("DEBUG", name)
