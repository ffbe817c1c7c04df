"""Books, authors and genres made from words; the first dozen books are classics."""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from catalogue.models import Author, Book, Genre


def read_words(name: str) -> Any:  # the files are ours, and a wrong one fails at the first start
    """Read a file of the folder ``data``."""
    return json.loads((Path(__file__).parent / "data" / name).read_bytes())


WORDS = read_words("words.json")
CLASSICS = read_words("books.json")

_TITLES: list[Callable[[random.Random], str]] = [
    lambda rng: f"The {_one(rng, 'adjectives')} {_one(rng, 'nouns')}",
    lambda rng: f"The {_one(rng, 'nouns')} of {_one(rng, 'places')}",
    lambda rng: "The {} and the {}".format(*rng.sample(WORDS["nouns"], 2)),
    lambda rng: f"A {_one(rng, 'nouns')} in {_one(rng, 'places')}",
    lambda rng: f"{_one(rng, 'first_names')} and the {_one(rng, 'nouns')}",
    lambda rng: f"{_one(rng, 'adjectives')} {_one(rng, 'nouns')}, {_one(rng, 'adjectives')} {_one(rng, 'nouns')}",
    lambda rng: f"Letters from {_one(rng, 'places')}",
    lambda rng: f"What the {_one(rng, 'nouns')} Knew",
]


def make_genres() -> tuple[Genre, ...]:
    """Give the shelves."""
    return tuple(Genre(**genre) for genre in WORDS["genres"])


def make_authors(rng: random.Random, count: int) -> tuple[Author, ...]:
    """Make authors, those of the classics among them and first."""
    classics = {book["author"]: book for book in CLASSICS}
    authors = [Author(name=name, country=book["country"], born=book["born"]) for name, book in classics.items()]
    authors.extend(
        Author(name=make_name(rng), country=_one(rng, "countries"), born=rng.randint(1928, 1996))
        for _ in range(len(authors), count)
    )
    return tuple(authors)


def make_books(rng: random.Random, count: int, authors: Sequence[Author], genres: Sequence[Genre]) -> tuple[Book, ...]:
    """Make books, the classics among them and first."""
    by_name = {author.name: author for author in authors}
    by_slug = {genre.slug: genre for genre in genres}
    books = [
        Book(
            title=book["title"],
            author=by_name[book["author"]],
            genre=by_slug[book["genre"]],
            copies=rng.randint(3, 40),
            **{name: book[name] for name in ("year", "pages", "price", "blurb")},
        )
        for book in CLASSICS
    ]
    # The dead write no more, unless there is nobody else.
    living = authors[len(CLASSICS) :] or authors
    titles = {book.title for book in books}
    for _ in range(len(books), count):
        title = _new_title(rng, titles)
        author = rng.choice(living)
        books.append(
            Book(
                title=title,
                author=author,
                genre=rng.choice(genres),
                year=rng.randint(max(author.born + 24, 1960), 2026),
                pages=rng.randrange(96, 640, 4),
                price=rng.randrange(690, 2990, 50) + rng.choice((0, 40)),
                copies=rng.choice((0, 1, 2, 5, 8, 12, 20, 30)),
                blurb=f"{_one(rng, 'openings').format(job=_one(rng, 'jobs'))} {_one(rng, 'turns')}",
            )
        )
    return tuple(books)


def make_name(rng: random.Random) -> str:
    """Make the name of a person."""
    return f"{_one(rng, 'first_names')} {_one(rng, 'last_names')}"


def _new_title(rng: random.Random, taken: set[str]) -> str:
    title = rng.choice(_TITLES)(rng)
    for _ in range(20):
        if title not in taken:
            break
        title = rng.choice(_TITLES)(rng)
    taken.add(title)
    return title


def _one(rng: random.Random, kind: str) -> str:
    word: str = rng.choice(WORDS[kind])
    return word
