"""Budgets and logs of queries, as tests of projects import them."""

import subprocess
import sys

import pytest

from openviper.core.queries import query_logs
from openviper.db.exceptions import QueryBudgetError
from openviper.db.monitor import is_watched, note_query
from openviper.testing import max_queries, watch_queries


def send() -> None:
    with note_query("default", "SELECT 1", (), is_logged=False):
        assert is_watched()


def test_statements_of_a_block_are_collected() -> None:
    """The block has the log of the database's monitor, until it ends."""
    with watch_queries() as log:
        send()
    assert [record.sql for record in log.records] == ["SELECT 1"]
    assert not query_logs.get()


def test_budget_is_held() -> None:
    """As many statements as are allowed pass; one more is an error that lists them."""
    with max_queries(1):
        send()
    with pytest.raises(QueryBudgetError, match="SELECT 1"), max_queries(0):
        send()


def test_database_is_loaded_by_the_first_block() -> None:
    """Pytest imports these tools in every run; the rooms of the database stay out of those that ask for no query."""
    code = (
        "import sys, openviper.testing as tools\n"
        "print('openviper.db' in sys.modules)\n"
        "tools.watch_queries()\n"
        "print('openviper.db' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]
