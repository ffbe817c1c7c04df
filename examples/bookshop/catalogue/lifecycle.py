"""The life of the catalogue: books are there from the first request to the last."""

import asyncio
from pathlib import Path

from catalogue import books

DATA = Path(__file__).parent / "data" / "books.json"


async def startup() -> None:
    """Load the books."""
    books.load(await asyncio.to_thread(DATA.read_bytes))


async def shutdown() -> None:
    """Let go of them."""
    books.clear()
