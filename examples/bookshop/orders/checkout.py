"""From a cart and an address to an order; forms and programs buy the same way."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct
from openviper.db import atomic

import catalogue.repository
import members.repository
from bookshop.errors import InvalidFields
from bookshop.fields import BookId, Email, Postcode, Text
from catalogue.models import Book
from orders.cart import MOST_TITLES, Cart, Count, load_cart
from orders.models import Order, OrderLine


class Address(Struct, frozen=True):
    """Who gets a parcel, and where: the form at the checkout."""

    name: Text
    email: Email
    street: Text
    postcode: Postcode
    city: Text


class WantedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One title that a program wants; what it costs is not asked."""

    book_id: BookId
    count: Count


class WantedOrder(Address, frozen=True, forbid_unknown_fields=True):
    """What a program sends to buy books."""

    lines: Annotated[list[WantedLine], Meta(min_length=1, max_length=MOST_TITLES)]


async def order_lines(wanted: WantedOrder, *, visitor: str) -> int:
    """Buy what a program sent, and give the number of the order.

    Raises:
        InvalidFields: There is no such book, one is there twice, or there are too few copies (422).
    """
    counts = {line.book_id: line.count for line in wanted.lines}
    if len(counts) < len(wanted.lines):
        raise InvalidFields({"lines": "name a book twice"})
    cart = await load_cart(counts)
    missing = set(counts) - {line.book.id for line in cart.lines}
    if missing:
        raise InvalidFields({"lines": f"there is no book number {min(missing)}"})
    return await order_cart(wanted, cart, visitor=visitor)


@atomic
async def order_cart(address: Address, cart: Cart, *, visitor: str) -> int:
    """Buy what is in a cart, all of it or nothing, and give the number of the order.

    Args:
        address: Where it goes.
        cart: What is bought, at least one title.
        visitor: The key of the browser or program.

    Raises:
        InvalidFields: There are too few copies of a book (422).
    """
    # Everybody takes books in the same order, so that no two buyers wait each for the other.
    for line in sorted(cart.lines, key=lambda line: line.book.id):
        if not await catalogue.repository.take_copies(line.book.id, line.count):
            raise InvalidFields({"lines": await _describe_lack(line.book)})
    order = await Order.objects.create(
        name=address.name.strip(),
        email=address.email,
        street=address.street.strip(),
        postcode=address.postcode,
        city=address.city.strip(),
        ordered_at=dt.datetime.now(dt.UTC),
        delivery=cart.delivery,
        member=await members.repository.find_member(visitor),
        visitor=visitor,
    )
    await order.lines.bulk_create(
        OrderLine(book=line.book, count=line.count, price=line.book.price) for line in cart.lines
    )
    return order.id


async def _describe_lack(book: Book) -> str:
    await book.refresh_from_db(fields=["copies"])
    left = f"only {book.copies} left" if book.copies else "sold out"
    return f"{book.title}: {left}"
