"""Models that between them have all that a table can have."""

from typing import Any

from openviper.db import fields
from openviper.db.constraints import CheckConstraint, Index, UniqueConstraint
from openviper.db.models import Model
from openviper.db.options import Options


def make_models() -> dict[str, Options]:
    """Make them; they are registered for the test that runs."""

    class Author(Model):
        name = fields.CharField(max_length=50, unique=True)
        # Authors and books refer to each other.
        first_book: Any = fields.ForeignKey("Book", null=True, on_delete="SET_NULL", related_name="+")

        class Meta:
            table_name = "shop_author"

    class Book(Model):
        author = fields.ForeignKey(Author, on_delete="CASCADE")
        sequel_of: Any = fields.ForeignKey("self", null=True, on_delete="PROTECT")
        title = fields.CharField(max_length=200, db_index=True)
        isbn = fields.CharField(max_length=13, null=True, unique=True)
        price = fields.DecimalField(max_digits=8, decimal_places=2)
        percent = fields.CharField(max_length=10, blank=True)
        group = fields.IntegerField(db_column="order")
        deleted_at = fields.DateTimeField(null=True)

        class Meta:
            table_name = "shop_book"
            unique_together = ("author", "title")
            indexes = (Index(["-price", "title"]),)
            constraints = (
                CheckConstraint("shop_price", "price >= 0.50"),
                CheckConstraint("shop_percent", "percent <> '5%'"),
            )

    class Tag(Model):
        key = fields.UUIDField(primary_key=True, auto=True)
        word = fields.CharField(max_length=30)
        book = fields.OneToOneField(Book, null=True, on_delete="DO_NOTHING")

        class Meta:
            table_name = "shop_tag"

    return {model.__name__: model._meta for model in (Tag, Book, Author)}


def make_partial() -> Options:
    """Make a model that is unique among some of its rows."""

    class Seat(Model):
        number = fields.IntegerField()
        left_at = fields.DateTimeField(null=True)

        class Meta:
            table_name = "shop_seat"
            indexes = (Index(["left_at"], condition="left_at IS NULL"),)
            constraints = (UniqueConstraint("one_sitter", ["number"], "left_at IS NULL"),)

    return Seat._meta
