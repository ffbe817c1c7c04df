"""Query sets of several databases: each statement goes where it was told to go."""

import pickle
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.db import Manager, QuerySet
from openviper.db.connections import close_db
from openviper.db.exceptions import DatabaseAliasNotFoundError, FieldError, TransactionError
from openviper.db.monitor import watch_queries
from openviper.db.query.expressions import Exists, OuterRef, Subquery
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book


@pytest.fixture(autouse=True)
async def two(shop_file: Path, tmp_path: Path) -> AsyncIterator[None]:
    """Two files with the tables of the shop."""
    databases = {}
    for alias in ("default", "archive"):
        path = shutil.copy(shop_file, tmp_path / f"{alias}.db")
        databases[alias] = {"OPTIONS": {"URL": f"sqlite:///{path}"}}
    settings.reset()
    settings.configure(DATABASES=databases)
    yield
    await close_db()


async def test_using_goes_on_with_the_chain() -> None:
    """Whatever follows it reads and writes there."""
    old = Author.objects.using("archive")
    ann = await old.create(name="Ann")
    _ = await Author.objects.create(name="Bob")

    assert [one.name for one in await old.filter(name__startswith="A").order_by("id")] == ["Ann"]
    assert await old.count() == await Author.objects.count() == 1
    assert await old.filter(name="Bob").exists() is False
    assert (await old.get(id=ann.id)).name == "Ann"
    assert (await Author.objects.get(id=1)).name == "Bob"
    assert await old.values_list("name", flat=True) == ["Ann"]
    assert await old.update(age=50) == 1
    assert (await Author.objects.get(name="Bob")).age is None
    assert await old.using(None).values_list("name", flat=True) == ["Bob"]
    assert await old.all().delete() == 1
    assert await Author.objects.count() == 1


async def test_instances_stay_where_they_are_from() -> None:
    """What belongs to an instance is looked for beside it."""
    ann = await Author.objects.using("archive").create(name="Ann")
    _ = await Book.objects.using("archive").create(title="Dune", author=ann)
    found = await Author.objects.using("archive").prefetch_related("books").get(name="Ann")
    assert [one.title for one in found.books] == ["Dune"]
    found.name = "Anne"
    with watch_queries() as log:
        await found.save()
        assert await found.books.count() == 1
    assert {record.alias for record in log.records} == {"archive"}
    assert await Author.objects.exists() is False


async def test_transactions_are_of_one_database() -> None:
    """A lock is refused where the transaction is another database's."""
    async with atomic("archive"):
        assert await Author.objects.using("archive").select_for_update() == []
        with pytest.raises(TransactionError):
            await Author.objects.select_for_update()


async def test_an_unknown_alias_lists_those_there_are() -> None:
    """When it is awaited, as the settings may come later."""
    rows = Author.objects.using("nowhere")
    with pytest.raises(DatabaseAliasNotFoundError, match="known: archive, default"):
        await rows


async def test_a_manager_of_another_database() -> None:
    """get_queryset() says which, and get() asks it as well."""

    class ArchiveManager(Manager[Author]):
        def get_queryset(self) -> QuerySet[Author]:
            return super().get_queryset().using("archive")

    manager = ArchiveManager().bind(Author)
    _ = await manager.create(name="Ann")
    assert (await manager.get(name="Ann")).id == 1
    assert await Author.objects.get_or_none(name="Ann") is None


async def test_pickled_instances_keep_their_database() -> None:
    """One that travels is saved, read again and deleted where it came from."""
    _ = await Author.objects.create(name="Bob")
    ann = await Author.objects.using("archive").create(name="Ann")
    twin = pickle.loads(pickle.dumps(ann))
    twin.name = "Anne"
    await twin.save()
    assert await Author.objects.values_list("name", flat=True) == ["Bob"]
    assert await Author.objects.using("archive").values_list("name", flat=True) == ["Anne"]

    twin = pickle.loads(pickle.dumps(twin))
    await twin.refresh_from_db()
    assert twin.name == "Anne"
    assert await pickle.loads(pickle.dumps(twin)).delete() == 1
    assert (await Author.objects.count(), await Author.objects.using("archive").count()) == (1, 0)


async def test_many_are_updated_where_they_are_from() -> None:
    """bulk_update() goes to their database, unless it is told another one, and refuses those of several."""
    bob = await Author.objects.create(name="Bob")
    ann = await Author.objects.using("archive").create(name="Ann")
    assert bob.id == ann.id
    ann.name = "Anne"
    assert await Author.objects.bulk_update([ann], ["name"]) == 1
    assert (await Author.objects.get()).name == "Bob"
    assert (await Author.objects.using("archive").get()).name == "Anne"
    assert not ann.has_changed

    for others in ([ann, bob], [Author(id=1, name="New"), ann]):
        with pytest.raises(ValueError, match=r"of several: item 1 of '\w+', item 2 of '\w+'"):
            await Author.objects.bulk_update(others, ["name"])
    assert await Author.objects.using("default").bulk_update([ann], ["name"]) == 1
    assert (await Author.objects.get()).name == "Anne"


async def test_rows_taken_over_stay_where_they_are() -> None:
    """What bulk_create() has stored or updated elsewhere is saved there."""
    found = Author(name="Ann", email="ann@example.com")
    await Author.objects.using("archive").bulk_create(
        [found], update_conflicts=True, unique_fields=["email"], update_fields=["name"]
    )
    found.name = "Anne"
    await found.save()
    assert (await Author.objects.using("archive").get()).name == "Anne"
    assert await Author.objects.count() == 0


async def test_a_query_within_another_asks_the_same_database() -> None:
    """One that was told to ask another database is refused before anything is sent, and left alone it follows."""
    ann = await Author.objects.using("archive").create(name="Ann")
    _ = await Book.objects.using("archive").create(title="Dune", author=ann)
    old = Author.objects.using("archive").filter(name="Ann")
    with watch_queries() as log:
        for rows in (
            Book.objects.filter(author__in=old),
            Book.objects.filter(Exists(old.filter(id=OuterRef("author_id")))),
            Book.objects.annotate(name=Subquery(old.values("name")[:1])),
            Book.objects.using("default").filter(author__in=Author.objects.filter(id__in=old)),
        ):
            for ask in (rows.all(), rows.first(), rows.count(), rows.exists()):
                with pytest.raises(FieldError, match=r"on database 'default', .* told to ask 'archive'"):
                    await ask
        with pytest.raises(FieldError, match="told to ask 'archive'"):
            await Book.objects.filter(author__in=old).update(title="x")
        with pytest.raises(FieldError, match="told to ask 'archive'"):
            await Book.objects.filter(author__in=old).delete()
    assert log.count == 0
    assert await Book.objects.using("archive").filter(author__in=old).count() == 1
    assert await Book.objects.filter(author__in=old).using("archive").count() == 1
    assert await Book.objects.using("archive").filter(author__in=Author.objects.filter(name="Ann")).count() == 1
    assert await Book.objects.using("archive").filter(author__in=old).update(title="x") == 1
