"""The pages of the catalogue."""

from openviper import HTMLResponse, NotFound, Request, render

from bookshop.forms import InvalidFields
from catalogue import repository
from catalogue.models import Author, Book, Genre
from catalogue.repository import BookSearch, Sort

BOOKS_A_PAGE = 24
AUTHORS_A_PAGE = 60
LONGEST_SEARCH = 80

SORTS: dict[Sort, str] = {
    "title": "Title",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "cheapest": "Cheapest first",
    "dearest": "Dearest first",
}


async def show_books(
    request: Request, q: str = "", genre: str = "", sort: Sort = "title", page: int = 1
) -> HTMLResponse:
    """List the books that a search finds."""
    search = BookSearch(text=checked_search(q), genre=genre, sort=sort)
    found = await repository.find_books(search, page=page, size=BOOKS_A_PAGE)
    context = {
        "page": found,
        "search": search,
        "sorts": SORTS,
        "genres": await repository.list_genres(),
        "authors": await repository.map_authors(found.rows),
        "query": {"q": q, "genre": genre, "sort": sort},
    }
    return await render(request, "catalogue/books.html", context)


async def show_book(request: Request, book_id: int) -> HTMLResponse:
    """Show one book, and others of its shelf."""
    book = await book_or_404(book_id)
    similar = await repository.list_similar(book, most=6)
    context = {
        "book": book,
        "genre": await genre_or_404(book.genre),
        "similar": similar,
        "authors": await repository.map_authors([book, *similar]),
    }
    return await render(request, "catalogue/book.html", context)


async def show_authors(request: Request, q: str = "", page: int = 1) -> HTMLResponse:
    """List the authors."""
    found = await repository.find_authors(checked_search(q), page=page, size=AUTHORS_A_PAGE)
    context = {"page": found, "counts": await repository.count_by_author(), "query": {"q": q}}
    return await render(request, "catalogue/authors.html", context)


async def show_author(request: Request, author_id: int, page: int = 1) -> HTMLResponse:
    """Show an author and the books that they wrote."""
    author = await author_or_404(author_id)
    search = BookSearch(author_id=author.id, sort="newest")
    found = await repository.find_books(search, page=page, size=BOOKS_A_PAGE)
    context = {"author": author, "page": found, "authors": {author.id: author}}
    return await render(request, "catalogue/author.html", context)


async def show_genre(request: Request, slug: str, page: int = 1) -> HTMLResponse:
    """Show one shelf, the newest books first."""
    genre = await genre_or_404(slug)
    found = await repository.find_books(BookSearch(genre=slug, sort="newest"), page=page, size=BOOKS_A_PAGE)
    context = {"genre": genre, "page": found, "authors": await repository.map_authors(found.rows)}
    return await render(request, "catalogue/genre.html", context)


def checked_search(text: str) -> str:
    """Give the text of a search as it came.

    Raises:
        InvalidFields: It is longer than any title (422).
    """
    if len(text) > LONGEST_SEARCH:
        raise InvalidFields({"q": f"is too long; {LONGEST_SEARCH} characters fit"})
    return text


async def book_or_404(book_id: int) -> Book:
    """Give a book.

    Raises:
        NotFound: There is none of this number (404).
    """
    book = await repository.get_book(book_id)
    if book is None:
        raise NotFound(f"There is no book number {book_id}.")
    return book


async def author_or_404(author_id: int) -> Author:
    """Give an author.

    Raises:
        NotFound: There is none of this number (404).
    """
    author = await repository.get_author(author_id)
    if author is None:
        raise NotFound(f"There is no author number {author_id}.")
    return author


async def genre_or_404(slug: str) -> Genre:
    """Give a genre.

    Raises:
        NotFound: There is none of this name (404).
    """
    genre = await repository.get_genre(slug)
    if genre is None:
        raise NotFound("There is no shelf of this name.")
    return genre
