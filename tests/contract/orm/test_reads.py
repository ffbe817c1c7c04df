"""Reading against the engines: what is awaited, how often the database is asked, and what is said of misuse."""

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from openviper.db import Avg, Count, F, Max, Min, Q, Sum
from openviper.db.connections import Database
from openviper.db.exceptions import DoesNotExist, FieldError, MultipleObjectsReturned, TableNotFound
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.permissions import bypass_permissions, set_checker
from openviper.db.query.functions import Length
from openviper.db.registry import AnyModel
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Country, Genre, Review, Tag
from tests.contract.orm.shelf import fill_shelf


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> Database:
    """Every test finds the same books."""
    await fill_shelf()
    return database


async def test_awaiting_reads_every_time() -> None:
    """A query set keeps nothing; the list is what one keeps (C-011)."""
    rows = Book.objects.filter(genre=Genre.NOVEL)
    async with max_queries(2):
        first, second = await rows, await rows
    assert first == second
    assert first[0] is not second[0]
    assert isinstance(first, list)


async def test_rows_are_gone_through() -> None:
    """All of them come from one query."""
    async with max_queries(2):
        assert [one.title async for one in Book.objects.order_by("title")] == ["Dune", "Emma", "Faust", "Gaia", "Hero"]
        assert [one.title for one in await Book.objects.order_by("title")[:1]] == ["Dune"]


async def test_get_reads_one_row_in_one_query() -> None:
    """By any lookups, alone or on a query set, with conditions or without."""
    async with max_queries(6):
        assert (await Book.objects.get(title="Dune")).pages == 600
        assert (await Book.objects.get(pk=1)).title == "Dune"
        assert (await Book.objects.get(id=1, title="Dune")).title == "Dune"
        assert (await Book.objects.filter(genre=Genre.NOVEL).get(price__lt=10)).title == "Hero"
        assert (await Book.objects.get(Q(title="Dune") | Q(title="Nope"))).title == "Dune"
        assert (await Book.objects.filter(title="Dune").get()).title == "Dune"


async def test_get_of_a_unique_field_asks_for_one_row(shelf: Database) -> None:
    """Elsewhere a second row is asked for, by which several are noticed."""
    with watch_queries() as log:
        _ = await Author.objects.get(email="ann@example.com")
        _ = await Author.objects.get(name="Ann")
    assert "LIMIT" not in log.records[0].sql
    assert "LIMIT" in log.records[1].sql


async def test_get_tells_what_is_missing() -> None:
    """The error is the model's own and names the lookups, never their values."""
    for asked in (Book.objects.get(title="hunter2"), Book.objects.filter(title="hunter2").get()):
        with pytest.raises(Book.DoesNotExist, match=r"^there is no orm\.Book with that title$") as caught:
            _ = await asked
        assert "hunter2" not in str(caught.value)
        assert isinstance(caught.value, DoesNotExist)
        assert not isinstance(caught.value, Author.DoesNotExist)
    with pytest.raises(Book.DoesNotExist, match=r"no orm\.Book with that author__name, price__gt$"):
        _ = await Book.objects.filter(author__name="Ann").get(Q(price__gt=100))
    with pytest.raises(Tag.DoesNotExist, match=r"^there is no orm\.Tag$"):
        _ = await Tag.objects.get()


async def test_get_tells_of_several_rows() -> None:
    """However many there are, two of them are read."""
    for asked in (Book.objects.get(genre=Genre.NOVEL), Book.objects.filter(genre=Genre.NOVEL).get()):
        with pytest.raises(Book.MultipleObjectsReturned, match=r"^more than one orm\.Book with that genre$") as caught:
            _ = await asked
        assert isinstance(caught.value, MultipleObjectsReturned)
    with pytest.raises(Author.MultipleObjectsReturned):
        _ = await Author.objects.get()


async def test_get_or_none_has_none_for_missing_rows_only() -> None:
    """Several rows are an error all the same."""
    ann = await Author.objects.get_or_none(name="Ann")
    assert ann is not None
    assert ann.age == 30
    assert await Author.objects.get_or_none(name="Zoe") is None
    assert await Book.objects.filter(title="Dune").get_or_none(price=1) is None
    with pytest.raises(Book.MultipleObjectsReturned):
        await Book.objects.get_or_none(genre=Genre.NOVEL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "x"),
        ("id", 1.5),
        ("id", True),
        ("id", 2**70),
        ("id", None),
        ("title", 5),
        ("price", "many"),
        ("author", "x"),
    ],
)
async def test_get_refuses_values_of_other_types(name: str, value: Any) -> None:
    """A bad value is an error that names the field; only None is an honest question."""
    asked = Book.objects.get(**{name: value})
    with pytest.raises(Book.DoesNotExist if value is None else FieldError, match=name):
        _ = await asked


async def test_get_takes_what_fields_take() -> None:
    """Digits of a key, instances, members of enums."""
    ann = await Author.objects.get(id="1")
    assert await Book.objects.filter(author=ann).count() == 2
    assert await Book.objects.filter(author_id="1").count() == 2
    assert await Book.objects.filter(genre="novel").count() == await Book.objects.filter(genre=Genre.NOVEL).count() == 3
    with pytest.raises(FieldError, match="not saved"):
        await Book.objects.filter(author=Author(name="New"))
    with pytest.raises(FieldError, match="author"):
        await Book.objects.filter(author=await Book.objects.get(id=1))


async def test_first_and_last() -> None:
    """In the order of the query, else by primary key; None where there are no rows."""
    rows = Book.objects.order_by("-price")
    first, last = await rows.first(), await rows.last()
    assert first is not None
    assert last is not None
    assert (first.title, last.title) == ("Gaia", "Hero")
    assert (await Book.objects.first()).title == "Dune"  # type: ignore[union-attr]  # there are rows
    assert (await Book.objects.last()).title == "Hero"  # type: ignore[union-attr]  # there are rows
    assert await Book.objects.filter(price=0).first() is None
    assert await Book.objects.filter(price=0).last() is None
    assert (await rows[1:3].first()).title == "Faust"  # type: ignore[union-attr]  # there are rows
    assert await rows[1:1].first() is None
    assert await Book.objects.values("title").order_by("title").last() == {"title": "Hero"}
    assert await Book.objects.values_list("title", flat=True).order_by("title").first() == "Dune"
    assert await Book.objects.values("genre").annotate(n=Count("id")).order_by("-n").first() == {
        "genre": "novel",
        "n": 3,
    }


async def test_count_and_exists() -> None:
    """They count what awaiting would give, slices and distinct rows included."""
    rows = Book.objects.filter(genre=Genre.NOVEL)
    assert (await rows.count(), await rows.exists()) == (3, True)
    assert (await rows[1:].count(), await rows[:2].count(), await rows[3:].exists()) == (2, 2, False)
    assert await rows.limit(0).exists() is False
    assert (await rows.filter(price=0).count(), await rows.filter(price=0).exists()) == (0, False)
    assert await Book.objects.values("author").distinct().count() == 2
    for key in ("title", "author__name", "-pages", F("pages") + 1):
        kinds = Book.objects.order_by(key).values("genre").distinct()
        assert await kinds.count() == len(await kinds)
    lengths = Book.objects.annotate(length=Length("title")).order_by("length").values("genre").distinct()
    assert await lengths.count() == len(await lengths)
    assert await Book.objects.filter(reviews__stars__gt=0).count() == 3
    assert await Author.objects.annotate(n=Count("books")).filter(n=0).count() == 1
    assert await Book.objects.order_by("?").select_related("author").only("title").count() == 5


async def test_aggregate() -> None:
    """Values of all rows together, by given names or by made ones; None of no rows, except for counts."""
    assert await Book.objects.aggregate(Sum("price"), Count("editor"), n=Count("*")) == {
        "price__sum": Decimal(105),
        "editor__count": 2,
        "n": 5,
    }
    found = await Book.objects.filter(genre=Genre.NOVEL).aggregate(Min("pages"), Max("pages"), mean=Avg("pages"))
    assert (found["pages__min"], found["pages__max"]) == (100, 600)
    assert float(found["mean"]) == pytest.approx(1100 / 3)
    assert await Book.objects.filter(price=0).aggregate(Sum("price"), Count()) == {"price__sum": None, "count": 0}
    assert await Book.objects.aggregate(
        novels=Count("*", filter=Q(genre=Genre.NOVEL)), genres=Count("genre", distinct=True)
    ) == {"novels": 3, "genres": 3}
    assert await Book.objects.order_by("-price")[:2].aggregate(Sum("price")) == {"price__sum": Decimal(70)}
    assert await Book.objects.annotate(worth=F("price") * F("pages")).aggregate(Max("worth")) == {"worth__max": 8000}
    assert await Book.objects.values("genre").annotate(n=Count("id")).aggregate(most=Max("n")) == {"most": 3}
    assert await Book.objects.values("genre").distinct().aggregate(n=Count("genre")) == {"n": 3}
    ratio = await Book.objects.aggregate(ratio=Sum("price") / Count("*"))
    assert Decimal(ratio["ratio"]) == 21


async def test_values() -> None:
    """Dicts, tuples and single values have the types that instances have."""
    rows = Book.objects.filter(title="Dune")
    assert await rows.values("title", "price", "genre", "published", "author__name") == [
        {
            "title": "Dune",
            "price": Decimal(10),
            "genre": Genre.NOVEL,
            "published": dt.date(1965, 8, 1),
            "author__name": "Ann",
        }
    ]
    assert (await rows.values())[0].keys() == {
        "id", "author_id", "editor_id", "title", "genre", "price", "pages", "published", "active", "added", "changed"
    }  # fmt: skip
    assert await rows.values_list("title", "pages") == [("Dune", 600)]
    assert await rows.values_list("author", flat=True) == [1]
    assert await rows.values("author", "author_id") == [{"author": 1, "author_id": 1}]
    assert await rows.values("title").get() == {"title": "Dune"}
    assert await rows.values("title", next=F("pages") + 1) == [{"title": "Dune", "next": 601}]
    assert await Author.objects.order_by("name").values_list("name", "profile__bio") == [
        ("Ann", "Writes."),
        ("Bob", None),
        ("Cy", None),
    ]


async def test_in_bulk_is_one_query() -> None:
    """Keys without a row are left out; all rows without keys."""
    async with max_queries(3):
        found = await Book.objects.in_bulk([1, 3, 99])
        assert {key: one.title for key, one in found.items()} == {1: "Dune", 3: "Faust"}
        by_mail = await Author.objects.in_bulk(["cy@example.com"], field_name="email")
        assert by_mail["cy@example.com"].name == "Cy"
        assert set(await Country.objects.in_bulk()) == {"at", "be"}
    with pytest.raises(TypeError, match="slice"):
        await Book.objects.all()[:2].in_bulk([1])


async def test_many_keys_of_every_kind() -> None:
    """A list may be long, empty, a set or a generator; two lists of one length share a plan."""
    rows = Book.objects.order_by("id").values_list("id", flat=True)
    assert await rows.filter(id__in=range(1, 50_000)) == [1, 2, 3, 4, 5]
    assert await rows.filter(id__in=[]) == []
    assert await rows.exclude(id__in=[]) == [1, 2, 3, 4, 5]
    assert await rows.filter(id__in={1, 2}) == [1, 2]
    assert await rows.filter(id__in=(one for one in (4, 5))) == [4, 5]
    with pytest.raises(FieldError, match="id"):
        await rows.filter(id__in="12")


async def test_queries_at_the_same_time() -> None:
    """Outside a transaction they run side by side, inside one after the other."""
    found = await asyncio.gather(*(Book.objects.get(id=1 + number % 5) for number in range(20)))
    assert [one.id for one in found] == [1 + number % 5 for number in range(20)]
    async with atomic():
        found = await asyncio.gather(*(Book.objects.get(id=1 + number % 5) for number in range(20)))
    assert len(found) == 20


async def test_a_transaction_sees_what_it_wrote() -> None:
    """Reads inside of it use its connection."""
    async with atomic():
        _ = await Review.objects.create(book_id=1, stars=2)
        assert await Review.objects.filter(book=1).count() == 3
    assert await Review.objects.filter(book=1).count() == 3


async def test_permissions_are_asked_for_every_read() -> None:
    """Whoever keeps them decides before anything is sent; a bypass passes it over."""

    class Refusal:
        async def check(self, model: AnyModel, action: str) -> None:
            raise PermissionError(f"{action} {model.__name__}")

    before = set_checker(Refusal())
    try:
        asked: list[Any] = [
            Book.objects.all(),
            Book.objects.get(id=1),
            Book.objects.count(),
            Book.objects.exists(),
            Book.objects.first(),
            Book.objects.aggregate(Count("id")),
            Book.objects.values("title"),
        ]
        async with max_queries(0):
            for one in asked:
                with pytest.raises(PermissionError, match="read Book"):
                    await one
        with bypass_permissions():
            assert await Book.objects.count() == 5
    finally:
        set_checker(before)


async def test_a_missing_table_names_the_model(shelf: Database) -> None:
    """Whose table it is helps more than its name."""
    await shelf.execute("DROP TABLE orm_review")
    try:
        with pytest.raises(TableNotFound, match="orm_review") as caught:
            await Review.objects.all()
        assert caught.value.model_name == "orm.Review"
        with pytest.raises(TableNotFound) as caught:
            await Book.objects.filter(reviews__stars=1)
        assert caught.value.model_name == "orm.Review"
    finally:
        await restore(shelf)


async def restore(database: Database) -> None:
    from openviper.db.dialects.engines import get_dialect  # only this test makes tables
    from openviper.db.schema.ddl import create_statements
    from openviper.db.schema.table import schema_of

    for statement in create_statements([schema_of(Review._meta)], get_dialect(database.dialect_name)):
        await database.execute(statement)


async def test_sql_in_view() -> None:
    """The text has placeholders; the plan of the engine names what it goes through."""
    rows = Book.objects.filter(title="hunter2").order_by("id")
    assert "hunter2" not in rows.raw_sql()
    assert "orm_book" in rows.raw_sql()
    assert "orm_book" in await rows.explain()


async def test_models_without_an_integer_key() -> None:
    """Keys of any type are found, sorted and counted."""
    tag = await Tag.objects.create(word="sand")
    assert isinstance(tag.id, UUID)
    assert await Tag.objects.get(id=tag.id) == tag
    assert await Tag.objects.get(pk=str(tag.id)) == tag
    assert await Tag.objects.first() == await Tag.objects.last() == tag
