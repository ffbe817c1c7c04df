"""Plan: text, arguments, readers."""

from openviper.db.compiler.plan import Plan, Reader


def make_reader(alias: str) -> Reader:
    return Reader(lambda rows: [(alias, *row) for row in rows], lambda row: (alias, *row))


def test_readers_are_made_once_a_database() -> None:
    """Each database has one, which stays."""
    plan = Plan("SELECT 1", bind=lambda values: values, make_reader=make_reader)
    assert plan.reader("main") is plan.reader("main")
    assert plan.reader("main").one((1,)) == ("main", 1)
    assert plan.reader("other").many([(1,), (2,)]) == [("other", 1), ("other", 2)]
    assert repr(plan) == "<Plan SELECT 1>"


def test_sizes_matter_only_to_plans_with_lists() -> None:
    """Others serve all values."""
    plan = Plan("SELECT 1", bind=lambda values: values, make_reader=make_reader)
    assert plan.sized((1, 2)) is plan
    larger = Plan("SELECT 2", bind=lambda values: values, make_reader=make_reader)
    sized = Plan("SELECT 1", bind=lambda values: values, make_reader=make_reader, lists=(0,), resize=lambda _: larger)
    assert sized.sized(((1, 2),)) is larger
