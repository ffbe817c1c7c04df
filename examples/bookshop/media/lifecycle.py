"""The life of the files: there from the first request to the last."""

from bookshop.stock import opening_stock
from media import repository


async def startup() -> None:
    """Take them in."""
    stock = opening_stock()
    await repository.fill(stock.covers, stock.extracts)


async def shutdown() -> None:
    """Let go of them."""
    await repository.clear()
