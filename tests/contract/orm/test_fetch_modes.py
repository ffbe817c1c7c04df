"""What was not read with instances, when it is asked for: read for all of a result, for one, or not at all."""

import asyncio
import copy
import gc
import pickle
from typing import Any
from weakref import getweakrefcount, ref

import pytest

from openviper.conf import settings
from openviper.db import FETCH_ONE, FETCH_PEERS, FETCH_RAISE, atomic
from openviper.db.connections import Database
from openviper.db.exceptions import DoesNotExist, FetchBlockedError, NotLoadedError
from openviper.db.monitor import max_queries, watch_queries
from tests.contract.orm.budgets import exactly
from tests.contract.orm.circle import Article, Club, Membership, Person, Topic
from tests.contract.orm.models import Author, Book, Profile, Review, Tag

#: Authors with two books each, the first half of them with a profile.
AUTHORS = 12


class UndoError(Exception):
    """Ends a transaction."""


@pytest.fixture
async def authors(database: Database) -> list[int]:
    """The keys of the authors."""
    made = await Author.objects.bulk_create([Author(name=f"a{number:02}") for number in range(AUTHORS)])
    books = await Book.objects.bulk_create([Book(author=one, title=f"{one.name} {of}") for of in "xy" for one in made])
    await Review.objects.bulk_create([Review(book=book, stars=3) for book in books])
    await Profile.objects.bulk_create([Profile(author=one, bio=one.name) for one in made[: AUTHORS // 2]])
    return [one.id for one in made]


async def test_reference_is_read_for_all(authors: list[int]) -> None:
    """Awaiting what one instance refers to reads what all of the result refer to, in one query (C-011y)."""
    with exactly(2):
        books = await Book.objects.order_by("title")
        found = [await book.author for book in books]
    assert [one.name for one in found] == [book.title[:3] for book in books]
    assert found[0] is found[1]
    assert all(book.author is one for book, one in zip(books, found, strict=True))


async def test_references_that_were_seen_before(authors: list[int]) -> None:
    """Whoever has an instance of which only the key was known has all of it afterwards (C-011y)."""
    books = await Book.objects.order_by("title")
    seen = [book.author for book in books]
    with exactly(1):
        _ = await seen[3]
    assert [one.name for one in seen] == [book.title[:3] for book in books]


async def test_rows_that_refer_are_read_for_all(authors: list[int]) -> None:
    """Awaiting the rows of one instance reads those of all in one query, and they know whom they refer to (C-011y)."""
    with exactly(2):
        for author in await Author.objects.order_by("name"):
            books = await author.books
            assert sorted(book.title for book in books) == [f"{author.name} x", f"{author.name} y"]
            assert [await book.author is author for book in books] == [True, True]


async def test_ways_to_all_rows(authors: list[int]) -> None:
    """``all()`` and ``async for`` are the same read; a query of one's own is one (C-011y)."""
    found = await Author.objects.order_by("name")
    with exactly(1):
        assert len(await found[0].books.all()) == 2
        assert len([book async for book in found[1].books]) == 2
        assert len([book async for book in found[2].books.all()]) == 2
    with exactly(2):
        assert len(await found[3].books.filter(title="a03 x")) == 1
        assert await found[3].books.count() == 2


async def test_one_row_that_refers_is_read_for_all(authors: list[int]) -> None:
    """So is the one that refers through a one-to-one, and that there is none (C-011y)."""
    with exactly(2):
        found: list[str | None] = []
        for author in await Author.objects.order_by("name"):
            try:
                profile: Any = await author.profile
            except Profile.DoesNotExist:
                found.append(None)
            else:
                assert await profile.author is author
                assert author.profile is profile
                found.append(profile.bio)
    half = AUTHORS // 2
    assert found == [f"a{number:02}" for number in range(half)] + [None] * half


async def test_deferred_fields_are_read_for_all(authors: list[int]) -> None:
    """Awaiting an instance that lacks fields fills all of the result that lack them; what was assigned stays.

    C-011y.
    """
    books = await Book.objects.order_by("title").only("title")
    books[1].title = "mine"
    with exactly(1):
        assert (await books[0]).pages == 100
        assert [book.pages for book in books] == [100] * len(books)
    assert (books[1].title, books[1].changed_fields()) == ("mine", ("title",))


async def test_two_levels(authors: list[int]) -> None:
    """What was read for all is a result again, so each level is one query (C-011y)."""
    with exactly(3):
        stars = [
            review.stars
            for author in await Author.objects.all()
            for book in await author.books
            for review in await book.reviews
        ]
    assert stars == [3] * 2 * AUTHORS
    with exactly(3):
        for review in await Review.objects.all():
            assert (await (await review.book).author).name


async def test_deferred_and_then_related(authors: list[int]) -> None:
    """Instances that were filled are peers still (C-011y)."""
    with exactly(3):
        for book in await Book.objects.defer("pages"):
            _ = await book
            await book.reviews
    with exactly(3):
        for author in {await book.author for book in await Book.objects.all()}:
            await author.books


async def test_what_was_read_along_has_peers(authors: list[int]) -> None:
    """Instances of ``select_related()`` and ``prefetch_related()`` are peers of each other as well (C-011y)."""
    with exactly(2):
        for book in await Book.objects.select_related("author"):
            await book.author.edited
    with exactly(2):
        for author in await Author.objects.filter(profile__isnull=False).select_related("profile"):
            _ = await (await author.profile).author
            await author.books
    with exactly(3):
        for author in await Author.objects.prefetch_related("books"):
            for book in author.books:
                await book.reviews
    with exactly(3):
        for author in {book.author for book in await Book.objects.prefetch_related("author")}:
            await author.edited


async def test_tasks_that_ask_at_once(authors: list[int]) -> None:
    """Tasks that ask at the same time wait for one query (C-011ya)."""
    found = await Author.objects.all()
    books = await Book.objects.all()

    async def titles(author: Author) -> int:
        return len(await author.books)

    async def name(book: Book) -> str:
        return (await book.author).name

    with exactly(2):
        assert await asyncio.gather(*map(titles, found)) == [2] * AUTHORS
        assert len(set(await asyncio.gather(*map(name, books)))) == AUTHORS


@pytest.mark.parametrize("place", [0, 1, AUTHORS])
async def test_task_that_is_cancelled(authors: list[int], place: int) -> None:
    """A task that is cancelled, whether it reads or waits, takes nothing from the others (C-011ya)."""
    books = await Book.objects.all()

    async def name(book: Book) -> str:
        return (await book.author).name

    tasks = [asyncio.ensure_future(name(book)) for book in books]
    await asyncio.sleep(0)
    tasks[place].cancel()
    names = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(names.pop(place), asyncio.CancelledError)
    assert all(isinstance(one, str) for one in names)


async def test_read_that_fails(authors: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure of the task that reads is its own; the others read for themselves (C-011ya)."""
    books = await Book.objects.all()
    asked = 0
    true_fetch = Database.fetch

    async def fetch(database: Database, *args: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.sleep(0)
            raise ConnectionError("lost")
        return await true_fetch(database, *args)

    async def name(book: Book) -> str:
        return (await book.author).name

    monkeypatch.setattr(Database, "fetch", fetch)
    names = await asyncio.gather(*map(name, books), return_exceptions=True)
    assert [type(one) for one in names].count(ConnectionError) == 1
    assert [type(one) for one in names].count(str) == len(books) - 1


async def test_mode_one(authors: list[int]) -> None:
    """``fetch_mode("one")`` reads for the instance alone, and so do those that it reads (C-011yb)."""
    books = await Book.objects.order_by("title").fetch_mode(FETCH_ONE)
    with exactly(2):
        first, _ = await books[0].author, await books[2].author
    with exactly(3):
        for book in [*await first.books, *await (await Author.objects.fetch_mode("one"))[1].books]:
            assert book.title
    with exactly(3):
        for book in (await Book.objects.only("title").fetch_mode("one"))[:2]:
            _ = await book


async def test_mode_raise(authors: list[int]) -> None:
    """``fetch_mode("raise")`` refuses what was not asked for by name, and says how to ask for it (C-011yb)."""
    book = (await Book.objects.fetch_mode(FETCH_RAISE).defer("pages"))[0]
    author = (await Author.objects.fetch_mode("raise"))[0]

    with exactly(0):
        for asked, field, remedy in (
            (book.author, "author", r"select_related\('author'\)"),
            (book, "pages", "defer"),
            (author.books, "books", r"prefetch_related\('books'\)"),
            (author.books.all(), "books", r"prefetch_related\('books'\)"),
            (author.profile, "profile", r"select_related\('profile'\)"),
        ):
            with pytest.raises(FetchBlockedError, match=remedy) as caught:
                await asked
            assert (caught.value.field, isinstance(caught.value, NotLoadedError)) == (field, True)
            assert caught.value.label in (Author._meta.label, Book._meta.label)
    with exactly(2):
        assert await author.books.filter(pages=100).count() == 2
        assert (await Book.objects.fetch_mode("raise").select_related("author").order_by("title"))[0].author.name


async def test_mode_of_single_instances(authors: list[int]) -> None:
    """``get()`` has a mode too; where none is stated that of the settings holds (C-011yb)."""
    book = await Book.objects.fetch_mode("raise").get(title="a00 x")
    with pytest.raises(FetchBlockedError):
        _ = await book.author
    found = await Book.objects.all()
    with settings.overridden(FETCH_MODE="raise"):
        with pytest.raises(FetchBlockedError):
            _ = await found[0].author
        assert (await (await Book.objects.fetch_mode("one").get(title="a00 x")).author).name == "a00"
    with settings.overridden(FETCH_MODE="one"), exactly(2):
        _ = await found[0].author, await found[1].author
    with settings.overridden(FETCH_MODE="one"), exactly(2):
        for one in await Book.objects.fetch_mode(FETCH_PEERS):
            _ = await one.author


async def test_mode_that_is_none(database: Database) -> None:
    """Another word is refused at once; None takes back what was said (C-011yb)."""
    with pytest.raises(ValueError, match="'one', 'peers', 'raise' or None, not 'all'"):
        _ = Book.objects.fetch_mode("all")  # type: ignore[arg-type]  # the mistake
    rows = Book.objects.all()
    assert rows.fetch_mode("raise").fetch_mode(None).query == rows.query


async def test_list_is_handed_out(authors: list[int]) -> None:
    """What was read for others waits for them; who asks again at once is given copies of it (C-011yc)."""
    found = await Author.objects.order_by("name")
    with exactly(1):
        first = [await author.books for author in found]
    first[0][0].title = "spoiled"
    with exactly(0):
        second = [await author.books for author in found]
    assert [[book.title for book in books] for books in second] == [[f"a{of:02} x", f"a{of:02} y"] for of in range(12)]
    assert all(book.author is author for author, books in zip(found, second, strict=True) for book in books)


async def test_instances_of_one_row(authors: list[int]) -> None:
    """Instances that stand for one row each have a list (C-011yc)."""
    with exactly(2):
        for author in await Author.objects.filter(books__pages=100):
            assert len(await author.books) == 2


async def test_writes_are_seen(authors: list[int]) -> None:
    """Rows that this process writes meanwhile are in the lists, in whatever way they are written (C-011yc)."""
    found = await Author.objects.order_by("name")
    await found[0].books
    _ = await Book.objects.create(author=found[1], title="new")
    assert len(await found[1].books) == 3
    await found[2].books
    _ = await found[3].books.create(title="new")
    assert len(await found[3].books) == 3
    await Book.objects.filter(author=found[5]).delete()
    assert await found[5].books == []
    await Book.objects.filter(author=found[6]).update(author=found[7])
    assert [len(await found[place].books) for place in (6, 7)] == [0, 4]
    with pytest.raises(Profile.DoesNotExist):
        _ = await found[-1].profile
    _ = await Profile.objects.create(author=found[-2], bio="new")
    assert (await found[-2].profile).bio == "new"
    await found[8].books
    await found[9].delete()
    assert len(await found[10].books) == 2


async def test_writing_in_turns(authors: list[int]) -> None:
    """Code that reads and writes in turns has nothing read again and again for the instances to come (C-011yc)."""
    rows = 0
    for author in await Author.objects.all():
        _ = await Book.objects.create(author=author, title="new")
        with watch_queries() as log:
            assert len(await author.books) == 3
        rows += log.count
    assert rows <= AUTHORS


async def test_rollback_forgets(authors: list[int]) -> None:
    """What was read in a transaction that is rolled back is not handed out after it (C-011yc)."""
    found = await Author.objects.order_by("name")
    with pytest.raises(UndoError):
        async with atomic():
            _ = await Book.objects.create(author=found[1], title="undone")
            assert len(await found[0].books) == 2
            raise UndoError
    assert len(await found[1].books) == 2


async def test_inside_transactions(authors: list[int]) -> None:
    """Inside a transaction it is one query as well, which sees what was written in it (C-011ya)."""
    async with atomic():
        _ = await Book.objects.create(author_id=authors[0], title="inside")
        with exactly(2):
            found = await Author.objects.order_by("name")
            counts = await asyncio.gather(*(_count(author) for author in found))
        assert list(counts) == [3] + [2] * (AUTHORS - 1)
    async with atomic():
        with exactly(2):
            for book in await Book.objects.all():
                _ = await book.author


async def _count(author: Author) -> int:
    return len(await author.books)


async def test_peers_that_have_changed(authors: list[int]) -> None:
    """What was assigned stays; deleted instances and other keys are left alone (C-011y)."""
    books = await Book.objects.order_by("title")
    other = await Author.objects.create(name="other")
    books[1].author = other
    books[2].author_id = other.id
    books[3].editor = other
    await books[4].delete()
    with exactly(1):
        assert (await books[0].author).name == "a00"
        assert books[1].author is other
        assert (await books[2].author).name == "other"
        assert (await books[3].author).name == "a01"
    assert (await books[4].author).name == "a02"

    lacking = await Book.objects.order_by("title").only("title")
    lacking[1].id = lacking[5].id
    _ = await lacking[0]
    assert (lacking[1].title, "pages" in lacking[1].to_dict()) == (books[1].title, False)


async def test_row_that_is_gone(authors: list[int]) -> None:
    """A row that was deleted meanwhile is missed by the instance that stood for it, and by no other (C-011y)."""
    books = await Book.objects.order_by("title").only("title")
    await Book.objects.filter(id=books[1].id).delete()
    assert (await books[0]).pages == 100
    with pytest.raises(DoesNotExist):
        _ = await books[1]
    assert books[2].pages == 100


async def test_peers_are_not_kept(authors: list[int]) -> None:
    """Nobody lives longer for having peers, and no collector is needed (C-011yd)."""
    gc.collect()
    gc.disable()
    try:
        books = await Book.objects.select_related("author")
        for book in books:
            await book.author.edited
            await book.reviews
            _ = await (await Review.objects.fetch_mode("peers"))[0].book
        watched = [ref(one) for book in books for one in (book, book.author)]
        kept = books.pop()
        del books, book
        assert [one() for one in watched if one() is not None] == [kept, kept.author]
        assert len(await kept.reviews) == 1
        del kept
        assert [one() for one in watched if one() is not None] == []
    finally:
        gc.enable()


async def test_instance_whose_peers_are_gone(authors: list[int]) -> None:
    """One that is left of a result reads for itself (C-011yd)."""
    book = (await Book.objects.order_by("title"))[3]
    author = book.author
    del book
    assert (await author).name == "a01"
    assert len(await author.books) == 2


async def test_nothing_is_paid_without_peers(authors: list[int]) -> None:
    """Single instances, and models that lack nothing, are followed by nobody (C-011yd)."""
    await Tag.objects.bulk_create([Tag(word="a"), Tag(word="b")])
    single = [await Book.objects.get(title="a00 x"), await Book.objects.first(), *await Book.objects.all()[:1]]
    assert [getweakrefcount(one) for one in single] == [0, 0, 0]
    assert [getweakrefcount(one) for one in await Tag.objects.all()] == [0, 0]
    assert [getweakrefcount(one) for one in await Book.objects.fetch_mode("one")] == [0] * 2 * AUTHORS
    assert [getweakrefcount(one) for one in await Book.objects.all()] == [1] * 2 * AUTHORS


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
async def test_copies_have_no_peers(authors: list[int], way: Any) -> None:
    """A copy, and what comes out of a pickle, reads for itself, and keeps its mode in the process (C-011yd)."""
    books = await Book.objects.order_by("title")
    twin: Book = way(books[0])
    assert (await twin.author).name == "a00"
    with exactly(1):
        assert (await books[1].author).name == "a00"
    seen = way((await Book.objects.order_by("title"))[2].author)
    assert (await seen).name == "a01"


async def test_copy_keeps_its_mode(authors: list[int]) -> None:
    """A copy of an instance of ``fetch_mode("raise")`` refuses as well (C-011yb)."""
    with pytest.raises(FetchBlockedError):
        _ = await copy.copy((await Book.objects.fetch_mode("raise"))[0]).author


async def test_many_to_many_is_read_for_all(database: Database) -> None:
    """Either side of a many-to-many is read for all of a result, through a model of its own too (C-011y)."""
    topics = await Topic.objects.bulk_create([Topic(name=f"t{number}") for number in range(4)])
    articles = await Article.objects.bulk_create([Article(title=f"x{number}") for number in range(6)])
    for number, article in enumerate(articles):
        await article.topics.add(*topics[: number % 4])
    with exactly(2):
        found = [
            sorted(topic.name for topic in await article.topics) for article in await Article.objects.order_by("title")
        ]
    assert found == [[f"t{of}" for of in range(number % 4)] for number in range(6)]
    with exactly(3):
        for topic in await Topic.objects.order_by("name"):
            for article in await topic.articles.all():
                await article.topics

    found_articles = await Article.objects.order_by("title")
    await found_articles[0].topics
    await found_articles[1].topics.remove(topics[0])
    await topics[3].articles.add(found_articles[2])
    assert [len(await one.topics) for one in found_articles] == [0, 0, 3, 3, 0, 1]
    with pytest.raises(FetchBlockedError, match=r"prefetch_related\('topics'\)"):
        await (await Article.objects.fetch_mode("raise"))[0].topics

    ann, bob = await Person.objects.bulk_create([Person(name="Ann"), Person(name="Bob")])
    club = await Club.objects.create(name="chess")
    await Membership.objects.bulk_create([Membership(club=club, person=one) for one in (ann, ann, bob)])
    with exactly(2):
        assert [len(await one.clubs) for one in await Person.objects.all()] == [1, 1]
    await ann.friends.add(bob)
    with exactly(2):
        assert [[friend.name for friend in await one.friends] for one in await Person.objects.order_by("name")] == [
            ["Bob"],
            ["Ann"],
        ]


async def test_budget_of_queries(authors: list[int]) -> None:
    """``max_queries()`` counts these reads as any other (C-011y)."""
    async with max_queries(2):
        for author in await Author.objects.all():
            await author.books
