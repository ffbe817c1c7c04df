"""Expressions on every engine: the same results of the same computation."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, ModelValidationError
from openviper.db.query.expressions import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from openviper.db.query.functions import (
    Abs,
    Cast,
    Ceil,
    Coalesce,
    Concat,
    Extract,
    Floor,
    Greatest,
    Least,
    Length,
    Lower,
    Now,
    NullIf,
    Replace,
    Round,
    Substr,
    Trim,
    Upper,
)
from tests.contract.orm.models import Author, Book, Everything, Review

# A file and the memory are one engine here, and there are many cases.
both = pytest.mark.parametrize("engine", ["sqlite-file", "postgresql", "mariadb"], indirect=True)
MOMENT = dt.datetime(2026, 1, 31, 12, 30, 15, 500000, tzinfo=dt.UTC)


@pytest.fixture
async def row(database: Database) -> Everything:
    """One row with numbers, texts and moments."""
    return await Everything.objects.create(
        small=7,
        number=-20,
        big=2**40,
        ratio=2.5,
        amount=Decimal("9.125"),
        word="  Übung  ",
        text="Straße",
        flag=True,
        moment=MOMENT,
        day=MOMENT.date(),
        span=dt.timedelta(hours=1),
        huge=Decimal("1.5"),
    )


async def value_of(expression: Any) -> Any:
    """Give what the database makes of an expression for the one row."""
    return (await Everything.objects.annotate(result=expression).values_list("result", flat=True))[0]


@both
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("number") + 3, -17),
        (3 + F("number"), -17),
        (F("number") * F("small"), -140),
        (F("number") - F("small"), -27),
        (F("number") % F("small"), -6),
        (F("small") / 2, 3.5),
        (F("number") / 0, None),
        (-F("number"), 20),
        (F("ratio") * 2, 5.0),
        (F("ratio") + F("small"), 9.5),
        (F("amount") + 1, Decimal("10.125")),
        (F("amount") * 2, Decimal("18.250")),
        (F("amount") * Decimal("0.5"), Decimal("4.5625")),
        (F("amount") - Decimal("0.0001"), Decimal("9.1249")),
        (F("amount") / 2, Decimal("4.562500")),
        (F("amount") / 3, Decimal("3.041667")),
        (F("amount") % 2, Decimal("1.125")),
        (F("amount") * F("ratio"), 22.8125),
        (F("small") * (F("number") + 21), 7),
        (F("number") + F("positive"), None),
        (F("moment") + dt.timedelta(days=1, microseconds=1), MOMENT + dt.timedelta(days=1, microseconds=1)),
        (F("moment") - dt.timedelta(hours=13), MOMENT - dt.timedelta(hours=13)),
        (F("moment") + F("span"), MOMENT + dt.timedelta(hours=1)),
        (F("moment") - (F("moment") - F("span")), dt.timedelta(hours=1)),
        (F("span") * 3, dt.timedelta(hours=3)),
        (F("span") + dt.timedelta(minutes=1), dt.timedelta(hours=1, minutes=1)),
        (-F("span"), dt.timedelta(hours=-1)),
        (F("span") / 2, dt.timedelta(minutes=30)),
        (F("span") * 1.5, dt.timedelta(minutes=90)),
        (Decimal("0.25") * F("span"), dt.timedelta(minutes=15)),
        (F("span") / 7.0, dt.timedelta(hours=1) / 7),
        (-F("span") / 7, dt.timedelta(hours=-1) / 7),
        ((F("span") - F("span") + dt.timedelta(microseconds=1)) / 2, dt.timedelta(microseconds=1)),
        (F("span") / 0, None),
        (F("day") + dt.timedelta(days=1), MOMENT.date() + dt.timedelta(days=1)),
        (F("day") - dt.timedelta(hours=25), MOMENT.date() - dt.timedelta(hours=25)),
        (F("day") + -F("span"), MOMENT.date() + dt.timedelta(hours=-1)),
        (F("day") + F("span"), MOMENT.date()),
        (F("day") - F("span"), MOMENT.date() - dt.timedelta(hours=1)),
        (F("day") - (F("day") - dt.timedelta(days=3)), dt.timedelta(days=3)),
        (Value(5), 5),
        (Value("é"), "é"),
        (Value(Decimal("1.50")), Decimal("1.50")),
        (Value(True), True),
        (Value(MOMENT), MOMENT),
    ],
    ids=str,
)
async def test_operators(row: Everything, expression: Any, expected: object) -> None:
    """Operators give what Python gives; division has a fraction, and what cannot be divided is NULL (C-011v)."""
    result = await value_of(expression)

    assert result == expected
    assert type(result) is type(expected)


@both
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Upper("word"), "  ÜBUNG  "),
        (Lower("word"), "  übung  "),
        (Trim("word"), "Übung"),
        (Length("text"), 6),
        (Replace("text", Value("ß"), Value("ss")), "Strasse"),
        (Substr("text", 2, 3), "tra"),
        (Substr("text", 5), "ße"),
        (Concat("text", Value("-"), "slug", Trim("word")), "Straße-Übung"),
        (Coalesce("positive", "number"), -20),
        (Coalesce("slug", Value("none")), "none"),
        (NullIf("small", Value(7)), None),
        (Abs("number"), 20),
        (Abs(F("amount") * -1), Decimal("9.125")),
        (Ceil("amount"), 10),
        (Floor(F("amount") * -1), -10),
        (Floor("ratio"), 2),
        (Ceil("number"), -20),
        (Round("amount"), Decimal("9.000")),
        (Round("amount", 2), Decimal("9.130")),
        (Round("amount", 0), Decimal("9.000")),
        (Cast("amount", fields.IntegerField()), 9),
        (Cast("ratio", fields.IntegerField()), 3),
        (Round("ratio"), 3.0),
        (Round("ratio", 1), 2.5),
        (Greatest("small", "number"), 7),
        (Least("small", F("number") * 2), -40),
        (Greatest("small", "positive"), None),
        (Extract("moment", "year"), 2026),
        (Extract("moment", "date"), dt.date(2026, 1, 31)),
        (Extract("day", "week_day"), 7),
        (F("moment__hour"), 12),
        (F("moment__time"), dt.time(12, 30, 15, 500000)),
        (Cast("small", fields.FloatField()), 7.0),
        (Cast("small", fields.DecimalField(max_digits=10, decimal_places=2)), Decimal("7.00")),
        (Cast("amount", fields.DecimalField(max_digits=10, decimal_places=1)), Decimal("9.1")),
        (Cast("ratio", fields.DecimalField(max_digits=10, decimal_places=1)), Decimal("2.5")),
        (Cast("small", fields.TextField()), "7"),
        (Cast(Value("12"), fields.IntegerField()), 12),
        (Cast("flag", fields.IntegerField()), 1),
        (Case(When(small__gt=5, then=Value("big")), default=Value("small")), "big"),
        (Case(When(small__gt=9, then=F("number"))), None),
        (Case(When(Q(small=7) & Q(slug=None), then=F("amount")), default=F("small")), Decimal("9.125")),
    ],
    ids=str,
)
async def test_functions(row: Everything, expression: Any, expected: object) -> None:
    """Functions give the same on every engine; NULL where an argument is, unless they are about NULL."""
    result = await value_of(expression)

    if isinstance(expected, set):
        assert result in expected
        return
    assert result == expected
    assert type(result) is type(expected)
    if isinstance(expression, Round):
        assert str(result) == str(expected)


async def test_now_is_the_moment_of_the_statement(row: Everything) -> None:
    """Now() is an instant, and compares with fields."""
    before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    assert before < await value_of(Now()) < before + dt.timedelta(minutes=10)
    assert await Everything.objects.filter(moment__lt=Now() + dt.timedelta(days=36500)).count() == 1


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (F("text") + 1, "cannot be computed.*Concat"),
        (F("flag") * 2, "cannot be computed"),
        (F("data") + F("small"), "cannot be computed"),
        (F("ratio") % 2, "whole numbers and decimals"),
        (F("day") + F("day"), "cannot be computed"),
        (F("small") + F("nothing"), "no field 'nothing'"),
        (F("small__gt") + 1, "ends with the lookup|asks for"),
        (Upper("small"), "takes texts"),
        (Abs("text"), "takes numbers"),
        (Coalesce("text", "small"), "different kinds"),
        (Extract("text", "year"), "takes no year"),
        (Cast("ratio", fields.TextField()), "makes no"),
        (Case(When(small=1, then=Value(1)), default=Value("x")), "different kinds"),
        (F("small") + "x", "no whole number"),
        (OuterRef("small"), "no subquery"),
    ],
    ids=str,
)
async def test_what_cannot_be_computed_is_refused(sqlite: Database, expression: Any, message: str) -> None:
    """An expression that would mean something else on every engine is an error."""
    with pytest.raises(FieldError, match=message):
        await Everything.objects.annotate(result=expression)


@pytest.fixture
async def shop(database: Database) -> Database:
    """Two authors, three books, two reviews."""
    ann = await Author.objects.create(name="Ann", age=40)
    bob = await Author.objects.create(name="Bob")
    north = await Book.objects.create(author=ann, title="North", pages=100, price=Decimal("5.50"))
    others = [(ann, "South", 300), (bob, "East", 200)]
    await Book.objects.bulk_create(
        [Book(author=author, title=title, pages=pages, price=Decimal(20)) for author, title, pages in others]
    )
    await Review.objects.bulk_create([Review(book=north, stars=stars) for stars in (5, 2)])
    return database


async def test_subqueries_stand_for_values(shop: Database) -> None:
    """A query of one column is a value, and knows the row around it."""
    best = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values_list("stars", flat=True)[:1]
    found = await Book.objects.annotate(best=Subquery(best)).order_by("pk").values_list("title", "best")
    assert list(found) == [("North", 5), ("South", None), ("East", None)]

    longest = Book.objects.filter(author=OuterRef("author")).order_by("-pages").values_list("pages", flat=True)[:1]
    rows = Book.objects.filter(pages=Subquery(longest)).order_by("pk")
    assert await rows.values_list("title", flat=True) == ["South", "East"]


async def test_exists_is_a_condition_and_a_value(shop: Database) -> None:
    """Whether rows belong to a row can be asked for and given."""
    reviewed = Exists(Review.objects.filter(book=OuterRef("pk"), stars__gt=4))
    assert await Book.objects.filter(reviewed).values_list("title", flat=True) == ["North"]
    assert await Book.objects.filter(~reviewed).count() == 2
    marked = await Book.objects.annotate(known=reviewed).order_by("pk").values_list("known", flat=True)
    assert marked == [True, False, False]


async def test_annotations_are_compared_and_computed_with(shop: Database) -> None:
    """What was annotated is a name like that of a field."""
    rows = Book.objects.annotate(double=F("pages") * 2, half=F("price") / 2)
    assert await rows.filter(double__gt=200, half=10).order_by("pk").values_list("title", flat=True) == [
        "South",
        "East",
    ]
    assert await rows.filter(double__in=[200]).values_list("title", flat=True) == ["North"]
    assert await rows.filter(pages__lt=F("double")).count() == 3
    assert await rows.annotate(more=F("double") + 1).filter(more=201).count() == 1


async def test_update_stores_expressions_in_the_form_of_the_column(shop: Database) -> None:
    """What is computed is rounded to the places of a decimal, and is what others read."""
    books = Book.objects.filter(title="North")
    assert await books.update(price=F("price") * Decimal("1.1"), pages=F("pages") + 1) == 1
    assert await books.values_list("price", "pages") == [(Decimal("6.05"), 101)]

    await books.update(price=F("price") / 3)
    assert await books.values_list("price", flat=True) == [Decimal("2.02")]
    await books.update(price=F("pages"), title=Concat("title", Value("!")))
    assert await Book.objects.filter(title="North!").values_list("price", flat=True) == [Decimal("101.00")]
    await Book.objects.update(price=Case(When(pages__gt=150, then=Value(Decimal(1))), default=F("price")))
    assert sorted(await Book.objects.values_list("price", flat=True)) == [1, 1, 101]


async def test_update_refuses_what_the_field_does_not_hold(shop: Database) -> None:
    """A value is validated as on save, and an expression has to be of the kind of the field."""
    with pytest.raises(ModelValidationError) as caught:
        await Book.objects.update(price="x", title="", pages=1)
    assert set(caught.value.errors) == {"price", "title"}
    with pytest.raises(ModelValidationError, match="null"):
        await Book.objects.update(title=None)
    with pytest.raises(FieldError, match="is text where number is wanted"):
        await Book.objects.update(price=F("title"))


async def test_decimals_of_many_digits_are_stored_and_not_computed(row: Everything) -> None:
    """What SQLite keeps as a text compares with values, and with nothing else."""
    assert await Everything.objects.filter(huge__gte=Decimal("1.5")).count() == 1
    assert await Everything.objects.filter(huge__in=[Decimal("1.50000")]).count() == 1
