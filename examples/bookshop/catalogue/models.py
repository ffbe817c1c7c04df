"""What the catalogue knows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Genre:
    """A shelf.

    Args:
        slug: Its name in addresses.
        name: Its name for people.
        blurb: A line on it.
    """

    slug: str
    name: str
    blurb: str


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a book.

    Args:
        id: Its number, from 1.
        name: In full.
        country: Where they are from.
        born: Year of birth.
    """

    id: int
    name: str
    country: str
    born: int


@dataclass(frozen=True, slots=True)
class Book:
    """One book of the shop.

    Args:
        id: Its number, from 1.
        title: Its title.
        author_id: Who wrote it.
        genre: Slug of the shelf it stands on.
        year: When it came out.
        pages: How long it is.
        price: In cents.
        copies: How many are there to be sold.
        blurb: A sentence or two on it.
    """

    id: int
    title: str
    author_id: int
    genre: str
    year: int
    pages: int
    price: int
    copies: int
    blurb: str
