"""Conditions as SQL: what becomes EXISTS, and what NOT does."""

import pytest

from openviper.db.compiler.scope import Hooks, Scope
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.where import compile_condition, has_aggregate
from openviper.db.dialects.engines import get_dialect
from openviper.db.models import Model
from openviper.db.query import description as d
from tests.unit.db.compiler.library import book_of, make_author, never, where, write

L = d.Lookup


@pytest.fixture
def author() -> type[Model]:
    """An author with books, which have reviews."""
    return make_author()


def test_comparisons_stand_side_by_side(author: type[Model]) -> None:
    """Plain conditions are plain SQL, with a parameter for each value."""
    condition = d.And((L("name", 0), d.Or((L("age__gt", 1), L("age__isnull", d.Flag(True))))))
    assert where(author, condition) == (
        "compiler_author.name = $1 AND (compiler_author.age > $2 OR compiler_author.age IS NULL)"
    )


def test_key_of_a_reference_needs_no_join(author: type[Model]) -> None:
    """The column of the reference holds the key of the other row."""
    for path in ("author", "author_id", "author__id", "author__pk"):
        assert write(book_of(author), L(path, 0)) == ("compiler_book", "compiler_book.author_id = $1")


def test_denied_trees_turn_around(author: type[Model]) -> None:
    """NOT is carried down to the comparisons."""
    assert where(author, d.Not(d.And((L("name", 0), L("name__gt", 1))))) == (
        "compiler_author.name != $1 OR compiler_author.name <= $2"
    )
    assert where(author, d.Not(d.Or((L("name", 0), d.Not(L("name__gt", 1)))))) == (
        "compiler_author.name != $1 AND compiler_author.name > $2"
    )


def test_nothing_and_everything(author: type[Model]) -> None:
    """AND of nothing holds for every row, OR of nothing for none."""
    assert where(author, d.And(())) == "true"
    assert where(author, d.Or(())) == "false"
    assert where(author, d.Not(d.Or(()))) == "true"


def test_rows_of_one_relation_share_an_exists(author: type[Model]) -> None:
    """Parts of an AND through one relation mean one row, whatever stands between them."""
    condition = d.And((L("books__title", 0), L("name", 1), d.Or((L("books__pk", 2), L("books__title", 3)))))
    written = where(author, condition)
    assert written.count("EXISTS") == 1
    assert written.startswith("compiler_author.name = ")


def test_rows_of_two_relations_are_asked_for_apart(author: type[Model]) -> None:
    """Each relation has an EXISTS of its own, one within the other for a relation of a relation."""
    assert where(author, d.And((L("books__title", 0), L("edited__title", 1)))).count("EXISTS") == 2
    nested = where(
        author, d.And((L("books__reviews__stars", 0), L("books__reviews__stars__gt", 1), L("books__title", 2)))
    )
    assert nested.count("EXISTS") == 2
    assert nested.count("FROM compiler_review") == 1


def test_mixed_or_asks_for_rows_where_it_needs_them(author: type[Model]) -> None:
    """A row that meets the plain side needs no row of the relation."""
    written = where(author, d.Or((L("name", 0), L("books__title", 1))))
    assert written.startswith("compiler_author.name = $1 OR (EXISTS (")


def test_denied_relation_asks_that_there_is_no_row(author: type[Model]) -> None:
    """NOT stands before EXISTS, and nothing within is denied."""
    written = where(author, d.Not(d.And((L("books__title", 0), L("books__pk", 1)))))
    assert written.startswith("NOT (EXISTS (")
    assert "compiler_book_1.title = $1 AND compiler_book_1.id = $2" in written


def test_relation_that_is_empty(author: type[Model]) -> None:
    """Whether there are rows is asked of the relation itself."""
    assert where(author, L("books__isnull", d.Flag(True))).startswith("NOT (EXISTS (")
    assert where(author, L("books__isnull", d.Flag(False))).startswith("EXISTS (")
    assert where(author, L("books", d.Null())).startswith("NOT (EXISTS (")


def test_row_around_is_seen_from_within(author: type[Model]) -> None:
    """A field of the row itself is that of the statement, also beside one of a relation."""
    written = where(author, L("books__title", d.Column("name")))
    assert "compiler_book_1.title = compiler_author.name" in written
    assert written.count("FROM") == 1


def test_relation_of_a_reference_hangs_on_its_key(author: type[Model]) -> None:
    """No row is joined only to know its key."""
    tables, written = write(author, L("boss__books__title", 0))
    assert tables == "compiler_author"
    assert "compiler_book_1.author_id = compiler_author.boss_id" in written


def test_same_table_within_and_without(author: type[Model]) -> None:
    """A relation of a table to itself has names that tell the rows apart."""
    written = where(author, L("staff__name", 0))
    assert "compiler_author_1.boss_id = compiler_author.id AND compiler_author_1.name = $1" in written


def test_aggregates_are_found_wherever_they_stand(author: type[Model]) -> None:
    """A condition on an aggregate of a group belongs into HAVING."""
    dialect = get_dialect("sqlite")
    scope = Scope(author, dialect, Parameters(dialect), hooks=Hooks(compile_condition, never, never, never))
    scope.aggregates.add("count")
    assert has_aggregate(d.Not(d.And((L("name", 0), L("count__gt", 1)))), scope)
    assert has_aggregate(L("age", d.Operation("+", d.Column("count"), d.Param(0))), scope)
    assert has_aggregate(d.Truth(d.Aggregate("count", None)), scope)
    assert not has_aggregate(d.And((L("name", 0), L("books__pk", 1))), scope)
