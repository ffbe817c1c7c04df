"""The log of queries, and budgets."""

import asyncio
import logging

import pytest

from openviper.conf import settings
from openviper.db.connections import close_db, get_database
from openviper.db.exceptions import QueryBudgetError
from openviper.db.monitor import QueryLog, QueryRecord, is_watched, max_queries, note_query, watch_queries


def test_statement_is_noted_without_its_values() -> None:
    """The log has text, types, duration and the line that led to it, and no value (C-011t)."""
    ticks = iter((1.0, 1.25))
    with (
        watch_queries() as log,
        note_query("default", "SELECT ?", ("secret", 5, None), is_logged=False, clock=ticks.__next__),
    ):
        pass
    (record,) = log.records
    assert (record.alias, record.sql, record.seconds, record.failed) == ("default", "SELECT ?", 0.25, None)
    assert record.parameters == ("str(6)", "int", "NoneType")
    assert record.caller.startswith(__file__)
    assert log.seconds == 0.25


def test_blocks_inside_each_other_each_see_their_own() -> None:
    """An outer block sees what an inner one sees, and not the reverse; nobody sees what comes after."""
    with watch_queries() as outer:
        note("1")
        with watch_queries() as inner:
            note("2")
        note("3")
    assert not is_watched()
    note("4")
    assert [record.sql for record in outer.records] == ["1", "2", "3"]
    assert [record.sql for record in inner.records] == ["2"]


def note(sql: str) -> None:
    with note_query("default", sql, (), is_logged=False):
        pass


def test_log_is_bounded() -> None:
    """Ten thousand records are kept, and all are counted."""
    log, record = QueryLog(), QueryRecord("default", "SELECT 1", (), 0.0, "here")
    for _ in range(10_005):
        log.add(record)
    assert (log.count, len(log.records)) == (10_005, 10_000)


async def test_budget_that_is_kept_says_nothing() -> None:
    """As many as allowed pass, those of child tasks included."""
    async with max_queries(2) as log:
        await asyncio.gather(asyncio.to_thread(note, "1"), asyncio.to_thread(note, "2"))
    assert log.count == 2


async def test_broken_budget_lists_the_statements() -> None:
    """One too many is an AssertionError that lists them all (C-011t)."""
    with pytest.raises(
        AssertionError, match=r"2 queries where at most 1 are allowed:\n  1\. first\n  2\. second"
    ) as caught:
        await spend("first", "second", most=1)
    assert isinstance(caught.value, QueryBudgetError)
    assert (caught.value.most, caught.value.queries) == (1, ("first", "second"))


async def spend(*statements: str, most: int) -> None:
    async with max_queries(most):
        for sql in statements:
            note(sql)


async def test_both_kinds_of_block() -> None:
    """``with`` and ``async with`` are the same, and one object may serve twice."""
    budget = max_queries(2)
    with budget as outer:
        note("1")
        async with budget as inner:
            note("2")
    assert (outer.count, inner.count) == (2, 1)
    with pytest.raises(QueryBudgetError), max_queries(0):
        note("1")
    async with watch_queries() as log:
        note("1")
    assert log.count == 1


async def test_error_of_the_block_passes_the_budget() -> None:
    """What the block raises is not hidden by a budget that was broken too."""
    with pytest.raises(KeyError):
        await fail_over_budget()


async def fail_over_budget() -> None:
    async with max_queries(0):
        note("1")
        raise KeyError("first")


async def test_echo_writes_to_the_log_of_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """An alias with ECHO logs each statement with its duration, without values."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://", "ECHO": True}})
    with caplog.at_level(logging.INFO, logger="openviper.db"):
        await get_database().fetch("SELECT ?", ("secret",))
    await close_db()
    assert "SELECT ? [str(6)]" in caplog.text
    assert "secret" not in caplog.text
