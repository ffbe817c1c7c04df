"""The cart: numbers of books and copies in a plain cookie, ``3-1.17-2``.

It is not signed, since it holds nothing that a visitor may not choose: prices and stock come from the catalogue.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from msgspec import Meta
from openviper import Cookie, Depends, Response
from openviper.conf import settings

import catalogue.repository
from catalogue.models import Book

COOKIE = "cart"
MOST_TITLES = 20
MOST_COPIES = 9

#: How many copies of one title somebody wants.
Count: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_COPIES)]

#: What bringing a parcel costs, in cents.
DELIVERY = 390
#: From here on the shop brings it for nothing, in cents.
FREE_FROM = 4000

_ENTRY = re.compile(r"([1-9][0-9]{0,8})-([1-9])")
_MONTH = 30 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class CartLine:
    """One title of a cart, with how many copies are wanted."""

    book: Book
    count: int

    @property
    def total(self) -> int:
        """What they cost together, in cents."""
        return self.book.price * self.count


@dataclass(frozen=True, slots=True)
class Cart:
    """What a visitor is about to buy."""

    lines: list[CartLine]

    @property
    def subtotal(self) -> int:
        """What the books cost, in cents."""
        return sum(line.total for line in self.lines)

    @property
    def delivery(self) -> int:
        """What bringing them costs, in cents."""
        return 0 if self.subtotal >= FREE_FROM else DELIVERY

    @property
    def total(self) -> int:
        """What everything costs, in cents."""
        return self.subtotal + self.delivery


def read_cart(cart: Annotated[str, Cookie(alias=COOKIE)] = "") -> dict[int, int]:
    """Give the copies wanted by number of book; what this shop would not have written is passed over."""
    entries = cart.split(".", MOST_TITLES)[:MOST_TITLES]
    found = [match for entry in entries if (match := _ENTRY.fullmatch(entry))]
    return {int(match[1]): int(match[2]) for match in found}


#: An argument of a view: the copies wanted by number of book.
CartCounts: TypeAlias = Annotated[dict[int, int], Depends(read_cart, blocking=False)]


def write_cart(response: Response, counts: Mapping[int, int]) -> None:
    """Let the browser keep a cart for a month; an empty one is dropped."""
    if not counts:
        response.delete_cookie(COOKIE, httponly=True, secure=settings.SECURE_COOKIES)
        return
    value = ".".join(f"{book_id}-{count}" for book_id, count in counts.items())
    response.set_cookie(COOKIE, value, max_age=_MONTH, httponly=True, secure=settings.SECURE_COOKIES, samesite="lax")


async def load_cart(counts: Mapping[int, int]) -> Cart:
    """Look up the books of a cart; those that are not in the catalogue any more are left out."""
    books = await catalogue.repository.get_books(counts)
    return Cart([CartLine(book, counts[book_id]) for book_id, book in books.items()])
