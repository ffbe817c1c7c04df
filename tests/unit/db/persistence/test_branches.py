"""The order in which rows of a tree are deleted."""

from openviper.db.persistence.branches import leaves_first


def test_a_chain_is_cut_by_its_levels() -> None:
    """No part goes down further than is asked for, and each comes after those that refer to it."""
    chain: dict[object, list[object]] = {number: [number - 1] for number in range(10)}
    parts = leaves_first(chain, most_rows=100, most_levels=4)
    assert parts == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]


def test_a_broad_tree_is_cut_by_its_rows() -> None:
    """Leaves come before what they refer to; None and rows of others do not count."""
    tree: dict[object, list[object]] = {"root": [None], "other": ["elsewhere"]}
    tree |= {number: ["root", None] for number in range(5)}
    assert leaves_first(tree, most_rows=4) == [["other", 0, 1, 2], [3, 4, "root"]]


def test_circles_stay_together() -> None:
    """Rows that refer to each other, and what they hold, are one part; one that refers to itself is as any other."""
    rows: dict[object, list[object]] = {1: [2], 2: [3], 3: [1, 4], 4: [], 5: [1], 6: [6]}
    assert leaves_first(rows, most_rows=2) == [[5, 6], [1, 2, 3, 4]]
