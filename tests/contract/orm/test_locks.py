"""Rows that are locked until a transaction ends."""

import asyncio

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, LockTimeoutError, TransactionError
from openviper.db.monitor import watch_queries
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Country


async def test_locks_need_a_transaction(database: Database) -> None:
    """Nothing would hold them without one."""
    with pytest.raises(TransactionError, match="atomic"):
        await Author.objects.select_for_update()


async def test_locked_rows_are_read(database: Database) -> None:
    """Every engine takes the call; one without row locks has a single writer anyway."""
    await Country(code="fi", name="Finland").save()
    await Author(name="Ann", country_id="fi").save()
    async with atomic():
        (ann,) = await Author.objects.select_for_update().select_related("country").filter(name="Ann")
        assert ann.country is not None


async def test_rows_of_others_are_passed_over_or_refused(database: Database) -> None:
    """skip_locked leaves them out, nowait fails at once, on both servers."""
    if not database.dialect.features.row_locks:
        pytest.skip("there is one writer at a time, who has all rows")
    await Author(name="Ann").save()
    await Author(name="Bob").save()
    locked, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with atomic():
            assert (await Author.objects.select_for_update().get(name="Ann")).name == "Ann"
            locked.set()
            await done.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        await locked.wait()
        async with atomic():
            free = await Author.objects.select_for_update(skip_locked=True)
            assert [author.name for author in free] == ["Bob"]
        with pytest.raises(LockTimeoutError):
            async with atomic():
                await Author.objects.select_for_update(nowait=True)
        done.set()


async def test_rows_of_the_model_alone_are_named(database: Database) -> None:
    """of= names the model itself; rows of a relation are refused in words that say how to lock them."""
    async with atomic():
        assert await Author.objects.select_for_update(of=("self",)) == []
    for of in (("country",), ("self", "country"), (), "self"):
        with pytest.raises(FieldError, match="a query of their own"):
            _ = Author.objects.select_for_update(of=of)


async def test_counting_locks_nothing(postgres: Database) -> None:
    """There are no rows to lock in a number."""
    async with atomic():
        with watch_queries() as log:
            assert await Author.objects.select_for_update().count() == 0
    assert "UPDATE" not in log.records[0].sql
