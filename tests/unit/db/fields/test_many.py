"""Many-to-many fields: their through models, what they lead to, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from openviper.db.exceptions import ModelDefinitionError, ModelReferenceError
from openviper.db.fields import CharField, ForeignKey, ManyToManyField
from openviper.db.models import AbstractModel, Model
from openviper.db.registry import registry


class Pen(Model):
    """Something to lead to."""


def make(name: str, **declared: Any) -> Any:
    kind: Any = type(Model)
    return kind(name, (Model,), {"__module__": __name__, **declared})


def test_both_sides_know_the_relation() -> None:
    """Each has it by its own name, with the keys of the pairs as seen from there."""

    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag, related_name="posts")

    here, there = Post._meta.many["tags"], Tag._meta.many["posts"]
    assert (here.name, here.source, here.target, here.model) == ("tags", "post", "tag", Tag)
    assert (there.name, there.source, there.target, there.model) == ("posts", "tag", "post", Post)
    assert (here.is_own, there.is_own) == (True, False)
    assert here.field is there.field is Post.tags is Post._meta.many_fields[0]
    assert here.through is there.through is Post.tags.through
    assert not here.is_symmetrical


def test_field_is_no_column() -> None:
    """It stands apart from the fields of the table, and describes itself as they do."""

    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag, verbose_name="marks", help_text="What it is about.", blank=True, editable=False)

    options = Post._meta
    assert [one.name for one in options.fields] == ["id"]
    assert "tags" not in options.by_name
    assert (Post.tags.path, Post.tags.label, repr(Post.tags)) == (
        "fields.Post.tags",
        "marks",
        "<ManyToManyField fields.Post.tags>",
    )
    assert (Post.tags.help_text, Post.tags.blank, Post.tags.editable) == ("What it is about.", True, False)
    assert Post.tags.model is Post
    assert repr(ManyToManyField(Tag)) == "<ManyToManyField ManyToManyField>"


def test_name_backwards() -> None:
    """It is that of a foreign key unless one is given; ``"+"`` gives none."""

    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag)
        marks = ManyToManyField(Tag, related_name="+")

    assert list(Tag._meta.many) == ["post_set"]
    assert list(Post._meta.many) == ["tags", "marks"]


@pytest.mark.parametrize("to", ["Later", "fields.Later", "tests.unit.db.fields.models.Later"])
def test_models_are_named_before_they_are_made(to: str) -> None:
    """A relation may name its other side and its through model as a foreign key may."""

    class Post(Model):
        later: Any = ManyToManyField(to)
        places: Any = ManyToManyField("Later", through="Place", related_name="+")

    with pytest.raises(ModelReferenceError, match=r"fields\.Post\.later"):
        _ = Post._meta.many["later"].model
    assert not Post.later.is_resolved
    assert sorted({str(one).partition(" refers")[0] for one in registry.unresolved()}) == [
        "fields.Post.later",
        "fields.Post.places",
        "fields.Post.places (through)",
    ]

    class Later(Model):
        pass

    class Place(Model):
        post = ForeignKey(Post)
        later = ForeignKey(Later)

    assert Post.later.ends == (Post.later.through, "post", "later")
    assert Post.places.ends == (Place, "post", "later")
    assert Post._meta.many["places"].model is Later
    assert registry.unresolved() == []


def test_relation_to_itself() -> None:
    """Such a pair goes both ways, unless it is said not to: then the other way has a name."""

    class Person(Model):
        friends: Any = ManyToManyField("self")
        follows: Any = ManyToManyField("self", symmetrical=False)
        likes: Any = ManyToManyField("Person", related_name="liked_by")

    many = Person._meta.many
    assert list(many) == ["friends", "follows", "likes", "person_set", "liked_by"]
    assert [one.is_symmetrical for one in many.values()] == [True, False, False, False, False]
    assert Person.friends.ends[1:] == ("from_person", "to_person")
    assert (many["follows"].source, many["follows"].target) == ("from_person", "to_person")
    assert (many["person_set"].source, many["person_set"].target) == ("to_person", "from_person")
    assert {one.model for one in many.values()} == {Person}


def test_model_that_is_written_for_the_pairs() -> None:
    """Its two keys are found, whatever else it has; several to one side are told apart by name."""

    class Person(Model):
        pass

    class Club(Model):
        members: Any = ManyToManyField(Person, through="Membership", through_fields=("club", "person"))
        guests: Any = ManyToManyField(Person, through="Visit", related_name="visits")
        friends: Any = ManyToManyField("self", through="Pact")

    class Membership(Model):
        inviter = ForeignKey(Person, related_name="+")
        person = ForeignKey(Person, related_name="memberships")
        club = ForeignKey(Club)
        other: Any = ForeignKey("Nowhere")

    class Visit(Model):
        guest = ForeignKey(Person, related_name="+")
        host = ForeignKey(Club, related_name="+")
        day = CharField(max_length=10)

    class Pact(Model):
        first = ForeignKey(Club, related_name="+")
        second = ForeignKey(Club, related_name="+")

    assert Club.members.ends == (Membership, "club", "person")
    assert Club.guests.ends == (Visit, "host", "guest")
    assert Club.friends.ends == (Pact, "first", "second")
    assert Person._meta.many["visits"].through is Visit
    assert "fields.Club_members" not in registry


def _no_key() -> None:
    class Tag(Model):
        pass

    class Pair(Model):
        tag = ForeignKey(Tag)

    class Post(Model):
        tags = ManyToManyField(Tag, through=Pair)


def _two_keys() -> None:
    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag, through="Pair")

    class Pair(Model):
        post = ForeignKey(Post)
        tag = ForeignKey(Tag, related_name="+")
        other = ForeignKey(Tag, related_name="+")


def _three_keys() -> None:
    class Post(Model):
        others: Any = ManyToManyField("self", through="Pair")

    class Pair(Model):
        one = ForeignKey(Post, related_name="+")
        two = ForeignKey(Post, related_name="+")
        three = ForeignKey(Post, related_name="+")


def _one_of_two_keys() -> None:
    class Post(Model):
        others: Any = ManyToManyField("self", through="Pair")

    class Pair(Model):
        one = ForeignKey(Post, related_name="+")


def _through_one_side() -> None:
    class Tag(Model):
        pass

    class Post(Model):
        tags: Any = ManyToManyField(Tag, through=Tag)


def _wrong_field() -> None:
    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag, through="Pair", through_fields=("tag", "post"))

    class Pair(Model):
        post = ForeignKey(Post)
        tag = ForeignKey(Tag)


def _elsewhere() -> None:
    class Tag(Model):
        class Meta:
            backend = "other"

    class Post(Model):
        tags = ManyToManyField(Tag)


def _elsewhere_later() -> None:
    class Post(Model):
        tags: Any = ManyToManyField("Tag")

    class Tag(Model):
        class Meta:
            backend = "other"


def _pairs_elsewhere() -> None:
    class Tag(Model):
        pass

    class Post(Model):
        tags = ManyToManyField(Tag, through="Pair")

    class Pair(Model):
        post = ForeignKey(Post)
        tag = ForeignKey(Tag)

        class Meta:
            backend = "other"


@pytest.mark.parametrize(
    ("declare", "last", "message"),
    [
        (_no_key, "Post", r"goes through fields.Pair, which needs one foreign key to fields.Post and has none; add"),
        (_two_keys, "Pair", r"one foreign key to fields.Tag and has 2 \(tag, other\); name two of them"),
        (_three_keys, "Pair", r"two foreign keys to fields.Post and has 3 \(one, two, three\); name two"),
        (_one_of_two_keys, "Pair", r"two foreign keys to fields.Post and has 1 \(one\); add what is missing"),
        (_through_one_side, "Post", r"goes through fields.Tag, which is one of its sides"),
        (_wrong_field, "Pair", r"'tag' in through_fields, which is no foreign key of fields.Pair .* there are post"),
        (_elsewhere, "Post", r"leads to fields.Tag, which lives in the database 'other' and not in 'default'"),
        (_elsewhere_later, "Tag", r"fields.Post.tags leads to fields.Tag, which lives in the database 'other'"),
        (_pairs_elsewhere, "Pair", r"fields.Post.tags leads to fields.Pair, which lives in the database 'other'"),
    ],
)
def test_what_cannot_lead_to_both_sides(declare: Callable[[], None], last: str, message: str) -> None:
    """It is refused when the last of its models is made, which is then not there (C-011we)."""
    with pytest.raises(ModelDefinitionError, match=message):
        declare()
    assert f"fields.{last}" not in registry
    assert registry.find("fields.Post_tags") is None or last == "Tag"


class _Abstract(AbstractModel):
    """Has no rows."""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": 3}, "refers to 3"),
        ({"to": int}, "int, which is no model"),
        ({"to": _Abstract}, "_Abstract, which is abstract"),
        ({"to": "self", "through": int}, "int, which is no model"),
        ({"to": "a b"}, "refers to 'a b'"),
        ({"to": Pen, "symmetrical": True}, r"is symmetrical, so it leads from fields.Post to itself, not to"),
        ({"to": "self", "related_name": "others"}, "and is symmetrical, so both sides call it by"),
        ({"to": Pen, "through_fields": ("a", "b")}, "give that too"),
        ({"to": Pen, "through": "Pair", "db_table": "pairs"}, "names its table itself"),
        ({"to": Pen, "through": "Pair", "through_fields": "ab"}, "write two names"),
        ({"to": Pen, "through": "Pair", "through_fields": ("a",)}, "write two names"),
        ({"to": Pen, "related_name": "a__b"}, "write a name without '__'"),
        ({"to": Pen, "db_table": "x" * 64}, "64 characters, at most 63 are kept; give it a db_table"),
        ({"to": Pen, "db_table": 'x"; --'}, "table name"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, Any], message: str) -> None:
    """They are refused when the model is made, which then is not there."""
    with pytest.raises(ModelDefinitionError, match=message):

        class Post(Model):
            others: Any = ManyToManyField(**options)

    assert "fields.Post" not in registry


def test_names_that_clash() -> None:
    """Two relations cannot have one name on the same model, whether they are of one or of many (C-011we)."""

    class Tag(Model):
        pass

    with pytest.raises(
        ModelDefinitionError, match=r"Post.more is called 'post_set' by fields.Tag, and so is .*Post.tags"
    ):

        class Post(Model):
            tags = ManyToManyField(Tag)
            more = ManyToManyField(Tag)

    with pytest.raises(
        ModelDefinitionError, match=r"Note.more is called 'note_set' by fields.Tag, and so is .*Note.tag"
    ):

        class Note(Model):
            tag = ForeignKey(Tag)
            more = ManyToManyField(Tag)

    for name in ("pk", "id", "save", "objects"):
        with pytest.raises(ModelDefinitionError, match=f"Sheet.tags is called '{name}' by fields.Tag, and so is"):
            make("Sheet", tags=ManyToManyField(Tag, related_name=name))

    class Page_tags(Model):  # noqa: N801 - the name that is taken
        pass

    with pytest.raises(ModelDefinitionError, match=r"two models have the label fields.Page_tags"):

        class Page(Model):
            tags = ManyToManyField(Tag)

    assert not {"fields.Post", "fields.Post_tags", "fields.Note", "fields.Page", "fields.Sheet"} & set(registry.labels)
    assert registry.get("fields.Page_tags") is Page_tags
    assert dict(Tag._meta.many) == {}


def test_one_field_for_each_attribute() -> None:
    """The same field cannot stand for two relations, nor hide what the model has."""
    with pytest.raises(ModelDefinitionError, match="make a field for each attribute"):

        class Post(Model):
            tags = ManyToManyField(Pen, related_name="+")
            marks = tags

    with pytest.raises(ModelDefinitionError, match="both have the attribute 'tag_id'"):

        class Page(Model):
            tag = ForeignKey(Pen, related_name="+")
            tag_id: Any = ManyToManyField(Pen, related_name="+")

    for name in ("delete", "_tags", "a__b", "clean"):
        with pytest.raises(ModelDefinitionError, match=name):
            make("Sheet", **{name: ManyToManyField(Pen, related_name="+")})
