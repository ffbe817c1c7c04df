"""Suggestions."""

from openviper.conf.spelling import closest


def test_closest_name() -> None:
    """A misspelt name finds the one that was meant; a name like no other finds none."""
    assert closest("INSTALED_APPS", ["INSTALLED_APPS", "MIDDLEWARE"]) == "INSTALLED_APPS"
    assert closest("SHOP", ["INSTALLED_APPS", "MIDDLEWARE"]) is None


def test_likeness_can_be_asked_for() -> None:
    """A higher cutoff refuses what a lower one accepts."""
    assert closest("SITE_URL", ["STATIC_URL"], cutoff=0.5) == "STATIC_URL"
    assert closest("SITE_URL", ["STATIC_URL"], cutoff=0.85) is None
