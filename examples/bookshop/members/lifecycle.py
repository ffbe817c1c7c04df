"""The life of the members: there from the first request to the last."""

from bookshop.stock import opening_stock
from members import repository


async def startup() -> None:
    """Take them in."""
    await repository.fill(opening_stock().members)


async def shutdown() -> None:
    """Let go of them."""
    await repository.clear()
