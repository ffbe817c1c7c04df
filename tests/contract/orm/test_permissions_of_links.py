"""What writing and following relations to many asks, and that it is asked before anything is sent."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import ModelPermissionError
from openviper.db.monitor import max_queries
from openviper.db.permissions import bypass_permissions
from openviper.db.query.aggregates import Count
from openviper.testing import watch_permissions
from tests.contract.orm.circle import Article, Club, Person, Topic

THREE: Final = pytest.mark.parametrize("engine", ["sqlite-memory", "postgresql", "mariadb"], indirect=True)


class Circle(NamedTuple):
    """Rows that are linked, and one that is not."""

    person: Person
    article: Article
    other: Article
    topic: Topic
    free: Topic
    club: Club


Work = Callable[[Circle], Awaitable[Any]]


@pytest.fixture
async def circle(database: Database) -> Circle:
    """An article of a person about a topic, and a club whose member the person is."""
    person = await Person.objects.create(name="Ann")
    article = await Article.objects.create(title="Dunes", author=person)
    topic = await Topic.objects.create(name="sand")
    await article.topics.add(topic)
    club = await Club.objects.create(name="Diggers")
    await club.members.add(person)
    other = await Article.objects.create(title="Seas")
    free = await Topic.objects.create(name="water")
    # Read anew: nothing that was linked is known of them.
    return Circle(
        await Person.objects.get(id=person.id),
        await Article.objects.get(id=article.id),
        await Article.objects.get(id=other.id),
        await Topic.objects.get(id=topic.id),
        await Topic.objects.get(id=free.id),
        await Club.objects.get(id=club.id),
    )


#: What is done, and what is asked before anything is sent.
AT_ONCE: Final[dict[str, tuple[str, Work]]] = {
    "rows": ("Topic.read", lambda one: one.article.topics),
    "rows from the other side": ("Article.read", lambda one: one.topic.articles),
    "count": ("Topic.read", lambda one: one.article.topics.count()),
    "filter": ("Article.read Topic.read", lambda _: Article.objects.filter(topics__name="sand")),
    "filter of members": ("Person.read Membership.read Club.read", lambda _: Person.objects.filter(clubs__name="a")),
    "exclude": ("Topic.read Article.read", lambda _: Topic.objects.exclude(articles__title="Dunes")),
    "count of links": ("Article.read Topic.read", lambda _: Article.objects.annotate(all=Count("topics"))),
    "key of a link": ("Article.read Topic.read", lambda one: Article.objects.filter(topics=one.topic)),
    "key of a link from the other side": ("Topic.read Article.read", lambda _: Topic.objects.filter(articles=5)),
    "links or none": ("Topic.read Article.read", lambda _: Topic.objects.filter(articles__isnull=False)),
    "count of members": (
        "Club.read Membership.read Person.read",
        lambda _: Club.objects.annotate(all=Count("members")),
    ),
    "friends": ("Person.read", lambda _: Person.objects.filter(friends__name="Bob")),
    "rows of the through model": ("Article.read", lambda one: one.article.topics.through.objects.all()),
    "add": ("Article.update", lambda one: one.article.topics.add(one.free)),
    "add from the other side": ("Article.update", lambda one: one.free.articles.add(one.article)),
    "remove": ("Article.update", lambda one: one.article.topics.remove(one.topic)),
    "clear": ("Article.update", lambda one: one.article.topics.clear()),
    "set": ("Article.update", lambda one: one.article.topics.set([one.free])),
    "create": ("Article.update Topic.create", lambda one: one.article.topics.create(name="tides")),
    "bulk_create": ("Article.update Topic.create", lambda one: one.article.topics.bulk_create([Topic(name="tides")])),
    "add a member": ("Membership.create", lambda one: one.club.members.add(one.person)),
    "remove a member": ("Membership.delete", lambda one: one.club.members.remove(one.person)),
    "set members": ("Membership.create Membership.delete", lambda one: one.club.members.set([])),
    "add a friend": ("Person.update", lambda one: one.person.friends.add(one.person)),
    "referrers": ("Article.read", lambda one: one.person.articles),
    "add a referrer": ("Article.update", lambda one: one.person.articles.add(one.other)),
    "save a referrer": ("Article.update", lambda one: one.person.articles.add(one.other, bulk=False)),
    "remove a referrer": ("Article.update", lambda one: one.person.articles.remove(one.article)),
    "clear referrers": ("Article.update", lambda one: one.person.articles.clear()),
    "save cleared referrers": ("Article.update", lambda one: one.person.articles.clear(bulk=False)),
    "set referrers": ("Article.update", lambda one: one.person.articles.set([one.other])),
    "save set referrers": ("Article.update", lambda one: one.person.articles.set([one.other], bulk=False)),
    "delete what is linked": ("Article.delete", lambda one: one.article.delete()),
    "delete what is linked from elsewhere": ("Topic.delete Article.update", lambda one: one.topic.delete()),
}
SEVERAL: Final[dict[str, tuple[str, Work]]] = {
    "prefetch": ("Article.read Topic.read", lambda _: Article.objects.prefetch_related("topics")),
    "prefetch of members": ("Club.read Person.read Membership.read", lambda _: Club.objects.prefetch_related(
        "members")),
    "get_or_create of what is there": ("Topic.read", lambda one: one.article.topics.get_or_create(name="sand")),
    "get_or_create": ("Topic.read Topic.create Article.update", lambda one: one.article.topics.get_or_create(
        name="tides")),
}  # fmt: skip


@THREE
@pytest.mark.parametrize("name", AT_ONCE)
async def test_links_ask(name: str, circle: Circle) -> None:
    """Whichever question is refused, nothing is sent and no instance is told anything (C-011ua)."""
    questions, work = AT_ONCE[name]
    before = [dict(vars(one)) for one in circle]
    for one in questions.split():
        async with watch_permissions(f"orm.{one}"), max_queries(0):
            with pytest.raises(ModelPermissionError, match=one.partition(".")[0]):
                await work(circle)
    assert [dict(vars(one)) for one in circle] == before
    with watch_permissions() as watch:
        await work(circle)
    assert [one.removeprefix("orm.") for one in dict.fromkeys(watch.asked)] == questions.split()


@THREE
@pytest.mark.parametrize("name", SEVERAL)
async def test_several_statements_ask_one_by_one(name: str, circle: Circle) -> None:
    """A prefetch, and what looks before it writes (C-011ua)."""
    questions, work = SEVERAL[name]
    with watch_permissions() as watch:
        await work(circle)
    assert [one.removeprefix("orm.") for one in dict.fromkeys(watch.asked)] == questions.split()


@pytest.mark.parametrize("engine", ["sqlite-memory"], indirect=True)
@pytest.mark.parametrize("name", AT_ONCE)
async def test_bypass_lets_links_through(name: str, circle: Circle) -> None:
    """Nothing is asked inside it (C-010)."""
    refuse = [f"orm.{model}" for model in ("Article", "Membership", "Person", "Topic")]
    with watch_permissions(*refuse) as watch, bypass_permissions():
        await AT_ONCE[name][1](circle)
    assert watch.asked == []
