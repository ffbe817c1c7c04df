"""What a type checker tells of relations, pages and walks; checkers read this file, nothing runs it.

A line with ``type: ignore`` is one that must be refused: mypy reports an ignore that is not needed.
"""

from typing import Any, assert_type

from openviper.db import Model, Prefetch, QuerySet, fields
from openviper.db.models import ManyRelatedManager, RelatedManager
from openviper.db.pagination import Page


class Author(Model):
    """Says what refers to it, which checkers cannot see by themselves."""

    name = fields.CharField(max_length=100)
    books: RelatedManager["Book"]
    profile: "Profile"


class Book(Model):
    """Refers to an author."""

    author = fields.ForeignKey(Author, related_name="books")
    title = fields.CharField(max_length=100)


class Profile(Model):
    """Is the only one that refers to its author."""

    author = fields.OneToOneField(Author, related_name="profile")
    bio = fields.TextField()


async def follow(author: Author) -> None:
    """A relation backwards is a manager of the other model, or the one instance."""
    assert_type(await author.books, list[Book])
    assert_type(await author.books.all(), list[Book])
    _ = assert_type(author.books.filter(title="x").order_by("id"), QuerySet[Book])
    _ = assert_type(await author.books.create(title="x"), Book)
    assert_type(await author.books.get_or_create(title="x"), tuple[Book, bool])
    assert_type(len(author.books), int)
    _ = assert_type(author.books[0], Book)
    assert_type([book.title for book in author.books], list[str])
    assert_type([book.title async for book in author.books], list[str])
    assert_type(author.profile.bio, str)
    _ = assert_type(await author.profile, Profile)
    await author.books.add(Book(title="x"), bulk=False)
    await author.books.set([Book(title="x")])
    await author.books.remove(Book(title="x"))
    await author.books.add(author)  # type: ignore[arg-type]  # another model
    _ = author.books.titel  # type: ignore[attr-defined]  # no method


class Tag(Model):
    """May be that of many books."""

    name = fields.CharField(max_length=30)
    tagged: ManyRelatedManager["Tagged"]


class Tagged(Model):
    """Has many tags, shelves that are declared below, and friends of its own kind."""

    tags = fields.ManyToManyField(Tag, related_name="tagged")
    shelves: fields.ManyToManyField["Shelf"] = fields.ManyToManyField("typing.Shelf", through="typing.Place")
    friends: fields.ManyToManyField["Tagged"] = fields.ManyToManyField("self")


class Shelf(Model):
    """Is named before it is made."""

    name = fields.CharField(max_length=30)


class Place(Model):
    """Where something stands on a shelf."""

    tagged = fields.ForeignKey(Tagged)
    shelf = fields.ForeignKey(Shelf)
    position = fields.IntegerField()


async def pair(tagged: Tagged, tag: Tag) -> None:
    """A many-to-many is a manager of the other model on both sides, and on the class the field."""
    _ = assert_type(tagged.tags, ManyRelatedManager[Tag])
    _ = assert_type(tagged.shelves, ManyRelatedManager[Shelf])
    _ = assert_type(tagged.friends, ManyRelatedManager[Tagged])
    assert_type(await tagged.tags, list[Tag])
    assert_type(await tag.tagged.filter(id=1), list[Tagged])
    assert_type([one.name for one in tagged.shelves], list[str])
    assert_type(await tagged.tags.all(), list[Tag])
    assert_type(Tagged.tags, fields.ManyToManyField[Tag])
    assert_type(Tagged.shelves, fields.ManyToManyField[Shelf])
    assert_type(Tagged.tags.name, str)
    await tagged.tags.add(tag, 3, "4", through_defaults={"note": "x"})
    await tagged.tags.set([tag, 3], clear=True)
    await tagged.tags.remove(tag)
    _ = assert_type(await tagged.tags.create(name="x", through_defaults=None), Tag)
    assert_type(await tagged.tags.get_or_create({"name": "y"}, name="x"), tuple[Tag, bool])
    await tagged.tags.add(tagged)  # type: ignore[arg-type]  # another model
    tagged.tags = [tag]  # type: ignore[assignment]  # set() writes the pairs
    _ = fields.ManyToManyField(3)  # type: ignore[call-overload]  # no model and no name


async def walk() -> None:
    """Pages and portions are of what the query set has."""
    _ = assert_type(Author.objects.prefetch_related("books", Prefetch("profile", to_attr="card")), QuerySet[Author])
    assert_type(await Book.objects.paginate(1, page_size=10), Page[Book])
    assert_type((await Book.objects.values("title").paginate()).items, list[dict[str, Any]])
    assert_type((await Book.objects.paginate(cursor="x")).next_cursor, str | None)
    async for book in Book.objects.iterator(500):
        _ = assert_type(book, Book)
    async for books in Book.objects.filter(title="x").id_batch(10):
        assert_type(books, list[Book])
    async for titles in Book.objects.values_list("title", flat=True).batch():
        assert_type(titles, list[Any])
    assert_type(await Book.objects.raw("SELECT * FROM book WHERE title = :title", title="x"), list[Book])
    assert_type(await Book.objects.raw("SELECT 1 AS n").values(), list[dict[str, Any]])
    assert_type(Book.objects.filter(title="x").raw_sql(), str)
    assert_type(await Book.objects.filter(title="x").explain(), str)
    _ = Page[Book](items=[], page_size=5)
