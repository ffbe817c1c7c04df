"""The orders for programs, which keep the cookie of their first order to see it again."""

from openviper import JSONResponse, Request

from members.visitor import keep_visitor, make_visitor, read_visitor
from orders import repository
from orders.checkout import order_record
from orders.models import Order
from orders.views import order_or_404, total_of


async def list_orders(request: Request) -> dict[str, object]:
    """List the orders of whoever asks."""
    orders = await repository.list_orders(visitor=read_visitor(request))
    return {"count": len(orders), "orders": [await _describe(order) for order in orders]}


async def create_order(request: Request) -> JSONResponse:
    """Buy books; one answer names every fault."""
    visitor = read_visitor(request) or make_visitor()
    order = await order_record(await request.json(), visitor=visitor)
    response = JSONResponse(await _describe(order), 201, {"location": f"/api/orders/{order.id}"})
    keep_visitor(response, visitor)
    return response


async def get_order(request: Request, order_id: int) -> dict[str, object]:
    """Give one order to whoever sent it."""
    return await _describe(await order_or_404(request, order_id))


async def _describe(order: Order) -> dict[str, object]:
    # Written out, so that a new field of the model does not appear outside by itself.
    return {
        "id": order.id,
        "ordered_at": order.ordered_at,
        "name": order.name,
        "email": order.email,
        "street": order.street,
        "postcode": order.postcode,
        "city": order.city,
        "lines": [
            {"book_id": line.book_id, "count": line.count, "price": line.price}
            for line in await repository.list_lines(order.id)
        ],
        "delivery": order.delivery,
        "total": await total_of(order),
    }
