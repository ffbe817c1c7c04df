"""Scopes: the joins of a statement."""

from typing import Any

import pytest

from openviper.db import fields
from openviper.db.compiler.scope import Hooks, Scope
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.where import compile_condition
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.query import description as d
from tests.unit.db.compiler.library import book_of, make_author, never, where, write

L = d.Lookup


@pytest.fixture
def author() -> type[Model]:
    """An author with books, which have reviews."""
    return make_author()


def test_relation_to_many_rows_is_no_value(author: type[Model]) -> None:
    """A column of many rows stands for none of them."""
    dialect = get_dialect("sqlite")
    scope = Scope(author, dialect, Parameters(dialect), hooks=Hooks(compile_condition, never, never, never))
    with pytest.raises(FieldError, match=r"leads to many rows of compiler\.Book"):
        scope.column("books__title")
    with pytest.raises(FieldError, match="leads to many rows"):
        scope.relate("books")
    with pytest.raises(FieldError, match="is no relation"):
        scope.relate("name")
    with pytest.raises(FieldError, match="has no field 'bos'"):
        scope.relate("bos")


def test_relations_are_joined_for_reading(author: type[Model]) -> None:
    """Rows that are read along have the join that conditions use, and say whether they may be missing."""
    dialect = get_dialect("sqlite")
    scope = Scope(book_of(author), dialect, Parameters(dialect), hooks=Hooks(compile_condition, never, never, never))
    hop = scope.relate("author__boss")
    assert (hop.model, hop.path, hop.is_nullable) == (author, ("author", "boss"), True)
    assert scope.relate("author__boss") is hop
    assert scope.relate("author").is_nullable is False


def test_reference_is_joined_once(author: type[Model]) -> None:
    """All conditions on one row share its join; one that may be missing is an outer join."""
    tables, _ = write(book_of(author), d.And((L("author__name", 0), L("author__age", 1), L("editor__boss__name", 2))))
    assert tables.count("JOIN") == 3
    assert tables.count("LEFT OUTER JOIN") == 2
    assert "compiler_book JOIN compiler_author AS compiler_author_1" in tables


def test_relation_into_another_database_is_refused() -> None:
    """No engine joins rows of another one."""

    class Far(Model):
        name = fields.CharField()

        class Meta:
            backend = "other"

    class Near(Model):
        far: Any = fields.ForeignKey(Far, related_name="near")

    assert where(Near, L("far", 0)) == "compiler_near.far_id = $1"
    with pytest.raises(FieldError, match=r"leads to compiler\.Far, which is in another database"):
        where(Near, L("far__name", 0))
    with pytest.raises(FieldError, match="another database"):
        where(Far, L("near__pk", 0))
