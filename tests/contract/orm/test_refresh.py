"""Reading instances again."""

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.monitor import max_queries
from tests.contract.orm.models import Author, Book, Country


async def test_everything_is_read_again(database: Database) -> None:
    """What others have written is there, and what was assigned is forgotten."""
    author = await Author.objects.create(name="Ann", age=30)
    await database.execute("UPDATE orm_author SET age = 31")
    author.name = "x"

    async with max_queries(1):
        await author.refresh_from_db()

    assert (author.name, author.age) == ("Ann", 31)
    assert not author.has_changed
    author.age = 32
    assert author.changed_fields() == ("age",)


async def test_some_fields_are_read_again(database: Database) -> None:
    """Other fields stay as they are, changed or not."""
    author = await Author.objects.create(name="Ann", age=30)
    await database.execute("UPDATE orm_author SET age = 31, name = 'Anne'")
    author.email = "ann@example.com"

    await author.refresh_from_db(["age"])

    assert (author.name, author.age) == ("Ann", 31)
    assert author.changed_fields() == ("email",)
    async with max_queries(0):
        await author.refresh_from_db([])


async def test_references_are_forgotten_with_their_keys(database: Database) -> None:
    """An instance that was found by an old key, or in an old state, is not kept."""
    ann, bea = await Author.objects.bulk_create([Author(name="Ann"), Author(name="Bea")])
    book = await Book.objects.create(author=ann, title="One")
    await database.execute("UPDATE orm_book SET author_id = 2")
    await book.refresh_from_db(["author"])
    assert book.author == bea
    assert book.author is not bea


async def test_instances_without_a_row(database: Database) -> None:
    """Without a key there is nothing to read; a row that is gone is an error of the model."""
    with pytest.raises(ValueError, match="no key"):
        await Author(name="x").refresh_from_db()
    with pytest.raises(Country.DoesNotExist):
        await Country(code="DE", name="x").refresh_from_db()
    with pytest.raises(FieldError, match="no field 'nope'"):
        await Country(code="DE", name="x").refresh_from_db(["nope"])
    with pytest.raises(ValueError, match="list"):
        await Country(code="DE", name="x").refresh_from_db("name")


async def test_fields_that_were_not_read_are_filled_in(database: Database) -> None:
    """A field of only() or defer() comes with a refresh, and is known from then on."""
    await Author(name="Ann", age=30).save()
    author = await Author.objects.only("name").get()
    await author.refresh_from_db(["age"])
    assert author.age == 30
    assert not author.has_changed
    author.name = "Anne"
    assert author.changed_fields() == ("name",)
    author.email = "ann@example.com"
    await author.save()
    assert author.changed_fields() == ()
    assert await database.fetch_value("SELECT email FROM orm_author") == "ann@example.com"
