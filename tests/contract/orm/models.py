"""A small shop: authors, their books, what readers say of them; and a model with a field of every kind."""

import uuid
from decimal import Decimal
from typing import Any

from openviper.db import fields
from openviper.db.constraints import CheckConstraint, UniqueConstraint
from openviper.db.models import Model, RelatedManager, TextChoice

__all__ = ["Author", "Book", "Country", "Everything", "Frozen", "Genre", "Node", "Profile", "Review", "Tag"]


class Genre(TextChoice):
    """What a book is."""

    NOVEL = "novel"
    POETRY = "poetry"
    HISTORY = "history"


class Country(Model):
    """Found by a key that nobody counts up."""

    code = fields.CharField(max_length=2, primary_key=True)
    name = fields.CharField(max_length=50)
    authors: "RelatedManager[Author]"


class Author(Model):
    """Writes books."""

    id: int
    books: "RelatedManager[Book]"
    edited: "RelatedManager[Book]"
    profile: "Profile"
    name = fields.CharField(max_length=100)
    email = fields.EmailField(null=True, unique=True)
    age = fields.IntegerField(null=True)
    country = fields.ForeignKey(Country, null=True, on_delete="SET_NULL", related_name="authors")
    country_id: str | None


class Book(Model):
    """Is written by one author, and may follow another book."""

    id: int
    reviews: "RelatedManager[Review]"
    author = fields.ForeignKey(Author, related_name="books")
    author_id: int
    editor = fields.ForeignKey(Author, null=True, on_delete="SET_NULL", related_name="edited")
    editor_id: int | None
    title = fields.CharField(max_length=200)
    genre = fields.CharField(max_length=10, choices=Genre, default=Genre.NOVEL)
    price = fields.DecimalField(max_digits=8, decimal_places=2, default=Decimal(10))
    pages = fields.IntegerField(default=100)
    published = fields.DateField(null=True)
    active = fields.BooleanField(default=True)
    added = fields.DateTimeField(auto_now_add=True)
    changed = fields.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            UniqueConstraint("orm_book_title", ["author", "title"]),
            CheckConstraint("orm_book_pages", "pages >= 0"),
        )


class Review(Model):
    """Is about one book."""

    id: int
    book = fields.ForeignKey(Book, related_name="reviews")
    book_id: int
    stars = fields.SmallIntegerField()
    text = fields.TextField(blank=True, default="")


class Profile(Model):
    """Belongs to one author."""

    id: int
    author = fields.OneToOneField(Author, related_name="profile")
    author_id: int
    bio = fields.TextField(blank=True, default="")


class Node(Model):
    """Stands in a tree."""

    id: int
    name = fields.CharField(max_length=50)
    parent: Any = fields.ForeignKey("self", null=True, related_name="children")
    parent_id: int | None
    children: "RelatedManager[Node]"


class Tag(Model):
    """Found by a key that Python makes."""

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    word = fields.CharField(max_length=30, unique=True)


class Everything(Model):
    """Has a field of every kind; all of them may be left out."""

    id: int
    small = fields.SmallIntegerField(null=True)
    number = fields.IntegerField(null=True)
    big = fields.BigIntegerField(null=True)
    positive = fields.PositiveIntegerField(null=True)
    ratio = fields.FloatField(null=True)
    amount = fields.DecimalField(max_digits=12, decimal_places=3, null=True)
    huge = fields.DecimalField(max_digits=30, decimal_places=5, null=True)
    flag = fields.BooleanField(null=True)
    word = fields.CharField(max_length=50, null=True)
    text = fields.TextField(null=True)
    slug = fields.SlugField(null=True)
    url = fields.URLField(null=True)
    genre = fields.CharField(max_length=10, choices=Genre, null=True)
    token = fields.UUIDField(null=True)
    day = fields.DateField(null=True)
    hour = fields.TimeField(null=True)
    moment = fields.DateTimeField(null=True)
    span = fields.DurationField(null=True)
    data: Any = fields.JSONField(null=True)
    blob = fields.BinaryField(null=True)
    numbers: Any = fields.ArrayField(fields.IntegerField(), null=True)
    words: Any = fields.ArrayField(fields.CharField(max_length=20), null=True)
    address = fields.GenericIPAddressField(null=True)


class Frozen(Model):
    """Is written by others."""

    id: int
    word = fields.CharField(max_length=30, default="")

    class Meta:
        read_only = True
