"""Page: some of the rows of a query, and where the others are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from openviper.db.exceptions import InvalidPageError, PageNotFoundError
from openviper.db.fields.base import shorten
from openviper.db.pagination.cursor import Cursor, seal_cursor

__all__ = ["MAX_PAGE_SIZE", "Edge", "Page", "check_page"]

R = TypeVar("R")

#: Most rows of one page; what a client asks for is often passed on, and should not empty the table.
MAX_PAGE_SIZE: Final = 1000
# Engines count rows in 64 bits with a sign.
_MOST_ROWS: Final = 2**63 - 1


class Edge(NamedTuple):
    """One end of a page; its text is written when somebody asks for it, as few do who go by numbers.

    Args:
        cursor: The place.
        order: What the rows are sorted by.
    """

    cursor: Cursor
    order: object


# Without slots: with them, a frozen class cannot be called as Page[Book](...).
@dataclass(frozen=True, kw_only=True)
class Page(Generic[R]):
    """Some of the rows of a query.

    It can be iterated, measured and indexed as its ``items``; queries make it.

    Args:
        items: The rows, at most ``page_size``.
        page_size: How many a page has.
        number: Number of the page, from 1; None where a cursor led to it.
        total_count: Rows of all pages together; None where a cursor led here, as they are not counted then.
        following: Where the rows after these begin; see ``next_cursor``.
        preceding: Where the rows before these end; see ``previous_cursor``.
    """

    items: list[R]
    page_size: int
    number: int | None = None
    total_count: int | None = None
    following: Edge | None = field(default=None, repr=False)
    preceding: Edge | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[R]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> R:
        return self.items[place]

    @property
    def next_cursor(self) -> str | None:
        """What ``paginate(cursor=...)`` takes for the rows after these; None on the last page.

        Raises:
            DatabaseOperationNotSupportedError: Rows are sorted by something that no cursor holds, such as JSON, or by a
                text that is too long for a URL.
        """
        return None if self.following is None else seal_cursor(*self.following)

    @property
    def previous_cursor(self) -> str | None:
        """What ``paginate(cursor=...)`` takes for the rows before these; None on the first page.

        Raises:
            DatabaseOperationNotSupportedError: Rows are sorted by something that no cursor holds, such as JSON, or by a
                text that is too long for a URL.
        """
        return None if self.preceding is None else seal_cursor(*self.preceding)

    @property
    def num_pages(self) -> int | None:
        """How many pages there are, at least 1; None where the rows were not counted."""
        if self.total_count is None:
            return None
        return max(1, -(-self.total_count // self.page_size))

    @property
    def has_next(self) -> bool:
        """Whether rows come after these."""
        if self.number is None or self.total_count is None:
            return self.following is not None
        return self.number * self.page_size < self.total_count

    @property
    def has_previous(self) -> bool:
        """Whether rows come before these."""
        return self.preceding is not None if self.number is None else self.number > 1

    @property
    def next_page_number(self) -> int | None:
        """Number of the page after this one; None on the last, and where a cursor led here."""
        return self.number + 1 if self.number is not None and self.has_next else None

    @property
    def previous_page_number(self) -> int | None:
        """Number of the page before this one; None on the first, and where a cursor led here."""
        return self.number - 1 if self.number is not None and self.number > 1 else None


def check_page(number: object, size: object) -> None:
    """Refuse what is no page.

    Args:
        number: Number of the page.
        size: Rows of a page.

    Raises:
        InvalidPageError: One of them is no whole number, less than 1, or the size above ``MAX_PAGE_SIZE`` (a 400).
        PageNotFoundError: No table has so many rows (a 404).
    """
    for name, value in (("page_number", number), ("page_size", size)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InvalidPageError(f"{name} is {shorten(value)}; give a whole number from 1")
        if name == "page_size" and value > MAX_PAGE_SIZE:
            raise InvalidPageError(f"page_size is {value}; a page has at most {MAX_PAGE_SIZE} rows")
        if name == "page_number" and value > _MOST_ROWS // MAX_PAGE_SIZE:
            raise PageNotFoundError(f"There is no page {value}.")
