"""Aggregates over rows, and over the rows that belong to each."""

import re
from typing import Any

import pytest

from openviper.db.exceptions import FieldError
from openviper.db.query.description import (
    Aggregate,
    And,
    Column,
    Exists,
    Lookup,
    Operation,
    Query,
    Truth,
)
from tests.unit.db.compiler.statements import make_models, sql_of


def annotated(model: Any, node: Aggregate, **options: Any) -> str:
    """Give what stands for an aggregate among the columns."""
    text = sql_of(Query(model, annotations=(("n", node),), order=(), **options))
    return text[: text.rindex(" AS _a")].partition(".name, ")[2]


def test_many_rows_are_counted_in_a_subquery() -> None:
    """It is rooted at their end of the relation."""
    author, _ = make_models()
    assert annotated(author, Aggregate("count", Column("books"))) == (
        "(SELECT count(book_1.id) AS count_1 FROM book AS book_1 WHERE book_1.author_id = author.id)"
    )


def test_filters_are_turned_around() -> None:
    """A path to the counted rows is one within them, and one of the row around leads back to it."""
    author, _ = make_models()
    where = And((Lookup("books__title", 0), Lookup("name", 1), Lookup("books__editor__name", 2)))
    text = annotated(author, Aggregate("count", Column("books"), where=where))
    assert "book_1.title = ?" in text
    assert "JOIN author AS author_1 ON book_1.author_id = author_1.id" in text
    assert "LEFT OUTER JOIN author AS author_2 ON book_1.editor_id = author_2.id" in text


def test_paths_of_two_relations_do_not_meet() -> None:
    """Their rows do not belong together."""
    author, _ = make_models()
    both = Operation("+", Column("books__id"), Column("edited__id"))
    with pytest.raises(FieldError, match="'edited' and 'books'"):
        annotated(author, Aggregate("sum", both))


def test_groups_add_up_what_belongs_to_their_rows() -> None:
    """Counts are added, and an average is the sum of all by the number of all."""
    author, _ = make_models()
    query = Query(author, mode="dicts", columns=("name", "n"), grouped=("name",), order=())
    count = sql_of(query._replace(annotations=(("n", Aggregate("count", Column("books"))),)))
    assert count.startswith("SELECT author.name, coalesce(sum((SELECT count(book_1.id)")
    mean = sql_of(query._replace(annotations=(("n", Aggregate("avg", Column("books__id"))),)))
    assert re.search(r"sum\(\(SELECT sum\(.*nullif\(.*sum\(\(SELECT count\(", mean)
    different = Aggregate("count", Column("books__title"), distinct=True)
    with pytest.raises(FieldError, match="ask Book instead"):
        sql_of(query._replace(annotations=(("n", different),)))


def test_an_aggregate_of_one_row() -> None:
    """Without a relation to many rows, the row itself is all there is."""
    author, _ = make_models()
    text = annotated(author, Aggregate("max", Column("id")))
    assert text == "(SELECT max(author_1.id) AS max_1 FROM author AS author_1 WHERE author_1.id = author.id)"


def test_filters_over_many_rows_hold_no_subquery() -> None:
    """What it would see around itself is another row there."""
    author, book = make_models()
    where = Truth(Exists(Query(book, mode="exists"), 0))
    with pytest.raises(FieldError, match="no subquery"):
        annotated(author, Aggregate("count", Column("books"), where=where))
