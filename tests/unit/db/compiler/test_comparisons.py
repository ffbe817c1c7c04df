"""Comparisons: both sides, the operator, and NULL."""

import pytest

from openviper.db.models import Model
from openviper.db.query import description as d
from tests.unit.db.compiler.library import book_of, make_author, where

L = d.Lookup


@pytest.fixture
def author() -> type[Model]:
    """An author with books, which have reviews."""
    return make_author()


def test_list_is_one_parameter_or_many(author: type[Model]) -> None:
    """An engine with arrays takes the list; another one has a place for each value."""
    condition = L("age__in", d.Many(0))
    assert where(author, condition) == "(compiler_author.age = ANY(CAST($1 AS INTEGER[])))"
    assert where(author, condition, "sqlite") == "compiler_author.age IN (?)"


@pytest.mark.parametrize("name", ["contains", "istartswith", "regex"])
def test_texts_are_asked_for_in_the_words_of_the_engine(author: type[Model], name: str) -> None:
    """Each engine has its own function or operator."""
    words = {"contains": ("LIKE", "instr("), "istartswith": ("upper(", "unicode_upper("), "regex": ("~", "regexp(")}
    for engine, word in zip(("postgresql", "sqlite"), words[name], strict=True):
        assert word in where(author, L(f"name__{name}", 0), engine)


def test_denied_comparison_holds_for_null(author: type[Model]) -> None:
    """What may be NULL is asked for it; what may not is not."""
    assert where(author, d.Not(L("name", 0))) == "compiler_author.name != $1"
    assert where(author, d.Not(L("age__lt", 0))) == "compiler_author.age >= $1 OR compiler_author.age IS NULL"
    assert where(author, d.Not(d.Not(L("age", 0)))) == "compiler_author.age = $1"
    assert "compiler_author_1.name IS NULL" in where(book_of(author), d.Not(L("editor__name", 0)))
    assert "IS NULL" not in where(book_of(author), d.Not(L("author__name", 0)))
    assert where(author, d.Not(L("age", d.Null()))) == "compiler_author.age IS NOT NULL"
