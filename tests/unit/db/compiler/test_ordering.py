"""What rows are sorted by."""

import pytest

from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Aggregate, Column, Order, Query
from tests.unit.db.compiler.statements import make_models, sql_of


def test_order_of_the_model() -> None:
    """It is used where rows come back and none is stated, and nowhere else."""
    _, book = make_models()
    order = "ORDER BY book.title DESC, book.id ASC"
    assert sql_of(Query(book)).endswith(order)
    assert sql_of(Query(book, mode="flat", columns=("author",))).endswith(order)
    for query in (
        Query(book, order=()),
        Query(book, mode="count"),
        Query(book, mode="exists"),
        Query(book, mode="aggregate", annotations=(("n", Aggregate("count", None)),), columns=("n",)),
        Query(book, mode="dicts", columns=("author",), grouped=("author",)),
    ):
        assert "ORDER" not in sql_of(query)


def test_order_of_the_model_does_not_part_equal_rows() -> None:
    """Of distinct values, it sorts by those that were asked for."""
    _, book = make_models()
    assert sql_of(Query(book, mode="flat", columns=("title",), distinct=True)).endswith("ORDER BY book.title DESC")
    assert "ORDER" not in sql_of(Query(book, mode="flat", columns=("author",), distinct=True))


def test_order_by_a_reference_is_by_its_key() -> None:
    """No join is needed for that."""
    _, book = make_models()
    orders = tuple(Order(Column(path)) for path in ("author", "author_id", "author__pk", "author__id"))
    for order in orders:
        assert sql_of(Query(book, order=(order,))).endswith("FROM book ORDER BY book.author_id ASC")


@pytest.mark.parametrize(
    ("engine", "function"),
    [("sqlite", "random()"), ("postgresql", "random()"), ("mysql", "rand()"), ("mssql", "newid()")],
)
def test_order_by_chance(engine: str, function: str) -> None:
    """Each engine has its own word."""
    author, _ = make_models()
    assert sql_of(Query(author, order=(Order(None),)), engine).endswith(f"ORDER BY {function}")


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        ("postgresql", "author.name DESC NULLS LAST"),
        ("mysql", "CASE WHEN (author.name IS NULL) THEN 1 ELSE 0 END, author.name DESC"),
    ],
)
def test_place_of_null_where_the_engine_has_no_word(engine: str, text: str) -> None:
    """A key in front says it."""
    author, _ = make_models()
    order = Order(Column("name"), descending=True, nulls="last")
    assert sql_of(Query(author, order=(order,)), engine).endswith(f"ORDER BY {text}")


def test_what_cannot_be_compared_is_not_sorted_by() -> None:
    """An engine would fail, or sort by something else."""
    _, book = make_models()
    with pytest.raises(FieldError, match="data"):
        compile_query(Query(book, order=(Order(Column("data")),)), get_dialect("oracle"))
