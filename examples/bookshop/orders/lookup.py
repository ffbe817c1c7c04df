"""The order that the path of a request names, if it is the visitor's own."""

from typing import Annotated, TypeAlias

from openviper import Depends, NotFound

from members.visitor import Visitor
from orders import repository
from orders.models import Order


async def find_order(order_id: int, visitor: Visitor) -> Order:
    """Give an order with its lines and books to the browser that sent it.

    Raises:
        NotFound: There is none of this number, or another browser sent it (404).
    """
    order = await repository.get_order(order_id, visitor=visitor)
    if order is None:
        raise NotFound(f"You have no order number {order_id}.")
    return order


TheOrder: TypeAlias = Annotated[Order, Depends(find_order)]
