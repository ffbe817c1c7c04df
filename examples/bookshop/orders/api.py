"""The orders for programs, which keep the cookie of their first order to see it again."""

import datetime as dt

from msgspec import Struct
from openviper import JSONResponse

from members.visitor import Visitor, keep_visitor, make_visitor
from orders import repository
from orders.checkout import WantedOrder, order_lines
from orders.lookup import TheOrder, find_order
from orders.models import Order


class LineRecord(Struct):
    """One title of an order."""

    book_id: int
    count: int
    price: int


class OrderRecord(Struct):
    """An order as programs see it; a new field of the model does not appear outside by itself."""

    id: int
    ordered_at: dt.datetime
    name: str
    email: str
    street: str
    postcode: str
    city: str
    lines: list[LineRecord]
    delivery: int
    total: int


async def list_orders(visitor: Visitor) -> dict[str, object]:
    """List the orders of whoever asks."""
    orders = await repository.list_orders(visitor=visitor)
    return {"count": len(orders), "orders": [_describe(order) for order in orders]}


async def create_order(wanted: WantedOrder, visitor: Visitor) -> JSONResponse:
    """Buy books; one answer names every fault."""
    visitor = visitor or make_visitor()
    order_id = await order_lines(wanted, visitor=visitor)
    order = await find_order(order_id, visitor)
    response = JSONResponse(_describe(order), 201, {"location": f"/api/orders/{order.id}"})
    keep_visitor(response, visitor)
    return response


async def get_order(order: TheOrder) -> OrderRecord:
    """Give one order to whoever sent it."""
    return _describe(order)


def _describe(order: Order) -> OrderRecord:
    return OrderRecord(
        id=order.id,
        ordered_at=order.ordered_at,
        name=order.name,
        email=order.email,
        street=order.street,
        postcode=order.postcode,
        city=order.city,
        lines=[LineRecord(line.book_id, line.count, line.price) for line in order.lines],
        delivery=order.delivery,
        total=order.total,
    )
