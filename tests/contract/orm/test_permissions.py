"""Whatever touches rows asks the checker first, and a bypass passes all of it over (one mechanism for everything)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import pytest

from openviper.core.context import ignore_permissions_ctx
from openviper.db.connections import Database
from openviper.db.exceptions import ModelPermissionError, QueryError
from openviper.db.executor import bypass_permissions
from openviper.db.monitor import max_queries
from openviper.db.permissions import set_checker
from openviper.db.prefetch import Prefetch
from openviper.db.query.aggregates import Count, Max
from openviper.db.query.expressions import Exists, F, OuterRef, Subquery
from openviper.db.transactions import atomic
from openviper.testing import watch_permissions
from tests.contract.orm.models import Author, Book, Country, Node, Profile, Review

THREE: Final = pytest.mark.parametrize("engine", ["sqlite-memory", "postgresql", "mariadb"], indirect=True)
Work = Callable[[Any], Awaitable[Any]]


@pytest.fixture
async def book(database: Database) -> Book:
    """A book with all that belongs to it."""
    country = await Country.objects.create(code="at", name="Austria")
    author = await Author.objects.create(name="Ann", country=country)
    _ = await Profile.objects.create(author=author)
    made = await Book.objects.create(author=author, title="Dune")
    _ = await Review.objects.create(book=made, stars=3)
    return await Book.objects.get(id=made.id)


async def walk(rows: Any) -> list[Any]:
    return [row async for row in rows]


async def rename(book: Book) -> None:
    book.title = f"{book.title}!"
    await book.save()


async def compute(book: Book, expression: Any) -> None:
    book.pages = expression
    await book.save()


async def load(book: Book) -> Author:
    return await book.author


def ages() -> Subquery:
    return Subquery(Author.objects.order_by("id").values("id")[:1])


#: What is done, and what is asked before it.
READS: Final[dict[str, tuple[str, Work]]] = {
    "all": ("Book.read", lambda _: Book.objects.all()),
    "loop": ("Book.read", lambda _: walk(Book.objects.all())),
    "get": ("Book.read", lambda one: Book.objects.get(id=one.id)),
    "get by a name": ("Book.read", lambda _: Book.objects.get(title="Dune")),
    "get_or_none": ("Book.read", lambda _: Book.objects.get_or_none(id=0)),
    "first": ("Book.read", lambda _: Book.objects.first()),
    "last": ("Book.read", lambda _: Book.objects.last()),
    "latest": ("Book.read", lambda _: Book.objects.latest("id")),
    "earliest": ("Book.read", lambda _: Book.objects.earliest("id")),
    "item": ("Book.read", lambda _: Book.objects.order_by("id")[0]),
    "slice": ("Book.read", lambda _: Book.objects.order_by("id")[:3]),
    "contains": ("Book.read", Book.objects.contains),
    "count": ("Book.read", lambda _: Book.objects.count()),
    "exists": ("Book.read", lambda _: Book.objects.exists()),
    "aggregate": ("Book.read", lambda _: Book.objects.aggregate(all=Count("id"))),
    "values": ("Book.read", lambda _: Book.objects.values("title")),
    "values_list": ("Book.read", lambda _: Book.objects.values_list("title", flat=True)),
    "named": ("Book.read", lambda _: Book.objects.values_list("title", named=True)),
    "in_bulk": ("Book.read", lambda one: Book.objects.in_bulk([one.id])),
    "iterator": ("Book.read", lambda _: walk(Book.objects.iterator())),
    "stream": ("Book.read", lambda _: walk(Book.objects.order_by("title").iterator())),
    "batch": ("Book.read", lambda _: walk(Book.objects.batch())),
    "id_batch": ("Book.read", lambda _: walk(Book.objects.id_batch())),
    "paginate": ("Book.read", lambda _: Book.objects.paginate()),
    "explain": ("Book.read", lambda _: Book.objects.all().explain()),
    "raw": ("Book.read", lambda _: Book.objects.raw("SELECT * FROM orm_book")),
    "raw values": ("Book.read", lambda _: Book.objects.raw("SELECT title FROM orm_book").values()),
    "refresh": ("Book.read", lambda one: one.refresh_from_db()),
    "backwards": ("Review.read", lambda one: one.reviews),
    "count backwards": ("Review.read", lambda one: one.reviews.count()),
    "one backwards": ("Profile.read", lambda one: Author(id=one.author_id).profile),
    # Joins, whatever makes them.
    "select_related": ("Book.read Author.read Country.read", lambda _: Book.objects.select_related("author__country")),
    "filter": ("Book.read Author.read", lambda _: Book.objects.filter(author__name="Ann")),
    "key in the row": ("Book.read", lambda one: Book.objects.filter(author__id=one.author_id)),
    "filter by many": ("Author.read Book.read", lambda _: Author.objects.filter(books__title="Dune")),
    "no such rows": ("Author.read Book.read", lambda _: Author.objects.filter(books__isnull=True)),
    "far away": ("Country.read Author.read Book.read Review.read", lambda _: Country.objects.filter(
        authors__books__reviews__stars=3)),
    "exclude": ("Book.read Review.read", lambda _: Book.objects.exclude(reviews__stars=1)),
    "order_by": ("Book.read Author.read", lambda _: Book.objects.order_by("author__name")),
    "joined values": ("Book.read Author.read", lambda _: Book.objects.values("author__name")),
    "joined F": ("Book.read Author.read", lambda _: Book.objects.filter(pages__gt=F("author__age"))),
    "annotate": ("Book.read Review.read", lambda _: Book.objects.annotate(all=Count("reviews"))),
    "left out": ("Book.read", lambda _: Book.objects.annotate(all=Count("reviews")).count()),
    "joined aggregate": ("Book.read Author.read", lambda _: Book.objects.aggregate(Max("author__age"))),
    "joined count": ("Book.read Author.read", lambda _: Book.objects.filter(author__name="Ann").count()),
    "joined exists": ("Book.read Author.read", lambda _: Book.objects.filter(author__name="Ann").exists()),
    "joined explain": ("Book.read Author.read", lambda _: Book.objects.filter(author__name="Ann").explain()),
    "joined stream": ("Book.read Author.read", lambda _: walk(Book.objects.order_by("author__name").iterator())),
    "groups": ("Book.read Author.read", lambda _: Book.objects.values("author__name").annotate(all=Count("id"))),
    "in a query": ("Book.read Author.read", lambda _: Book.objects.filter(author__in=Author.objects.all())),
    "in a query with a join": ("Book.read Author.read Country.read", lambda _: Book.objects.filter(
        author__in=Author.objects.filter(country__name="Austria"))),
    "Subquery": ("Book.read Author.read", lambda _: Book.objects.annotate(one=ages())),
    "Exists": ("Book.read Review.read", lambda _: Book.objects.filter(
        Exists(Review.objects.filter(book=OuterRef("id"))))),
    "itself": ("Node.read", lambda _: Node.objects.filter(parent__name="a").select_related("parent")),
    "or": ("Book.read Author.read", lambda _: Book.objects.filter(pages=1) | Book.objects.filter(author__name="Ann")),
    "union": ("Book.read Author.read", lambda _: Book.objects.values_list("title").union(
        Author.objects.values_list("name"))),
    "union with joins": ("Book.read Author.read Country.read", lambda _: Book.objects.filter(author__age=1).union(
        Book.objects.filter(author__country__name="Austria")).count()),
    "difference": ("Author.read Book.read", lambda _: Author.objects.values_list("id", flat=True).difference(
        Book.objects.values_list("author_id", flat=True))),
    "many sizes": ("Book.read Author.read", lambda _: Book.objects.filter(author__name__in=["Ann", "Bea", "Cy"])),
}  # fmt: skip
#: Those that send more than one statement.
SEVERAL: Final[dict[str, tuple[str, Work]]] = {
    "prefetch_related": ("Author.read Book.read Review.read", lambda _: Author.objects.prefetch_related(
        "books__reviews")),
    "Prefetch": ("Author.read Book.read Author.read Country.read", lambda _: Author.objects.prefetch_related(
        Prefetch("books", Book.objects.filter(author__country__name="Austria")))),
    "prefetched stream": ("Author.read Book.read", lambda _: walk(
        Author.objects.order_by("name").prefetch_related("books").iterator())),
    "get_or_create of what is there": ("Book.read", lambda one: Book.objects.get_or_create(
        author_id=one.author_id, title="Dune")),
    "get_or_create": ("Book.read Book.create", lambda one: Book.objects.get_or_create(
        author_id=one.author_id, title="Emma")),
    "update_or_create of what is there": ("Book.read Book.update", lambda one: Book.objects.update_or_create(
        {"pages": 7}, author_id=one.author_id, title="Dune")),
    "update_or_create": ("Book.read Book.create", lambda one: Book.objects.update_or_create(
        {"pages": 7}, author_id=one.author_id, title="Emma")),
}  # fmt: skip
#: What changes something, so that it is asked about once only.
CHANGES: Final[dict[str, tuple[str, Work]]] = {
    "reference": ("Author.read", load),
    "create": ("Country.create", lambda _: Country.objects.create(code="ch", name="Switzerland")),
    "save": ("Book.update", rename),
    "save of what is new": ("Country.create", lambda _: Country(code="ch", name="Switzerland").save()),
    "save of an expression": ("Book.update", lambda one: compute(one, F("pages") + 1)),
    "save of a query": ("Book.update Author.read", lambda one: compute(one, ages())),
    "create by a relation": ("Review.create", lambda one: one.reviews.create(stars=1)),
    "update by a relation": ("Review.update", lambda one: one.reviews.update(stars=1)),
    "bulk_create": ("Review.create", lambda one: Review.objects.bulk_create([Review(book=one, stars=1)])),
    "bulk_create by a relation": ("Review.create", lambda one: one.reviews.bulk_create([Review(stars=1)])),
    "bulk_create of nothing": ("Review.create", lambda _: Review.objects.bulk_create([])),
    "bulk_create over others": ("Country.create Country.update", lambda _: Country.objects.bulk_create(
        [Country(code="at", name="Oz")], update_conflicts=True, unique_fields=["code"], update_fields=["name"])),
    "bulk_create beside others": ("Country.create", lambda _: Country.objects.bulk_create(
        [Country(code="at", name="Oz")], ignore_conflicts=True)),
    "bulk_update": ("Book.update", lambda one: Book.objects.bulk_update([one], ["pages"])),
    "update": ("Book.update", lambda _: Book.objects.filter(title="Dune").update(pages=F("pages") + 1)),
    "update with a join": ("Book.update Author.read", lambda _: Book.objects.filter(author__name="A").update(pages=1)),
    "update with a query": ("Book.update Author.read", lambda _: Book.objects.update(pages=ages())),
    "delete": ("Review.delete", lambda _: Review.objects.filter(stars=3).delete()),
    "delete with a join": ("Review.delete Book.read", lambda _: Review.objects.filter(book__title="Dune").delete()),
    "delete of one": ("Review.delete", lambda one: Review(id=one.id).delete()),
    "cascade": ("Book.delete Review.delete", lambda one: one.delete()),
    "long cascade": (
        "Author.delete Book.delete Book.update Profile.delete Review.delete", lambda one: Author(id=one.id).delete()),
    "cascade with a join": ("Book.delete Review.delete Author.read", lambda _: Book.objects.filter(
        author__name="Ann").delete()),
    "references set to null": ("Country.delete Author.update", lambda _: Country.objects.all().delete()),
    "tree": ("Node.delete", lambda _: Node.objects.all().delete()),
}  # fmt: skip
AT_ONCE: Final = READS | CHANGES


@THREE
@pytest.mark.parametrize("name", AT_ONCE)
async def test_everything_asks(name: str, book: Book) -> None:
    """Each model that a statement touches is asked for once; whichever is refused, nothing is sent (C-011, C-011ua)."""
    questions, work = AT_ONCE[name]
    expected = [f"orm.{one}" for one in questions.split()]
    for place, one in enumerate(expected):
        async with watch_permissions(one) as watch, max_queries(0):
            with pytest.raises(ModelPermissionError) as caught:
                await work(book)
        assert watch.asked == expected[: place + 1]
        assert f"{caught.value.model}.{caught.value.action}" == one
    if name in READS:
        with watch_permissions(*expected) as watch, bypass_permissions(reason="a test"):
            await work(book)
        assert watch.asked == []
    with watch_permissions() as watch:
        await work(book)
    assert watch.asked == expected


@THREE
@pytest.mark.parametrize("name", SEVERAL)
async def test_several_statements_ask_one_by_one(name: str, book: Book) -> None:
    """Each asks when its turn comes (C-011ua)."""
    questions, work = SEVERAL[name]
    with watch_permissions() as watch:
        await work(book)
    assert watch.asked == [f"orm.{one}" for one in questions.split()]


@pytest.mark.parametrize("engine", ["sqlite-memory"], indirect=True)
@pytest.mark.parametrize("name", CHANGES)
async def test_bypass_lets_everything_through(name: str, book: Book) -> None:
    """Nothing is asked inside it, by no kind of change (C-010)."""
    _, work = CHANGES[name]
    refuse = [f"orm.{model}" for model in ("Author", "Book", "Country", "Node", "Profile", "Review")]
    with watch_permissions(*refuse) as watch, bypass_permissions():
        await work(book)
    assert watch.asked == []


@THREE
async def test_refused_instances_stay_as_they_were(book: Book) -> None:
    """What a refusal stops has cleaned nothing, linked nothing and forgotten nothing (C-011ua)."""
    title = "  unclean  "
    pages: Any = "7"  # cleaning would make a number of it
    book.pages, book.title = pages, title
    review: Any = Review(stars=1)
    new = Country(code="ch", name="Switzerland")
    with watch_permissions("orm.Book", "orm.Review", "orm.Country"):
        for refused in (
            book.save(),
            Book.objects.bulk_update([book], ["pages"]),
            book.delete(),
            book.reviews.bulk_create([review]),
            new.save(),
            Country.objects.bulk_create([new]),
        ):
            with pytest.raises(ModelPermissionError):
                await refused
    assert (book.pages, book.title, set(book.changed_fields())) == (pages, title, {"pages", "title"})
    assert (review.id, review.book_id, new.changed_fields()) == (None, None, Country(code="a").changed_fields())
    book.title = "Dune II"
    await book.save()
    await new.save()
    assert await Book.objects.filter(title="Dune II", pages=7).exists()


@THREE
async def test_rows_that_were_read_are_not_asked_for(book: Book) -> None:
    """What is there already, or is nothing, sends no statement and asks no question."""
    author = await Author.objects.prefetch_related("books").get(id=book.author_id)
    with watch_permissions() as watch:
        assert [one.id for one in author.books] == [book.id]
        assert await author.books.all() == [book]
        assert await author.books.count() == 1
        assert await Book.objects.none() == []
        assert await Book.objects.none().update(pages=1) == 0
        assert await Book.objects.none().delete() == 0
        assert Book.objects.all().raw_sql().startswith("SELECT")
    assert watch.asked == []


@THREE
async def test_every_way_round_is_one(book: Book) -> None:
    """The argument, the block and the variable pass over the same questions, those of a cascade too (C-006, C-010)."""
    with watch_permissions("orm.Book", "orm.Review", "orm.Country") as watch:
        book.title = "Emma"
        await book.save(ignore_permissions=True)
        await Book.objects.bulk_update([book], ["pages"], ignore_permissions=True)
        await Review.objects.bulk_create([Review(book=book, stars=1)], ignore_permissions=True)
        await Book.objects.filter(id=0).delete(ignore_permissions=True)
        await book.delete(ignore_permissions=True)
        with bypass_permissions():
            _ = await Country.objects.create(code="ch", name="Switzerland")
        token = ignore_permissions_ctx.set(True)
        try:
            assert await Country.objects.count() == 2
        finally:
            ignore_permissions_ctx.reset(token)
        assert watch.asked == []
        with pytest.raises(ModelPermissionError):
            await Country.objects.count()


@THREE
async def test_bypass_reaches_tasks_and_is_over_with_its_block(database: Database) -> None:
    """Tasks that begin inside pass the question over; the first query after the block is asked about again (C-010)."""
    with watch_permissions("orm.Author"):
        async with bypass_permissions():
            await asyncio.gather(*(Author.objects.create(name=f"{number}") for number in range(3)))
            assert await Author.objects.count() == 3
        with pytest.raises(PermissionError):
            await Author.objects.count()


@THREE
async def test_checker_asks_the_database(book: Book) -> None:
    """Its own queries are not checked, and inside a transaction they are on its connection: nothing waits (C-011ub)."""

    class Reading:
        async def check(self, model: Any, action: str) -> bool:
            return await Country.objects.filter(code="at").exists() and await model.objects.count() < 3

    before = set_checker(Reading())
    try:
        async with asyncio.timeout(20), atomic():
            book.title = "Emma"
            await book.save()
            rows = Author.objects.filter(books__title="Emma").iterator()
            assert [author.name async for author in rows] == ["Ann"]
            found, _ = await Book.objects.update_or_create({"pages": 5}, author_id=book.author_id, title="Emma")
            assert found == book
            await asyncio.gather(*(Book.objects.count() for _ in range(5)))
            async with atomic():
                await Country.objects.all().delete()
            with pytest.raises(ModelPermissionError):
                await Book.objects.count()
    finally:
        set_checker(before)


@THREE
async def test_refusal_ends_no_transaction(book: Book) -> None:
    """What was written before it in a block is stored if the block goes on, and what comes after it too (C-011ua)."""
    async with atomic():
        _ = await Country.objects.create(code="ch", name="Switzerland")
        with watch_permissions("orm.Author"), pytest.raises(ModelPermissionError):
            await Author.objects.filter(books=book).delete()
        _ = await Country.objects.create(code="de", name="Germany")
    assert await Country.objects.count() == 3


@THREE
async def test_statement_by_hand_that_may_write(database: Database) -> None:
    """Whoever may only read can send what is known to read only; anything else takes every permission."""
    with watch_permissions() as watch:
        await Author.objects.raw("SELECT * FROM orm_author WHERE name = :name", name="Ann")
        assert watch.asked == ["orm.Author.read"]
        for sql in (
            "SELECT nextval('orm_author_id_seq')",
            "EXPLAIN DELETE FROM orm_author",
            "DELETE FROM orm_author",
        ):
            watch.asked.clear()
            with suppress(QueryError):
                await Author.objects.raw(sql).values()
            actions = ("read", "create", "update", "delete")
            assert watch.asked == [f"orm.Author.{action}" for action in actions], sql
