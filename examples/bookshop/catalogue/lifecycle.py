"""The life of the shop, which begins with its catalogue: tables, and books on the shelves."""

from bookshop.stock import open_shop


async def startup() -> None:
    """Open before the first request is taken."""
    await open_shop()
