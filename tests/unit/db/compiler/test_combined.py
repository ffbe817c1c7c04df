"""Combined rows as SQL, for engines that are here and for those that are not."""

import pytest

from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Column, Combination, Lookup, Order, Part, Query
from tests.unit.db.compiler.statements import make_models, sql_of

ENGINES = ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"]


def named(model: object, operator: str = "union", **words: object) -> Query:
    """Combine authors of one name with those of another."""
    parts = tuple(Part(Query(model, where=(Lookup("name", 0),)), place) for place in (0, 1))  # type: ignore[arg-type]  # a model
    return Query(model, order=(), combined=Combination(operator, parts), **words)  # type: ignore[arg-type]  # as named


def test_parts_stand_in_a_table() -> None:
    """Its columns have names of ours, and each part has its own values."""
    author, _ = make_models()
    plan = compile_query(named(author), get_dialect("sqlite"))
    assert sql_of(named(author)) == (
        "SELECT anon_1._c0, anon_1._c1 FROM ("
        "SELECT author.id AS _c0, author.name AS _c1 FROM author WHERE author.name = ? UNION "
        "SELECT author.id AS _c0, author.name AS _c1 FROM author WHERE author.name = ?) AS anon_1"
    )
    assert plan.bind(("a", "b")) == ("a", "b")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("operator", "word"),
    [("union", " UNION "), ("union all", " UNION ALL "), ("intersect", " INTERSECT "), ("except", " EXCEPT ")],
)
def test_every_engine_has_the_words(engine: str, operator: str, word: str) -> None:
    """Oracle says MINUS for EXCEPT; an order and a limit stand outside of the parts."""
    author, _ = make_models()
    text = sql_of(named(author, operator, limit=2)._replace(order=(Order(Column("name")),)), engine)
    assert (" MINUS " if (engine, operator) == ("oracle", "except") else word) in text
    assert text.index("ORDER BY") > text.index("WHERE")
    for mode in ("count", "exists"):
        assert sql_of(named(author, operator)._replace(mode=mode), engine).startswith("SELECT ")


def test_parts_that_are_cut_have_a_table_of_their_own() -> None:
    """SQLite takes neither order nor limit beside UNION."""
    author, _ = make_models()
    part = Query(author, order=(Order(Column("name")),), limit=0)
    text = sql_of(Query(author, order=(), combined=Combination("union", (Part(part, 0), Part(part, 1)))))
    assert text.count("FROM (SELECT author.id AS _c0") == 2
    assert text.count("ORDER BY ") == 2
    assert text.count("LIMIT ?") == 2
    whole = Query(author, order=(), combined=Combination("union", (Part(part._replace(limit=None), 0),) * 2))
    assert "ORDER BY" not in sql_of(whole)


def test_what_is_no_part_of_them() -> None:
    """Conditions of the whole, and columns that are not there."""
    author, _ = make_models()
    with pytest.raises(FieldError, match="belongs into the queries"):
        sql_of(named(author)._replace(where=(Lookup("name", 0),)))
    with pytest.raises(FieldError, match="combined rows have no 'title'"):
        sql_of(named(author)._replace(mode="flat", columns=("title",)))
    with pytest.raises(FieldError, match="combined rows have no 'title'"):
        sql_of(named(author)._replace(order=(Order(Column("title")),)))


def test_models_of_the_parts_are_noted() -> None:
    """Whoever may not read one of them is refused."""
    author, book = make_models()
    sides = Part(Query(author, "flat", columns=("name",)), 0), Part(Query(book, "flat", columns=("title",)), 0)
    plan = compile_query(Query(author, "flat", order=(), combined=Combination("union", sides)), get_dialect("sqlite"))
    assert set(plan.models) | {author} == {author, book}
