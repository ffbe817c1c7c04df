"""Books on a shelf, for tests that read."""

import datetime as dt
from decimal import Decimal

from tests.contract.orm.models import Author, Book, Country, Genre, Profile, Review

__all__ = ["fill_shelf"]


async def fill_shelf() -> None:
    """Store three authors of two countries, five books and four reviews; Cy has written nothing."""
    await Country.objects.bulk_create([Country(code="at", name="Austria"), Country(code="be", name="Belgium")])
    ann, bob, cy = await Author.objects.bulk_create(
        [
            Author(name="Ann", email="ann@example.com", age=30, country_id="at"),
            Author(name="Bob", age=40, country_id="be"),
            Author(name="Cy", email="cy@example.com"),
        ]
    )
    _ = await Profile.objects.create(author=ann, bio="Writes.")
    dune, emma, faust, gaia, hero = await Book.objects.bulk_create(
        [
            book(ann, "Dune", Genre.NOVEL, 10, pages=600, published=dt.date(1965, 8, 1)),
            book(ann, "Emma", Genre.NOVEL, 20, pages=400, published=dt.date(1815, 12, 23)),
            book(bob, "Faust", Genre.POETRY, 30, pages=200, published=dt.date(1808, 1, 1), editor=cy),
            book(bob, "Gaia", Genre.HISTORY, 40, pages=200, editor=ann),
            book(bob, "Hero", Genre.NOVEL, 5, pages=100, active=False),
        ]
    )
    await Review.objects.bulk_create(
        [
            Review(book=dune, stars=5, text="Sand"),
            Review(book=dune, stars=3),
            Review(book=emma, stars=4),
            Review(book=hero, stars=1, text="No"),
        ]
    )
    del faust, gaia


def book(author: Author, title: str, genre: Genre, price: int, **values: object) -> Book:
    return Book(author=author, title=title, genre=genre, price=Decimal(price), **values)
