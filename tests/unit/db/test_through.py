"""What is made for a many-to-many field: the through model, and the attribute of its instances."""

import pickle
from typing import Any

import pytest

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields import CharField, ForeignKey, ManyToManyField
from openviper.db.models import AbstractModel, Model
from openviper.db.registry import registry


class Pen(Model):
    """Can be found by its name, so that its rows can be pickled."""

    colours: Any = ManyToManyField("Colour", related_name="pens")


class Colour(Model):
    """Is named before it is made."""


def test_pairs_have_a_model_of_their_own() -> None:
    """It is named after the field, has a key to each side, and knows whose it is (C-011wd)."""

    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag)

    through = Post.tags.through
    options = through._meta
    assert (options.label, options.table) == ("db.Post_tags", "db_post_tags")
    assert options.auto_created is Post
    assert Post._meta.auto_created is None
    assert [one.name for one in options.fields] == ["id", "post", "tag"]
    assert [one.column for one in options.relations] == ["post_id", "tag_id"]
    assert [one.on_delete for one in options.relations if isinstance(one, ForeignKey)] == ["CASCADE", "CASCADE"]
    assert options.unique_together == (("post", "tag"),)
    assert "db.Post_tags" in registry
    # The keys of the pairs are known by no name on either side.
    assert (dict(Post._meta.reverse), dict(Tag._meta.reverse)) == ({}, {})


def test_names_of_keys_are_never_reserved() -> None:
    """A model may be called as a field may not be."""

    class Save(Model):
        pass

    class _Delete__Me(Model):  # noqa: N801 - what a name can be at worst
        saved = ManyToManyField(Save)

    assert _Delete__Me.saved.ends[1:] == ("delete_me", "save_row")


def test_pairs_follow_their_model() -> None:
    """Database, table and whether it is managed or read only are those of the model that declares the field."""

    class Tag(Model):
        class Meta:
            backend = "other"

    class Post(Model):
        tags = ManyToManyField(Tag)

        class Meta:
            backend = "other"
            table_name = "posts"
            managed = False
            read_only = True

    options = Post.tags.through._meta
    assert (options.table, options.database, options.managed, options.read_only) == ("posts_tags", "other", False, True)


def test_abstract_parents_hand_the_field_down() -> None:
    """Each model below has pairs of its own, and may leave the field out or put another in its place."""

    class Tag(Model):
        pass

    class Tagged(AbstractModel):
        tags: Any = ManyToManyField(Tag, related_name="%(class)s_rows")

    class Song(Tagged):
        pass

    class Film(Tagged):
        class Meta:
            abstract = True

    class Short(Film):
        pass

    class Bare(Tagged):
        tags = None

    class Text(Tagged):
        tags = CharField(max_length=10)

    assert list(Tag._meta.many) == ["song_rows", "short_rows"]
    assert Tagged.tags.owner == "db.Tagged"
    assert "db.Tagged_tags" not in registry
    assert (Song.tags.through._meta.auto_created, Short.tags.through._meta.auto_created) == (Song, Short)
    assert (Bare._meta.many_fields, Text._meta.many_fields) == ((), ())
    assert Text(tags="x").tags == "x"


def test_proxies_share_the_pairs() -> None:
    """A proxy has what its parent has, and adds no relation; one that leads to it leads to the same rows."""

    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag, related_name="posts")

    class Draft(Post):
        class Meta:
            proxy = True

    class Shelf(Model):
        drafts = ManyToManyField(Draft, through="Place", related_name="shelves")

    class Place(Model):
        post = ForeignKey(Post)
        shelf = ForeignKey(Shelf)

    assert Draft.tags is Post.tags
    assert list(Draft._meta.many) == ["tags", "shelves"]
    assert list(Post._meta.many) == ["tags"]
    assert Shelf.drafts.ends == (Place, "shelf", "post")
    with pytest.raises(ModelDefinitionError, match="adds no fields"):

        class Other(Post):
            more = ManyToManyField(Tag, related_name="+")

            class Meta:
                proxy = True


def test_model_that_is_made_again() -> None:
    """Its pairs are made again, and those of a field that is gone are gone."""

    def make(**declared: Any) -> Any:
        kind: Any = type(Model)
        return kind("Post", (Model,), {"__module__": __name__, **declared})

    first = make(tags=ManyToManyField(Pen, related_name="posts"), more=ManyToManyField(Pen, related_name="+"))
    again = make(tags=ManyToManyField(Pen, related_name="posts"))

    assert registry.get("db.Post_tags") is again.tags.through is not first.tags.through
    assert "db.Post_more" not in registry
    assert Pen._meta.many["posts"].model is again
    registry.unregister("db.Post")
    assert "db.Post_tags" not in registry
    assert "posts" not in Pen._meta.many


def test_pairs_can_be_pickled() -> None:
    """A row of pairs is found by the field that it was made for."""
    found = pickle.loads(pickle.dumps(Pen.colours.through(pen_id=1, colour_id=2)))

    assert found.to_dict() == {"id": None, "pen_id": 1, "colour_id": 2}
    assert type(found) is Pen.colours.through


def test_instances_take_no_pairs() -> None:
    """They are neither given to the constructor nor assigned, and the error says what to do (C-011wc)."""
    with pytest.raises(TypeError, match=r"db.Pen is given 'colours'.*await instance.colours.set"):
        _ = Pen(colours=[])
    pen = Pen()
    with pytest.raises(TypeError, match=r"db.Pen.colours is not assigned.*await instance.colours.set"):
        pen.colours = []
    pen.full_clean()
    assert pen.to_dict() == {"id": None}
