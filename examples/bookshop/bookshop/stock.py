"""Everything that the shop knows when it opens: rows of all eight models, made from a seed or read from a file."""

import functools
import random
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
from openviper.conf import settings
from openviper.primitives.json import encode

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


@dataclass(frozen=True, slots=True)
class Stock:
    """The rows by model."""

    genres: tuple[Genre, ...]
    authors: tuple[Author, ...]
    books: tuple[Book, ...]
    members: tuple[Member, ...]
    orders: tuple[Order, ...]
    lines: tuple[OrderLine, ...]
    covers: tuple[Cover, ...]
    extracts: tuple[Extract, ...]

    def counts(self) -> dict[str, int]:
        """Give the number of rows by model."""
        return {field.name: len(getattr(self, field.name)) for field in fields(self)}


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
    return Stock(genres, authors, books, members, orders, lines, covers, extracts)


def write_stock(stock: Stock, path: Path) -> None:
    """Write the rows for the next start to read; the file is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(encode(stock))
    unfinished.replace(path)


def read_stock(path: Path) -> Stock:
    """Read what ``write_stock`` has written.

    Raises:
        ValueError: The file holds something else; it is named.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Stock)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: {error}; write it anew: python viperctl.py seed") from error


# The four apps each take their part of one stock; the first to stop forgets it.
@functools.lru_cache(maxsize=1)
def opening_stock() -> Stock:
    """Give what the shop opens with: the rows of the file, or rows of its own where there is none."""
    path = Path(settings.STOCK_FILE)
    return read_stock(path) if path.exists() else make_stock(settings.STOCK_ROWS, settings.STOCK_SEED)
