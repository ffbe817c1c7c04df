"""Covers and extracts of books."""

import random
from collections.abc import Sequence

from catalogue.models import Book
from catalogue.seeds import WORDS
from media.drawing import PALETTES
from media.models import Cover, Extract, Pattern


def make_covers(rng: random.Random, books: Sequence[Book]) -> tuple[Cover, ...]:
    """Design a cover for each book."""
    patterns = list(Pattern)
    covers, pattern, palette = [], 0, 0
    for book in books:
        # A step, so that neighbours differ in both.
        pattern = (pattern + rng.randrange(1, len(patterns))) % len(patterns)
        palette = (palette + rng.randrange(1, len(PALETTES))) % len(PALETTES)
        covers.append(Cover(book=book, pattern=patterns[pattern], palette=palette, shift=rng.randrange(100)))
    return tuple(covers)


def make_extracts(rng: random.Random, books: Sequence[Book], count: int) -> tuple[Extract, ...]:
    """Write the first lines of some books, the oldest of the shop first."""
    return tuple(Extract(book=book, text="\n\n".join(rng.sample(WORDS["lines"], 3))) for book in books[:count])
