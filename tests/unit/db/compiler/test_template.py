"""SQL text of an engine's own, with expressions in it."""

from sqlalchemy import bindparam, column, select
from sqlalchemy.types import Integer, String

from openviper.db.compiler.template import make_predicate, make_text
from openviper.db.dialects.engines import get_dialect

SQLITE = get_dialect("sqlite").compiler
TITLE, NAME = column("title", String()), column("name", String())


def written(template: str, *, zone: str = "") -> str:
    made = make_text(template, (TITLE, NAME), Integer(), zone=zone)
    return str(made.compile(dialect=SQLITE))


def test_operands_stand_in_their_places() -> None:
    """By number, all of them, or as the parts of one text; NULL is no part of it."""
    assert written("f({1}, {0})") == "f(name, title)"
    assert written("f({all})") == "f(title, name)"
    assert written("({joined})") == "(coalesce(title, '') || coalesce(name, ''))"


def test_zone_is_quoted() -> None:
    """A name of a zone is a text of SQL, whatever stands in it."""
    assert written("{0} AT {zone}", zone="a'b") == "title AT 'a''b'"


def test_parameters_keep_their_order() -> None:
    """Values are bound where the text has their places, one that stands twice in it twice."""
    text = make_text("f({1}, {0}, {1})", (bindparam("one"), bindparam("two")), Integer())
    compiled = select(text).compile(dialect=SQLITE)
    assert compiled.positiontup == ["two", "one", "two"]


def test_predicate_is_compared_with_nothing() -> None:
    """A text that is true or false stands as it is, on engines without a type of truth too."""
    statement = select(TITLE).where(make_predicate("{0} GLOB {1}", (TITLE, NAME)))
    assert str(statement.compile(dialect=SQLITE)).endswith("WHERE title GLOB name")


def test_texts_with_other_words_are_other_statements() -> None:
    """No text of one template is taken for that of another."""
    assert written("lower({0})") != written("upper({0})")
