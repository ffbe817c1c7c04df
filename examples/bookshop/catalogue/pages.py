"""The pages of the shop as HTML: templates from the folder beside this module, every value escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from catalogue.books import Book, genres


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8"))


LAYOUT = _template("layout.html")
LIST = _template("list.html")
BOOK = _template("book.html")
CARD = _template("card.html")


def list_page(books: Sequence[Book], *, text: str, genre: str, visit: int | None) -> str:
    """Write the page with the search and the books that it found."""
    options = "".join(f"<option{' selected' if name == genre else ''}>{escape(name)}</option>" for name in genres())
    found = f"{len(books)} {'book' if len(books) == 1 else 'books'}"
    body = LIST.substitute(text=escape(text), options=options, found=found, cards=_cards(books) or _nothing())
    return _layout("Books worth a lamp", body, visit)


def book_page(book: Book, others: Sequence[Book], *, visit: int | None) -> str:
    """Write the page of one book, with others that stand beside it."""
    more = f'<h2>Also on this shelf</h2><div class="cards">{_cards(others)}</div>' if others else ""
    return _layout(book.title, BOOK.substitute(_values(book), more=more), visit)


def not_found_page(reason: str) -> str:
    """Write the page for an address that leads nowhere."""
    body = (
        f'<section class="empty"><h1>Not on our shelves</h1><p>{escape(reason)}</p><a href="/">All books</a></section>'
    )
    return _layout("Not found", body, None)


def _layout(title: str, body: str, visit: int | None) -> str:
    greeting = "" if visit is None else f"You are visitor number {visit} today."
    return LAYOUT.substitute(title=escape(title), body=body, greeting=greeting)


def _cards(books: Iterable[Book]) -> str:
    return "".join(CARD.substitute(_values(book)) for book in books)


def _nothing() -> str:
    return '<p class="empty">Nothing found. Try another word, or all genres.</p>'


def _values(book: Book) -> dict[str, str]:
    return {
        "id": str(book.id),
        "title": escape(book.title),
        "author": escape(book.author),
        "year": str(book.year),
        "genre": escape(book.genre),
        "price": f"{book.price / 100:.2f}",
        "blurb": escape(book.blurb),
        # The golden angle spreads the hues of neighbours as far as they go.
        "hue": str(round(book.id * 137.5) % 360),
    }
