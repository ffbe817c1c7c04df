"""Paths: what the names of a lookup lead to."""

from typing import Any

import pytest

from openviper.db import fields
from openviper.db.compiler.paths import names_of, step_of, walk
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.options import Options


@pytest.fixture
def book() -> Options:
    """A model with references in every direction."""

    class Country(Model):
        code = fields.CharField(primary_key=True)
        name = fields.CharField()

    class Author(Model):
        name = fields.CharField()
        country: Any = fields.ForeignKey(Country, null=True, related_name="authors")

    class Profile(Model):
        author: Any = fields.OneToOneField(Author, primary_key=True)
        bio = fields.TextField()

    class Book(Model):
        author: Any = fields.ForeignKey(Author, related_name="books")
        title = fields.CharField()

    class Review(Model):
        book: Any = fields.ForeignKey(Book, related_name="reviews")
        profile: Any = fields.ForeignKey(Profile, null=True, related_name="+")

    options: Options = Book._meta
    return options


def follow(options: Options, path: str) -> tuple[list[str], str, tuple[str, ...]]:
    """Give the relations, the field and the rest of a path."""
    found = walk(options, tuple(path.split("__")))
    many = [] if found.many is None else [f"{found.many.name}*"]
    return [step.name for step in found.steps] + many, found.field.name, found.rest


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("title", ([], "title", ())),
        ("title__icontains", ([], "title", ("icontains",))),
        ("pk", ([], "id", ())),
        ("author", ([], "author", ())),
        ("author_id", ([], "author", ())),
        ("author_id__in", ([], "author", ("in",))),
        ("author__isnull", ([], "author", ("isnull",))),
        ("author__pk", ([], "author", ())),
        ("author__id__gt", ([], "author", ("gt",))),
        ("author__name", (["author"], "name", ())),
        ("author__country", (["author"], "country", ())),
        ("author__country__code", (["author"], "country", ())),
        ("author__country__name__in", (["author", "country"], "name", ("in",))),
        ("author__profile", (["author", "profile"], "author", ())),
        ("author__profile__bio", (["author", "profile"], "bio", ())),
        ("author__profile__isnull", (["author", "profile"], "author", ("isnull",))),
        ("author__books", (["author", "books*"], "id", ())),
        ("reviews__stars__gt", (["reviews*"], "id", ("stars", "gt"))),
    ],
)
def test_names_lead_to_a_field(book: Options, path: str, expected: object) -> None:
    """Names are followed as far as they are fields and relations; a key that is at hand needs no relation."""
    assert follow(book, path) == expected


def test_key_that_is_a_reference_is_followed(book: Options) -> None:
    """A one-to-one key leads on to the row that it refers to."""
    found = step_of(book, "reviews")
    assert found is not None
    assert follow(found.options, "profile__author__name") == (["profile", "author"], "name", ())
    assert follow(found.options, "profile__pk__name") == (["profile", "pk"], "name", ())


def test_relations_say_what_they_lead_to(book: Options) -> None:
    """A step knows its direction, and whether there may be no row or many."""
    author, reviews = step_of(book, "author"), step_of(book, "reviews")
    assert author is not None
    assert reviews is not None
    assert (author.is_forward, author.is_many, author.is_nullable) == (True, False, False)
    assert (reviews.is_forward, reviews.is_many, reviews.is_nullable) == (False, True, True)
    assert step_of(book, "title") is None
    assert step_of(book, "author_id") is None


def test_pairs_are_one_relation() -> None:
    """A step to many to many leads to the pairs, and knows their field that leads on and what stands behind it."""

    class Tag(Model):
        name = fields.CharField()

    class Post(Model):
        tags = fields.ManyToManyField(Tag, related_name="posts")

    tags, posts = step_of(Post._meta, "tags"), step_of(Tag._meta, "posts")
    assert tags is not None
    assert posts is not None
    assert tags.via is not None
    assert posts.via is not None
    assert (tags.model, tags.end, posts.end) == (Post.tags.through, Tag._meta, Post._meta)
    assert (tags.field.name, tags.via.name) == (posts.via.name, posts.field.name) == ("post", "tag")
    assert (tags.is_forward, tags.is_many, tags.is_nullable) == (False, True, True)
    assert follow(Post._meta, "tags__name") == (["tags*"], "id", ("name",))
    assert names_of(Tag._meta) == ["id", "name", "pk", "posts"]
    with pytest.raises(FieldError, match=r"no field 'tgas' \(did you mean 'tags'\?\)"):
        walk(Post._meta, ("tgas",))


def test_name_that_is_none_is_refused_with_those_that_are(book: Options) -> None:
    """The message names what is near, and lists what there is."""
    with pytest.raises(
        FieldError, match=r"no field 'titel' \(did you mean 'title'\?\); there are id, author, title, pk, reviews"
    ):
        walk(book, ("titel",))
    assert names_of(book, ["extra"]) == ["extra", "id", "author", "title", "pk", "reviews"]


def test_path_of_more_than_five_relations_is_refused() -> None:
    """Such a statement would join more than anybody means to."""

    class Node(Model):
        name = fields.CharField()
        parent: Any = fields.ForeignKey("self", null=True)

    assert follow(Node._meta, "__".join(["parent"] * 5 + ["name"]))[1] == "name"
    with pytest.raises(FieldError, match="more than 5 relations"):
        walk(Node._meta, ("parent",) * 6 + ("name",))
