"""Models with many-to-many fields: articles with topics, people who know each other, clubs and bands with members."""

import uuid
from typing import Any

from openviper.db import fields
from openviper.db.models import AbstractModel, ManyRelatedManager, Model, RelatedManager, UniqueConstraint

__all__ = ["Article", "Band", "Club", "Label", "Membership", "Part", "Passport", "Person", "Stamp", "Topic"]


class Topic(Model):
    """What articles are about."""

    id: int
    articles: "ManyRelatedManager[Article]"
    name = fields.CharField(max_length=50, unique=True)


class Label(Model):
    """Found by a key that Python makes."""

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    word = fields.CharField(max_length=30)


class Person(Model):
    """Has friends, who have that person as a friend, and follows others, who need not know."""

    id: int
    name = fields.CharField(max_length=50)
    friends: Any = fields.ManyToManyField("self")
    follows: Any = fields.ManyToManyField("self", symmetrical=False, related_name="followers")
    followers: "ManyRelatedManager[Person]"
    clubs: "ManyRelatedManager[Club]"
    bands: "ManyRelatedManager[Band]"
    articles: "RelatedManager[Article]"


class Article(Model):
    """Is about topics, and stuck with labels that do not know of it."""

    id: int
    title = fields.CharField(max_length=100)
    author = fields.ForeignKey(Person, null=True, related_name="articles")
    topics = fields.ManyToManyField(Topic, related_name="articles")
    labels = fields.ManyToManyField(Label, related_name="+", db_table="circle_stickers")


class Club(Model):
    """Has members, of whom it knows when they came, and may come twice."""

    id: int
    name = fields.CharField(max_length=50)
    members: Any = fields.ManyToManyField(
        Person, through="Membership", through_fields=("club", "person"), related_name="clubs"
    )
    memberships: "RelatedManager[Membership]"


class Membership(Model):
    """Nothing keeps a second row of a pair away."""

    id: int
    club = fields.ForeignKey(Club, related_name="memberships")
    club_id: int
    person = fields.ForeignKey(Person, related_name="+")
    person_id: int
    inviter = fields.ForeignKey(Person, null=True, related_name="invited", on_delete="SET_NULL")
    since = fields.IntegerField(default=2000)


class Band(Model):
    """Has players, each once."""

    id: int
    name = fields.CharField(max_length=50)
    players: Any = fields.ManyToManyField(Person, through="Part", related_name="bands")


class Part(Model):
    """Cannot be there twice."""

    id: int
    band = fields.ForeignKey(Band, related_name="parts")
    person = fields.ForeignKey(Person, related_name="parts")
    instrument = fields.CharField(max_length=20, default="voice")

    class Meta:
        constraints = (UniqueConstraint("circle_part", ["person", "band"]),)


class Stamp(Model):
    """Found by a key that people give."""

    code = fields.CharField(max_length=10, primary_key=True)
    passports: "ManyRelatedManager[Passport]"


class Stamped(AbstractModel):
    """Hands its relation down, under a name of each model's own."""

    stamps = fields.ManyToManyField(Stamp, related_name="%(class)ss")


class Passport(Stamped):
    """Has the key of its person."""

    person = fields.OneToOneField(Person, primary_key=True, related_name="passport")
    person_id: int


class Diplomatic(Passport):
    """The same rows as passports."""

    class Meta:
        proxy = True


async def make_topics(*names: str) -> tuple[Article, list[Topic]]:
    """An article about nothing yet, and topics."""
    return await Article.objects.create(title="a"), await Topic.objects.bulk_create([Topic(name=one) for one in names])


async def names_of(rows: Any) -> list[str]:
    """The names of rows, sorted."""
    return [row.name for row in await rows.order_by("name")]


async def make_people(*names: str) -> list[Person]:
    """People of these names."""
    return await Person.objects.bulk_create([Person(name=name) for name in names])
