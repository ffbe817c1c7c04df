"""Changing the rows of a query set where they are."""

import datetime as dt
from decimal import Decimal

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, ModelValidationError, ORMException
from openviper.db.monitor import max_queries
from openviper.db.query.aggregates import Count
from openviper.db.query.expressions import Case, Exists, Expression, F, OuterRef, Q, Subquery, When
from openviper.db.query.functions import Concat, Upper
from tests.contract.orm.models import Author, Book, Everything, Genre, Node, Review


async def make_books() -> list[Book]:
    ann, bea = await Author.objects.bulk_create([Author(name="Ann", age=30), Author(name="Bea", age=50)])
    return await Book.objects.bulk_create(
        [
            Book(author=ann, title="One", price=Decimal("1.50"), pages=10),
            Book(author=ann, title="Two", price=Decimal("2.25"), pages=20),
            Book(author=bea, title="Three", price=Decimal("10.00"), pages=30),
        ]
    )


async def titles(**lookups: object) -> list[str]:
    return [book.title for book in await Book.objects.filter(**lookups).order_by("id")]


async def test_rows_are_changed_in_one_query(database: Database) -> None:
    """The count is of the rows that fit, whether or not they had the value already."""
    await make_books()
    async with max_queries(1):
        assert await Book.objects.filter(pages__gte=20).update(active=False, genre=Genre.POETRY) == 2
    assert await titles(active=False, genre="poetry") == ["Two", "Three"]
    assert await Book.objects.all().update(active=False) == 3
    assert await Book.objects.filter(title="nothing").update(active=True) == 0


async def test_values_are_cleaned_like_those_of_instances(database: Database) -> None:
    """Digits become numbers, and instances keys; what is refused is told at once, by field (C-011a)."""
    books = await make_books()
    bea = await Author.objects.get(name="Bea")
    assert await Book.objects.filter(title="One").update(pages="12", price="3", author=bea, published="2026-01-31") == 1
    book = await Book.objects.get(pk=books[0].pk)
    assert (book.pages, book.price, book.author_id) == (12, Decimal("3.00"), bea.id)
    assert book.published == dt.date(2026, 1, 31)

    async with max_queries(0):
        with pytest.raises(ModelValidationError) as caught:
            await Book.objects.all().update(pages="many", genre="none", title=None)
    assert set(caught.value.errors) == {"pages", "genre", "title"}
    # A save would set it, which an UPDATE of many rows does not.
    with pytest.raises(ModelValidationError) as caught:
        await Book.objects.all().update(changed=None)
    assert set(caught.value.errors) == {"changed"}
    with pytest.raises(ModelValidationError):
        await Book.objects.all().update(author=Author(name="new"))


async def test_expressions_are_computed_by_the_engine(database: Database) -> None:
    """F reads the row as it was, so that nothing is lost between tasks."""
    await make_books()
    assert await Book.objects.all().update(pages=F("pages") + 1, price=F("price") * 2) == 3
    rows = await Book.objects.order_by("id").values_list("pages", "price")
    assert rows == [(11, Decimal("3.00")), (21, Decimal("4.50")), (31, Decimal("20.00"))]
    await Book.objects.filter(title="One").update(title=Upper("title"))
    await Book.objects.all().update(
        pages=Case(When(title="ONE", then=1), When(title="Two", then=2), default=F("pages"))
    )
    assert await Book.objects.order_by("id").values_list("pages", flat=True) == [1, 2, 31]


async def test_rows_can_be_told_by_relations(database: Database) -> None:
    """References forwards and backwards, orders and limits say which rows are meant, in the one statement."""
    books = await make_books()
    await Review(book=books[2], stars=1).save()
    async with max_queries(1):
        assert await Book.objects.filter(author__name="Ann").update(active=False) == 2
    async with max_queries(1):
        assert await Book.objects.filter(reviews__stars=1).update(pages=0) == 1
    async with max_queries(1):
        assert await Book.objects.order_by("-pages")[:1].update(title="Longest") == 1
    assert await titles(pages=0) == ["Three"]
    assert await titles(active=False) == ["One", "Longest"]
    assert await Book.objects.filter(author__age__gt=F("author__age") - 1, title__in=["One"]).update(pages=5) == 1
    assert await Book.objects.exclude(author__name="Ann").update(pages=6) == 1


async def test_values_of_other_rows_come_by_subquery(database: Database) -> None:
    """An expression reads its own row only; a Subquery reads others."""
    await make_books()
    with pytest.raises(FieldError, match="Subquery"):
        await Book.objects.all().update(pages=F("author__age"))
    ages = Author.objects.filter(id=OuterRef("author_id")).values_list("age", flat=True)
    assert await Book.objects.all().update(pages=Subquery(ages)) == 3
    assert await Book.objects.order_by("id").values_list("pages", flat=True) == [30, 30, 50]


async def test_what_cannot_be_set_is_refused(database: Database) -> None:
    """Unknown names, the key, a field twice, nothing at all, and expressions of another kind."""
    async with max_queries(0):
        with pytest.raises(FieldError, match=r"no field 'nope'; there are .*title"):
            await Book.objects.all().update(nope=1)
        for name in ("id", "pk"):
            with pytest.raises(FieldError, match="key"):
                await Book.objects.all().update(**{name: 1})
        with pytest.raises(FieldError, match="twice"):
            await Book.objects.all().update(author=1, author_id=2)
        with pytest.raises(ValueError, match="sets nothing"):
            await Book.objects.all().update()
        with pytest.raises(FieldError, match="title"):
            await Book.objects.all().update(title=F("pages") + 1)
        with pytest.raises(FieldError, match="nope"):
            await Book.objects.filter(nope=1).update(pages=1)


async def test_database_refuses_what_breaks_its_rules(database: Database) -> None:
    """Evidence is kept, and no row was changed."""
    await make_books()
    with pytest.raises(IntegrityError) as caught:
        await Book.objects.all().update(pages=F("pages") - 15)
    assert caught.value.kind == "check"
    assert await Book.objects.filter(pages=10).count() == 1


async def test_null_and_every_kind_can_be_set(database: Database) -> None:
    """None is a value like others; each kind is bound as a save would bind it."""
    await Everything(text="x", data={"a": 1}).save()
    moment = dt.datetime(2026, 1, 31, 10, 30, tzinfo=dt.UTC)
    values = {
        "text": None, "data": {"b": [1]}, "numbers": [1, 2], "moment": moment, "span": dt.timedelta(seconds=1),
        "blob": b"\0", "huge": Decimal("1.5"), "flag": True, "hour": dt.time(10, 30), "genre": Genre.NOVEL,
    }  # fmt: skip
    assert await Everything.objects.all().update(**values) == 1
    thing = await Everything.objects.get()
    assert {name: getattr(thing, name) for name in values} == values


async def test_own_relations_in_trees(database: Database) -> None:
    """A model that refers to itself can be told by its own rows."""
    root = await Node.objects.create(name="root")
    await Node(name="leaf", parent=root).save()
    assert await Node.objects.filter(parent__name="root").update(name="changed") == 1
    assert await Node.objects.filter(children__name="changed").update(name="top") == 1
    assert sorted([node.name for node in await Node.objects.all()]) == ["changed", "top"]


async def test_rows_can_be_told_by_what_is_computed(database: Database) -> None:
    """Annotations, distinct rows, subqueries and empty query sets say which rows are meant."""
    await make_books()
    async with max_queries(1):
        assert await Author.objects.annotate(n=Count("books")).filter(n__gt=1).update(age=5) == 1
    assert (await Author.objects.get(age=5)).name == "Ann"
    assert await Book.objects.distinct().filter(title="One").update(pages=9) == 1
    assert await Book.objects.filter(Q(title="Two") | Q(author__name="Bea")).update(active=False) == 2
    assert await Author.objects.filter(id__in=Book.objects.filter(pages=9).values("author")).update(age=7) == 1
    async with max_queries(0):
        assert await Book.objects.none().update(pages=1) == 0
        assert await Book.objects.none().delete() == 0
    assert await Book.objects.filter(id__in=[]).update(pages=1) == 0
    assert await Book.objects.filter(id__in=range(5000)).update(pages=3) == 3


async def test_what_an_expression_comes_to_stays_positive(database: Database) -> None:
    """Only the engine sees what a positive field would become, and refuses a number below zero."""
    row = await Everything.objects.create(positive=2)
    with pytest.raises(IntegrityError) as caught:
        await Everything.objects.filter(pk=row.pk).update(positive=F("positive") - 3)
    assert caught.value.kind == "check"
    await row.refresh_from_db()
    assert row.positive == 2


@pytest.mark.parametrize(
    ("name", "value", "expression"),
    [
        ("small", 2**15 - 1, F("small") + 1),
        ("number", 2**31 - 1, F("number") + 1),
        ("number", -(2**31), F("number") * 2**62),
        ("big", 2**62, F("big") * 2),
        ("big", -(2**62), F("big") * 2**62),
        ("amount", Decimal("999999999.999"), F("amount") + 1),
        ("amount", Decimal(1), F("amount") * 2**62),
        ("span", dt.timedelta(days=200_000 * 365), F("span") * 4),
        ("word", "x" * 50, Concat("word", "word")),
        ("moment", dt.datetime(9999, 12, 31, 12, tzinfo=dt.UTC), F("moment") + dt.timedelta(days=1)),
        ("moment", dt.datetime(1, 1, 1, 12, tzinfo=dt.UTC), F("moment") - dt.timedelta(days=1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_an_expression_comes_to_stays_in_range(
    database: Database, name: str, value: object, expression: Expression
) -> None:
    """What the field could not hold is refused by the engine, as nobody could read the row any more."""
    row = await Everything.objects.create(**{name: value})
    with pytest.raises(ORMException):
        await Everything.objects.filter(pk=row.pk).update(**{name: expression})
    assert getattr(await Everything.objects.get(), name) == value


async def test_ends_of_every_range_are_stored(database: Database) -> None:
    """The largest and the smallest value of each field pass, by themselves and as what an expression comes to."""
    lows = {
        "small": -(2**15), "number": -(2**31), "big": -(2**63), "amount": Decimal("-999999999.999"),
        "huge": Decimal(f"-{'9' * 25}.99999"), "word": "a", "span": dt.timedelta(days=-292_000 * 365),
        "moment": dt.datetime.min.replace(tzinfo=dt.UTC), "day": dt.date.min,
    }  # fmt: skip
    highs = {
        "small": 2**15 - 1, "number": 2**31 - 1, "big": 2**63 - 1, "amount": Decimal("999999999.999"),
        "huge": Decimal(f"{'9' * 25}.99999"), "word": "\U0001f40d" * 50, "span": dt.timedelta(days=292_000 * 365),
        "moment": dt.datetime.max.replace(tzinfo=dt.UTC), "day": dt.date.max,
    }  # fmt: skip
    for values in (lows, highs):
        row = await Everything.objects.create(**values)
        await Everything.objects.filter(pk=row.pk).update(**{name: F(name) for name in values})
        await row.refresh_from_db()
        assert {name: getattr(row, name) for name in values} == values


async def test_long_decimal_is_set_by_values_alone_where_it_is_a_text(sqlite: Database) -> None:
    """A number in its place would be read as another one, so an expression that gives one is refused."""
    row = await Everything.objects.create(huge=Decimal("1.5"), number=3, amount=Decimal(7))
    for name in ("number", "amount"):
        with pytest.raises(FieldError, match="30 digits"):
            await Everything.objects.all().update(huge=F(name))
    assert await Everything.objects.all().update(huge=F("huge")) == 1
    await row.refresh_from_db()
    assert row.huge == Decimal("1.5")


async def make_chain() -> None:
    """Nodes of which each is below the next one."""
    above = None
    for name in "edcba":
        above = await Node.objects.create(name=name, parent=above)


async def names() -> list[str]:
    return await Node.objects.order_by("-id").values_list("name", flat=True)


async def test_rows_are_told_before_the_first_one_is_changed(database: Database) -> None:
    """A condition that looks at other rows of the table sees them as they were."""
    await make_chain()
    async with max_queries(1):
        assert await Node.objects.exclude(children__name="x").update(name="x") == 5
    assert await names() == ["x"] * 5
    twin = Node.objects.filter(name=OuterRef("name")).exclude(id=OuterRef("id"))
    async with max_queries(1):
        assert await Node.objects.filter(Exists(twin)).update(name="y") == 5


async def test_new_values_are_found_before_the_first_row_is_changed(database: Database) -> None:
    """A Subquery of the same table reads the rows as they were, whatever else is set and however rows are told."""
    await make_chain()
    above = Node.objects.filter(pk=OuterRef("parent_id")).values_list("name", flat=True)
    async with max_queries(1):
        assert await Node.objects.filter(parent__isnull=False).update(name=Subquery(above)) == 4
    assert await names() == ["b", "c", "d", "e", "e"]
    first = Node.objects.order_by("name").values_list("name", flat=True)[:1]
    async with max_queries(1):
        assert await Node.objects.filter(parent__name="e").update(name=Concat(Subquery(first), F("name"))) == 2
    assert await names() == ["b", "c", "bd", "be", "e"]
    assert await Node.objects.order_by("id")[:1].update(name=Subquery(first), parent=None) == 1
    assert await names() == ["b", "c", "bd", "be", "b"]


async def test_annotations_can_be_assigned(database: Database) -> None:
    """What was annotated is an expression like others; only those that are used have to be of the row itself."""
    await make_books()
    rows = Book.objects.annotate(more=F("pages") + 1, age=F("author__age"), stars=Count("reviews"))
    async with max_queries(1):
        assert await rows.filter(more__gt=11).update(pages=F("more") * 2) == 2
    assert await Book.objects.order_by("id").values_list("pages", flat=True) == [10, 42, 62]
    assert await rows.update(pages=F("stars")) == 3
    with pytest.raises(FieldError, match="Subquery"):
        await rows.update(pages=F("age"))
