"""The books in memory, behind functions.

They are coroutines, as those of a database are, so that nothing but this module changes when one takes over.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from bookshop.paging import Page, page_of
from catalogue.models import Author, Book, Genre

Sort: TypeAlias = Literal["title", "newest", "oldest", "cheapest", "dearest"]

# The number comes last, so that books which are alike keep their place from page to page.
_ORDERS: Mapping[Sort, Callable[[Book], tuple[int, str, int]]] = {
    "title": lambda book: (0, _title_key(book.title), book.id),
    "newest": lambda book: (-book.year, "", book.id),
    "oldest": lambda book: (book.year, "", book.id),
    "cheapest": lambda book: (book.price, "", book.id),
    "dearest": lambda book: (-book.price, "", book.id),
}

_genres: dict[str, Genre] = {}
_authors: dict[int, Author] = {}
_books: dict[int, Book] = {}
# What a search looks through; made once, since lower-casing 1,400 books takes longer than looking.
_texts: dict[int, str] = {}


@dataclass(frozen=True, slots=True)
class BookSearch:
    """Which books, and in which order.

    Args:
        text: Words that title, author or blurb must hold, each of them; empty takes every book.
        genre: Slug of a genre; empty takes every one.
        author_id: Number of an author; None takes every one.
        sort: The order.
    """

    text: str = ""
    genre: str = ""
    author_id: int | None = None
    sort: Sort = "title"


async def fill(genres: Iterable[Genre], authors: Iterable[Author], books: Iterable[Book]) -> None:
    """Put these rows in place of those that are there."""
    await clear()
    _genres.update((genre.slug, genre) for genre in genres)
    _authors.update((author.id, author) for author in authors)
    for book in books:
        _books[book.id] = book
        _texts[book.id] = f"{book.title} {_authors[book.author_id].name} {book.blurb}".casefold()


async def clear() -> None:
    """Forget every row."""
    for table in (_genres, _authors, _books, _texts):
        table.clear()


async def count_rows() -> dict[str, int]:
    """Give the number of rows by model."""
    return {"genres": len(_genres), "authors": len(_authors), "books": len(_books)}


async def find_books(search: BookSearch, *, page: int, size: int) -> Page[Book]:
    """Give one page of what a search finds.

    Raises:
        NotFound: It finds no such page (404).
    """
    words = search.text.casefold().split()
    found = [
        book
        for book in _books.values()
        if search.genre in {"", book.genre}
        and search.author_id in {None, book.author_id}
        and all(word in _texts[book.id] for word in words)
    ]
    return page_of(sorted(found, key=_ORDERS[search.sort]), number=page, size=size)


async def get_book(book_id: int) -> Book | None:
    """Give a book; None when there is none."""
    return _books.get(book_id)


async def get_books(book_ids: Iterable[int]) -> dict[int, Book]:
    """Give the books of some numbers, by number; unknown ones are left out."""
    return {book_id: _books[book_id] for book_id in book_ids if book_id in _books}


async def list_similar(book: Book, *, most: int) -> list[Book]:
    """Give books of the same shelf, those that came out closest in time first."""
    same = [other for other in _books.values() if other.genre == book.genre and other.id != book.id]
    return sorted(same, key=lambda other: (abs(other.year - book.year), other.id))[:most]


async def list_genres() -> list[Genre]:
    """Give every genre by name."""
    return sorted(_genres.values(), key=lambda genre: genre.name)


async def count_by_genre() -> list[tuple[Genre, int]]:
    """Give every genre by name, with the number of its books."""
    counts = Counter(book.genre for book in _books.values())
    return [(genre, counts[genre.slug]) for genre in await list_genres()]


async def get_genre(slug: str) -> Genre | None:
    """Give a genre; None when there is none."""
    return _genres.get(slug)


async def find_authors(text: str, *, page: int, size: int) -> Page[Author]:
    """Give one page of the authors whose name holds a text, by last name.

    Raises:
        NotFound: There is no such page (404).
    """
    wanted = text.casefold().strip()
    found = [author for author in _authors.values() if wanted in author.name.casefold()]
    return page_of(
        sorted(found, key=lambda author: (author.name.split()[-1], author.name, author.id)), number=page, size=size
    )


async def get_author(author_id: int) -> Author | None:
    """Give an author; None when there is none."""
    return _authors.get(author_id)


async def map_authors(books: Iterable[Book]) -> dict[int, Author]:
    """Give the authors of some books, by number."""
    return {book.author_id: _authors[book.author_id] for book in books}


async def count_by_author() -> Counter[int]:
    """Give the number of books of each author, by the author's number."""
    return Counter(book.author_id for book in _books.values())


async def take_copies(counts: Mapping[int, int]) -> None:
    """Take sold copies off the shelf; the caller has seen that they are there."""
    for book_id, count in counts.items():
        book = _books[book_id]
        _books[book_id] = replace(book, copies=book.copies - count)


def _title_key(title: str) -> str:
    """Sort as libraries do: the article in front does not count."""
    first, _, rest = title.casefold().partition(" ")
    return rest if first in {"a", "an", "the"} else title.casefold()
