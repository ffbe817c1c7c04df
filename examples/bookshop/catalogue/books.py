"""The books, in memory, behind functions."""

import dataclasses
import json
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Book:
    """One book of the shop.

    Args:
        id: Its number, from 1.
        title: Its title.
        author: Who wrote it.
        year: When it came out.
        genre: The shelf it stands on.
        price: In cents.
        blurb: A sentence or two on it.
    """

    id: int
    title: str
    author: str
    year: int
    genre: str
    price: int
    blurb: str = ""


class InvalidBookError(ValueError):
    """What should become a book cannot; ``faults`` names each field with what is wrong about it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" for field, fault in faults.items()))
        self.faults = dict(faults)


_shelf: dict[int, Book] = {}


def load(data: bytes) -> None:
    """Put the books of a JSON list on the shelf, in place of those that are there."""
    clear()
    for entry in json.loads(data):
        add_book(entry)


def clear() -> None:
    """Empty the shelf."""
    _shelf.clear()


def all_books() -> list[Book]:
    """Return every book by its title."""
    return sorted(_shelf.values(), key=lambda book: book.title)


def genres() -> list[str]:
    """Return the genres that there are books of."""
    return sorted({book.genre for book in _shelf.values()})


def find_books(text: str = "", genre: str = "") -> list[Book]:
    """Return the books that hold a text in title, author or blurb, of one genre or of any."""
    wanted = text.casefold().strip()
    return [
        book
        for book in all_books()
        if genre in {"", book.genre} and wanted in f"{book.title} {book.author} {book.blurb}".casefold()
    ]


def get_book(book_id: int) -> Book | None:
    """Return the book of a number; None when there is none."""
    return _shelf.get(book_id)


def add_book(values: object) -> Book:
    """Put a new book on the shelf.

    Args:
        values: A mapping of every field but ``id``; ``blurb`` may be left out.

    Raises:
        InvalidBookError: A field is missing, unknown or of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise InvalidBookError({"book": "must be an object"})
    fields = {field.name: field for field in dataclasses.fields(Book) if field.name != "id"}
    faults = {name: "is unknown" for name in values if name not in fields}
    for name, field in fields.items():
        if name not in values:
            if field.default is dataclasses.MISSING:
                faults[name] = "is missing"
        elif field.type is int and (type(values[name]) is not int or values[name] < 0):
            faults[name] = "must be a whole number, 0 or more"
        elif field.type is str and (not isinstance(values[name], str) or not values[name].strip()):
            faults[name] = "must be text"
    if faults:
        raise InvalidBookError(faults)
    book = Book(id=max(_shelf, default=0) + 1, **values)
    _shelf[book.id] = book
    return book
