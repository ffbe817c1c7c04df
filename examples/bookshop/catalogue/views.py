"""The pages of the catalogue."""

from typing import Annotated

from openviper import HTMLResponse, Query, Request, render

from bookshop.fields import PageNumber
from catalogue import repository
from catalogue.lookup import TheAuthor, TheBook, TheGenre
from catalogue.repository import BookSearch, SearchText, Sort

BOOKS_A_PAGE = 24
AUTHORS_A_PAGE = 60

SORTS: dict[Sort, str] = {
    "title": "Title",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "cheapest": "Cheapest first",
    "dearest": "Dearest first",
}


async def show_books(request: Request, search: Annotated[BookSearch, Query()], page: PageNumber = 1) -> HTMLResponse:
    """List the books that a search finds."""
    found = await repository.find_books(search, page=page, size=BOOKS_A_PAGE)
    context = {
        "page": found,
        "search": search,
        "sorts": SORTS,
        "genres": await repository.list_genres(),
        "query": {"q": search.q, "genre": search.genre, "sort": search.sort},
    }
    return await render(request, "catalogue/books.html", context)


async def show_book(request: Request, book: TheBook) -> HTMLResponse:
    """Show one book, and others of its shelf."""
    context = {"book": book, "similar": await repository.list_similar(book, most=6)}
    return await render(request, "catalogue/book.html", context)


async def show_authors(request: Request, q: Annotated[SearchText, Query()] = "", page: PageNumber = 1) -> HTMLResponse:
    """List the authors."""
    found = await repository.find_authors(q, page=page, size=AUTHORS_A_PAGE)
    context = {"page": found, "query": {"q": q}}
    return await render(request, "catalogue/authors.html", context)


async def show_author(request: Request, author: TheAuthor, page: PageNumber = 1) -> HTMLResponse:
    """Show an author and the books that they wrote."""
    search = BookSearch(author_id=author.id, sort="newest")
    found = await repository.find_books(search, page=page, size=BOOKS_A_PAGE)
    context = {"author": author, "page": found}
    return await render(request, "catalogue/author.html", context)


async def show_genre(request: Request, genre: TheGenre, page: PageNumber = 1) -> HTMLResponse:
    """Show one shelf, the newest books first."""
    search = BookSearch(genre=genre.slug, sort="newest")
    found = await repository.find_books(search, page=page, size=BOOKS_A_PAGE)
    context = {"genre": genre, "page": found}
    return await render(request, "catalogue/genre.html", context)
