"""The queries of the orders."""

from openviper.db import QuerySet, Sum

from catalogue.models import Book
from orders.models import Order


async def get_order(order_id: int, *, visitor: str | None) -> Order | None:
    """Give an order to the browser that sent it; None to any other, as if there were none."""
    return await _sent_by(visitor).get_or_none(id=order_id)


async def list_orders(*, visitor: str | None) -> list[Order]:
    """Give the orders that a browser has sent, the last one first."""
    return await _sent_by(visitor).order_by("-id")


async def list_most_bought(*, most: int) -> list[Book]:
    """Give the books of which most copies were bought, the first one first, with their authors."""
    bought = Book.objects.annotate(sold=Sum("lines__count")).filter(sold__gt=0)
    return await bought.select_related("author").order_by("-sold", "id").limit(most)


def _sent_by(visitor: str | None) -> QuerySet[Order]:
    """Give the orders of a browser with their lines and books: three queries, however many there are."""
    if visitor is None:
        # The orders of before have no browser, and are nobody's.
        return Order.objects.none()
    return Order.objects.filter(visitor=visitor).prefetch_related("lines__book")
