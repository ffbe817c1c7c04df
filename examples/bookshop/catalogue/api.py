"""The catalogue for programs."""

from dataclasses import asdict

from bookshop.forms import InvalidFields
from bookshop.paging import Page
from catalogue import repository
from catalogue.models import Author, Book
from catalogue.repository import BookSearch, Sort
from catalogue.views import author_or_404, book_or_404, checked_search

LARGEST_PAGE = 100


async def list_books(
    q: str = "", genre: str = "", sort: Sort = "title", page: int = 1, size: int = 20
) -> dict[str, object]:
    """List one page of the books that a search finds, with their authors."""
    search = BookSearch(text=checked_search(q), genre=genre, sort=sort)
    found = await repository.find_books(search, page=page, size=checked_size(size))
    authors = await repository.map_authors(found.rows)
    return {**_describe(found), "books": [_with_author(book, authors[book.author_id]) for book in found.rows]}


async def get_book(book_id: int) -> dict[str, object]:
    """Give one book with its author."""
    book = await book_or_404(book_id)
    return _with_author(book, await author_or_404(book.author_id))


async def list_authors(q: str = "", page: int = 1, size: int = 20) -> dict[str, object]:
    """List one page of the authors whose name holds a text."""
    found = await repository.find_authors(checked_search(q), page=page, size=checked_size(size))
    return {**_describe(found), "authors": found.rows}


async def get_author(author_id: int) -> Author:
    """Give one author."""
    return await author_or_404(author_id)


def checked_size(size: int) -> int:
    """Give the size of a page as it came.

    Raises:
        InvalidFields: It is no size for a page (422).
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidFields({"size": f"must be a whole number from 1 to {LARGEST_PAGE}"})
    return size


def _describe(page: Page[Book] | Page[Author]) -> dict[str, object]:
    return {"count": page.count, "page": page.number, "pages": page.last}


def _with_author(book: Book, author: Author) -> dict[str, object]:
    record = asdict(book)
    del record["author_id"]
    return {**record, "author": author}
