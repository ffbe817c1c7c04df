"""A long list in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from openviper import NotFound
from openviper.db import Model, QuerySet

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and where they stand in it.

    Args:
        rows: The rows of this page.
        number: Number of this page, from 1.
        last: Number of the last page, at least 1.
        count: Rows of the whole list.
    """

    rows: list[T]
    number: int
    last: int
    count: int

    @property
    def window(self) -> list[int | None]:
        """The pages worth a link: the ends, this one and its neighbours; None stands for those between."""
        near = sorted({1, self.last, *range(max(self.number - 1, 1), min(self.number + 1, self.last) + 1)})
        links: list[int | None] = []
        for number in near:
            if links and number - (links[-1] or 0) > 1:
                links.append(None)
            links.append(number)
        return links


async def read_page(rows: QuerySet[M], *, number: int, size: int) -> Page[M]:
    """Read one page of what a query finds; the rows of the others stay in the database.

    Raises:
        NotFound: It finds no such page (404).
    """
    found = await rows.paginate(number, size)
    return Page(found.items, number, found.num_pages or 1, found.total_count or 0)


def page_of(rows: Sequence[T], *, number: int, size: int) -> Page[T]:
    """Cut one page out of a list.

    Raises:
        NotFound: The list has no such page (404).
    """
    last = max(-(-len(rows) // size), 1)
    if not 1 <= number <= last:
        raise NotFound(f"There is no page {number}; the last one is {last}.")
    return Page(list(rows[(number - 1) * size : number * size]), number, last, len(rows))
