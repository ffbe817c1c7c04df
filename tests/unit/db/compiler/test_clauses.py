"""Pages, locks and groups."""

from typing import Any

import pytest

from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.query.description import Aggregate, And, Column, Lookup, Not, Order, Query
from tests.unit.db.compiler.statements import make_models, sql_of


def test_limits_are_parameters() -> None:
    """Their values are checked and bound, in the order of the text."""
    author, _ = make_models()
    plan = compile_query(Query(author, limit=1, offset=0), get_dialect("sqlite"))
    assert plan.sql.endswith("LIMIT ? OFFSET ?")
    assert plan.bind((20, 10)) == (10, 20)
    with pytest.raises(FieldError, match="limit"):
        plan.bind((20, "ten"))
    assert sql_of(Query(author, offset=0)).endswith("LIMIT -1 OFFSET ?")
    assert sql_of(Query(author, offset=0), "postgresql").endswith("OFFSET $1")


@pytest.mark.parametrize(
    ("lock", "text"),
    [("wait", "FOR UPDATE"), ("nowait", "FOR UPDATE NOWAIT"), ("skip_locked", "FOR UPDATE SKIP LOCKED")],
)
def test_locks(lock: Any, text: str) -> None:
    """Where an engine locks rows, it is told to; rows of relations are left alone."""
    author, book = make_models()
    assert sql_of(Query(author, lock=lock), "postgresql").endswith(text)
    joined = sql_of(Query(book, lock=lock, related=("editor",), order=()), "postgresql")
    assert joined.endswith(text.replace("UPDATE", "UPDATE OF book"))
    assert "UPDATE" not in sql_of(Query(author, lock=lock))


def test_locks_that_an_engine_does_not_have() -> None:
    """Groups and distinct rows cannot be locked."""
    author, _ = make_models()
    for query in (
        Query(author, lock="wait", distinct=True),
        Query(author, lock="wait", mode="dicts", columns=("name",), grouped=("name",)),
    ):
        with pytest.raises(DatabaseOperationNotSupportedError, match="locks rows"):
            compile_query(query, get_dialect("postgresql"))


@pytest.mark.parametrize("columns", [("title",), ("author__name",), ("author", "title")])
def test_groups_have_no_columns_of_single_rows(columns: tuple[str, ...]) -> None:
    """Some engines would take those of any row."""
    _, book = make_models()
    with pytest.raises(FieldError, match="no part of the groups"):
        compile_query(Query(book, mode="dicts", columns=columns, grouped=("author",)), get_dialect("sqlite"))
    query = Query(book, mode="dicts", columns=("author",), grouped=("author",), order=(Order(Column(columns[-1])),))
    with pytest.raises(FieldError, match="no part of the groups"):
        compile_query(query, get_dialect("sqlite"))


def test_conditions_of_groups_look_at_groups() -> None:
    """A condition that holds an aggregate and a column of single rows is refused; apart, each has its place."""
    _, book = make_models()
    count = (("n", Aggregate("count", Column("id"))),)
    query = Query(book, mode="dicts", columns=("author", "n"), annotations=count, grouped=("author",), order=())
    both = And((Lookup("n__gt", 0), Lookup("title", 1)))
    text = sql_of(query._replace(where=(both,)))
    assert text.index("WHERE book.title = ?") < text.index("GROUP BY") < text.index("HAVING count(book.id) > ?")
    with pytest.raises(FieldError, match="'title' is no part of the groups"):
        sql_of(query._replace(where=(Not(both),)))


@pytest.mark.parametrize("name", ["name", "pk", "books", "save", "import", "a b"])
def test_names_of_annotations(name: str) -> None:
    """They hide nothing, and can be attributes."""
    author, _ = make_models()
    with pytest.raises(FieldError, match=name):
        sql_of(Query(author, annotations=((name, Column("id")),)))
