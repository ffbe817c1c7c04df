"""The files in memory, behind functions; coroutines, as those of a database are."""

from collections.abc import Iterable

from bookshop.paging import Page, page_of
from media.models import Cover, Extract

_covers: dict[int, Cover] = {}
_extracts: dict[int, Extract] = {}


async def fill(covers: Iterable[Cover], extracts: Iterable[Extract]) -> None:
    """Put these rows in place of those that are there."""
    await clear()
    _covers.update((cover.book_id, cover) for cover in covers)
    _extracts.update((extract.book_id, extract) for extract in extracts)


async def clear() -> None:
    """Forget every row."""
    _covers.clear()
    _extracts.clear()


async def count_rows() -> dict[str, int]:
    """Give the number of rows by model."""
    return {"covers": len(_covers), "extracts": len(_extracts)}


async def get_cover(book_id: int) -> Cover | None:
    """Give the cover of a book; None when there is none."""
    return _covers.get(book_id)


async def get_extract(book_id: int) -> Extract | None:
    """Give the first lines of a book; None when there are none."""
    return _extracts.get(book_id)


async def list_extracts(*, page: int, size: int) -> Page[Extract]:
    """Give one page of the extracts.

    Raises:
        NotFound: There is no such page (404).
    """
    return page_of(list(_extracts.values()), number=page, size=size)
