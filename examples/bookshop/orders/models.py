"""What is known of orders."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody has bought at once.

    Args:
        id: Its number, from 1.
        name: Who it is for.
        email: Where news of it go.
        street: Where it goes.
        postcode: As the post there writes it.
        city: Where it goes.
        ordered_at: The instant.
        delivery: What bringing it costs, in cents.
        member_id: The member who bought it; None for a guest.
        visitor: The key of the browser that sent it, which alone may see it; None for those of before.
    """

    id: int
    name: str
    email: str
    street: str
    postcode: str
    city: str
    ordered_at: dt.datetime
    delivery: int
    member_id: int | None = None
    visitor: str | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One title of an order.

    Args:
        order_id: The order.
        book_id: The book.
        count: How many copies.
        price: What one cost then, in cents.
    """

    order_id: int
    book_id: int
    count: int
    price: int
