"""Handlers that wait for the commit: when they run, and when they never do."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from openviper.db.connections import Database
from openviper.db.events import failed_handlers, model_event
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author


class Refused(Exception):
    """The block does not end well."""


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Forget the handlers of each test."""
    with model_event.isolated():
        yield


async def test_handlers_wait_for_the_commit(database: Database) -> None:
    """They run once the outermost block is committed, in their order, and see what was stored (C-117f)."""
    told: list[object] = []

    @model_event.after_insert(Author, on_commit=True)
    async def later(instance: Author, event: str) -> None:
        told.append((event, instance.name, await Author.objects.count()))

    @model_event.after_insert(Author)
    async def at_once(instance: Author, event: str) -> None:
        told.append(instance.name)

    async with atomic():
        await Author(name="Ann").save()
        async with atomic():
            await Author(name="Bob").save()
        assert told == ["Ann", "Bob"]
    assert told == ["Ann", "Bob", ("after_insert", "Ann", 2), ("after_insert", "Bob", 2)]


async def test_handlers_of_what_is_rolled_back_are_dropped(database: Database) -> None:
    """What was undone has not happened: by the whole transaction or by a part of it (C-117f)."""
    told: list[str] = []

    @model_event.after_insert(Author, on_commit=True)
    def later(instance: Author, event: str) -> None:
        told.append(instance.name)

    with pytest.raises(Refused):
        async with atomic():
            await Author(name="Ann").save()
            raise Refused
    async with atomic():
        await Author(name="Bea").save()
        with pytest.raises(Refused):
            async with atomic():
                await Author(name="Cid").save()
                raise Refused
    assert told == ["Bea"]


async def test_without_a_transaction_there_is_nothing_to_wait_for(database: Database) -> None:
    """The handler has run when the write returns (C-117f)."""
    told: list[str] = []

    @model_event.after_delete(Author, on_commit=True)
    @model_event.on_change(Author, on_commit=True)
    async def later(instance: Author, event: str, **_: object) -> None:
        await asyncio.sleep(0)
        told.append(event)

    author = await Author.objects.create(name="Ann")
    assert told == ["on_change"]
    await author.delete()
    assert told == ["on_change", "after_delete"]


async def test_failure_after_the_commit_is_told(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged and counted like any other, and the next handler runs (C-117c, C-117f)."""
    told: list[str] = []

    @model_event.after_insert(Author, on_commit=True)
    async def broken(instance: Author, event: str) -> None:
        raise Refused

    @model_event.after_insert(Author, on_commit=True)
    async def works(instance: Author, event: str) -> None:
        told.append(event)

    before = failed_handlers()
    with caplog.at_level(logging.ERROR, "openviper.db.events"):
        async with atomic():
            await Author(name="Ann").save()
    assert (told, failed_handlers()) == (["after_insert"], before + 1)
    assert "broken" in caplog.text
