"""The queries of the catalogue."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta
from openviper.db import Count, F, Q, QuerySet, functions

from bookshop.fields import BookId
from bookshop.paging import Page, read_page
from catalogue.models import Author, Book, Genre

SearchText: TypeAlias = Annotated[str, Meta(max_length=80)]
Sort: TypeAlias = Literal["title", "newest", "oldest", "cheapest", "dearest"]

# The number comes last, so that books which are alike keep their place from page to page.
_ORDERS: Mapping[Sort, tuple[str, str]] = {
    "title": ("filed_under", "id"),
    "newest": ("-year", "id"),
    "oldest": ("year", "id"),
    "cheapest": ("price", "id"),
    "dearest": ("-price", "id"),
}


@dataclass(frozen=True, slots=True)
class BookSearch:
    """Which books, and in which order; pages, API and exports read it from the query.

    Args:
        q: Words that title, author or blurb must hold, each of them; empty takes every book.
        genre: Slug of a genre; empty takes every one.
        author_id: Number of an author; None takes every one.
        sort: The order.
    """

    q: SearchText = ""
    genre: str = ""
    author_id: BookId | None = None
    sort: Sort = "title"

    def rows(self) -> QuerySet[Book]:
        """Give what it finds as a query, each book with its author."""
        books = Book.objects.select_related("author").order_by(*_ORDERS[self.sort])
        if self.genre:
            books = books.filter(genre=self.genre)
        if self.author_id is not None:
            books = books.filter(author=self.author_id)
        for word in self.q.split():
            books = books.filter(Q(title__icontains=word) | Q(author__name__icontains=word) | Q(blurb__icontains=word))
        return books


async def find_books(search: BookSearch, *, page: int, size: int) -> Page[Book]:
    """Give one page of what a search finds.

    Raises:
        NotFound: It finds no such page (404).
    """
    return await read_page(search.rows(), number=page, size=size)


def iter_books(search: BookSearch) -> AsyncGenerator[Book, None]:
    """Give every book that a search finds, one by one; no more than some hundreds are in memory at a time."""
    return search.rows().iterator(chunk_size=500)


async def get_book(book_id: int) -> Book | None:
    """Give a book with its author and its shelf; None when there is none."""
    return await Book.objects.select_related("author", "genre").get_or_none(id=book_id)


async def get_books(book_ids: Iterable[int]) -> dict[int, Book]:
    """Give the books of some numbers with their authors, by number and in this order; unknown ones are left out."""
    wanted = list(book_ids)
    found = await Book.objects.select_related("author").in_bulk(wanted)
    return {book_id: found[book_id] for book_id in wanted if book_id in found}


async def list_similar(book: Book, *, most: int) -> list[Book]:
    """Give books of the same shelf, those that came out closest in time first."""
    same = Book.objects.filter(genre=book.genre_id).exclude(id=book.id).select_related("author")
    return await same.order_by(functions.Abs(F("year") - book.year), "id").limit(most)


async def list_genres() -> list[Genre]:
    """Give every genre by name."""
    return await Genre.objects.order_by("name")


async def list_shelves() -> list[Genre]:
    """Give every genre by name, with the number of its books as ``book_count``."""
    return await Genre.objects.annotate(book_count=Count("books")).order_by("name")


async def get_genre(slug: str) -> Genre | None:
    """Give a genre; None when there is none."""
    return await Genre.objects.get_or_none(slug=slug)


async def find_authors(text: str, *, page: int, size: int) -> Page[Author]:
    """Give one page of the authors whose name holds a text, by last name, each with their ``book_count``.

    Raises:
        NotFound: There is no such page (404).
    """
    found = Author.objects.filter(name__icontains=text.strip()).annotate(book_count=Count("books"))
    return await read_page(found.order_by("filed_under", "id"), number=page, size=size)


async def get_author(author_id: int) -> Author | None:
    """Give an author; None when there is none."""
    return await Author.objects.get_or_none(id=author_id)


async def take_copies(book_id: int, count: int) -> bool:
    """Take sold copies off the shelf, if so many are there.

    The database looks and takes in one statement, so of two buyers of the last copy one gets it.

    Returns:
        Whether they were there.
    """
    there = Book.objects.filter(id=book_id, copies__gte=count)
    return await there.update(copies=F("copies") - count) == 1
