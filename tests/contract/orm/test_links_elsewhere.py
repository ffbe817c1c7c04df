"""Relations where there are several databases: links lie where their rows do, and never between two of them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.db.connections import close_db
from openviper.db.exceptions import CrossDatabaseRelationError, IntegrityError
from openviper.db.monitor import watch_queries
from openviper.db.routing import PrimaryReplicaRouter
from tests.contract.orm.circle import Article, Club, Membership, Person, Topic
from tests.contract.orm.models import Author, Book


@pytest.fixture
async def two(shop_file: Path, tmp_path: Path) -> AsyncIterator[None]:
    """Two files of SQLite with the same tables."""
    files = {alias: shutil.copy(shop_file, tmp_path / f"{alias}.db") for alias in ("default", "archive")}
    settings.reset()
    settings.configure(DATABASES={alias: {"OPTIONS": {"URL": f"sqlite:///{file}"}} for alias, file in files.items()})
    yield
    await close_db()


@pytest.fixture
async def primary_and_replica(shop_file: Path, tmp_path: Path) -> AsyncIterator[None]:
    """One file under two names, of which one is read."""
    file = shutil.copy(shop_file, tmp_path / "both.db")
    made = {alias: {"OPTIONS": {"URL": f"sqlite:///{file}"}} for alias in ("default", "copy")}
    router = PrimaryReplicaRouter("default", ["copy"], read_your_writes=False)
    settings.reset()
    settings.configure(DATABASES={**made, "ROUTERS": [router]})
    yield
    await close_db()


@pytest.mark.usefixtures("two")
async def test_links_lie_with_their_rows() -> None:
    """An instance of another database has its links there, whatever is done to them (C-011xe)."""
    archive = Article.objects.using("archive")
    article = await archive.create(title="a")
    topic = await article.topics.create(name="x")
    assert topic._origin is not None
    assert topic._origin.alias == "archive"
    other = await Topic.objects.using("archive").create(name="y")
    await article.topics.add(other)
    await article.topics.set([other, topic])

    assert await article.topics.count() == 2
    assert await Article.topics.through.objects.count() == 0
    assert await Article.topics.through.objects.using("archive").count() == 2
    (found,) = await archive.prefetch_related("topics")
    assert len(found.topics) == 2
    assert not await Topic.objects.exists()


@pytest.mark.usefixtures("two")
async def test_rows_of_two_databases_are_not_linked() -> None:
    """A key means another row there, so instances of two databases are refused, and keys are those of one."""
    here, there = await Topic.objects.create(name="x"), await Topic.objects.using("archive").create(name="y")
    article = await Article.objects.create(title="a")
    bob = await Author.objects.create(name="Bob")
    book = Book(author=await Author.objects.using("archive").create(name="Ann"), title="b")
    await book.save(using="archive")

    for call in (
        article.topics.add(here, there),
        article.topics.set([here, there]),
        article.topics.remove(here, there),
    ):
        with pytest.raises(
            CrossDatabaseRelationError, match=r"topics\.\w+\(\): item 2: this orm\.Topic is in database"
        ):
            await call
    for call in (bob.books.add(book), bob.edited.set([book]), bob.edited.remove(book)):
        with pytest.raises(ValueError, match=r"item 1: this orm\.Book is in database 'archive'"):
            await call
    assert not await article.topics.exists()
    await article.topics.add(there.pk)
    assert [topic.name for topic in await article.topics.all()] == ["x"]
    with pytest.raises(IntegrityError):
        await article.topics.add(77)


@pytest.mark.usefixtures("primary_and_replica")
async def test_links_are_written_to_the_primary() -> None:
    """An instance that a replica gave is linked where rows are written (C-011xe)."""
    await Article(title="a").save()
    await Topic.objects.bulk_create([Topic(name="x"), Topic(name="y")])
    article, (x, y) = await Article.objects.get(title="a"), await Topic.objects.order_by("name")
    assert article._origin is not None
    assert article._origin.alias == "copy"

    with watch_queries() as seen:
        await article.topics.add(x)
        await article.topics.set([y])
        _ = await article.topics.create(name="z")
        _ = await article.topics.get_or_create(name="z")
        await article.topics.remove(y)
        person = await Person.objects.create(name="Ann")
        club = await Club.objects.create(name="chess")
        await club.members.add(person)
        await person.articles.add(article)
        await person.articles.set([])
    assert {query.alias for query in seen.records} == {"default"}
    assert [topic.name for topic in await article.topics.all()] == ["z"]
    assert await Membership.objects.count() == 1
