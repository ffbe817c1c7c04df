"""How a refused value is told."""

from openviper.routing.faults import describe_fault, shorten


def test_fault_has_its_place_twice() -> None:
    """The path is there as a list and as one text; a whole part has its own name."""
    fault = describe_fault("body", ("lines", 0, "sku"), "missing", "A value is required.")
    assert (fault["field"], fault["path"]) == ("lines.0.sku", ["lines", 0, "sku"])
    assert describe_fault("body", (), "invalid", "No.")["field"] == "body"


def test_long_values_are_cut() -> None:
    """What a client has sent comes back in a hundred characters at most."""
    assert shorten("a") == "'a'"
    assert len(shorten("a" * 10_000)) == 103
