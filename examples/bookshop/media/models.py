"""What is known of files."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Pattern: TypeAlias = Literal["sun", "waves", "arches", "grid", "rays", "hills", "moons", "stripes"]


@dataclass(frozen=True, slots=True)
class Cover:
    """How the cover of a book is drawn.

    Args:
        book_id: The book.
        pattern: What is on it.
        palette: Number of its colours.
        shift: Moves and sizes the pattern, 0 to 99, so that no two look the same.
    """

    book_id: int
    pattern: Pattern
    palette: int
    shift: int


@dataclass(frozen=True, slots=True)
class Extract:
    """The first lines of a book.

    Args:
        book_id: The book.
        text: Paragraphs with an empty line between them.
    """

    book_id: int
    text: str
