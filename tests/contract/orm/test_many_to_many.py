"""Rows that are linked by a many-to-many: what their manager adds, removes, sets, makes and reads."""

import asyncio
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, ModelValidationError
from openviper.db.models import Count, ManyRelatedManager, Model
from openviper.db.monitor import max_queries
from openviper.db.transactions import atomic
from tests.contract.orm.circle import (
    Article,
    Band,
    Club,
    Label,
    Membership,
    Part,
    Person,
    Topic,
    make_people,
    make_topics,
    names_of,
)


async def test_rows_are_linked(database: Database) -> None:
    """add() takes instances and keys, by one statement however many they are (C-011xa)."""
    article, topics = await make_topics("x", "y", "z")

    async with max_queries(1):
        await article.topics.add(*topics[:2])
    assert await names_of(article.topics) == ["x", "y"]
    async with max_queries(1):
        await article.topics.add(topics[2].pk, topics[0])
    assert await names_of(article.topics) == ["x", "y", "z"]
    assert await names_of(article.topics.filter(name__gt="x")) == ["y", "z"]
    async with max_queries(0):
        await article.topics.add()


async def test_both_sides_see_a_link(database: Database) -> None:
    """What one side adds the other side has, and may take away."""
    article, (x, y) = await make_topics("x", "y")
    other = await Article.objects.create(title="b")

    await x.articles.add(article, other)
    await y.articles.add(article)

    assert await names_of(article.topics) == ["x", "y"]
    assert await names_of(other.topics) == ["x"]
    await x.articles.remove(article)
    assert await names_of(article.topics) == ["y"]
    assert [one.title for one in await x.articles.all()] == ["b"]


async def test_linked_rows_stay_as_they_are(database: Database) -> None:
    """Adding again, or one row several times, makes no second link (C-011xa)."""
    article, (x, y) = await make_topics("x", "y")
    await article.topics.add(x)

    await article.topics.add(x, x.pk, y, y, await Topic.objects.get(pk=y.pk))

    assert await article.topics.through.objects.count() == 2
    assert await article.topics.count() == 2


async def test_manager_reads_like_any_other(database: Database) -> None:
    """It does what the manager of the rows does, for these rows only."""
    article, (x, y, z) = await make_topics("x", "y", "z")
    await article.topics.add(x, y)
    manager = article.topics

    assert isinstance(manager, ManyRelatedManager)
    assert manager.through._meta.label == "orm.Article_topics"
    assert await manager.count() == 2
    assert await manager.exists()
    assert await manager.contains(x)
    assert not await manager.contains(z)
    assert {row.name for row in await manager} == {"x", "y"}
    assert {row.name async for row in manager} == {"x", "y"}
    assert sorted(await manager.values_list("name", flat=True)) == ["x", "y"]
    assert (await manager.get(name="x")).pk == x.pk
    assert await manager.get_or_none(name="z") is None
    assert await manager.exclude(name="x").update(name="Y") == 1
    assert await manager.filter(name="Y").delete() == 1
    assert await names_of(Topic.objects) == ["x", "z"]
    assert await manager.aggregate(n=Count("*")) == {"n": 1}
    assert "topics of" in repr(manager)


async def test_links_are_taken_away(database: Database) -> None:
    """remove() and clear() are one statement each, and leave the rows themselves alone."""
    article, topics = await make_topics("v", "w", "x", "y", "z")
    other = await Article.objects.create(title="b")
    await article.topics.add(*topics[:4])
    await other.topics.add(*topics)

    async with max_queries(1):
        await article.topics.remove(topics[0], topics[1].pk, topics[4])
    assert await names_of(article.topics) == ["x", "y"]
    async with max_queries(1):
        await article.topics.clear()
    assert await names_of(article.topics) == []
    assert await other.topics.count() == 5
    assert await Topic.objects.count() == 5


async def test_set_writes_the_difference(database: Database) -> None:
    """set() deletes what is not wanted and links what is missing, by three statements at most (C-011xa)."""
    article, (w, x, y, z) = await make_topics("w", "x", "y", "z")
    await article.topics.add(w, x)
    kept = await article.topics.through.objects.get(topic=x)

    async with max_queries(3):
        await article.topics.set([x, y.pk, z])
    assert await names_of(article.topics) == ["x", "y", "z"]
    assert (await article.topics.through.objects.get(topic=x)).pk == kept.pk
    async with max_queries(1):
        await article.topics.set((z, y, x, x))
    async with max_queries(2):
        await article.topics.set(iter([w, x]), clear=True)
    assert await names_of(article.topics) == ["w", "x"]
    assert (await article.topics.through.objects.get(topic=x)).pk != kept.pk
    await article.topics.set(await Topic.objects.filter(name="y"))
    assert await names_of(article.topics) == ["y"]
    await article.topics.set([])
    assert not await article.topics.exists()


async def test_row_is_made_and_linked(database: Database) -> None:
    """create() and bulk_create() are two statements in one transaction."""
    article, _ = await make_topics()

    async with max_queries(2):
        made = await article.topics.create(name="new")
    assert await names_of(article.topics) == ["new"]
    assert await made.articles.contains(article)
    async with max_queries(2):
        some = await article.topics.bulk_create([Topic(name="p"), Topic(name="q")])
    assert await names_of(article.topics) == ["new", "p", "q"]
    assert all(one.pk for one in some)
    with pytest.raises(IntegrityError):
        _ = await article.topics.create(name="new")
    with pytest.raises(ModelValidationError):
        _ = await article.topics.create(name="n" * 51)
    assert await Topic.objects.count() == 3


async def test_row_is_found_or_made_and_linked(database: Database) -> None:
    """get_or_create() and update_or_create() look among the linked rows, and link what they make."""
    person, *_ = await make_people("Ann")
    club, other = await Club.objects.bulk_create([Club(name="chess"), Club(name="go")])
    await person.clubs.add(club)

    found, was_made = await person.clubs.get_or_create(name="chess")
    assert (found.pk, was_made) == (club.pk, False)
    made, was_made = await person.clubs.get_or_create(name="go", through_defaults={"since": 1999})
    assert was_made
    assert made.pk != other.pk
    assert (await made.memberships.get()).since == 1999
    changed, was_made = await person.clubs.update_or_create({"name": "Chess"}, name="chess")
    assert (changed.pk, changed.name, was_made) == (club.pk, "Chess", False)
    _, was_made = await person.clubs.update_or_create({}, name="darts")
    assert was_made
    assert await names_of(person.clubs) == ["Chess", "darts", "go"]


async def test_unlinked_row_in_the_way(database: Database) -> None:
    """A unique row that is not linked is not taken for one that is, as in Django."""
    article, (x,) = await make_topics("x")

    with pytest.raises(IntegrityError):
        await article.topics.get_or_create(name="x")

    assert await article.topics.count() == 0
    await article.topics.add(x)
    assert (await article.topics.get_or_create(name="x"))[1] is False


async def test_model_between_with_more_fields(database: Database) -> None:
    """through_defaults gives their values, and a link that is there keeps its own."""
    band = await Band.objects.create(name="trio")
    ann, bob, cid = await make_people("Ann", "Bob", "Cid")
    counted = iter(["drums", "bass"])

    await band.players.add(ann, through_defaults={"instrument": "flute"})
    await band.players.add(ann, bob, cid, through_defaults={"instrument": lambda: next(counted, "none")})

    parts = await Part.objects.filter(band=band).order_by("person__name").values_list("instrument", flat=True)
    assert parts[0] == "flute"
    assert await band.players.count() == 3
    await band.players.set([ann, bob], through_defaults={"instrument": "horn"})
    assert await Part.objects.filter(instrument="flute").count() == 1
    assert await names_of(ann.bands) == ["trio"]
    with pytest.raises(TypeError, match="players sets person itself; leave it out of through_defaults"):
        await band.players.add(cid, through_defaults={"person": ann})
    with pytest.raises(TypeError, match="has no field 'instrumnt'"):
        await band.players.add(cid, through_defaults={"instrumnt": "x"})
    with pytest.raises(ModelValidationError):
        await band.players.add(cid, through_defaults={"instrument": "x" * 21})
    with pytest.raises(TypeError, match="gives every link the same id; give a function that makes one"):
        await band.players.add(ann, cid, through_defaults={"id": 5})
    for wrong in (5, "x", [("instrument", "horn")], {5: 1}):
        with pytest.raises(TypeError, match="players: through_defaults takes a dict of fields and values"):
            await band.players.set([ann, bob], through_defaults=wrong)
    assert await band.players.count() == 2


async def test_pairs_that_nothing_keeps_single(database: Database) -> None:
    """Where the through model has no unique constraint, what is there is looked for first (C-011xb)."""
    club = await Club.objects.create(name="chess")
    ann, bob = await make_people("Ann", "Bob")

    await club.members.add(ann)
    async with max_queries(3):
        await club.members.add(ann, bob, bob)
    await bob.clubs.add(club, club.pk)

    assert await Membership.objects.count() == 2
    await Membership(club=club, person=ann, since=1990).save()
    assert await names_of(club.members) == ["Ann", "Bob"]
    assert await club.members.count() == 2
    await club.members.set([ann])
    assert sorted(await Membership.objects.values_list("since", flat=True)) == [1990, 2000]
    await club.members.remove(ann)
    assert await Membership.objects.count() == 0


async def test_what_cannot_be_linked_is_refused(database: Database) -> None:
    """A wrong thing is named by its place, and nothing is written (C-011xa)."""
    article, (x,) = await make_topics("x")
    topics: Any = article.topics

    for wrong in (article, await Label.objects.create(word="x"), Person(name="new")):
        for call in (topics.add(x, wrong), topics.remove(x, wrong), topics.set([x, wrong])):
            with pytest.raises(TypeError, match=r"topics\.\w+\(\): item 2 takes instances of orm\.Topic, not"):
                await call
    for key in ("x", "1; DROP TABLE orm_topic", 1.5, b"1", [1], {"id": 1}, 2**63, object(), Topic, Topic.objects):
        with pytest.raises(FieldError, match=r"topics\.add\(\): item 2 is no key of orm\.Topic: "):
            await topics.add(x, key)
    with pytest.raises(ValueError, match=r"item 2: this orm\.Topic has no key yet; save it first"):
        await topics.add(x, Topic(name="new"))
    with pytest.raises(ValueError, match="item 1 is None"):
        await topics.add(None)
    for several in ("ab", b"ab", {1: 2}):
        with pytest.raises(TypeError, match=r"topics\.set\(\) takes several instances or keys"):
            await topics.set(several)
    for nothing in (5, None, x):
        with pytest.raises(TypeError):
            await topics.set(nothing)
    assert await topics.count() == 0


async def test_rows_that_were_not_read_are_refused(database: Database) -> None:
    """What has to be awaited first, and a list in place of its items, is told how it is given (C-011xa)."""
    article, (x,) = await make_topics("x")
    topics: Any = article.topics

    coming = Topic.objects.first()
    for rows in (Topic.objects.filter(name="x"), Topic.objects, topics, coming):
        with pytest.raises(TypeError, match=r"rows that have been read, not a \w+; write: topics\.set\(await rows\)"):
            await topics.set(rows)
        for call in (topics.add(rows), topics.remove(x, rows)):
            with pytest.raises(FieldError, match=r"is no key of.*; write: topics\.\w+\(\*await rows\)"):
                await call
    for several in ([x.id], (x,), {x.id}):
        with pytest.raises(FieldError, match=r"item 1 is no key of.*; write: topics\.add\(\*items\)"):
            await topics.add(several)
    await topics.set(await Topic.objects.filter(name="x"))
    assert await topics.get() == await coming


async def test_instance_without_a_key(database: Database) -> None:
    """Nothing is linked with what is not stored."""
    _, (x,) = await make_topics("x")
    new = Article(title="new")
    topics = new.topics

    for call in (topics.add(x), topics.remove(x), topics.clear(), topics.set([x]), topics.create(name="y")):
        with pytest.raises(ValueError, match=r"Article\.topics needs the primary key of the instance"):
            await call
    with pytest.raises(ValueError, match="save it first"):
        _ = topics.all()


async def test_rows_that_are_gone(database: Database) -> None:
    """A key without a row is refused by the database, on either side, and then nothing is linked."""
    article, (x, y) = await make_topics("x", "y")
    await article.topics.add(x)
    await Topic.objects.filter(name="y").delete()

    for call in (article.topics.add(y), article.topics.set([y]), article.topics.add(999_999)):
        with pytest.raises(IntegrityError, match=r"topics: a row that is to be linked, or this orm\.Article itself"):
            await call
    assert await names_of(article.topics) == ["x"]
    await article.topics.remove(y, 999_999)
    await Article.objects.filter(pk=article.pk).delete()
    with pytest.raises(IntegrityError):
        await article.topics.add(x)


async def test_methods_that_would_reach_other_rows(database: Database) -> None:
    """What could not be limited to the linked rows is refused."""
    article, (x,) = await make_topics("x")
    topics: Any = article.topics

    with pytest.raises(TypeError, match=r"Topic\.objects\.raw"):
        topics.raw("SELECT * FROM orm_topic")
    with pytest.raises(TypeError, match=r"Topic\.objects\.bulk_update"):
        topics.bulk_update([x], ["name"])
    with pytest.raises(AttributeError, match=r"all\(\)\.delete\(\)"):
        topics.delete()
    with pytest.raises(ValueError, match="ignore_conflicts leaves them without keys"):
        await topics.bulk_create([Topic(name="y")], ignore_conflicts=True)


async def test_rollback_takes_links_back(database: Database) -> None:
    """A transaction around undoes what was linked, and instances that were made are new again."""
    article, (x, y) = await make_topics("x", "y")
    await article.topics.add(x)
    made: list[Model] = []

    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await article.topics.set([y])
            made.append(await article.topics.create(name="z"))
            _ = 1 / 0

    assert await names_of(article.topics) == ["x"]
    assert made[0].pk is None


async def test_deleting_a_row_takes_its_links_along(database: Database) -> None:
    """Links lead to rows, so none is left of a row that is gone."""
    article, topics = await make_topics("x", "y")
    await article.topics.add(*topics)

    await topics[0].delete()
    assert await article.topics.through.objects.count() == 1
    await article.delete()
    assert await Article.topics.through.objects.count() == 0
    assert await Topic.objects.count() == 1


async def test_two_hundred_tasks_add_to_one_set(database: Database) -> None:
    """Tasks that link at once lose nothing and make no link twice (C-011xa)."""
    article, topics = await make_topics(*(f"{number:03}" for number in range(50)))

    async def link(number: int) -> None:
        await article.topics.add(topics[number % 50], topics[(number * 7) % 50])

    await asyncio.gather(*map(link, range(200)))

    assert await article.topics.through.objects.count() == 50
    assert await names_of(article.topics) == [topic.name for topic in topics]


async def test_two_hundred_tasks_where_nothing_keeps_pairs_single(database: Database) -> None:
    """One task at a time looks which pairs there are, so none is made twice (C-011xb)."""
    club = await Club.objects.create(name="chess")
    people = await make_people(*(f"{number:02}" for number in range(20)))

    await asyncio.gather(*(club.members.add(people[number % 20], people[number * 7 % 20]) for number in range(200)))

    assert await Membership.objects.count() == 20


async def test_tasks_that_add_and_remove_and_set(database: Database) -> None:
    """Whatever runs beside each other, each is whole, and what nobody touched stays."""
    article, topics = await make_topics(*(f"{number:02}" for number in range(20)))
    await article.topics.add(topics[19])

    async def work(number: int) -> None:
        some = topics[number % 15 : number % 15 + 3]
        if number % 3:
            await article.topics.add(*some)
        else:
            await article.topics.remove(*some)

    await asyncio.gather(*map(work, range(100)))
    await asyncio.gather(*(article.topics.set(topics[:10]) for _ in range(10)))

    assert await article.topics.count() == 10
    assert await article.topics.through.objects.count() == 10


async def test_thousands_of_rows(database: Database) -> None:
    """Any number of rows is linked, set and taken away, and a few are as quick among them."""
    article, topics = await make_topics(*(f"{number:05}" for number in range(3000)))

    await article.topics.add(*topics)
    assert await article.topics.count() == 3000
    await article.topics.set(topics[1500:])
    await article.topics.remove(*topics[:2000])

    assert await article.topics.count() == 1000
