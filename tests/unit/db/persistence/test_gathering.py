"""The order in which rows that are stored together are sent."""

from typing import Any

from openviper.db.persistence.gathering import by_key


def test_rows_come_in_the_order_of_what_is_compared() -> None:
    """The first column counts before the others, and rows that are equal in all stay in the order of the caller."""
    rows = [(2, "a"), (1, "b"), (1, "a"), (2, "a")]
    bound: list[Any] = list(enumerate(rows))
    assert by_key(bound, [0, 1]) == [bound[2], bound[1], bound[0], bound[3]]
    assert by_key(bound, []) == bound


def test_values_without_an_order_have_one_all_the_same() -> None:
    """NULL among texts is sorted in the same way whatever order the rows came in."""
    bound: list[Any] = [(None, (value,)) for value in ("b", None, "a")]
    assert by_key(bound, [0]) == by_key(bound[::-1], [0])
