"""The life of the catalogue: books are there from the first request to the last."""

import asyncio

from bookshop.stock import opening_stock
from catalogue import repository


async def startup() -> None:
    """Put the books on the shelves."""
    # As the first app it is the one that reads the file, or makes the rows: some tenths of a second.
    stock = await asyncio.to_thread(opening_stock)
    await repository.fill(stock.genres, stock.authors, stock.books)


async def shutdown() -> None:
    """Let go of them."""
    opening_stock.cache_clear()
    await repository.clear()
