"""The pages of cart, checkout and orders; what changes something ends in a redirect, so that reloading is harmless."""

from collections.abc import Mapping
from typing import Annotated

from openviper import Form, HTMLResponse, RedirectResponse, Request, Response, render

from bookshop.errors import InvalidFields
from bookshop.fields import BookId
from bookshop.forms import shows_form
from catalogue.lookup import find_book
from members.current import CurrentMember
from members.visitor import Visitor, keep_visitor, make_visitor
from orders import repository
from orders.cart import COOKIE, FREE_FROM, MOST_COPIES, MOST_TITLES, CartCounts, Count, load_cart, read_cart, write_cart
from orders.checkout import Address, order_cart
from orders.lookup import TheOrder


async def show_cart(request: Request, counts: CartCounts) -> HTMLResponse:
    """Show what is in the cart."""
    cart = await load_cart(counts)
    context = {
        "cart": cart,
        "free_from": FREE_FROM,
        "most_copies": MOST_COPIES,
    }
    return await render(request, "orders/cart.html", context)


async def add_to_cart(
    book_id: Annotated[BookId, Form()], count: Annotated[Count, Form()], counts: CartCounts
) -> Response:
    """Put copies of a book into the cart, beside those that are in it."""
    book = await find_book(book_id)
    if book.id not in counts and len(counts) == MOST_TITLES:
        raise InvalidFields({"cart": f"is full: {MOST_TITLES} titles fit"})
    return _to_cart({**counts, book.id: min(counts.get(book.id, 0) + count, MOST_COPIES)})


async def change_cart(
    book_id: Annotated[BookId, Form()], count: Annotated[Count, Form()], counts: CartCounts
) -> Response:
    """Set how many copies of a title are wanted."""
    return _to_cart({**counts, book_id: count} if book_id in counts else counts)


async def remove_from_cart(book_id: Annotated[BookId, Form()], counts: CartCounts) -> Response:
    """Take a title out of the cart."""
    return _to_cart({number: count for number, count in counts.items() if number != book_id})


async def show_checkout(request: Request, member: CurrentMember) -> Response:
    """Show the form for the address; a member's name is in it already."""
    known = {} if member is None else {"name": member.name, "email": member.email, "city": member.city}
    return await show_form(request, known, {})


async def check_out(address: Annotated[Address, Form()], counts: CartCounts, visitor: Visitor) -> Response:
    """Buy the cart."""
    cart = await load_cart(counts)
    if not cart.lines:
        return RedirectResponse("/cart", 303)
    visitor = visitor or make_visitor()
    order_id = await order_cart(address, cart, visitor=visitor)
    response = RedirectResponse("order", 303, order_id=order_id)
    write_cart(response, {})
    keep_visitor(response, visitor)
    return response


async def show_orders(request: Request, visitor: Visitor) -> HTMLResponse:
    """List what was bought with this browser."""
    orders = await repository.list_orders(visitor=visitor)
    return await render(request, "orders/list.html", {"orders": orders})


async def show_order(request: Request, order: TheOrder) -> HTMLResponse:
    """Confirm an order to the browser that sent it."""
    return await render(request, "orders/order.html", {"order": order})


@shows_form("/checkout")
async def show_form(request: Request, values: Mapping[str, str], faults: Mapping[str, str]) -> Response:
    """Show the form for the address, with the faults of what was sent; without a cart there is nothing to send."""
    cart = await load_cart(read_cart(request.cookies.get(COOKIE, "")))
    if not cart.lines:
        return RedirectResponse("/cart", 303)
    context = {"cart": cart, "values": values, "faults": faults}
    return await render(request, "orders/checkout.html", context, 422 if faults else 200)


def _to_cart(counts: Mapping[int, int]) -> Response:
    response = RedirectResponse("/cart", 303)
    write_cart(response, counts)
    return response
