"""Everything that the shop opens with: rows of all eight models, made from a seed."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

from openviper.conf import settings
from openviper.db import Model, atomic
from openviper.db.connections import init_db
from openviper.db.exceptions import IntegrityError

from catalogue.models import Author, Book, Genre
from catalogue.seeds import make_authors, make_books, make_genres
from media.models import Cover, Extract
from media.seeds import make_covers, make_extracts
from members.models import Member
from members.seeds import make_members
from orders.models import Order, OrderLine
from orders.seeds import make_lines, make_orders

#: Fewer rows leave some model without any.
LEAST_ROWS = 200
MOST_ROWS = 200_000

#: Rows that are in no database yet, by their name for people; those first that others refer to.
Stock: TypeAlias = Mapping[str, Sequence[Model]]

MODELS: Mapping[str, type[Model]] = {
    "genres": Genre,
    "authors": Author,
    "books": Book,
    "members": Member,
    "orders": Order,
    "lines": OrderLine,
    "covers": Cover,
    "extracts": Extract,
}


async def open_shop() -> None:
    """Make the tables where they are missing, and fill them when they are empty."""
    await init_db()
    # Of several processes that open an empty shop, one fills it.
    with suppress(IntegrityError):
        async with atomic():
            if not await Genre.objects.exists():
                await _store(await asyncio.to_thread(make_stock, settings.STOCK_ROWS, settings.STOCK_SEED))


async def replace_stock(stock: Stock) -> None:
    """Put these rows in place of everything that is there, or leave it as it is if that fails."""
    async with atomic():
        await init_db(drop_first=True)
        await _store(stock)


async def count_rows() -> dict[str, int]:
    """Give the number of rows by model."""
    return {name: await model.objects.count() for name, model in MODELS.items()}


def make_stock(rows: int, seed: int) -> Stock:
    """Make rows; the same numbers make the same rows.

    Args:
        rows: Of all models together, ``LEAST_ROWS`` to ``MOST_ROWS``.
        seed: What they are drawn from.

    Raises:
        ValueError: Too few rows, or too many.
    """
    if not LEAST_ROWS <= rows <= MOST_ROWS:
        raise ValueError(f"the shop opens with {LEAST_ROWS} to {MOST_ROWS} rows, not {rows}")
    rng = random.Random(seed)  # noqa: S311 - a shop that looks the same each time, not a secret
    genres = make_genres()
    authors = make_authors(rng, rows * 5 // 100)
    books = make_books(rng, rows * 28 // 100, authors, genres)
    members = make_members(rng, rows * 8 // 100, genres)
    covers = make_covers(rng, books)
    extracts = make_extracts(rng, books, rows * 4 // 100)
    left = rows - sum(map(len, (genres, authors, books, members, covers, extracts)))
    orders = make_orders(rng, left * 2 // 5, members)
    lines = make_lines(rng, left - len(orders), orders, books)
    made = (genres, authors, books, members, orders, lines, covers, extracts)
    return dict(zip(MODELS, made, strict=True))


async def _store(stock: Stock) -> None:
    for name, records in stock.items():
        await MODELS[name].objects.bulk_create(records)
