"""Options: what is known of a model once it is made."""

import dataclasses

import pytest

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields import CharField, ForeignKey, IntegerField, OneToOneField
from openviper.db.models import CheckConstraint, Index, Model, UniqueConstraint
from openviper.db.registry import registry


def test_options_of_a_model() -> None:
    """Table, names, fields and their look-up."""

    class BlogPost(Model):
        title = CharField()
        author: ForeignKey[Model] = ForeignKey("Author")

    options = BlogPost._meta
    assert (options.label, options.app, options.name) == ("db.BlogPost", "db", "BlogPost")
    assert (options.table, options.database, options.managed, options.read_only) == ("db_blogpost", None, True, False)
    assert (options.verbose_name, options.verbose_name_plural) == ("blog post", "blog posts")
    assert set(options.by_name) == {"id", "pk", "title", "author", "author_id"}
    assert options.by_name["author"] is options.by_name["author_id"]
    assert [field.name for field in options.relations] == ["author"]
    assert repr(options) == "<Options of db.BlogPost>"


def test_stated_options() -> None:
    """Meta states the table and the rest; the example of the documents has its table (C-311)."""

    class Document(Model):
        title = CharField(max_length=255)
        number = IntegerField()

        class Meta:
            table_name = "documents"
            verbose_name = "paper"
            backend = "archive"
            managed = False
            unique_together = ("title", "number")
            indexes = (Index(["-number"]),)
            constraints = (CheckConstraint("positive", "number > 0"), UniqueConstraint("one_title", ["title"]))

    options = Document._meta
    assert (options.table, options.verbose_name, options.verbose_name_plural) == ("documents", "paper", "papers")
    assert (options.database, options.managed) == ("archive", False)
    assert options.unique_together == (("title", "number"),)
    assert options.indexes[0].name == "ix_documents_number"


def test_options_are_frozen() -> None:
    """Nothing changes them once the class is made."""

    class Post(Model):
        pass

    with pytest.raises(dataclasses.FrozenInstanceError):
        Post._meta.table = "other"  # type: ignore[misc]  # what is refused


@pytest.mark.parametrize(
    "stated",
    [
        {"ordering": ["-titel"]},
        {"unique_together": [("titel", "id")]},
        {"index_together": [("titel",)]},
        {"indexes": [Index(["titel"])]},
        {"constraints": [UniqueConstraint("u", ["titel"])]},
    ],
)
def test_name_that_is_no_field(stated: dict[str, object]) -> None:
    """A misspelt field is refused wherever Meta names one, with the fields that exist."""
    body = {"__module__": "blog.models", "title": CharField(), "Meta": type("Meta", (), stated)}
    with pytest.raises(
        ModelDefinitionError, match=r"blog\.Post names '-?titel', which is no field; there are id, title"
    ):
        type.__call__(type(Model), "Post", (Model,), body)


@pytest.mark.parametrize("table", ["a b", "1a", "x" * 64, 'a"b'])
def test_table_name_that_no_engine_keeps(table: str) -> None:
    """A table name is an identifier that every engine keeps whole."""
    body = {"__module__": "blog.models", "Meta": type("Meta", (), {"table_name": table})}
    with pytest.raises(ModelDefinitionError, match="table name"):
        type.__call__(type(Model), "Post", (Model,), body)


def test_relations_that_lead_here() -> None:
    """They are found by their name on this side, those of later models too."""

    class Author(Model):
        pass

    assert Author._meta.reverse == {}

    class Profile(Model):
        author = OneToOneField(Author)

    class Post(Model):
        author = ForeignKey(Author, related_name="posts")

    assert {name: model for name, (model, _) in Author._meta.reverse.items()} == {"profile": Profile, "posts": Post}
    relation = Author._meta.reverse["posts"][1]
    assert (relation.name, relation.on_delete, relation.is_single) == ("author", "CASCADE", False)
    assert relation is Post._meta.by_name["author"].related
    registry.unregister("db.Post")
    assert set(Author._meta.reverse) == {"profile"}
