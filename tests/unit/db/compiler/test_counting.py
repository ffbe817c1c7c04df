"""Queries for a number, for whether there is a row, and for one row of aggregates."""

import pytest

from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Aggregate, Column, Lookup, Operation, Query
from tests.unit.db.compiler.statements import make_models, sql_of

COUNT = (("n", Aggregate("count", None)),)


def test_rows_are_counted() -> None:
    """Without order and without columns."""
    author, book = make_models()
    assert sql_of(Query(author, mode="count")) == "SELECT count(*) AS count_1 FROM author"
    assert sql_of(Query(book, mode="count", distinct=True)) == "SELECT count(*) AS count_1 FROM book"
    text = sql_of(Query(book, mode="count", where=(Lookup("author__name", 0),)))
    assert text.endswith("WHERE author_1.name = ?")


def test_what_is_cut_is_counted_from_outside() -> None:
    """So are groups and distinct values."""
    author, book = make_models()
    inner = "SELECT count(*) AS count_1 FROM (SELECT 1 AS _one FROM author LIMIT ? OFFSET ?) AS anon_1"
    assert sql_of(Query(author, mode="count", limit=0, offset=1)) == inner
    groups = sql_of(Query(book, mode="count", columns=("author",), grouped=("author",)))
    assert "FROM (SELECT 1 AS _one FROM book GROUP BY book.author_id)" in groups
    values = sql_of(Query(book, mode="count", columns=("title",), distinct=True))
    assert "FROM (SELECT DISTINCT book.title AS title FROM book)" in values


def test_annotations_that_nobody_looks_at_are_left_out() -> None:
    """Those that a condition needs stay, with those that they are made of."""
    author, _ = make_models()
    annotations = (
        ("a", Column("name")),
        ("b", Operation("+", Aggregate("count", Column("books")), Column("id"))),
        ("c", Operation("+", Column("b"), Column("id"))),
    )
    query = Query(author, mode="count", annotations=annotations)
    assert "book" not in sql_of(query)
    assert "book" in sql_of(query._replace(where=(Lookup("c__gt", 0),)))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_existence_is_one_row(engine: str) -> None:
    """Nothing is read, and the engine may stop at the first."""
    author, _ = make_models()
    assert sql_of(Query(author, mode="exists"), engine).startswith("SELECT 1 FROM author LIMIT 1")
    cut = sql_of(Query(author, mode="exists", offset=0), engine)
    assert cut.startswith("SELECT 1 FROM (SELECT 1 AS _one FROM author")
    assert compile_query(Query(author, mode="exists"), get_dialect(engine)).reader("default").one((1,)) is True


def test_aggregates_of_a_slice_look_at_its_keys() -> None:
    """The order decides which rows those are."""
    _, book = make_models()
    text = sql_of(Query(book, mode="aggregate", annotations=COUNT, columns=("n",), limit=0))
    assert text.startswith("SELECT count(*) AS _a0 FROM book WHERE book.id IN (SELECT anon_1._key FROM (SELECT")
    assert "ORDER BY book_1.title DESC, book_1.id ASC LIMIT ?" in text


def test_aggregates_of_groups_know_their_names() -> None:
    """And no others: what a group was made of is gone."""
    _, book = make_models()
    annotations = (*COUNT, ("m", Aggregate("max", Column("n"))))
    query = Query(book, mode="aggregate", annotations=annotations, columns=("m",), grouped=("author",))
    assert sql_of(query) == (
        "SELECT max(anon_1._c1) AS _a0 FROM "
        "(SELECT book.author_id AS _c0, count(*) AS _c1 FROM book GROUP BY book.author_id) AS anon_1"
    )
    wrong = (*COUNT, ("m", Aggregate("max", Column("title"))))
    with pytest.raises(FieldError, match="no 'title'; they have author, n"):
        sql_of(query._replace(annotations=wrong))
