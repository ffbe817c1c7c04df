"""Budgets and logs of queries for the tests of projects; what counts them is the database's own."""

from typing import TYPE_CHECKING

from openviper.primitives.imports import LateModule

if TYPE_CHECKING:
    from openviper.db import monitor
else:
    # pytest imports this package in every run, also in those of projects without a database.
    monitor = LateModule("openviper.db.monitor")

__all__ = ["max_queries", "watch_queries"]


def max_queries(most: int) -> "monitor.QueryWatch":
    """Fail a block that sends more statements than it may; see ``openviper.db.monitor.max_queries``.

    Args:
        most: How many statements are allowed, 0 or more; child tasks that the block starts count too.

    Raises:
        QueryBudgetError: At the end of the block: there were more; it lists them (an AssertionError).
    """
    return monitor.max_queries(most)


def watch_queries() -> "monitor.QueryWatch":
    """Collect the statements that a block sends; see ``openviper.db.monitor.watch_queries``."""
    return monitor.watch_queries()
