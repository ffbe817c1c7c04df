"""The catalogue for programs."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Struct
from openviper import Query, StreamingResponse

from bookshop.fields import PageNumber, PageSize
from bookshop.paging import Page
from catalogue import repository
from catalogue.lookup import TheAuthor, TheBook
from catalogue.models import Author, Book
from catalogue.repository import BookSearch, SearchText

_ROWS_AT_ONCE = 100


class AuthorRecord(Struct):
    """An author as programs see them; a new field of the model does not appear outside by itself."""

    id: int
    name: str
    country: str
    born: int


class BookRecord(Struct):
    """A book as programs see it, with its author."""

    id: int
    title: str
    genre: str
    year: int
    pages: int
    price: int
    copies: int
    blurb: str
    author: AuthorRecord


async def list_books(
    search: Annotated[BookSearch, Query()], page: PageNumber = 1, size: PageSize = 20
) -> dict[str, object]:
    """List one page of the books that a search finds, with their authors."""
    found = await repository.find_books(search, page=page, size=size)
    return {**describe_page(found), "books": [_describe(book) for book in found.rows]}


async def get_book(book: TheBook) -> BookRecord:
    """Give one book with its author."""
    return _describe(book)


async def list_authors(
    q: Annotated[SearchText, Query()] = "", page: PageNumber = 1, size: PageSize = 20
) -> dict[str, object]:
    """List one page of the authors whose name holds a text."""
    found = await repository.find_authors(q, page=page, size=size)
    return {**describe_page(found), "authors": [_describe_author(author) for author in found.rows]}


async def get_author(author: TheAuthor) -> AuthorRecord:
    """Give one author."""
    return _describe_author(author)


async def export_records(search: Annotated[BookSearch, Query()]) -> AsyncIterator[BookRecord]:
    """Send every book that a search finds, one JSON text a line."""
    async for book in repository.iter_books(search):
        yield _describe(book)


async def export_table(search: Annotated[BookSearch, Query()]) -> StreamingResponse:
    """Send every book that a search finds as a table to be saved."""

    async def rows() -> AsyncIterator[str]:
        lines = io.StringIO()
        table = csv.writer(lines)
        table.writerow(["id", "title", "author", "genre", "year", "price", "copies"])
        count = 0
        async for book in repository.iter_books(search):
            table.writerow([book.id, book.title, book.author.name, book.genre_id, book.year, book.price, book.copies])
            count += 1
            if count % _ROWS_AT_ONCE == 0:
                yield lines.getvalue()
                lines.seek(0)
                lines.truncate()
        yield lines.getvalue()

    headers = {"content-disposition": 'attachment; filename="books.csv"'}
    return StreamingResponse(rows, headers=headers, media_type="text/csv")


def describe_page(page: Page[Book] | Page[Author]) -> dict[str, object]:
    """Say where a page stands in its list."""
    return {"count": page.count, "page": page.number, "pages": page.last}


def _describe(book: Book) -> BookRecord:
    return BookRecord(
        id=book.id,
        title=book.title,
        genre=book.genre_id,
        year=book.year,
        pages=book.pages,
        price=book.price,
        copies=book.copies,
        blurb=book.blurb,
        author=_describe_author(book.author),
    )


def _describe_author(author: Author) -> AuthorRecord:
    return AuthorRecord(author.id, author.name, author.country, author.born)
