"""Queries as SELECT, for engines that are here and for those that are not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Aggregate, Column, Lookup, Many, Order, Query
from openviper.db.registry import registry
from tests.unit.db.compiler.statements import make_models, sql_of

ENGINES = ["sqlite", "postgresql"]


def test_columns_are_named_one_by_one() -> None:
    """A column that is added to the table later changes nothing."""
    author, _ = make_models()
    assert sql_of(Query(author)) == "SELECT author.id, author.name FROM author"


def test_lists_have_few_texts() -> None:
    """Their sizes are rounded up, so that a shape has one text for many of them."""
    author, _ = make_models()
    plan = compile_query(Query(author, where=(Lookup("id__in", Many(0)),)), get_dialect("sqlite"))
    assert plan.lists == (0,)
    three, four = plan.sized(((1, 2, 3),)), plan.sized(((1, 2, 3, 4),))
    assert three is four
    assert three.bind(((1, 2, 3),)) == (1, 2, 3, 3)
    assert plan.sized(((),)) is not three
    array = compile_query(Query(author, where=(Lookup("id__in", Many(0)),)), get_dialect("postgresql"))
    assert array.sized(((1, 2, 3),)) is array


def test_one_column_of_a_flat_query() -> None:
    """More than one is a mistake."""
    author, _ = make_models()
    with pytest.raises(FieldError, match="there are 2: id, name"):
        compile_query(Query(author, mode="flat"), get_dialect("sqlite"))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mysql", "mariadb", "oracle"])
def test_every_engine_has_a_text(engine: str) -> None:
    """What has no engine here is written all the same."""
    author, book = make_models()
    count = (("n", Aggregate("count", Column("books"))),)
    for query in (
        Query(author, where=(Lookup("name__contains", 0),), limit=1, offset=2),
        Query(author, annotations=count, where=(Lookup("n__gt", 0),)),
        Query(book, related=("author", "editor"), distinct=True, order=()),
        Query(book, mode="count", limit=0),
        Query(book, mode="exists"),
        Query(book, mode="aggregate", annotations=(("n", Aggregate("avg", Column("id"))),), columns=("n",), limit=0),
    ):
        assert sql_of(query, engine).startswith("SELECT ")


PIECES = [
    "id",
    "name",
    "title",
    "author",
    "books",
    "editor",
    "pk",
    "author_id",
    "__",
    "",
    "data",
    "*",
    "?",
    "exact",
    "-",
]
PIECES += ["'", '"', ";", "--", "\x00", "ü", "%s", "$1", "{v}", "\n", " or 1=1"]


@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=6), position=st.integers(0, 7), engine=st.sampled_from(ENGINES)
)
def test_no_name_reaches_the_text(pieces: list[str], position: int, engine: str) -> None:
    """Whatever stands where a name is expected is a name of the model, or is refused; there is no third way."""
    name = "".join(pieces)
    with registry.isolated():
        _, book = make_models()
        count = Aggregate("count", Column("id"))
        query = [
            Query(book, mode="dicts", columns=(name,)),
            Query(book, columns=(name,)),
            Query(book, deferred=(name,)),
            Query(book, related=(name,)),
            Query(book, order=(Order(Column(name)),)),
            Query(book, mode="dicts", columns=(name, "n"), grouped=(name,), annotations=(("n", count),)),
            Query(book, mode="dicts", columns=(name,), annotations=((name, Column("id")),), distinct=True),
            Query(book, mode="aggregate", columns=(name,), annotations=((name, Aggregate("max", Column(name))),)),
        ][position]
        try:
            plan = compile_query(query, get_dialect(engine))
        except FieldError:
            return
        reader = plan.reader("default")
    assert re.fullmatch(r"[\w\s.,()*=?$<>\"]+", plan.sql)
    assert callable(reader.many)
