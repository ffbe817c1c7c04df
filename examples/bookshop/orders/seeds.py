"""Orders made from words, members and books."""

import datetime as dt
import random
from collections.abc import Sequence

from catalogue.models import Book
from catalogue.seeds import CLASSICS, WORDS
from members.models import Member
from orders.cart import DELIVERY
from orders.models import Order, OrderLine

_FIRST_DAY = dt.datetime(2025, 12, 1, 9, 0, tzinfo=dt.UTC)


def make_orders(rng: random.Random, count: int, members: Sequence[Member]) -> tuple[Order, ...]:
    """Make orders, in the order in which they came."""
    minutes = sorted(rng.randrange(300 * 24 * 60) for _ in range(count))
    orders = []
    for number, minute in enumerate(minutes, 1):
        member = rng.choice(members)
        orders.append(
            Order(
                id=number,
                name=member.name,
                email=member.email,
                street=f"{rng.choice(WORDS['streets'])} {rng.randint(1, 140)}",
                postcode=f"{rng.randint(10000, 99999)}",
                city=member.city,
                ordered_at=_FIRST_DAY + dt.timedelta(minutes=minute),
                delivery=rng.choice((0, DELIVERY)),
                member_id=member.id,
            )
        )
    return tuple(orders)


def make_lines(rng: random.Random, count: int, orders: Sequence[Order], books: Sequence[Book]) -> tuple[OrderLine, ...]:
    """Make lines, at least one for each order; no book twice in one."""
    taken: set[tuple[int, int]] = set()
    lines = []
    for number in range(count):
        order = orders[number] if number < len(orders) else rng.choice(orders)
        book = _choose(rng, books)
        while (order.id, book.id) in taken:
            book = _choose(rng, books)
        taken.add((order.id, book.id))
        lines.append(OrderLine(order.id, book.id, rng.choice((1, 1, 1, 2, 3)), book.price))
    return tuple(sorted(lines, key=lambda line: (line.order_id, line.book_id)))


def _choose(rng: random.Random, books: Sequence[Book]) -> Book:
    # A third of what is sold are classics, so that the list of what is bought most is one.
    return rng.choice(books[: len(CLASSICS)] if rng.random() < 1 / 3 else books)
