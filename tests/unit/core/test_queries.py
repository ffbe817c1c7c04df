"""Logs of what is sent to databases."""

import asyncio

from openviper.core.queries import QueryLog, QueryRecord, collecting, query_logs


def send(sql: str) -> None:
    """Note a statement as a database would."""
    for log in query_logs.get():
        log.add(QueryRecord("default", sql, (), 0.5, "here"))


def test_log_keeps_so_many_and_counts_all() -> None:
    """What is beyond the limit is counted only, and does not take part in the seconds."""
    log = QueryLog(most=2)
    with collecting(log):
        for number in range(5):
            send(str(number))
    send("later")
    assert ([record.sql for record in log.records], log.count, log.seconds) == (["0", "1"], 5, 1.0)


async def test_tasks_of_a_block_are_seen() -> None:
    """A task that a block starts is noted in its log, a task beside it is not."""
    go_on = asyncio.Event()

    async def work(sql: str) -> None:
        await go_on.wait()
        send(sql)

    beside = asyncio.create_task(work("beside"))
    with collecting(QueryLog()) as log:
        inside = asyncio.create_task(work("inside"))
    go_on.set()
    await asyncio.gather(beside, inside)
    assert [record.sql for record in log.records] == ["inside"]
