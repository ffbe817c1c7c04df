"""What instances have by the names of relations backwards; engines are in the contract suite."""

from typing import Any

import pytest

from openviper.db import Manager, Model, QuerySet, fields
from openviper.db.constructor import store_of
from openviper.db.exceptions import NotLoadedError
from openviper.db.registry import registry
from openviper.db.related import ManyRelatedManager, RelatedManager, RelatedOne, related_to


class LongBooks(QuerySet[Any]):
    """A query set with a method of its own."""

    def long(self) -> "LongBooks":
        """Give the long ones."""
        return self.filter(pages__gt=500)


@pytest.fixture
def author() -> Any:
    """A model with relations backwards, which a model may annotate."""

    class Author(Model):
        name = fields.CharField(max_length=10)
        books: "RelatedManager[Any]"
        profile: "Model"

    class Book(Model):
        author = fields.ForeignKey(Author, related_name="books")
        pages = fields.IntegerField()
        objects = Manager.from_queryset(LongBooks)()

    class Profile(Model):
        author = fields.OneToOneField(Author, related_name="profile")

    return Author


def test_manager_of_an_instance(author: Any) -> None:
    """It begins with the rows of the instance, and has the methods of the model's own manager."""
    record = author(id=5)

    rows = record.books.filter(pages=3)

    assert rows.params == (5, 3)
    long: Any = record.books.long()
    assert isinstance(long, LongBooks)
    assert long.params == (5, 500)
    assert repr(record.books) == "<books of <Author 5>>"
    assert isinstance(record.books, RelatedManager)


def test_rows_that_are_known(author: Any) -> None:
    """Rows that were prefetched are those of the manager, and know the instance from then on."""
    book = author._meta.reverse["books"][0]
    record, row = author(id=5), book(id=1, author_id=5)
    setattr(record, store_of("books"), [row])

    assert list(record.books) == [row]
    assert record.books[0].author is record
    assert record.books.all().known == [row]
    assert record.books.all().filter(pages=1).known is None
    assert record.books.filter(pages=1).known is None


def test_instance_that_is_known(author: Any) -> None:
    """Through a one-to-one the instance itself is the attribute, and its absence an error."""
    profile = author._meta.reverse["profile"][0]
    record = author(id=5)

    assert isinstance(record.profile, RelatedOne)
    with pytest.raises(NotLoadedError):
        _ = record.profile.bio
    setattr(record, store_of("profile"), None)
    with pytest.raises(profile.DoesNotExist, match="refers to this"):
        related_to(record, "profile")
    made = profile(id=1)
    setattr(record, store_of("profile"), made)
    assert record.profile is made


async def test_instance_without_a_key(author: Any) -> None:
    """Nothing can refer to it, so nothing is asked."""
    with pytest.raises(ValueError, match="save it first"):
        _ = author().books.filter(pages=1)
    with pytest.raises(ValueError, match="save it first"):
        _ = await author().profile


def test_proxies_have_the_relations_of_their_parents(author: Any) -> None:
    """What refers to a row refers to it whatever it is called."""

    class Poet(author):  # type: ignore[misc]  # a model of a fixture
        class Meta:
            proxy = True

    assert set(Poet._meta.reverse) == {"books", "profile"}
    assert isinstance(Poet(id=1).books, RelatedManager)


def test_relations_backwards_are_not_assigned(author: Any) -> None:
    """Assigning one, or giving it to the constructor, would store nothing, so both say what does (C-011x)."""
    with pytest.raises(TypeError, match=r"db.Author.books is not assigned.*rows of Book.*await instance.books.set"):
        author(id=1).books = []
    with pytest.raises(TypeError, match=r"db.Author.profile is not assigned.*set author of that one, and save it"):
        author(id=1).profile = None
    with pytest.raises(TypeError, match=r"db.Author is given 'books', and they are the rows.*await instance.books.set"):
        _ = author(name="Ann", books=[])
    with pytest.raises(TypeError, match=r"db.Author is given 'profile', and it is the Profile"):
        _ = author(profile=None)
    with pytest.raises(TypeError, match="no field 'booked'"):
        _ = author(booked=[])


def test_relations_backwards_of_pairs_are_not_assigned() -> None:
    """The side of a many-to-many that does not declare it is written by its manager as well (C-011x)."""

    class Tag(Model):
        name = fields.CharField(max_length=10)

    class Note(Model):
        tags = fields.ManyToManyField(Tag, related_name="notes")

    tag: Any = Tag(id=1)
    with pytest.raises(TypeError, match=r"db.Tag.notes is not assigned.*await instance.notes.set"):
        tag.notes = []
    with pytest.raises(TypeError, match=r"db.Tag is given 'notes'.*await instance.notes.set"):
        _ = Tag(notes=[])
    assert isinstance(tag.notes, ManyRelatedManager)


def test_attributes_follow_the_models(author: Any) -> None:
    """A relation is an attribute of instances alone, those of proxies too, and goes with the model that declares it."""

    class Writer(author):  # type: ignore[misc]  # a fixture is no class to checkers
        class Meta:
            proxy = True

    assert not hasattr(author, "books")
    assert isinstance(Writer(id=1).books, RelatedManager)
    with pytest.raises(TypeError, match="books is not assigned"):
        Writer(id=1).books = []

    with registry.isolated():

        class Letter(Model):
            author: Any = fields.ForeignKey("Author", related_name="letters")

        assert isinstance(author(id=1).letters, RelatedManager)
    one = author(id=1)
    with pytest.raises(AttributeError, match="'Author' object has no attribute 'letters'"):
        _ = one.letters
    one.letters = 3
    del Letter
