"""What the tests of the compiler share: two models, and queries as text."""

import re

from openviper.db import fields
from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.models import Model
from openviper.db.query.description import Query
from openviper.db.registry import AnyModel

__all__ = ["make_models", "sql_of"]


def make_models() -> tuple[AnyModel, AnyModel]:
    """Give authors, and books that have an order of their own."""

    class Author(Model):
        name = fields.CharField(max_length=10)

        class Meta:
            table_name = "author"

    class Book(Model):
        author = fields.ForeignKey(Author, related_name="books")
        editor = fields.ForeignKey(Author, null=True, related_name="edited")
        title = fields.CharField(max_length=10)
        data = fields.JSONField(null=True)

        class Meta:
            table_name = "book"
            ordering = ("-title", "pk")

    return Author, Book


def sql_of(query: Query, engine: str = "sqlite") -> str:
    """Give the text of a query in one line."""
    return re.sub(r"\s+", " ", compile_query(query, get_dialect(engine)).sql)
