"""Prefetching a many-to-many: one query a relation, in either direction, and through several of them."""

from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, NotLoadedError
from openviper.db.models import Count, F, Prefetch
from openviper.db.monitor import max_queries
from tests.contract.orm.circle import Article, Band, Club, Label, Membership, Part, Person, Topic


async def fill() -> tuple[list[Article], list[Topic]]:
    """Three articles: about x and y, about y and z, about nothing."""
    ann, bob = await Person.objects.bulk_create([Person(name="Ann"), Person(name="Bob")])
    articles = await Article.objects.bulk_create(
        [Article(title="a", author=ann), Article(title="b", author=bob), Article(title="c")]
    )
    topics = await Topic.objects.bulk_create([Topic(name=name) for name in "xyz"])
    await articles[0].topics.add(topics[0], topics[1])
    await articles[1].topics.add(topics[1], topics[2])
    return articles, topics


def names_in(rows: Any) -> list[str]:
    return sorted(row.name for row in rows)


async def test_hundred_instances_take_two_queries(database: Database) -> None:
    """However many there are, what they are linked with comes in one query more (C-011xd)."""
    articles = await Article.objects.bulk_create([Article(title=f"a{number:03}") for number in range(100)])
    topics = await Topic.objects.bulk_create([Topic(name=f"t{number}") for number in range(10)])
    through = Article.topics.through
    await through.objects.bulk_create(
        [
            through(article_id=article.pk, topic_id=topics[(place + n) % 10].pk)
            for place, article in enumerate(articles)
            for n in range(3)
        ]
    )

    async with max_queries(2):
        found = await Article.objects.order_by("title").prefetch_related("topics")
        names = [names_in(article.topics) for article in found]

    assert names == [sorted(f"t{(place + n) % 10}" for n in range(3)) for place in range(100)]


async def test_list_is_there_without_asking(database: Database) -> None:
    """What was prefetched is iterated, measured, indexed, counted and awaited as it is (C-011xd)."""
    await fill()
    found = await Article.objects.order_by("title").prefetch_related("topics")

    async with max_queries(0):
        assert names_in(found[0].topics) == ["x", "y"]
        assert len(found[1].topics) == 2
        assert found[0].topics[0].name in {"x", "y"}
        assert await found[0].topics.count() == 2
        assert await found[0].topics.contains(found[0].topics[1])
        assert not await found[2].topics.exists()
        assert await found[2].topics == []
        assert names_in([topic async for topic in found[1].topics]) == ["y", "z"]
    async with max_queries(1):
        assert names_in(await found[0].topics.filter(name="x")) == ["x"]
    assert not vars(found[0].topics[0]).keys() - {"id", "name"}
    assert not found[0].topics[0].has_changed


async def test_nothing_was_prefetched(database: Database) -> None:
    """What would have to ask the database says how it is asked."""
    articles, _ = await fill()

    for use in (len, list, lambda rows: rows[0]):
        with pytest.raises(NotLoadedError, match=r"topics of this orm\.Article is not loaded; await it, or read it"):
            use(articles[0].topics)


async def test_other_direction_and_through_several(database: Database) -> None:
    """From topics to articles, and on to all topics of theirs: a query a relation."""
    await fill()

    async with max_queries(4):
        found = await Topic.objects.order_by("name").prefetch_related("articles__topics", "articles__author")
        seen = [
            (
                topic.name,
                sorted((one.title, getattr(one.author, "name", ""), *names_in(one.topics)) for one in topic.articles),
            )
            for topic in found
        ]

    assert seen == [
        ("x", [("a", "Ann", "x", "y")]),
        ("y", [("a", "Ann", "x", "y"), ("b", "Bob", "y", "z")]),
        ("z", [("b", "Bob", "y", "z")]),
    ]


async def test_behind_a_reference(database: Database) -> None:
    """A many-to-many relation goes on from rows of every other kind of relation."""
    await fill()

    async with max_queries(3):
        found = await Person.objects.order_by("name").prefetch_related("articles__topics")
        assert [names_in(person.articles[0].topics) for person in found] == [["x", "y"], ["y", "z"]]


async def test_query_of_ones_own(database: Database) -> None:
    """Prefetch() says which rows, in which order and with what, still by one query (C-011xd)."""
    await fill()
    some = Prefetch("topics", Topic.objects.exclude(name="x").order_by("-name"), to_attr="some_topics")

    async with max_queries(2):
        found: list[Any] = await Article.objects.order_by("title").prefetch_related(some)
        assert [[topic.name for topic in one.some_topics] for one in found] == [["y"], ["z", "y"], []]
    with pytest.raises(NotLoadedError):
        len(found[0].topics)
    counted = Topic.objects.annotate(n=Count("articles"), same=F("name")).only("name").order_by("name")
    found = await Article.objects.order_by("title").prefetch_related(Prefetch("topics", counted))
    assert [
        [(one.name, getattr(one, "n", 0), getattr(one, "same", "")) for one in article.topics] for article in found
    ] == [
        [("x", 1, "x"), ("y", 2, "y")],
        [("y", 2, "y"), ("z", 1, "z")],
        [],
    ]
    nested = Prefetch("articles", Article.objects.select_related("author").prefetch_related("topics").order_by("title"))
    async with max_queries(3):
        topics = await Topic.objects.order_by("name").prefetch_related(nested)
        assert [one.author.name for one in topics[1].articles if one.author] == ["Ann", "Bob"]
        assert [len(one.topics) for one in topics[1].articles] == [2, 2]
    nothing = await Article.objects.prefetch_related(Prefetch("topics", Topic.objects.none()))
    assert [len(one.topics) for one in nothing] == [0, 0, 0]


async def test_distinct_and_deferred_query(database: Database) -> None:
    """What else a query set says holds for the rows of a relation too."""
    await fill()
    rows = Topic.objects.filter(articles__title__in=["a", "b"]).distinct().defer("name").order_by("pk")

    found = await Article.objects.order_by("title").prefetch_related(Prefetch("topics", rows))

    assert [len(one.topics) for one in found] == [2, 2, 0]
    with pytest.raises(NotLoadedError):
        _ = found[0].topics[0].name
    assert (await found[0].topics[0]).name in {"x", "y"}


async def test_what_cannot_be_prefetched(database: Database) -> None:
    """Names that are none, and query sets that do not fit, are refused before anything is sent."""
    await fill()

    async with max_queries(0):
        with pytest.raises(FieldError, match=r"orm\.Article has no relation 'tipics'; there are .*topics, labels"):
            await Article.objects.prefetch_related("tipics")
        with pytest.raises(FieldError, match=r"the relation leads to orm\.Topic"):
            await Article.objects.prefetch_related(Prefetch("topics", Label.objects.all()))
        with pytest.raises(FieldError, match="is a slice"):
            await Article.objects.prefetch_related(Prefetch("topics", Topic.objects.all()[:3]))
        both = Topic.objects.filter(name="x").union(Topic.objects.filter(name="y"))
        with pytest.raises(FieldError, match="is combined of several, to which no condition can be added"):
            await Article.objects.prefetch_related(Prefetch("topics", both))
        for taken in ("topics", "title", "labels", "objects", "class", "_x"):
            with pytest.raises(FieldError, match="cannot be an attribute"):
                await Article.objects.prefetch_related(Prefetch("topics", to_attr=taken))


async def test_links_of_one_model(database: Database) -> None:
    """Friends, and whom one follows and is followed by, are each the rows of their own links."""
    ann, bob, cid = await Person.objects.bulk_create([Person(name=name) for name in ("Ann", "Bob", "Cid")])
    await ann.friends.add(bob)
    await ann.follows.add(bob, cid)
    await cid.follows.add(ann)

    async with max_queries(4):
        found = await Person.objects.order_by("name").prefetch_related("friends", "follows", "followers")
    assert [names_in(one.friends) for one in found] == [["Bob"], ["Ann"], []]
    assert [names_in(one.follows) for one in found] == [["Bob", "Cid"], [], ["Ann"]]
    assert [names_in(one.followers) for one in found] == [["Cid"], ["Ann"], ["Ann"]]


async def test_models_between_of_ones_own(database: Database) -> None:
    """Pairs that are there twice give the row once, as awaiting does; keys of any kind lead to their rows."""
    club, empty = await Club.objects.bulk_create([Club(name="chess"), Club(name="go")])
    ann, bob = await Person.objects.bulk_create([Person(name="Ann"), Person(name="Bob")])
    await Membership.objects.bulk_create([Membership(club=club, person=one) for one in (ann, bob, ann)])
    band = await Band.objects.create(name="duo")
    await Part(band=band, person=ann).save()
    article = await Article.objects.create(title="a")
    _ = await article.labels.create(word="red")

    found = await Club.objects.order_by("name").prefetch_related("members__bands__players")
    assert [names_in(one.members) for one in found] == [["Ann", "Bob"], []]
    assert names_in(await empty.members) == []
    assert [names_in(band.players) for person in found[0].members for band in person.bands] == [["Ann"]]
    (stuck,) = await Article.objects.prefetch_related("labels")
    assert [one.word for one in stuck.labels] == ["red"]


async def test_instance_that_is_there_twice(database: Database) -> None:
    """Each copy of a row has a list of its own."""
    await fill()

    found = await Topic.objects.filter(name="y").prefetch_related("articles__topics__articles")

    for article in found[0].articles:
        for topic in article.topics:
            assert len(topic.articles) == (2 if topic.name == "y" else 1)


async def test_one_row_and_pages_and_streams(database: Database) -> None:
    """Whatever reads instances fills them."""
    articles, _ = await fill()

    one = await Article.objects.prefetch_related("topics").get(pk=articles[0].pk)
    assert names_in(one.topics) == ["x", "y"]
    first = await Article.objects.prefetch_related("topics").order_by("title").first()
    assert first is not None
    assert len(first.topics) == 2
    page = await Article.objects.prefetch_related("topics").order_by("title").paginate(1, 2)
    assert [len(one.topics) for one in page.items] == [2, 2]
    assert [len(one.topics) async for one in Article.objects.prefetch_related("topics").iterator(2)] == [2, 2, 0]


async def test_writing_forgets(database: Database) -> None:
    """After a write the list that was read before is not the truth any more, and what comes after it is."""
    articles, (x, *_) = await fill()
    (one,) = await Article.objects.filter(pk=articles[0].pk).prefetch_related("topics")

    for method, given in (("remove", (x,)), ("add", (x,)), ("set", ([x],)), ("clear", ())):
        await getattr(one.topics, method)(*given)
        with pytest.raises(NotLoadedError):
            len(one.topics)
        (one,) = await Article.objects.filter(pk=one.pk).prefetch_related("topics")
    assert len(one.topics) == 0
