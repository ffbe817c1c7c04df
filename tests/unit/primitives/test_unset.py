"""The marker for an argument that was not given."""

from openviper.primitives.unset import UNSET, Unset


def test_marker_is_one_falsy_object_that_says_its_name() -> None:
    """There is one marker; it is falsy, so ``value or default`` reads well, and it prints as itself."""
    assert Unset("UNSET") is UNSET
    assert not UNSET
    assert repr(UNSET) == "UNSET"
