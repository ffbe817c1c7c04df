"""Managers: how they come to models, and what they are made of."""

from typing import Any

import pytest

from openviper.db import AbstractModel, Manager, Model, QuerySet, fields
from openviper.db.query import description as d


class PostQuerySet(QuerySet[Any]):
    """Has methods of its own."""

    def live(self) -> "PostQuerySet":
        """Keep what is live."""
        return self.filter(is_live=True)

    def _secret(self) -> None:
        """Stays here."""


class LiveManager(Manager[Any]):
    """Means certain rows only."""

    def get_queryset(self) -> QuerySet[Any]:
        """Begin with what is live."""
        return super().get_queryset().filter(is_live=True)


def test_every_model_has_a_manager() -> None:
    """It belongs to that model, and to no other."""

    class Post(Model):
        title = fields.CharField()

    class Comment(Model):
        title = fields.CharField()

    assert Post.objects.model is Post
    assert Comment.objects.model is Comment
    assert type(Post.objects) is Manager
    assert repr(Post.objects) == f"<Manager of {Post._meta.label}>"


def test_abstract_models_have_no_rows() -> None:
    """The message says why."""

    class Stamped(AbstractModel):
        title = fields.CharField()

    with pytest.raises(AttributeError, match="Stamped is abstract, so it has no rows"):
        _ = Stamped.objects


def test_a_manager_needs_a_model() -> None:
    """One that stands alone says where it belongs."""
    with pytest.raises(TypeError, match="belongs to no model"):
        _ = Manager[Any]().get_queryset()
    assert repr(Manager[Any]()) == "<Manager of no model>"


def test_methods_of_a_query_set_are_those_of_the_manager() -> None:
    """They can be called on both, and go on with query sets of that class."""

    class Post(Model):
        is_live = fields.BooleanField()
        objects = Manager.from_queryset(PostQuerySet)()

    rows: Any = Post.objects
    assert type(rows.live()) is PostQuerySet
    assert type(rows.filter(id=1)) is PostQuerySet
    assert rows.filter(id=1).live().params == (1, True)
    assert type(rows).__name__ == "PostQuerySetManager"
    assert type(rows).live.__doc__ == "Keep what is live."
    assert not hasattr(rows, "_secret")
    assert isinstance(rows, Manager)


def test_managers_do_not_delete() -> None:
    """The message says how all rows are deleted; any other name is just not there."""

    class Post(Model):
        title = fields.CharField()

    rows: Any = Post.objects
    with pytest.raises(AttributeError, match=r"no attribute 'delete'; to delete all rows write all\(\)\.delete\(\)$"):
        _ = rows.delete
    with pytest.raises(AttributeError, match=r"no attribute 'titel'$"):
        _ = rows.titel


def test_from_queryset_takes_a_class() -> None:
    """Anything else is refused by name."""
    others: tuple[Any, ...] = (Manager, "PostQuerySet")
    for other in others:
        with pytest.raises(TypeError, match="takes a class that extends QuerySet"):
            Manager.from_queryset(other)


def test_a_model_may_have_several() -> None:
    """There is an objects whatever else is declared, unless it is taken away."""

    class Post(Model):
        is_live = fields.BooleanField()
        live = LiveManager()

    class Quiet(Model):
        is_live = fields.BooleanField()
        objects = None  # type: ignore[assignment]  # takes it away
        live = LiveManager()

    assert Post.objects.all().params == ()
    assert Post.live.all().params == (True,)
    assert Post.live.filter(id=1).params == (True, 1)
    assert Quiet.objects is None
    assert Quiet.live.count is not None


def test_managers_are_inherited() -> None:
    """Each model that extends an abstract one gets its own; a body goes before its parents."""

    class Stamped(AbstractModel):
        is_live = fields.BooleanField()
        objects = Manager.from_queryset(PostQuerySet)()
        live = LiveManager()

    class Post(Stamped):
        title = fields.CharField()

    class Note(Stamped):
        objects = Manager[Any]()  # type: ignore[assignment]  # of another kind than that of the parent

    class Loud(Post):
        class Meta:
            proxy = True

    assert Post.live.model is Post
    assert Note.live.model is Note
    assert type(Post.objects.all()) is PostQuerySet
    assert type(Note.objects.all()) is QuerySet
    assert Loud.objects.model is Loud
    assert type(Loud.objects.all()) is PostQuerySet
    assert Loud.live.all().params == (True,)


def test_get_is_described_once_for_names() -> None:
    """A unique field needs no second row; other names ask for two to tell that there are more."""

    class Post(Model):
        title = fields.CharField()
        slug = fields.SlugField(unique=True)

    manager: Any = Post.objects
    by_key, more = manager._describe_get(("id", "title"))
    assert (by_key.limit, more) == (None, ())
    assert manager._describe_get(("slug",))[0].limit is None
    by_title, more = manager._describe_get(("title",))
    assert (by_title.limit, more) == (1, (2,))
    assert by_title.where == (d.Lookup("title", 0),)
    assert by_title.order == ()


def test_descriptions_of_get_are_bounded() -> None:
    """Names may come from a client, who has more of them than there is memory."""

    class Post(Model):
        title = fields.CharField()

    manager: Any = Post.objects
    for number in range(1000):
        manager._describe_get((f"name{number}",))
    assert len(manager._gets) <= 200
