"""Budgets of queries: what a block may send, no more and no less."""

from collections.abc import Iterator
from contextlib import contextmanager

from openviper.db.monitor import watch_queries


@contextmanager
def exactly(count: int) -> Iterator[None]:
    """Hold code to a number of queries."""
    with watch_queries() as log:
        yield
    assert log.count == count, [one.sql for one in log.records]
