"""Aggregates over rows, and over the rows that belong to each."""

import re
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.query.description import (
    Aggregate,
    And,
    Column,
    Exists,
    Lookup,
    Operation,
    OuterColumn,
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
    joined = sql_of(query._replace(annotations=(("n", different),)))
    assert re.search(r"coalesce\(max\(\w+\._value\), 0\).*LEFT OUTER JOIN \(SELECT author\.name AS _k0", joined)
    assert "count(DISTINCT book_1.title)" in joined


def test_an_aggregate_of_one_row() -> None:
    """Without a relation to many rows, the row itself is all there is."""
    author, _ = make_models()
    text = annotated(author, Aggregate("max", Column("id")))
    assert text == "(SELECT max(author_1.id) AS max_1 FROM author AS author_1 WHERE author_1.id = author.id)"


def test_queries_in_filters_over_many_rows_see_the_row() -> None:
    """What they name of the row around is found from the row that counts; what that cannot reach is refused."""
    author, book = make_models()
    same = Query(book, mode="exists", where=(Truth(OuterColumn("name"), "exact", Column("title")),))
    text = annotated(author, Aggregate("count", Column("books"), where=Truth(Exists(same, 0))))
    assert re.search(r"EXISTS \(SELECT .* WHERE author_\d\.name = book_\d\.title\)", text)
    lost = Query(author, mode="exists", where=(Truth(OuterColumn("title"), "exact", Column("name")),))
    with pytest.raises(FieldError, match="looks at 'title' of the row around"):
        annotated(book, Aggregate("count", Column("author__books"), where=Truth(Exists(lost, 0))))


@pytest.fixture
def post() -> Any:
    """A model with many to many: posts with tags."""

    class Tag(Model):
        name = fields.CharField(max_length=10)

        class Meta:
            table_name = "tag"

    class Post(Model):
        name = fields.CharField(max_length=10)
        tags = fields.ManyToManyField(Tag, related_name="posts", db_table="pair")

        class Meta:
            table_name = "post"

    return Post


def test_pairs_are_counted_without_the_rows_behind_them(post: Any) -> None:
    """Each pair has the key of the other side; its row is joined where more is asked of it."""
    assert annotated(post, Aggregate("count", Column("tags"))) == (
        "(SELECT count(pair_1.tag_id) AS count_1 FROM pair AS pair_1 WHERE pair_1.post_id = post.id)"
    )
    assert annotated(post, Aggregate("max", Column("tags__name"))) == (
        "(SELECT max(tag_1.name) AS max_1 FROM pair AS pair_1 JOIN tag AS tag_1 ON pair_1.tag_id = tag_1.id "
        "WHERE pair_1.post_id = post.id)"
    )


def test_pairs_of_pairs_are_joined(post: Any) -> None:
    """From a far end that many pairs lead to no row leads back to one, so the subquery begins at the near end."""
    where = And((Lookup("tags__name", 0), Lookup("name", 1), Lookup("tags__posts__tags__name", 2)))
    text = annotated(post, Aggregate("count", Column("tags__posts"), where=where))
    assert re.search(
        r" FROM pair AS (\w+) JOIN tag AS (\w+) ON \1.tag_id = \2.id JOIN pair AS (\w+) ON \3.tag_id = \2.id "
        r"WHERE \1.post_id = post.id\)$",
        text,
    )
    assert "tag_1.name = ? AND post.name = ? AND (EXISTS " in text


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"])
def test_conditions_through_pairs_join_nothing_outside(post: Any, engine: str) -> None:
    """They are asked by EXISTS on every engine, which a comparison with the key alone needs no other table for."""
    text = sql_of(Query(post, where=(Lookup("tags__name", 0),), order=()), engine)
    assert text.count("EXISTS") == text.count("pair_1.post_id = post.id") == 1
    alone = sql_of(Query(post, where=(Lookup("tags", 0),), order=()), engine)
    assert "JOIN" not in alone
    assert "pair_1.tag_id = " in alone
