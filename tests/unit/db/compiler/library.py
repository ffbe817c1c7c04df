"""Authors with books, which have reviews: what tests of conditions and relations ask, as SQL on one line."""

from typing import Any

from sqlalchemy import literal_column, select

from openviper.db import fields
from openviper.db.compiler.scope import Hooks, Scope
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.where import compile_condition
from openviper.db.dialects.engines import get_dialect
from openviper.db.models import Model
from openviper.db.query import description as d


def never(*_: object) -> Any:
    """Stand for what these conditions do not need."""
    raise AssertionError


def make_author() -> type[Model]:
    """An author with books, which have reviews."""

    class Author(Model):
        name = fields.CharField()
        age = fields.IntegerField(null=True)
        boss: Any = fields.ForeignKey("self", null=True, related_name="staff")

    class Book(Model):
        author: Any = fields.ForeignKey(Author, related_name="books")
        editor: Any = fields.ForeignKey(Author, null=True, related_name="edited")
        title = fields.CharField()

    class Review(Model):
        book: Any = fields.ForeignKey(Book, related_name="reviews")
        stars = fields.IntegerField()

    return Author


def write(model: type[Model], condition: d.Condition, engine: str = "postgresql") -> tuple[str, str]:
    """Give the tables and the condition of a statement as text on one line."""
    dialect = get_dialect(engine)
    scope = Scope(model, dialect, Parameters(dialect), hooks=Hooks(compile_condition, never, never, never))
    written = compile_condition(condition, scope).compile(dialect=dialect.compiler)
    tables = str(select(literal_column("1")).select_from(scope.froms()).compile(dialect=dialect.compiler))
    return " ".join(tables.split()).removeprefix("SELECT 1 FROM "), " ".join(str(written).split())


def where(model: type[Model], condition: d.Condition, engine: str = "postgresql") -> str:
    """Give the condition alone."""
    return write(model, condition, engine)[1]


def book_of(author: type[Model]) -> type[Model]:
    """Give the other model."""
    model: type[Model] = author._meta.reverse["books"][0]
    return model
