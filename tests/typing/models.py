"""What a type checker tells the author of a model; checkers read this file, nothing runs it.

A line with ``type: ignore`` is one that must be refused: mypy reports an ignore that is not needed.
"""

import datetime as dt
from decimal import Decimal
from enum import IntEnum
from typing import Any, assert_type
from uuid import UUID

from openviper.db import AbstractModel, F, Model, TextChoice, fields
from openviper.db.functions import Now


class Status(TextChoice):
    """A field with an enum holds its members."""

    DRAFT = "draft"
    LIVE = "live", "Published"


class Size(IntEnum):
    """Numbers have enums too."""

    SMALL = 1


class Stamped(AbstractModel):
    """Fields are inherited with their types."""

    created = fields.DateTimeField(auto_now_add=True)
    changed = fields.DateTimeField(auto_now=True, null=True)


class Author(Stamped):
    """The target of references."""

    name = fields.CharField(max_length=100)
    born = fields.DateField(null=True)


class Tag(Model):
    """A model without a key of its own."""

    name = fields.CharField(max_length=20)


class Post(Stamped):
    """Every kind of field, with null and without."""

    key = fields.UUIDField(primary_key=True, auto=True)
    title = fields.CharField(max_length=200)
    subtitle = fields.TextField(null=True, blank=True)
    slug = fields.SlugField(unique=True)
    contact = fields.EmailField(null=True)
    url = fields.URLField(default="https://example.com")
    host = fields.GenericIPAddressField(null=True)
    views = fields.IntegerField(default=0)
    likes = fields.BigIntegerField(null=True)
    rating = fields.FloatField(null=True)
    price = fields.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))
    is_public = fields.BooleanField(default=False)
    is_checked = fields.NullBooleanField()
    status = fields.CharField(choices=Status, default=Status.DRAFT)
    size = fields.IntegerField(choices=Size, null=True)
    language = fields.CharField(choices=[("de", "German"), ("en", "English")])
    published = fields.DateTimeField(null=True)
    opens = fields.TimeField()
    length = fields.DurationField(null=True)
    extra = fields.JSONField(default=dict)
    cover = fields.BinaryField(null=True)
    tags = fields.ArrayField(fields.CharField(max_length=20), default=list)
    scores = fields.ArrayField(fields.IntegerField(null=True), null=True)
    author = fields.ForeignKey(Author, related_name="posts")
    author_id: int
    editor = fields.ForeignKey(Author, null=True, on_delete="SET_NULL", related_name="edited")
    answer_to: "fields.ForeignKey[Post | None]" = fields.ForeignKey("self", null=True)
    cover_of = fields.OneToOneField(Author, null=True)


def read(post: Post) -> None:
    """An attribute has the type of its field; null=True adds None."""
    assert_type(post.key, UUID)
    assert_type(post.title, str)
    assert_type(post.subtitle, str | None)
    assert_type(post.slug, str)
    assert_type(post.contact, str | None)
    assert_type(post.url, str)
    assert_type(post.host, str | None)
    assert_type(post.views, int)
    assert_type(post.likes, int | None)
    assert_type(post.rating, float | None)
    assert_type(post.price, Decimal)
    assert_type(post.is_public, bool)
    assert_type(post.is_checked, bool | None)
    assert_type(post.status, Status)
    assert_type(post.size, Size | None)
    assert_type(post.language, str)
    assert_type(post.published, dt.datetime | None)
    assert_type(post.opens, dt.time)
    assert_type(post.length, dt.timedelta | None)
    assert_type(post.extra, Any)
    assert_type(post.cover, bytes | None)
    assert_type(post.tags, list[str])
    assert_type(post.scores, list[int | None] | None)
    assert_type(post.created, dt.datetime)
    assert_type(post.changed, dt.datetime | None)


async def follow(post: Post) -> None:
    """A reference has the type of its target, awaited or not, and so do its attributes."""
    _ = assert_type(post.author, Author)
    _ = assert_type(await post.author, Author)
    assert_type((await post.author).born, dt.date | None)
    assert_type(post.author_id, int)
    assert_type(post.editor, Author | None)
    assert_type(post.answer_to, Post | None)
    assert_type(post.cover_of, Author | None)
    if post.editor is not None:
        _ = assert_type(await post.editor, Author)


def write(post: Post, author: Author) -> None:
    """Only values of the type may be assigned, and expressions, which become one in the database."""
    post.title = "Dune"
    post.likes = None
    post.status = Status.LIVE
    post.author = author
    post.editor = None
    post.views = F("views") + 1
    post.title = 5  # type: ignore[assignment]  # a text is wanted
    post.views = None  # type: ignore[assignment]  # the column is not null
    post.status = "gone"  # type: ignore[assignment]  # no member
    post.author = post  # type: ignore[assignment]  # no author
    _ = post.titel  # type: ignore[attr-defined]  # no field


def check_price(value: Decimal) -> None:
    """A validator gets what the field holds."""


def declare() -> None:
    """Options have types as well."""
    fields.IntegerField(default="x")  # type: ignore[call-overload]  # a number is wanted
    fields.IntegerField(db_default="x")  # type: ignore[call-overload]  # and here too
    _ = assert_type(fields.DateTimeField(db_default=Now()), fields.DateTimeField[dt.datetime])
    _ = assert_type(fields.DecimalField(default=0), fields.DecimalField[Decimal])
    _ = assert_type(fields.DecimalField(null=True, default="9.99"), fields.DecimalField[Decimal | None])
    _ = assert_type(fields.DecimalField(default=Decimal, validators=[check_price]), fields.DecimalField[Decimal])
    fields.DecimalField(default=0.5)  # type: ignore[call-overload]  # a float is no exact number
    fields.IntegerField(default=None)  # type: ignore[call-overload]  # the column is not null
    fields.CharField(max_lenght=3)  # type: ignore[call-overload]  # a misspelt option
    fields.ForeignKey(Author, on_delete="cascade")  # type: ignore[call-overload]  # no rule
    fields.ForeignKey(int)  # type: ignore[type-var,unused-ignore]  # run time refuses it
    assert_type(Post.title, fields.CharField[str])


def ask(post: Post) -> None:
    """What every model has."""
    assert_type(Tag(name="x").id, Any)
    assert_type(post.pk, Any)
    assert_type(post.has_changed, bool)
    assert_type(post.changed_fields(), tuple[str, ...])
    assert_type(post.to_dict(), dict[str, object])
    _ = assert_type(Post(title="x"), Post)
    try:
        post.full_clean()
    except Post.DoesNotExist as error:
        assert_type(error.args, tuple[Any, ...])
