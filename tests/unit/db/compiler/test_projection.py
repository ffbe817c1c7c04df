"""Columns, and what they are for."""

from typing import Any

import pytest

from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Column, Query
from tests.unit.db.compiler.statements import make_models, sql_of


def test_joins_are_as_strict_as_the_reference() -> None:
    """A reference that may lead nowhere loses no row, and neither does what follows on it."""
    _, book = make_models()
    assert "FROM book JOIN author" in sql_of(Query(book, related=("author",)))
    assert "FROM book LEFT OUTER JOIN author" in sql_of(Query(book, related=("editor",)))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"columns": ("nothing",)}, "only.*nothing.*there are id, author"),
        ({"deferred": ("author__nothing",), "related": ("author",)}, "defer.*nothing.*there are id, name"),
        ({"columns": ("author__name",)}, "select_related"),
        ({"related": ("author__nothing",)}, "nothing.*there are none"),
        ({"related": ("author__books",)}, "many rows"),
        ({"related": ("title",)}, "no relation; there are author, editor"),
    ],
)
def test_names_that_lead_nowhere(query: dict[str, Any], message: str) -> None:
    """They are refused, beside those that exist."""
    _, book = make_models()
    with pytest.raises(FieldError, match=message):
        sql_of(Query(book, **query))


def test_columns_of_instances() -> None:
    """The key and what leads to relations are read whatever is named."""
    _, book = make_models()
    assert sql_of(Query(book, columns=("title",), order=())) == "SELECT book.id, book.title FROM book"
    assert sql_of(Query(book, deferred=("title", "data", "id"), order=())) == (
        "SELECT book.id, book.author_id, book.editor_id FROM book"
    )
    joined = sql_of(Query(book, columns=("editor__name",), related=("editor",), order=()))
    assert joined.startswith("SELECT book.id, book.editor_id, author_1.id AS id_1, author_1.name FROM book")


def test_annotations_have_labels_of_ours() -> None:
    """What a user calls them is not part of the text."""
    author, _ = make_models()
    query = Query(author, mode="dicts", annotations=(("x; --", Column("name")),), columns=("x; --",), order=())
    assert sql_of(query) == "SELECT author.name AS _a0 FROM author"
    plan = compile_query(query, get_dialect("sqlite"))
    assert plan.reader("default").one(("Ann",)) == {"x; --": "Ann"}
