"""The pages of cart, checkout and orders; what changes something ends in a redirect, so that reloading is harmless."""

from collections.abc import Mapping

from openviper import HTMLResponse, NotFound, RedirectResponse, Request, Response, render

import catalogue.repository
import members.repository
from bookshop.forms import Fields, InvalidFields, read_form
from members.visitor import keep_visitor, make_visitor, read_visitor
from orders import repository
from orders.cart import FREE_FROM, MOST_COPIES, MOST_TITLES, Cart, load_cart, read_cart, write_cart
from orders.checkout import ADDRESS_FIELDS, order_cart
from orders.models import Order

_LARGEST_ID = 999_999_999


async def show_cart(request: Request) -> HTMLResponse:
    """Show what is in the cart."""
    cart = await load_cart(read_cart(request))
    context = {
        "cart": cart,
        "authors": await catalogue.repository.map_authors(line.book for line in cart.lines),
        "free_from": FREE_FROM,
        "most_copies": MOST_COPIES,
    }
    return await render(request, "orders/cart.html", context)


async def add_to_cart(request: Request) -> Response:
    """Put copies of a book into the cart, beside those that are in it."""
    fields = Fields(await read_form(request))
    book_id = fields.whole("book_id", least=1, most=_LARGEST_ID)
    count = fields.whole("count", least=1, most=MOST_COPIES)
    fields.check()
    if not await catalogue.repository.get_books([book_id]):
        raise NotFound(f"There is no book number {book_id}.")
    counts = read_cart(request)
    if book_id not in counts and len(counts) == MOST_TITLES:
        raise InvalidFields({"cart": f"is full: {MOST_TITLES} titles fit"})
    return _to_cart({**counts, book_id: min(counts.get(book_id, 0) + count, MOST_COPIES)})


async def change_cart(request: Request) -> Response:
    """Set how many copies of a title are wanted."""
    fields = Fields(await read_form(request))
    book_id = fields.whole("book_id", least=1, most=_LARGEST_ID)
    count = fields.whole("count", least=1, most=MOST_COPIES)
    fields.check()
    counts = read_cart(request)
    return _to_cart({**counts, book_id: count} if book_id in counts else counts)


async def remove_from_cart(request: Request) -> Response:
    """Take a title out of the cart."""
    fields = Fields(await read_form(request))
    book_id = fields.whole("book_id", least=1, most=_LARGEST_ID)
    fields.check()
    counts = read_cart(request)
    counts.pop(book_id, None)
    return _to_cart(counts)


async def show_checkout(request: Request) -> Response:
    """Show the form for the address; a member's name is in it already."""
    cart = await load_cart(read_cart(request))
    if not cart.lines:
        return RedirectResponse("/cart", 303)
    member = await members.repository.find_member(read_visitor(request))
    known = {} if member is None else {"name": member.name, "email": member.email, "city": member.city}
    return await _show_form(request, cart, known, {})


async def check_out(request: Request) -> Response:
    """Buy the cart, or say what is wrong in the form."""
    values = await read_form(request)
    cart = await load_cart(read_cart(request))
    if not cart.lines:
        return RedirectResponse("/cart", 303)
    visitor = read_visitor(request) or make_visitor()
    try:
        order = await order_cart(values, cart, visitor=visitor)
    except InvalidFields as error:
        return await _show_form(request, cart, values, error.faults)
    response = RedirectResponse(f"/orders/{order.id}", 303)
    write_cart(response, {})
    keep_visitor(response, visitor)
    return response


async def show_orders(request: Request) -> HTMLResponse:
    """List what was bought with this browser."""
    orders = await repository.list_orders(visitor=read_visitor(request))
    totals = {order.id: await total_of(order) for order in orders}
    return await render(request, "orders/list.html", {"orders": orders, "totals": totals})


async def show_order(request: Request, order_id: int) -> HTMLResponse:
    """Confirm an order to the browser that sent it."""
    order = await order_or_404(request, order_id)
    lines = await repository.list_lines(order.id)
    context = {
        "order": order,
        "lines": lines,
        "books": await catalogue.repository.get_books(line.book_id for line in lines),
        "total": await total_of(order),
    }
    return await render(request, "orders/order.html", context)


async def order_or_404(request: Request, order_id: int) -> Order:
    """Give an order to the browser that sent it.

    Raises:
        NotFound: There is none of this number, or another browser sent it (404).
    """
    order = await repository.get_order(order_id, visitor=read_visitor(request))
    if order is None:
        raise NotFound(f"You have no order number {order_id}.")
    return order


async def total_of(order: Order) -> int:
    """Give what an order costs with its delivery, in cents."""
    lines = await repository.list_lines(order.id)
    return order.delivery + sum(line.price * line.count for line in lines)


def _to_cart(counts: Mapping[int, int]) -> Response:
    response = RedirectResponse("/cart", 303)
    write_cart(response, counts)
    return response


async def _show_form(
    request: Request, cart: Cart, values: Mapping[str, str], faults: Mapping[str, str]
) -> HTMLResponse:
    context = {"cart": cart, "values": {name: values.get(name, "") for name in ADDRESS_FIELDS}, "faults": faults}
    return await render(request, "orders/checkout.html", context, 422 if faults else 200)
