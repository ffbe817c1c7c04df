"""The queries of the files."""

from bookshop.paging import Page, read_page
from media.models import Cover, Extract


async def get_cover(book_id: int) -> Cover | None:
    """Give the design of a book's cover; None when there is none."""
    return await Cover.objects.get_or_none(book=book_id)


async def get_extract(book_id: int) -> Extract | None:
    """Give the first lines of a book; None when there are none."""
    return await Extract.objects.get_or_none(book=book_id)


async def list_extracts(*, page: int, size: int) -> Page[Extract]:
    """Give one page of the extracts, with their books.

    Raises:
        NotFound: There is no such page (404).
    """
    return await read_page(Extract.objects.select_related("book").order_by("id"), number=page, size=size)
