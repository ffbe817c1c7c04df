"""Whatever touches rows asks the checker, and a bypass passes all of it over (one mechanism for everything)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import QueryError
from openviper.db.executor import bypass_permissions
from openviper.db.monitor import max_queries
from openviper.db.permissions import Action, set_checker
from openviper.db.query.aggregates import Count
from openviper.db.query.expressions import F
from openviper.db.registry import AnyModel
from tests.contract.orm.models import Author

FILE_AND_SERVER: Final = pytest.mark.parametrize("engine", ["sqlite-memory", "postgresql"], indirect=True)


class Refusing:
    """Lets nothing pass; its own queries would ask it again."""

    async def check(self, model: AnyModel, action: Action) -> None:
        """Read something of the model, and refuse."""
        await model.objects.all().count()
        raise PermissionError(f"{model.__name__} {action}")


@pytest.fixture
def refusing() -> Iterator[None]:
    """A checker in the slot."""
    before = set_checker(Refusing())
    yield
    set_checker(before)


async def walk(rows: Any) -> None:
    async for _ in rows:
        pass


async def rename(author: Author) -> None:
    author.name = f"{author.name}!"
    await author.save()


#: What is done, and the action that the checker is asked about.
WORK: Final[dict[str, tuple[Action, Callable[[Author], Awaitable[Any]]]]] = {
    "all": ("read", lambda _: Author.objects.all().__aiter__().__anext__()),
    "get": ("read", lambda one: Author.objects.get(id=one.id)),
    "first": ("read", lambda _: Author.objects.first()),
    "count": ("read", lambda _: Author.objects.count()),
    "exists": ("read", lambda _: Author.objects.exists()),
    "aggregate": ("read", lambda _: Author.objects.aggregate(all=Count("id"))),
    "values": ("read", lambda _: walk(Author.objects.values("name"))),
    "in_bulk": ("read", lambda one: Author.objects.in_bulk([one.id])),
    "iterator": ("read", lambda _: walk(Author.objects.iterator())),
    "paginate": ("read", lambda _: Author.objects.paginate()),
    "explain": ("read", lambda _: Author.objects.all().explain()),
    "refresh": ("read", lambda one: one.refresh_from_db()),
    "create": ("create", lambda _: Author.objects.create(name="new")),
    "bulk_create": ("create", lambda _: Author.objects.bulk_create([Author(name="new")])),
    "bulk_update": ("update", lambda one: Author.objects.bulk_update([one], ["age"])),
    "update": ("update", lambda _: Author.objects.filter(name="nobody").update(age=F("age") + 1)),
    "save": ("update", rename),
    "delete": ("delete", lambda _: Author.objects.filter(name="nobody").delete()),
    "delete of one": ("delete", lambda one: one.delete()),
}


@FILE_AND_SERVER
@pytest.mark.parametrize("name", WORK)
async def test_everything_asks(name: str, database: Database, refusing: None) -> None:
    """What may not be done is refused before anything of it is sent, and a bypass lets it through (C-011)."""
    action, work = WORK[name]
    with bypass_permissions():
        author = await Author.objects.create(name="Ann")
    async with max_queries(1):  # that of the checker
        with pytest.raises(PermissionError, match=f"{action} Author"):
            await work(author)
    with bypass_permissions(reason="a test"):
        await work(author)


@FILE_AND_SERVER
async def test_bypass_reaches_tasks_and_is_over_with_its_block(database: Database, refusing: None) -> None:
    """Tasks that begin inside pass the question over; the first query after the block is asked about again (C-010)."""
    async with bypass_permissions():
        await asyncio.gather(*(Author.objects.create(name=f"{number}") for number in range(3)))
        assert await Author.objects.count() == 3
    with pytest.raises(PermissionError):
        await Author.objects.count()


class Noting:
    """Lets everything pass, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def check(self, model: AnyModel, action: Action) -> None:
        """Note the action."""
        self.asked.append(action)


@FILE_AND_SERVER
async def test_statement_by_hand_that_may_write(database: Database) -> None:
    """Whoever may only read can send what is known to read only; anything else takes every permission."""
    noting = Noting()
    before = set_checker(noting)
    try:
        await Author.objects.raw("SELECT * FROM orm_author WHERE name = :name", name="Ann")
        assert noting.asked == ["read"]
        for sql in (
            "SELECT nextval('orm_author_id_seq')",
            "EXPLAIN DELETE FROM orm_author",
            "DELETE FROM orm_author",
        ):
            noting.asked.clear()
            with suppress(QueryError):
                await Author.objects.raw(sql).values()
            assert noting.asked == ["read", "create", "update", "delete"], sql
    finally:
        set_checker(before)
