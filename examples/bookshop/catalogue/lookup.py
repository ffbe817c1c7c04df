"""What the path of a request names, for the arguments of views: ``book: TheBook`` is the book of ``{book_id}``."""

from typing import Annotated, TypeAlias

from openviper import Depends, NotFound

from catalogue import repository
from catalogue.models import Author, Book, Genre


async def find_book(book_id: int) -> Book:
    """Give a book.

    Raises:
        NotFound: There is none of this number (404).
    """
    book = await repository.get_book(book_id)
    if book is None:
        raise NotFound(f"There is no book number {book_id}.")
    return book


async def find_author(author_id: int) -> Author:
    """Give an author.

    Raises:
        NotFound: There is none of this number (404).
    """
    author = await repository.get_author(author_id)
    if author is None:
        raise NotFound(f"There is no author number {author_id}.")
    return author


async def find_genre(slug: str) -> Genre:
    """Give a genre.

    Raises:
        NotFound: There is none of this name (404).
    """
    genre = await repository.get_genre(slug)
    if genre is None:
        raise NotFound("There is no shelf of this name.")
    return genre


TheBook: TypeAlias = Annotated[Book, Depends(find_book)]
TheAuthor: TypeAlias = Annotated[Author, Depends(find_author)]
TheGenre: TypeAlias = Annotated[Genre, Depends(find_genre)]
