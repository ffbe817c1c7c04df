"""Windows as users write them."""

import pytest

from openviper.db.exceptions import FieldError
from openviper.db.query import description as d
from openviper.db.query.aggregates import Count, Sum
from openviper.db.query.expressions import F
from openviper.db.query.lowering import holds_aggregate, lower
from openviper.db.query.windows import Lag, NthValue, Rank, RowRange, ValueRange, Window


def test_a_window_as_a_description() -> None:
    """Numbers and defaults go into the values, frames stay in the description."""
    values: list[object] = []
    node = lower(Window(Lag("a", 2, default=7), "b", ["-c", F("d")], RowRange(-1, 0)), values)
    assert isinstance(node, d.Window)
    assert values == [2, 7]
    assert isinstance(node.function, d.Call)
    assert node.function.name == "lag"
    assert (node.function.arguments[0], node.function.arguments[2]) == (d.Column("a"), d.Param(1))
    assert node.partition == (d.Column("b"),)
    assert node.order == (d.Order(d.Column("c"), descending=True), d.Order(d.Column("d")))
    assert node.frame == d.Frame("rows", -1, 0)


def test_an_aggregate_over_a_window_makes_no_groups() -> None:
    """What stands within it may."""
    assert not holds_aggregate(lower(Window(Sum("a"), "b", "c"), []))
    assert holds_aggregate(lower(Window(Rank(), order_by=Count("a")), []))


def test_how_windows_are_shown() -> None:
    """For messages."""
    assert repr(Window(Lag("a"))) == "Window(Lag(F('a')))"
    assert repr(RowRange(1)) == "RowRange(start=1, end=None)"


def test_arguments_of_other_types() -> None:
    """They are refused where they are written."""
    for make in (
        lambda: Window(Rank(), partition_by=5),  # type: ignore[arg-type]  # a mistake
        lambda: Window(Rank(), order_by=[5]),  # type: ignore[list-item]  # a mistake
        lambda: Window(Rank(), partition_by=F("a").desc()),
        lambda: Window(Rank(), frame="rows"),  # type: ignore[arg-type]  # a mistake
        lambda: Lag(5),  # type: ignore[arg-type]  # a mistake
    ):
        with pytest.raises(TypeError):
            make()
    for bad in (lambda: NthValue("a", 0), lambda: Lag("a", -1), lambda: ValueRange(1, 2), lambda: RowRange(1, 0)):
        with pytest.raises(FieldError):
            bad()
