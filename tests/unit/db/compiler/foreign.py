"""What the tests of Oracle and SQL Server share: a shop, and what is asked of it, as SQL on one line."""

import re
from typing import Any

from openviper.db import fields
from openviper.db.compiler.planning import plan_of
from openviper.db.dialects.engines import get_dialect
from openviper.db.models import Model

__all__ = ["make_shop", "one_line", "sql_of", "values_of"]


def make_shop() -> tuple[Any, Any]:
    """Give authors, and books with a column of most kinds."""

    class Author(Model):
        name = fields.CharField(max_length=10)

        class Meta:
            table_name = "author"

    class Book(Model):
        author: Any = fields.ForeignKey(Author, related_name="books")
        title = fields.CharField(max_length=20)
        price = fields.DecimalField(max_digits=8, decimal_places=2)
        pages = fields.IntegerField(null=True)
        rate = fields.FloatField(null=True)
        sold_at = fields.DateTimeField(null=True)
        born = fields.DateField(null=True)
        opens = fields.TimeField(null=True)
        ok = fields.BooleanField(default=False)
        text = fields.TextField(default="")
        data = fields.JSONField(null=True)

        class Meta:
            table_name = "book"

    return Author, Book


def one_line(sql: str) -> str:
    """Give a text on one line."""
    return re.sub(r"\s+", " ", sql)


def sql_of(rows: Any, engine: str, **changes: Any) -> str:
    """Give the statement of a query set."""
    plan = plan_of(rows.query._replace(**changes), get_dialect(engine)).sized(rows.params)
    return one_line(plan.sql)


def values_of(rows: Any, engine: str) -> tuple[object, ...]:
    """Give what the driver gets with it."""
    return plan_of(rows.query, get_dialect(engine)).sized(rows.params).bind(rows.params)
