"""Instances that are given to a relation: of the right model, and of its database."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from openviper.db import Model, fields
from openviper.db.connections import Database
from openviper.db.exceptions import CrossDatabaseRelationError
from openviper.db.persistence.given import check_instance, is_instance


def database(alias: str) -> Database:
    """What is looked at of a database."""
    return cast("Database", SimpleNamespace(alias=alias))


def make_models() -> tuple[Any, Any, Any]:
    class Book(Model):
        title = fields.CharField()

    class Novel(Book):
        class Meta:
            proxy = True

    class Author(Model):
        name = fields.CharField()

    return Book, Novel, Author


def test_proxy_and_parent_are_one() -> None:
    """They have the same rows; other models, classes and values do not."""
    book, novel, author = make_models()

    assert is_instance(novel(title="x"), book)
    assert is_instance(book(title="x"), novel)
    for other in (author(name="x"), 5, None, book, "book"):
        assert not is_instance(other, book)


def test_what_is_given_is_named_by_its_place() -> None:
    """The message says who takes it, as which of several, and what it is."""
    book, _, author = make_models()

    check_instance(book(title="x"), book, database("default"), place="books.add(): item 1")
    with pytest.raises(TypeError, match=r"books\.add\(\): item 2 takes instances of \w+\.Book, not Author"):
        check_instance(author(name="x"), book, database("default"), place="books.add(): item 2")


def test_rows_of_another_database_are_refused() -> None:
    """Their keys mean other rows."""
    book, _, _ = make_models()
    record = book(title="x")
    record._origin = SimpleNamespace(alias="archive")

    check_instance(record, book, database("archive"), place="books.add()")
    with pytest.raises(CrossDatabaseRelationError, match="in database 'archive', and the relation in 'default'"):
        check_instance(record, book, database("default"), place="books.add()")
