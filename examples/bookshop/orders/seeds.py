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
    for minute in minutes:
        member = rng.choice(members)
        orders.append(
            Order(
                name=member.name,
                email=member.email,
                street=f"{rng.choice(WORDS['streets'])} {rng.randint(1, 140)}",
                postcode=f"{rng.randint(10000, 99999)}",
                city=member.city,
                ordered_at=_FIRST_DAY + dt.timedelta(minutes=minute),
                delivery=rng.choice((0, DELIVERY)),
                member=member,
            )
        )
    return tuple(orders)


def make_lines(rng: random.Random, count: int, orders: Sequence[Order], books: Sequence[Book]) -> tuple[OrderLine, ...]:
    """Make lines, at least one for each order; no book twice in one."""
    # By their places, since rows get their numbers from the database.
    counts: dict[tuple[int, int], int] = {}
    for number in range(count):
        order = number if number < len(orders) else rng.randrange(len(orders))
        book = _choose(rng, len(books))
        while (order, book) in counts:
            book = _choose(rng, len(books))
        counts[order, book] = rng.choice((1, 1, 1, 2, 3))
    return tuple(
        OrderLine(order=orders[order], book=books[book], count=copies, price=books[book].price)
        for (order, book), copies in sorted(counts.items())
    )


def _choose(rng: random.Random, books: int) -> int:
    # A third of what is sold are classics, so that the list of what is bought most is one.
    return rng.randrange(len(CLASSICS) if rng.random() < 1 / 3 else books)
