"""What the catalogue answers: pages for people, JSON for programs."""

from openviper import HTMLResponse, JSONResponse, Request
from openviper.exceptions import NotFound, ValidationError

from catalogue import books, pages
from catalogue.books import Book, InvalidBookError


async def show_books(request: Request, q: str = "", genre: str = "") -> HTMLResponse:
    """Show the shop window: every book, or those that a search finds."""
    return HTMLResponse(pages.list_page(books.find_books(q, genre), text=q, genre=genre, visit=_visit(request)))


async def show_book(request: Request, book_id: int) -> HTMLResponse:
    """Show one book and others of its genre."""
    book = _book_or_404(book_id)
    others = [other for other in books.find_books(genre=book.genre) if other is not book]
    return HTMLResponse(pages.book_page(book, others, visit=_visit(request)))


async def list_books(q: str = "", genre: str = "", limit: int = 50) -> dict[str, object]:
    """List the books that a search finds, at most ``limit`` of them."""
    found = books.find_books(q, genre)
    return {"count": len(found), "books": found[: max(limit, 0)]}


async def get_book(book_id: int) -> Book:
    """Give one book."""
    return _book_or_404(book_id)


async def add_book(request: Request) -> JSONResponse:
    """Put a new book on the shelf."""
    try:
        book = books.add_book(await request.json())
    except InvalidBookError as error:
        raise ValidationError([{"field": field, "message": fault} for field, fault in error.faults.items()]) from error
    return JSONResponse(book, status_code=201, headers={"location": f"/api/books/{book.id}"})


def _book_or_404(book_id: int) -> Book:
    book = books.get_book(book_id)
    if book is None:
        raise NotFound(f"There is no book number {book_id}.")
    return book


def _visit(request: Request) -> int | None:
    return request.scope.get("visit_number")
