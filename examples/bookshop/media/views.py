"""The files themselves, a page that lists them, and the form that sends one."""

from openviper import (
    FileResponse,
    HTMLResponse,
    NotFound,
    PlainTextResponse,
    RedirectResponse,
    Request,
    Response,
    render,
)
from openviper.http.uploads import UploadFile

from bookshop.errors import InvalidFields
from bookshop.fields import PageNumber
from catalogue.lookup import TheBook
from catalogue.models import Book
from media import repository
from media.covers import Covers
from members.current import CurrentMember

FILES_A_PAGE = 24

# Browsers keep a cover and ask each time whether it is still the same: 304 without content until there is another.
_ASK_AGAIN = {"cache-control": "no-cache"}
_FOR_A_DAY = {"cache-control": "public, max-age=86400"}


async def show_media(request: Request, page: PageNumber = 1) -> HTMLResponse:
    """List the books of which there are a cover and first lines."""
    found = await repository.list_extracts(page=page, size=FILES_A_PAGE)
    return await render(request, "media/list.html", {"page": found})


async def send_cover(book: TheBook, covers: Covers) -> FileResponse:
    """Send the cover of a book."""
    return FileResponse(await covers.find_file(book), headers=_ASK_AGAIN)


async def send_extract(book: TheBook) -> PlainTextResponse:
    """Send the first lines of a book."""
    extract = await repository.get_extract(book.id)
    if extract is None:
        raise NotFound(f"There are no lines of book number {book.id}.")
    return PlainTextResponse(f"{book.title}\n{book.author.name}\n\n{extract.text}\n", headers=_FOR_A_DAY)


async def show_cover_form(request: Request, book: TheBook, member: CurrentMember) -> Response:
    """Show a member the form for another cover."""
    if member is None:
        return RedirectResponse("/join", 303)
    return await _show_form(request, book, {})


async def take_cover(
    request: Request, book: TheBook, member: CurrentMember, covers: Covers, cover: UploadFile | None = None
) -> Response:
    """Keep the picture that a member has sent, or say what is wrong with it."""
    if member is None or member.visitor is None:
        return RedirectResponse("/join", 303)
    earlier = covers.get_sent(book.id)
    try:
        if cover is None:
            raise InvalidFields({"cover": "is missing"})
        if earlier is not None and earlier.visitor != member.visitor:
            raise InvalidFields({"cover": "was sent by another member, who alone may change it"})
        await covers.save(book, cover, visitor=member.visitor)
    except InvalidFields as error:
        return await _show_form(request, book, error.faults)
    return RedirectResponse("book", 303, book_id=book.id)


async def _show_form(request: Request, book: Book, faults: dict[str, str]) -> HTMLResponse:
    context = {"book": book, "faults": faults}
    return await render(request, "media/cover.html", context, 422 if faults else 200)
