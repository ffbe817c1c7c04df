"""What is known of orders."""

from openviper.db import Model, RelatedManager, UniqueConstraint, fields

from catalogue.models import Book
from members.models import Member


class Order(Model):
    """What somebody has bought at once; only the browser that sent it may see it."""

    id: int
    name = fields.CharField(max_length=120, help_text="Who it is for.")
    email = fields.EmailField(help_text="Where news of it go.")
    street = fields.CharField(max_length=120)
    postcode = fields.CharField(max_length=12, help_text="As the post there writes it.")
    city = fields.CharField(max_length=80)
    ordered_at = fields.DateTimeField()
    delivery = fields.PositiveIntegerField(help_text="What bringing it costs, in cents.")
    member = fields.ForeignKey(Member, null=True, on_delete="SET_NULL", related_name="orders")
    member_id: int | None
    visitor = fields.CharField(max_length=32, null=True, db_index=True, help_text="The key of the browser.")
    lines: "RelatedManager[OrderLine]"

    @property
    def subtotal(self) -> int:
        """What the books cost, in cents; the lines have to be read along with the order."""
        return sum(line.total for line in self.lines)

    @property
    def total(self) -> int:
        """What everything costs, in cents."""
        return self.subtotal + self.delivery


class OrderLine(Model):
    """One title of an order."""

    order = fields.ForeignKey(Order, related_name="lines")
    order_id: int
    book = fields.ForeignKey(Book, related_name="lines", on_delete="PROTECT")
    book_id: int
    count = fields.SmallIntegerField(help_text="How many copies.")
    price = fields.PositiveIntegerField(help_text="What one cost then, in cents.")

    class Meta:
        ordering = ("id",)
        constraints = (UniqueConstraint("orders_book_once", ["order", "book"]),)

    @property
    def total(self) -> int:
        """What they cost together, in cents."""
        return self.price * self.count
