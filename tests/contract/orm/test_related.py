"""What instances are related to: rows that refer to them, and references that are read when they are awaited."""

import asyncio
import copy
import pickle
from typing import Any, cast

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import DoesNotExist, FieldError, NotLoadedError
from openviper.db.models import Model, RelatedManager
from openviper.db.monitor import max_queries
from tests.contract.orm.models import Author, Book, Node, Profile, Review


async def make_author(*titles: str) -> Author:
    author = await Author.objects.create(name="Ann", email="ann@example.com")
    await Book.objects.bulk_create([Book(author=author, title=title) for title in titles])
    await Book(author=await Author.objects.create(name="Bob"), title="of another").save()
    return author


async def test_rows_that_refer_to_an_instance(database: Database) -> None:
    """The manager of an instance has its rows and those of no other."""
    author = await make_author("b", "a", "c")

    async with max_queries(2):
        assert {book.title for book in await author.books} == {"a", "b", "c"}
        assert {book.title for book in await author.books.all()} == {"a", "b", "c"}
    assert isinstance(author.books, RelatedManager)


async def test_methods_of_the_manager(database: Database) -> None:
    """It does what the manager of the rows does."""
    author = await make_author("b", "a", "c")
    books = author.books

    assert await books.count() == 3
    assert await books.exists()
    assert [book.title for book in await books.order_by("-title")] == ["c", "b", "a"]
    assert [book.title for book in await books.filter(title__gt="a").order_by("title")] == ["b", "c"]
    assert [book.title for book in await books.exclude(title="b").order_by("title")] == ["a", "c"]
    assert (await books.get(title="b")).author_id == author.id
    assert await books.get_or_none(title="of another") is None
    with pytest.raises(Book.DoesNotExist):
        _ = await books.get(title="of another")
    first = await books.order_by("title").first()
    assert first is not None
    assert first.title == "a"
    assert sorted(await books.values_list("title", flat=True)) == ["a", "b", "c"]
    assert [book.title async for book in books.order_by("title")] == ["a", "b", "c"]
    assert {book.title async for book in books} == {"a", "b", "c"}
    assert len((await books.paginate(page_size=2)).items) == 2


async def test_row_is_made_for_the_instance(database: Database) -> None:
    """create() sets the reference, which need not and must not be given."""
    author = await make_author()

    async with max_queries(1):
        book = await author.books.create(title="new")

    assert book.author is author
    assert await author.books.count() == 1
    with pytest.raises(TypeError, match="sets author itself"):
        _ = await author.books.create(title="x", author=author)
    with pytest.raises(TypeError, match="sets author_id itself"):
        _ = await author.books.create(title="x", author_id=5)


async def test_several_rows_are_made_for_the_instance(database: Database) -> None:
    """bulk_create() lets all of them refer to it."""
    author = await make_author()

    books = await author.books.bulk_create([Book(title="a"), Book(title="b")])

    assert [book.author for book in books] == [author, author]
    assert await author.books.count() == 2


async def test_row_is_found_or_made_for_the_instance(database: Database) -> None:
    """get_or_create() and update_or_create() look among its rows, and let a new one refer to it."""
    author = await make_author("a")

    found, was_made = await author.books.get_or_create(title="a")
    assert (found.title, was_made) == ("a", False)
    made, was_made = await author.books.get_or_create({"pages": 7}, title="of another")
    assert (made.author_id, made.pages, was_made) == (author.id, 7, True)
    changed, was_made = await author.books.update_or_create({"pages": 8}, title="a")
    assert (changed.id, changed.pages, was_made) == (found.id, 8, False)
    assert await author.books.update(pages=9) == 2
    assert await Book.objects.filter(pages=9).count() == 2
    assert await author.books.filter(title="a").delete() == 1
    with pytest.raises(TypeError, match="sets author itself"):
        await author.books.get_or_create(author=author, title="x")


async def test_methods_that_would_reach_other_rows(database: Database) -> None:
    """Deleting takes a word more, as of any manager, and neither instances of others nor any SQL are taken."""
    ann, bob = await Author.objects.bulk_create([Author(name="Ann"), Author(name="Bob")])
    mine = await ann.books.create(title="a", pages=1)
    other = await bob.books.create(title="b", pages=1)
    mine.pages = other.pages = 2

    with pytest.raises(AttributeError, match=r"all\(\)\.delete\(\)"):
        await cast("Any", ann.books).delete()
    with pytest.raises(ValueError, match="item 2 has author_id="):
        await ann.books.bulk_update([mine, other], ["pages"])
    with pytest.raises(TypeError, match=r"Book\.objects\.raw"):
        ann.books.raw("SELECT * FROM orm_book")
    assert await ann.books.bulk_update([mine], ["pages"]) == 1
    assert await Book.objects.order_by("title").values_list("pages", flat=True) == [2, 1]
    (ann,) = await Author.objects.filter(pk=ann.pk).prefetch_related("books")
    assert [book.pages for book in ann.books] == [2]
    await ann.books.bulk_update([mine], ["pages"])
    with pytest.raises(NotLoadedError):
        len(ann.books)


async def test_what_was_prefetched_is_forgotten_by_writing(database: Database) -> None:
    """A list that is not complete any more is not given away."""
    author = await make_author("a")
    author = await Author.objects.prefetch_related("books").get(id=author.id)
    assert len(author.books) == 1

    _ = await author.books.create(title="b")

    with pytest.raises(NotLoadedError):
        len(author.books)
    assert len(await author.books) == 2


async def test_rows_that_were_not_read(database: Database) -> None:
    """What would have to ask the database says how it is asked (C-011j)."""
    author = await make_author("a")

    for use in (len, list, lambda rows: rows[0], bool):
        with pytest.raises(
            NotLoadedError, match=r"books of this orm\.Author is not loaded; await it, or read it along"
        ):
            use(author.books)


async def test_prefetched_rows_ask_nothing(database: Database) -> None:
    """Rows that were prefetched are iterated, measured, indexed and awaited without a query."""
    author = await make_author("a", "b")
    author = await Author.objects.prefetch_related("books").get(id=author.id)

    async with max_queries(0):
        assert len(author.books) == 2
        assert {book.title for book in author.books} == {"a", "b"}
        assert author.books[0] in list(author.books)
        assert bool(author.books)
        assert await author.books == list(author.books)
        assert await author.books.all() == list(author.books)
        assert (await author.books) is not (await author.books)
        assert await author.books.count() == await author.books.all().count() == 2
        assert await author.books.exists()
    async with max_queries(1):
        assert len(await author.books.filter(title="a")) == 1
    await Book.objects.filter(author=author).delete()
    async with max_queries(1):
        assert await author.books.count() == len(author.books) == 2
        assert await author.books.filter(title="a").count() == 0


async def test_instance_that_was_not_saved(database: Database) -> None:
    """No row can refer to what has no key."""
    author = Author(name="Ann")

    with pytest.raises(ValueError, match=r"Author\.books needs the primary key of the instance"):
        _ = author.books.all()
    with pytest.raises(ValueError, match="save it first"):
        await author.books
    with pytest.raises(ValueError, match="save it first"):
        _ = await author.books.create(title="x")
    with pytest.raises(ValueError, match="save it first"):
        _ = await author.profile


async def test_one_to_one_backwards(database: Database) -> None:
    """Awaiting gives the instance, which is then an attribute; a second await asks nothing."""
    author = await make_author()
    await Profile(author=author, bio="writes").save()

    async with max_queries(1):
        profile = await author.profile
        assert profile.bio == "writes"
        assert profile.author is author
        assert author.profile is profile
        assert await author.profile is profile


async def test_one_to_one_that_is_not_there(database: Database) -> None:
    """Without a row there is an error of the other model, and a row that is made later is found."""
    author = await make_author()

    with pytest.raises(Profile.DoesNotExist):
        _ = await author.profile
    await Profile(author=author, bio="later").save()

    assert (await author.profile).bio == "later"


async def test_one_to_one_that_was_not_read(database: Database) -> None:
    """An attribute of it says that it has to be awaited."""
    author = await make_author()

    with pytest.raises(NotLoadedError, match=r"profile of this orm\.Author is not loaded; await it"):
        _ = author.profile.bio
    assert "not read yet" in repr(author.profile)


async def test_one_to_one_that_is_joined(database: Database) -> None:
    """select_related() reads it along, and knows where there is none."""
    author = await make_author()
    await Profile(author=author, bio="writes").save()

    async with max_queries(1):
        ann, bob = await Author.objects.order_by("id").select_related("profile")
        assert ann.profile.bio == "writes"
        assert ann.profile.author is ann
        with pytest.raises(Profile.DoesNotExist):
            _ = bob.profile
        assert hasattr(ann, "profile")
        assert not hasattr(bob, "profile")
        assert getattr(bob, "profile", None) is None


async def test_awaited_reference_is_filled_in_place(database: Database) -> None:
    """One query fills the instance that was there, and awaiting it again asks nothing (C-011j)."""
    author = await make_author("a")
    book = await Book.objects.get(title="a")
    reference = book.author
    with pytest.raises(NotLoadedError):
        _ = reference.name

    async with max_queries(1):
        assert await book.author is reference
        assert (reference.name, reference.email) == ("Ann", "ann@example.com")
        assert await book.author is reference
        assert book.author.name == "Ann"

    assert reference == author
    assert not reference.has_changed
    reference.name = "Anna"
    assert reference.changed_fields() == ("name",)
    async with max_queries(1):
        await reference.save()


async def test_row_that_is_gone(database: Database) -> None:
    """Awaiting a reference to nothing is an error of the model that it leads to."""
    author = Author(id=1000, name="x")
    book = Book(author_id=1000, title="x")

    with pytest.raises(Author.DoesNotExist):
        _ = await book.author
    assert issubclass(Author.DoesNotExist, DoesNotExist)
    assert author.name == "x"


async def test_many_tasks_await_one_reference(database: Database) -> None:
    """All of them have the filled instance, and what one of them changes is kept."""
    _ = await make_author("a")
    book = await Book.objects.get(title="a")

    async def rename(number: int) -> str:
        author = await book.author
        before = author.name
        author.name = f"{number}"
        return before

    names = await asyncio.gather(*(rename(number) for number in range(20)))

    # Which of them is the first is up to the connections of the pool.
    others = [str(number) for number in range(20) if str(number) != book.author.name]
    assert sorted(names) == sorted(["Ann", *others])
    assert book.author.changed_fields() == ("name",)


async def test_cancelled_await_leaves_the_reference_as_it_was(database: Database) -> None:
    """A reference whose reading was given up can be awaited again."""
    _ = await make_author("a")
    book = await Book.objects.get(title="a")

    async def read() -> Author:
        return await book.author

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        _ = await task

    assert (await book.author).name == "Ann"


async def test_fields_that_were_left_out(database: Database) -> None:
    """An instance without some fields has them after it was awaited, and keeps what was assigned to it."""
    _ = await make_author("a")
    book = await Book.objects.only("title").get(title="a")
    book.title = "changed"

    async with max_queries(1):
        assert (await book).pages == 100
        _ = await book

    assert book.title == "changed"
    assert book.changed_fields() == ("title",)


async def test_reference_that_was_changed(database: Database) -> None:
    """A key that is assigned leads to another row at once."""
    _ = await make_author("a")
    book = await Book.objects.get(title="a")
    bob = await Author.objects.get(name="Bob")
    assert (await book.author).name == "Ann"

    book.author_id = bob.id

    assert (await book.author).name == "Bob"


async def test_rows_are_read_from_where_the_instance_came(database: Database) -> None:
    """The database that an instance was read from is asked for what belongs to it."""
    author = await make_author("a")

    found = await Author.objects.using("default").get(id=author.id)

    assert found.books.all().db_alias == "default"
    assert found.books.filter(title="a").db_alias == "default"


async def test_copies_have_their_own_rows(database: Database) -> None:
    """What was prefetched goes along with copies and pickles."""
    author = await make_author("a", "b")
    author = await Author.objects.prefetch_related("books").get(id=author.id)

    twin = copy.copy(author)
    twin.id = author.id + 1
    deep = copy.deepcopy(author)
    again = pickle.loads(pickle.dumps(author))

    assert [book.title for book in await twin.books.filter()] == ["of another"]
    assert {book.title for book in deep.books} == {"a", "b"}
    assert deep.books[0] is not author.books[0]
    assert {book.title for book in again.books} == {"a", "b"}
    assert again.books[0].author is again


async def test_relation_of_a_model_to_itself(database: Database) -> None:
    """A tree is gone through step by step."""
    root = await Node.objects.create(name="root")
    child = await root.children.create(name="child")

    assert [node.name for node in await root.children] == ["child"]
    assert await child.children == []
    assert (await child.parent).name == "root"


async def test_names_backwards_in_queries(database: Database) -> None:
    """The names that instances have lead through queries too."""
    author = await make_author("a")
    await Review(book=await author.books.get(), stars=5).save()

    assert await author.books.filter(reviews__stars=5).count() == 1
    with pytest.raises(FieldError, match="reviews"):
        await author.books.filter(reviewz__stars=5)


def test_names_that_are_nothing() -> None:
    """A name that is no field and no relation is no attribute."""
    with pytest.raises(AttributeError, match="'Author' object has no attribute 'bookz'"):
        _ = Author(name="x").bookz  # type: ignore[attr-defined]  # what is tested
    assert not hasattr(Author(name="x"), "_books")
    assert not hasattr(Author(name="x").books, "_nothing")
    assert not hasattr(Author(id=1, name="x").profile, "__len__")
    assert isinstance(Author(name="x"), Model)
