"""From a cart and an address to an order; forms and programs buy the same way."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import catalogue.repository
import members.repository
from bookshop.forms import Fields, InvalidFields
from orders import repository
from orders.cart import MOST_COPIES, MOST_TITLES, Cart, load_cart
from orders.models import Order, OrderLine

ADDRESS_FIELDS = ("name", "email", "street", "postcode", "city")


@dataclass(frozen=True, slots=True)
class Address:
    """Who gets a parcel, and where."""

    name: str
    email: str
    street: str
    postcode: str
    city: str


async def order_cart(values: Mapping[str, str], cart: Cart, *, visitor: str) -> Order:
    """Buy what is in a cart.

    Args:
        values: The fields of the form.
        cart: What is bought.
        visitor: The key of the browser.

    Raises:
        InvalidFields: A field cannot be used, or there are too few copies; every fault is named (422).
    """
    fields = Fields(values)
    address = _read_address(fields)
    return await _place(fields, address, cart, visitor=visitor)


async def order_record(record: object, *, visitor: str) -> Order:
    """Buy what a program sent: the fields of an address, and ``lines`` of ``book_id`` and ``count``.

    Args:
        record: The decoded JSON.
        visitor: The key of the browser or program.

    Raises:
        InvalidFields: Something in it cannot be used, or there are too few copies; every fault is named (422).
    """
    fields = Fields(record, known=(*ADDRESS_FIELDS, "lines"))
    address = _read_address(fields)
    counts = _read_lines(fields, record.get("lines") if isinstance(record, Mapping) else None)
    cart = await load_cart(counts)
    missing = sorted(set(counts) - {line.book.id for line in cart.lines})
    if missing:
        fields.faults["lines"] = f"there is no book number {missing[0]}"
    return await _place(fields, address, cart, visitor=visitor)


def _read_address(fields: Fields) -> Address:
    return Address(
        name=fields.text("name", most=60),
        email=fields.email("email"),
        street=fields.text("street", most=80),
        postcode=fields.text("postcode", least=3, most=12),
        city=fields.text("city", most=60),
    )


def _read_lines(fields: Fields, lines: object) -> dict[int, int]:
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_TITLES:
        fields.faults["lines"] = f"must be a list of 1 to {MOST_TITLES} titles"
        return {}
    counts: dict[int, int] = {}
    for number, line in enumerate(lines):
        entry = Fields(line, known=("book_id", "count"))
        book_id = entry.whole("book_id", least=1, most=999_999_999)
        count = entry.whole("count", least=1, most=MOST_COPIES)
        if "book_id" not in entry.faults:
            if book_id in counts:
                entry.faults["book_id"] = "is there twice"
            counts[book_id] = count
        fields.faults.update({f"lines.{number}.{name}": fault for name, fault in entry.faults.items()})
    return counts if not any(name.startswith("lines.") for name in fields.faults) else {}


async def _place(fields: Fields, address: Address, cart: Cart, *, visitor: str) -> Order:
    for line in cart.lines:
        if line.book.copies < line.count:
            left = f"only {line.book.copies} left" if line.book.copies else "sold out"
            fields.faults["lines"] = f"{line.book.title}: {left}"
    fields.check()
    if not cart.lines:
        raise InvalidFields({"lines": "must be a list of 1 or more titles"})
    member = await members.repository.find_member(visitor)
    order = Order(
        id=0,
        name=address.name,
        email=address.email,
        street=address.street,
        postcode=address.postcode,
        city=address.city,
        ordered_at=dt.datetime.now(dt.UTC),
        delivery=cart.delivery,
        member_id=None if member is None else member.id,
        visitor=visitor,
    )
    await catalogue.repository.take_copies({line.book.id: line.count for line in cart.lines})
    return await repository.add_order(
        order, [OrderLine(0, line.book.id, line.count, line.book.price) for line in cart.lines]
    )
