"""Links of rows with keys of every kind, of one model, of proxies, and of instances that came together."""

import copy
import pickle

from openviper.db.connections import Database
from openviper.db.models import Count, Q
from openviper.db.monitor import max_queries
from tests.contract.orm.circle import (
    Article,
    Band,
    Diplomatic,
    Label,
    Passport,
    Person,
    Stamp,
    make_people,
    make_topics,
    names_of,
)


async def test_symmetrical_links(database: Database) -> None:
    """A friend has that person as a friend; taking the link away at one end takes it away at both (C-011xc)."""
    ann, bob, cid = await make_people("Ann", "Bob", "Cid")

    async with max_queries(1):
        await ann.friends.add(bob, cid)
    assert await names_of(bob.friends) == ["Ann"]
    await bob.friends.add(ann)
    assert await Person.friends.through.objects.count() == 4
    async with max_queries(1):
        await bob.friends.remove(ann)
    assert await names_of(ann.friends) == ["Cid"]
    await cid.friends.set([bob])
    assert await names_of(ann.friends) == []
    assert await names_of(bob.friends) == ["Cid"]
    await cid.friends.create(name="Dot")
    await bob.friends.clear()
    assert await names_of(cid.friends) == ["Dot"]
    assert await Person.friends.through.objects.count() == 2


async def test_row_is_linked_with_itself(database: Database) -> None:
    """One row both sides is one link, and goes away like any other."""
    ann, bob = await make_people("Ann", "Bob")

    await ann.friends.add(ann, bob)
    await ann.follows.add(ann)

    assert await names_of(ann.friends) == ["Ann", "Bob"]
    assert await names_of(ann.followers) == ["Ann"]
    await ann.friends.remove(ann)
    assert await names_of(ann.friends) == ["Bob"]


async def test_one_way_links_of_one_model(database: Database) -> None:
    """Whom one follows and by whom one is followed are not mixed up."""
    ann, bob, cid = await make_people("Ann", "Bob", "Cid")

    await ann.follows.add(bob, cid)
    await cid.follows.set([ann])

    assert await names_of(ann.follows) == ["Bob", "Cid"]
    assert await names_of(ann.followers) == ["Cid"]
    assert await names_of(bob.follows) == []
    await bob.followers.clear()
    assert await names_of(ann.follows) == ["Cid"]


async def test_keys_of_other_kinds(database: Database) -> None:
    """Rows with keys that Python makes are linked by instance, key and text of a key."""
    article = await Article.objects.create(title="a")
    red, blue, green = await Label.objects.bulk_create([Label(word=word) for word in ("red", "blue", "green")])

    await article.labels.add(red, blue.pk, str(green.pk))
    await article.labels.set([red, str(blue.pk)])

    assert {label.word for label in await article.labels.all()} == {"red", "blue"}


async def test_keys_that_are_references_and_texts(database: Database) -> None:
    """A row whose key is that of another one is linked like any other, in both directions."""
    ann, bob = await make_people("Ann", "Bob")
    await Passport.objects.bulk_create([Passport(person=ann), Passport(person=bob)])
    passport = await Passport.objects.get(pk=ann.pk)
    await Stamp.objects.bulk_create([Stamp(code="de"), Stamp(code="fr")])

    await passport.stamps.add("de", "fr")
    await (await Stamp.objects.get(pk="de")).passports.add(bob.pk, passport)

    found = await Passport.objects.order_by("pk").prefetch_related("stamps__passports__person")
    assert [sorted(stamp.code for stamp in one.stamps) for one in found] == [["de", "fr"], ["de"]]
    assert sorted(one.person.name for one in found[1].stamps[0].passports) == ["Ann", "Bob"]
    assert await Passport.objects.filter(stamps="fr").count() == 1


async def test_proxy_has_the_links_of_its_parent(database: Database) -> None:
    """They are the same rows, so either is taken for the other."""
    (ann,) = await make_people("Ann")
    await Passport(person=ann).save(force_insert=True)
    stamp = await Stamp.objects.create(code="de")
    same = await Diplomatic.objects.get(pk=ann.pk)

    await same.stamps.add(stamp)
    await stamp.passports.add(same)

    assert [one.code for one in await (await Passport.objects.get(pk=ann.pk)).stamps] == ["de"]
    (found,) = await Diplomatic.objects.prefetch_related("stamps")
    assert [one.code for one in found.stamps] == ["de"]


async def test_links_are_read_for_all_of_a_result(database: Database) -> None:
    """What the first instance asks for is read for all that came along, and writing makes it be read again."""
    _, (x, y) = await make_topics("x", "y")
    await Article.objects.bulk_create([Article(title=f"{number:02}") for number in range(30)])
    await Article.topics.through.objects.bulk_create(
        [Article.topics.through(article_id=one.pk, topic_id=x.pk) for one in await Article.objects.all()]
    )
    articles = await Article.objects.order_by("title")

    async with max_queries(1):
        assert [[topic.name for topic in await one.topics] for one in articles] == [["x"]] * 31
    assert await names_of(articles[0].topics) == ["x"]
    _ = await articles[1].topics
    await articles[2].topics.add(y)
    assert sorted(topic.name for topic in await articles[2].topics) == ["x", "y"]
    assert [topic.name for topic in await articles[3].topics] == ["x"]


async def test_copies_keep_what_was_prefetched(database: Database) -> None:
    """An instance that is copied or sent to another process has its list there."""
    article, topics = await make_topics("x", "y")
    await article.topics.add(*topics)
    (found,) = await Article.objects.prefetch_related("topics")

    for same in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert sorted(topic.name for topic in same.topics) == ["x", "y"]
        assert await same.topics.filter(name="x").exists()


async def test_a_pair_is_one_and_the_same_by_either_of_its_relations(database: Database) -> None:
    """A many-to-many and the relation to the rows of its through model mean one of them in one filter() (C-011wa)."""
    ann, bob = await Person.objects.bulk_create([Person(name="Ann"), Person(name="Bob")])
    duo, solo = await Band.objects.bulk_create([Band(name="Duo"), Band(name="Solo")])
    await duo.players.add(ann)
    await duo.players.add(bob, through_defaults={"instrument": "drums"})
    await solo.players.add(ann, through_defaults={"instrument": "horn"})
    drums, by_ann = Q(parts__instrument="drums"), Q(players__name="Ann")
    bands = Band.objects.order_by("name")

    assert await names_of(bands.filter(drums, by_ann)) == []
    assert await names_of(bands.filter(by_ann, parts__instrument="horn")) == ["Solo"]
    assert await names_of(bands.filter(drums).filter(by_ann)) == ["Duo"]
    assert await names_of(bands.filter(drums | Q(name="Solo"), by_ann)) == ["Solo"]
    assert await names_of(bands.exclude(drums, by_ann)) == ["Duo", "Solo"]
    assert await names_of(bands.exclude(by_ann, parts__instrument="horn")) == ["Duo"]
    assert await names_of(bands.filter(by_ann, parts__isnull=False, players__isnull=False)) == ["Duo", "Solo"]
    people = Person.objects.order_by("name")
    assert await names_of(people.filter(bands__name="Duo", parts__instrument="horn")) == []
    assert await names_of(people.filter(bands__name="Solo", parts__instrument="horn")) == ["Ann"]
    assert await names_of(people.filter(bands__players__name="Bob", bands__parts__instrument="voice")) == []
    counted = bands.annotate(n=Count("players", filter=drums), all=Count("players"))
    assert await counted.values_list("n", "all") == [(1, 2), (0, 1)]
