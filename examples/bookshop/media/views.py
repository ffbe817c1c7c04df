"""The files themselves, and a page that lists them."""

from openviper import HTMLResponse, NotFound, PlainTextResponse, Request, Response, render

import catalogue.repository
from catalogue.views import author_or_404, book_or_404
from media import repository
from media.drawing import draw_cover

FILES_A_PAGE = 24

# A cover does not change, and a list of books asks for two dozen of them.
_FOR_A_DAY = {"cache-control": "public, max-age=86400"}


async def show_media(request: Request, page: int = 1) -> HTMLResponse:
    """List the books of which there are a cover and first lines."""
    found = await repository.list_extracts(page=page, size=FILES_A_PAGE)
    books = await catalogue.repository.get_books(extract.book_id for extract in found.rows)
    return await render(request, "media/list.html", {"page": found, "books": books})


async def send_cover(request: Request, book_id: int) -> Response:
    """Draw the cover of a book."""
    cover = await repository.get_cover(book_id)
    if cover is None:
        raise NotFound(f"There is no cover of book number {book_id}.")
    book = await book_or_404(book_id)
    author = await author_or_404(book.author_id)
    return Response(draw_cover(cover, book.title, author.name), headers=_FOR_A_DAY, media_type="image/svg+xml")


async def send_extract(request: Request, book_id: int) -> PlainTextResponse:
    """Send the first lines of a book."""
    extract = await repository.get_extract(book_id)
    if extract is None:
        raise NotFound(f"There are no lines of book number {book_id}.")
    book = await book_or_404(book_id)
    author = await author_or_404(book.author_id)
    return PlainTextResponse(f"{book.title}\n{author.name}\n\n{extract.text}\n", headers=_FOR_A_DAY)
