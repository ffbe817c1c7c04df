"""What is checked of rows that are let refer; engines are in the contract suite."""

from typing import Any

import pytest

from openviper.conf import settings
from openviper.db import Model, fields
from openviper.db.persistence.referrers import Referrers


@pytest.fixture(autouse=True)
def memory() -> None:
    """A database that nothing is sent to."""
    settings.configure(DATABASE_URL="sqlite:///:memory:")


def make_models() -> tuple[Any, Any]:
    class Author(Model):
        name = fields.CharField()

    class Book(Model):
        author = fields.ForeignKey(Author, null=True, related_name="books")

    return Author, Book


async def test_nothing_is_asked_for_nothing() -> None:
    """Without rows there is neither a statement nor a transaction, and so no database is opened."""
    author, book = make_models()
    record = author(id=1)
    referrers = Referrers(record, "books", book._meta.by_name["author"], record.books.get_queryset(), None)

    await referrers.add([], bulk=True)
    await referrers.remove([], bulk=True)


async def test_rows_that_are_not_stored_are_refused() -> None:
    """One UPDATE cannot change what is not there, while saving each would make it."""
    author, book = make_models()
    record = author(id=1)
    referrers = Referrers(record, "books", book._meta.by_name["author"], record.books.get_queryset(), None)

    for new in (book(), book(id=5)):
        with pytest.raises(ValueError, match=r"books\.add\(\): item 1 is not stored yet; save it first, or give bulk"):
            await referrers.add([new], bulk=True)
        with pytest.raises(ValueError, match=r"books\.remove\(\): item 1 is not stored yet; save it first\Z"):
            await referrers.remove([new], bulk=False)
