"""What is read for all of a result, and who may have it: transactions, permissions, writes of others, asking twice."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from openviper.db import atomic
from openviper.db.connections import Database
from openviper.db.exceptions import ModelPermissionError
from openviper.db.permissions import Action, bypass_permissions, set_checker
from openviper.db.registry import AnyModel
from openviper.testing import watch_permissions
from tests.contract.orm.budgets import exactly
from tests.contract.orm.circle import Article, Topic
from tests.contract.orm.models import Author, Book, Profile, Review

#: Engines on which others read while a transaction is open.
OPEN: Final = pytest.mark.parametrize("engine", ["sqlite-file", "postgresql", "mariadb"], indirect=True)


class UndoError(Exception):
    """Ends a transaction."""


@contextmanager
def asking(checker: object) -> Iterator[None]:
    """Ask a checker in a block."""
    before = set_checker(checker)  # type: ignore[arg-type]  # each of them has the method
    try:
        yield
    finally:
        set_checker(before)


@pytest.fixture
async def authors(database: Database) -> list[Author]:
    """Three authors, each with a book and a profile."""
    made = await Author.objects.bulk_create([Author(name=f"a{number}") for number in range(3)])
    await Book.objects.bulk_create([Book(author=one, title=f"b{one.name}") for one in made])
    await Profile.objects.bulk_create([Profile(author=one, bio=one.name) for one in made])
    return await Author.objects.order_by("name")


async def test_checker_that_awaits_what_is_read(authors: list[Author]) -> None:
    """A checker may await the very relation that is read, which it then reads for itself (C-011ya)."""
    books = await Book.objects.order_by("title")
    topic = await Topic.objects.create(name="sand")
    await Article.objects.bulk_create([Article(title="x"), Article(title="y")])
    articles = await Article.objects.order_by("title")
    await articles[0].topics.add(topic)
    articles = await Article.objects.order_by("title")

    class Reading:
        async def check(self, model: AnyModel, action: Action) -> bool:
            found = [await articles[0].topics, await authors[0].books, (await books[0].author).name]
            return len(found) == 3

    async with asyncio.timeout(10):
        with asking(Reading()):
            assert len(await authors[0].books) == 1
            assert (await books[0].author).name == "a0"
            assert len(await articles[0].topics) == 1
            both = await asyncio.gather(articles[1].topics, authors[1].books)
    assert [len(one) for one in both] == [0, 1]


@OPEN
async def test_transaction_keeps_what_it_reads(authors: list[Author]) -> None:
    """What a transaction reads is given to nobody outside of it, neither while it is open nor afterwards (C-011ya)."""
    books = await Book.objects.order_by("title")
    lacking = await Book.objects.only("title").order_by("title")
    ready, go = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with atomic():
            _ = await Book.objects.create(title="inside", author=authors[1])
            await Author.objects.update(name="inside")
            await Book.objects.update(pages=7)
            await authors[0].books
            _ = await books[0].author
            _ = await lacking[0]
            ready.set()
            await go.wait()
            raise UndoError

    async def look() -> list[object]:
        return [len(await authors[1].books), (await books[1].author).name, (await lacking[1]).pages]

    task = asyncio.create_task(work())
    await ready.wait()
    assert await look() == [1, "a1", 100]
    go.set()
    with pytest.raises(UndoError):
        await task
    assert [len(await authors[2].books), (await books[2].author).name, (await lacking[2]).pages] == [1, "a2", 100]


async def test_result_of_a_transaction(authors: list[Author]) -> None:
    """What was read in a transaction is read for in it, and for all again once it is over (C-011ya)."""
    async with atomic():
        found = await Author.objects.order_by("name")
        _ = await Book.objects.create(title="inside", author=found[0])
        with exactly(1):
            assert [len(await one.books) for one in found] == [2, 1, 1]
        with pytest.raises(UndoError):
            async with atomic():
                _ = await Book.objects.create(title="undone", author=found[1])
                assert [len(await one.books) for one in found] == [2, 2, 1]
                raise UndoError
        assert [len(await one.books) for one in found] == [2, 1, 1]
    with exactly(1):
        assert [len(await one.books) for one in found] == [2, 1, 1]


async def test_result_of_an_inner_block(authors: list[Author]) -> None:
    """What was read in an inner block is read for in the one around it as well, whatever became of it (C-011ya)."""
    async with atomic():
        with pytest.raises(UndoError):
            async with atomic():
                _ = await Book.objects.create(title="undone", author=authors[1])
                found, books = await Author.objects.order_by("name"), await Book.objects.order_by("title")
                assert len(await found[0].books) == 1
                raise UndoError
        with exactly(2):
            assert [len(await one.books) for one in found] == [1, 1, 1]
            assert {(await one.author).name for one in books} == {"a0", "a1", "a2"}


@OPEN
async def test_commit_of_others_is_seen(authors: list[Author]) -> None:
    """A list that was read while a transaction was open, before it was committed, is old with the commit (C-011yc)."""
    ready, go = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with atomic():
            async with atomic():
                _ = await Book.objects.create(title="new", author=authors[1])
            ready.set()
            await go.wait()

    task = asyncio.create_task(work())
    await ready.wait()
    assert len(await authors[0].books) == 1
    go.set()
    await task
    assert len(await authors[1].books) == 2


@OPEN
@pytest.mark.parametrize("way", ["create", "bulk_create", "update", "delete"])
async def test_write_that_runs_is_seen(authors: list[Author], way: str) -> None:
    """A list that was read while a statement ran is old when it has ended (C-011yc)."""

    async def write(title: str) -> None:
        if way == "create":
            _ = await Book.objects.create(title=title, author=authors[1])
        elif way == "bulk_create":
            await Book.objects.bulk_create([Book(title=title, author=authors[1])])
        elif way == "update":
            await Book.objects.filter(author=authors[0]).update(author=authors[1])
        else:
            await Book.objects.filter(author=authors[1]).delete()

    for turns in range(12):
        found = await Author.objects.order_by("name")
        task = asyncio.create_task(write(f"new {turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await found[0].books
        await task
        assert len(await found[1].books) == await Book.objects.filter(author=found[1]).count()


class Refusing:
    """Refuses to let rows of some models be read."""

    def __init__(self, *models: object) -> None:
        self.models = models

    async def check(self, model: AnyModel, action: Action) -> bool:
        return model not in self.models


async def test_bypass_reads_for_itself(authors: list[Author]) -> None:
    """What is read without asking is given to no peer that somebody who is asked may have (C-011ub)."""
    books = await Book.objects.order_by("title")
    lacking = await Book.objects.only("title").order_by("title")
    with asking(Refusing(Author, Book, Profile)):
        with bypass_permissions():
            assert len(await authors[0].books) == 1
            assert (await authors[0].profile).bio == "a0"
            assert (await books[0].author).name == "a0"
            assert (await lacking[0]).pages == 100
            with exactly(0):
                assert len(await authors[2].books) == 1
        assert books[0].author.name == "a0"
        for ask in (lambda: authors[1].books, lambda: authors[1].profile, lambda: books[1].author, lambda: lacking[1]):
            with pytest.raises(ModelPermissionError):
                await ask()


async def test_lists_are_asked_for_when_they_are_handed_out(authors: list[Author]) -> None:
    """A list that was read for others is refused to whoever may not read it any more, without a query (C-011ub)."""
    articles = await Article.objects.bulk_create([Article(title="x"), Article(title="y")])
    articles = await Article.objects.order_by("title")
    await authors[0].books
    _ = await authors[0].profile
    await articles[0].topics
    with watch_permissions() as watch, exactly(0):
        await authors[1].books
        _ = await authors[1].profile
        await articles[1].topics
    assert watch.asked == ["orm.Book.read", "orm.Profile.read", "orm.Topic.read"]
    with asking(Refusing(Book)), exactly(0), pytest.raises(ModelPermissionError):
        await authors[2].books


async def test_who_waits_is_asked(authors: list[Author]) -> None:
    """A task that waits for what another one reads is asked as well (C-011ub)."""
    books = await Book.objects.order_by("title")
    may = {"admin"}

    class Knowing:
        async def check(self, model: AnyModel, action: Action) -> bool:
            await asyncio.sleep(0)
            task = asyncio.current_task()
            return task is not None and task.get_name() in may

    async def first(place: int) -> int:
        return len(await authors[place].books)

    async def second(place: int) -> str:
        return (await books[place].author).name

    with asking(Knowing()):
        for work in (first, second):
            tasks = [asyncio.create_task(work(place), name=name) for place, name in enumerate(["admin", "guest"])]
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert found[0] in (1, "a0")
            assert isinstance(found[1], ModelPermissionError)


async def test_asking_twice_in_a_loop(authors: list[Author]) -> None:
    """Code that awaits a relation twice in a row for each instance sends one query (C-011yc)."""
    seen = 0
    with exactly(3):
        for author in await Author.objects.all():
            if await author.books:
                for _ in await author.books.all():
                    seen += len(await author.books)
            assert (await author.profile).author is author
    assert seen == 3


async def test_many_that_refer_to_one(authors: list[Author]) -> None:
    """Two relations deep are three queries also where all refer to one row (C-011y)."""
    await Book.objects.update(author=authors[0])
    _ = await Review.objects.create(book=await Book.objects.first(), stars=3)
    for rows, count in (
        (Book.objects.all(), 3),
        (Book.objects.prefetch_related("author"), 3),
        (Book.objects.select_related("author"), 2),
    ):
        with exactly(count):
            for book in await rows:
                author = await book.author
                assert len(await author.books) == 3
    # One level more: rows that are handed out again have been made again, once, and are peers of each other.
    with exactly(5):
        for book in await Book.objects.all():
            author = await book.author
            assert sum([len(await one.reviews) for one in await author.books]) == 1
