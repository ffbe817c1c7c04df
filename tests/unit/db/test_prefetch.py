"""The tree of what is prefetched, and the loops that give instances their rows; engines are in the contract suite."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openviper.db import Model, Prefetch, fields
from openviper.db.constructor import store_of
from openviper.db.exceptions import FieldError
from openviper.db.prefetch import check_prefetch, prefetch
from openviper.db.prefetch.links import link_of


@pytest.fixture
def author() -> Any:
    """A model that two others refer to, one of them as the only one."""

    class Author(Model):
        name = fields.CharField(max_length=10)

    class Book(Model):
        author = fields.ForeignKey(Author, null=True, related_name="books")

    class Profile(Model):
        author = fields.OneToOneField(Author, related_name="profile")

    return Author


def models_of(author: Any) -> tuple[Any, Any]:
    return author._meta.reverse["books"][0], author._meta.reverse["profile"][0]


def test_names_are_checked_without_a_database(author: Any) -> None:
    """Paths in both directions are followed; what is no relation is named, with those there are."""
    book, _ = models_of(author)

    check_prefetch(author, ("books__author__profile", "profile__author"), "rows")
    check_prefetch(book, ("author",), "rows")
    with pytest.raises(FieldError, match="no relation 'book'; there are books, profile"):
        check_prefetch(author, ("book",), "rows")
    with pytest.raises(FieldError, match="no relation 'title'; there are author"):
        check_prefetch(author, ("books__title",), "rows")
    with pytest.raises(FieldError, match="not 5"):
        check_prefetch(author, (5,), "rows")
    with pytest.raises(FieldError, match="not Prefetch"):
        check_prefetch(author, (Prefetch(5),), "rows")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(FieldError, match="values"):
        check_prefetch(author, ("books",), "dicts")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_names_of_any_kind(author: Any, name: str) -> None:
    """Whatever stands in the place of a name, it is a relation or an error, and never a part of a loop."""
    if name not in ("books", "profile"):
        with pytest.raises(FieldError):
            check_prefetch(author, (name,), "rows")
    try:
        check_prefetch(author, (Prefetch("books", to_attr=name),), "rows")
    except FieldError:
        return
    assert name.isidentifier()


async def test_nothing_is_asked_for_no_instances(author: Any) -> None:
    """Without instances no database is needed."""
    await prefetch(author, [], ("books",), None)


def test_links_are_made_once(author: Any) -> None:
    """A relation has one link, and another one for each attribute of a user's own."""
    options = author._meta

    assert link_of(options, "books") is link_of(options, "books")
    assert link_of(options, "books") is not link_of(options, "books", "own")


def test_rows_backwards_are_given_to_each(author: Any) -> None:
    """Every instance has a list, instances of one row have one each."""
    book, _ = models_of(author)
    link = link_of(author._meta, "books")
    records = [author(id=1), author(id=2), author(id=1)]
    rows = [book(id=7, author_id=1), book(id=8, author_id=1)]

    assert list(link.collect(records)) == [1, 2]
    link.give(records, rows)

    store = store_of("books")
    assert [getattr(record, store) for record in records] == [rows, [], rows]
    assert getattr(records[0], store) is not getattr(records[2], store)
    assert link.follow(records, rows) is rows
    assert rows[0].author is records[0]


def test_one_row_backwards_is_given_to_each(author: Any) -> None:
    """Through a one-to-one there is an instance or None."""
    _, profile = models_of(author)
    link = link_of(author._meta, "profile")
    records = [author(id=1), author(id=2), author(id=1)]
    row = profile(id=7, author_id=1)

    link.give(records, [row])

    assert [getattr(record, store_of("profile")) for record in records] == [row, None, row]
    assert row.author is records[0]


def test_references_forwards_are_given_to_each(author: Any) -> None:
    """Only keys of what was not read are asked for; what refers to one row shares its instance."""
    book, _ = models_of(author)
    link = link_of(book._meta, "author")
    known = author(id=3, name="known")
    records = [book(author_id=1), book(author_id=1), book(author=known), book(author=None), book(author_id=2)]
    row = author(id=1, name="x")

    assert list(link.collect(records)) == [1, 2]
    link.give(records, [row])

    assert records[0].author is records[1].author is row
    assert records[2].author is known
    assert records[3].author is None
    assert list(link.follow(records, [row])) == [row, known]


def test_own_attribute_is_a_plain_one(author: Any) -> None:
    """With to_attr what was found is there under that name, and nowhere else."""
    book, _ = models_of(author)
    record, reference = author(id=1), book(author_id=1)
    rows = [book(id=7, author_id=1)]

    link_of(author._meta, "books", "own").give([record], rows)
    link_of(book._meta, "author", "writer").give([reference], [record])

    assert record.own == rows
    assert reference.writer is record
    assert store_of("books") not in vars(record)
