"""The life of the orders: there from the first request to the last."""

from bookshop.stock import opening_stock
from orders import repository


async def startup() -> None:
    """Take them in."""
    stock = opening_stock()
    await repository.fill(stock.orders, stock.lines)


async def shutdown() -> None:
    """Let go of them."""
    await repository.clear()
