"""What a type checker tells the author of queries; checkers read this file, nothing runs it.

A line with ``type: ignore`` is one that must be refused: mypy reports an ignore that is not needed.
"""

from typing import Any, assert_type

from openviper.db import (
    FETCH_RAISE,
    AbstractModel,
    Count,
    Exists,
    F,
    Manager,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Window,
    fields,
)
from openviper.db.functions import Rank
from openviper.db.pagination import Page
from openviper.db.queryset import DictQuerySet, FlatQuerySet, NamedQuerySet, TupleQuerySet


class Author(Model):
    """A model with the manager that every model has."""

    name = fields.CharField(max_length=100)


class PostQuerySet(QuerySet["Post"]):
    """Methods of a query set are those of the manager that is made of it."""

    def live(self) -> "PostQuerySet":
        """Go on with the same kind."""
        return self.filter(is_live=True).order_by("-id")


class LiveManager(Manager["Post"]):
    """Means certain rows."""

    def get_queryset(self) -> QuerySet["Post"]:
        """Begin with them."""
        return super().get_queryset().filter(is_live=True)


class Stamped(AbstractModel):
    """Managers are inherited."""

    created = fields.DateTimeField(auto_now_add=True)


class Post(Stamped):
    """A model with managers of its own."""

    title = fields.CharField(max_length=200)
    is_live = fields.BooleanField()
    author = fields.ForeignKey(Author)

    objects = Manager.from_queryset(PostQuerySet)()
    live = LiveManager()


def chain() -> None:
    """Calls give query sets of the same kind."""
    assert_type(Author.objects, Manager[Author])
    _ = assert_type(Author.objects.filter(Q(name="x") | Q(name="y"), id__gt=1), QuerySet[Author])
    _ = assert_type(Author.objects.exclude(name=None).order_by("-name", F("id").desc()), QuerySet[Author])
    _ = assert_type(Author.objects.all()[2:5].distinct().reverse(), QuerySet[Author])
    _ = assert_type(Author.objects.annotate(n=Count("post")).only("name").limit(3), QuerySet[Author])
    _ = assert_type(Post.objects.live().filter(title="x").live(), PostQuerySet)
    _ = assert_type(Post.objects.filter(title="x"), PostQuerySet)
    _ = assert_type(Post.live.all(), QuerySet[Post])
    _ = assert_type(Post.objects.filter(title="x").fetch_mode(FETCH_RAISE), PostQuerySet)
    _ = assert_type(Author.objects.fetch_mode("one").fetch_mode(None), QuerySet[Author])
    _ = assert_type(Post.live.select_related("author").prefetch_related(Prefetch("author")), QuerySet[Post])
    _ = assert_type(Author.objects.values("name"), DictQuerySet[Author])
    _ = assert_type(Author.objects.filter(id=1).values_list("name"), TupleQuerySet[Author])
    _ = assert_type(Author.objects.filter(id=1).values_list("name", flat=True), FlatQuerySet[Author])
    _ = assert_type(Author.objects.values_list("name", named=True), NamedQuerySet[Author])
    _ = assert_type(Author.objects.all().values_list("name", named=True), NamedQuerySet[Author])
    _ = assert_type(Author.objects.alias(n=Count("post")).filter(Q(n=1) ^ Q(name="x")), QuerySet[Author])
    _ = assert_type(Author.objects.filter(id=1) | Author.objects.filter(id=2), QuerySet[Author])
    _ = assert_type(Post.objects.live() & Post.objects.live(), PostQuerySet)
    _ = Author.objects.filter(id=1) | Post.objects.filter(id=2)  # type: ignore[operator]  # rows of another model
    _ = assert_type(Post.objects.values("author").annotate(n=Count("id")), DictQuerySet[Post])
    _ = Author.objects.filter(Exists(Post.objects.filter(author=OuterRef("pk"))) & Q(name="x"))


async def read() -> None:
    """What is awaited has the type of the rows."""
    assert_type(await Author.objects.all(), list[Author])
    assert_type(await Author.objects.filter(name="x"), list[Author])
    assert_type(await Post.objects.live(), list[Post])
    assert_type(await Post.live.filter(id=1), list[Post])
    _ = assert_type(await Author.objects.get(id=1), Author)
    _ = assert_type(await Post.objects.live().get(Q(title="x")), Post)
    assert_type((await Author.objects.get(id=1)).name, str)
    _ = assert_type(await Author.objects.get_or_none(id=1), Author | None)
    _ = assert_type(await Author.objects.first(), Author | None)
    _ = assert_type(await Author.objects.latest("id"), Author)
    _ = assert_type(await Post.objects.live().earliest("id"), Post)
    assert_type(await Author.objects.contains(Author()), bool)
    assert_type(await Author.objects.values_list("name", named=True), list[Any])
    _ = assert_type(await Author.objects.order_by("name").last(), Author | None)
    _ = assert_type(await Author.objects.all()[0], Author)
    assert_type(await Author.objects.count(), int)
    assert_type(await Author.objects.exists(), bool)
    assert_type(await Author.objects.aggregate(n=Count("id")), dict[str, Any])
    assert_type(await Author.objects.values("name"), list[dict[str, Any]])
    assert_type(await Author.objects.values("name").first(), dict[str, Any] | None)
    assert_type(await Author.objects.values("name").get(id=1), dict[str, Any])
    assert_type(await Author.objects.values_list("name"), list[tuple[Any, ...]])
    assert_type(await Author.objects.values_list("name", flat=True), list[Any])
    assert_type(await Author.objects.in_bulk([1, 2]), dict[Any, Author])
    assert_type(await Author.objects.union(Author.objects.filter(id=1), all=True), list[Author])
    assert_type(await Post.objects.live().difference(Post.objects.all()).order_by("id")[:2], list[Post])
    assert_type(await Author.objects.values("name").intersection(Post.objects.values("title")), list[dict[str, Any]])
    assert_type(await Author.objects.annotate(place=Window(Rank(), order_by="-id")), list[Author])
    assert_type(await Author.objects.paginate(2, 10), Page[Author])
    assert_type(await Author.objects.all().explain(), str)


async def walk() -> None:
    """Rows are gone through with their type."""
    async for author in Author.objects.all():
        _ = assert_type(author, Author)
    async for post in Post.objects.live().iterator():
        _ = assert_type(post, Post)
    async for posts in Post.live.id_batch(50):
        assert_type(posts, list[Post])
    async for row in Author.objects.values("name").batch(50):
        assert_type(row, list[dict[str, Any]])
    for author in await Author.objects.all():
        assert_type(author.name, str)


async def write(author: Author, post: Post) -> None:
    """Instances go in and come out with their type."""
    _ = assert_type(await Author.objects.create(name="Ann"), Author)
    _ = assert_type(await Post.objects.create(title="x"), Post)
    assert_type(await Author.objects.get_or_create(name="Ann", defaults={"id": 1}), tuple[Author, bool])
    assert_type(await Post.objects.live().update_or_create(title="x"), tuple[Post, bool])
    assert_type(await Author.objects.bulk_create([author]), list[Author])
    assert_type(await Author.objects.bulk_update([author], ["name"]), int)
    assert_type(await Author.objects.filter(id=1).update(name=F("name")), int)
    assert_type(await Author.objects.filter(id=1).delete(), int)
    _ = await Author.objects.bulk_create([post])  # type: ignore[list-item]  # no author


def misuse() -> None:
    """What has to be awaited cannot be used at once."""
    for _ in Author.objects.all():  # type: ignore[attr-defined]  # rows are not there yet
        pass
    _ = len(Author.objects.all())  # type: ignore[arg-type]  # nor is their number
    _ = Author.objects.filter("name")  # type: ignore[arg-type]  # no condition
    _ = Author.objects.live()  # type: ignore[attr-defined]  # a method of posts
    _ = Author(name="x").objekts  # type: ignore[attr-defined]  # no such name
    _ = F(5)  # type: ignore[arg-type]  # no name
    _ = Count(5)  # type: ignore[arg-type]  # no name
    _ = Window(F("name"))  # type: ignore[arg-type]  # no function of windows
    _ = Author.objects.union([1])  # type: ignore[arg-type]  # no query set
    _ = Exists(Author.objects)  # type: ignore[arg-type]  # a manager is no query set
