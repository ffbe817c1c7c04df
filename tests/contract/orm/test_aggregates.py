"""What many rows come to: aggregates of a query, of groups, and of the rows that belong to each row."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.monitor import max_queries
from openviper.db.query.aggregates import Avg, Count, Max, Min, Sum
from openviper.db.query.expressions import Exists, F, OuterRef, Q, Subquery, Value
from openviper.db.query.functions import Coalesce, Upper
from tests.contract.orm.models import Author, Book, Country, Everything, Genre, Review, Tag


@pytest.fixture
async def shelf(database: Database) -> Database:
    """Three authors, five books, four reviews."""
    await Country(code="fi", name="Finland").save()
    ann = await Author.objects.create(name="Ann", age=30, country_id="fi")
    bob = await Author.objects.create(name="Bob", age=41)
    await Author(name="Cid", country_id="fi").save()
    books = [
        await Book.objects.create(title=title, author=author, genre=genre, price=Decimal(price), pages=pages)
        for title, author, genre, price, pages in (
            ("Alpha", ann, Genre.NOVEL, "10.50", 100),
            ("Beta", ann, Genre.POETRY, "7.25", 80),
            ("Gamma", bob, Genre.NOVEL, "20.00", 300),
            ("Delta", bob, Genre.HISTORY, "15.00", 200),
            ("Omega", bob, Genre.NOVEL, "9.99", 100),
        )
    ]
    for book, stars in ((0, 5), (0, 2), (1, 4), (2, 1)):
        await Review(book=books[book], stars=stars).save()
    return database


async def test_aggregates_of_a_query_have_types(shelf: Database) -> None:
    """Sums of decimals stay decimals with their places, those of numbers are numbers, and averages of them floats."""
    async with max_queries(1):
        found = await Book.objects.aggregate(
            n=Count("id"),
            all=Count(),
            pages=Sum("pages"),
            mean=Avg("pages"),
            price=Sum("price"),
            typical=Avg("price"),
            low=Min("price"),
            last=Max("title"),
            genre=Min("genre"),
        )

    assert found == {
        "n": 5,
        "all": 5,
        "pages": 780,
        "mean": 156.0,
        "price": Decimal("62.74"),
        "typical": Decimal("12.55"),
        "low": Decimal("7.25"),
        "last": "Omega",
        "genre": Genre.HISTORY,
    }
    assert [type(value) for value in found.values()] == [
        int,
        int,
        int,
        float,
        Decimal,
        Decimal,
        Decimal,
        str,
        Genre,
    ]
    assert str(found["typical"]) == "12.55"


async def test_aggregates_of_no_rows(shelf: Database) -> None:
    """There are none to count; nothing else has a value."""
    found = await Book.objects.filter(title="").aggregate(
        n=Count("id"), s=Sum("price"), p=Sum("pages"), a=Avg("price"), b=Avg("pages"), c=Min("title"), d=Max("added")
    )
    assert found == {"n": 0, "s": None, "p": None, "a": None, "b": None, "c": None, "d": None}


async def test_count_of_a_field_leaves_null_out(shelf: Database) -> None:
    """So it counts values, and different ones when asked to."""
    found = await Author.objects.aggregate(
        rows=Count(), ages=Count("age"), lands=Count("country"), kinds=Count("country", distinct=True)
    )
    assert found == {"rows": 3, "ages": 2, "lands": 2, "kinds": 1}


async def test_aggregates_with_a_filter(shelf: Database) -> None:
    """Each may look at rows of its own."""
    found = await Book.objects.aggregate(
        novels=Count(filter=Q(genre=Genre.NOVEL)),
        ids=Count("id", filter=Q(author__name="Bob")),
        cost=Sum("price", filter=Q(genre=Genre.NOVEL) & Q(pages__gt=100)),
        none=Sum("price", filter=Q(title="")),
        mean=Avg("pages", filter=~Q(genre=Genre.NOVEL)),
    )
    assert found == {"novels": 3, "ids": 3, "cost": Decimal("20.00"), "none": None, "mean": 140.0}


async def test_aggregates_of_distinct_values(shelf: Database) -> None:
    """Equal values count once."""
    found = await Book.objects.aggregate(s=Sum("pages", distinct=True), n=Count("pages", distinct=True))
    assert found == {"s": 680, "n": 4}


async def test_aggregates_through_relations(shelf: Database) -> None:
    """A path to one row reads the field there; one to many rows takes all of them, each once."""
    found = await Book.objects.aggregate(age=Max("author__age"), land=Count("author__country"))
    assert found == {"age": 41, "land": 2}
    found = await Author.objects.aggregate(
        books=Count("books"),
        pages=Sum("books__pages"),
        mean=Avg("books__pages"),
        cost=Avg("books__price"),
        low=Min("books__price"),
        stars=Sum("books__reviews__stars"),
        authors=Count("id"),
    )
    assert found == {
        "books": 5,
        "pages": 780,
        "mean": 156.0,
        "cost": Decimal("12.55"),
        "low": Decimal("7.25"),
        "stars": 12,
        "authors": 3,
    }


async def test_several_aggregates_do_not_multiply(shelf: Database) -> None:
    """Each counts its own rows, whatever else is counted beside it."""
    rows = Author.objects.annotate(
        books_count=Count("books"),
        reviews=Count("books__reviews"),
        pages=Sum("books__pages"),
        best=Max("books__reviews__stars"),
        mean=Avg("books__price"),
    ).order_by("id")
    assert await rows.values_list("name", "books_count", "reviews", "pages", "best", "mean") == [
        ("Ann", 2, 3, 180, 5, Decimal("8.88")),
        ("Bob", 3, 1, 600, 1, Decimal("15.00")),
        ("Cid", 0, 0, None, None, None),
    ]


async def test_aggregates_of_relations_with_a_filter(shelf: Database) -> None:
    """The filter means the rows that are counted; and what leads to them, and what they lead to."""
    rows = await Author.objects.annotate(
        novels=Count("books", filter=Q(books__genre=Genre.NOVEL)),
        short=Sum("books__price", filter=Q(books__pages__lte=100) & Q(name="Ann")),
        liked=Count("books", filter=Q(books__reviews__stars__gte=4)),
        stars=Count("books__reviews", filter=Q(books__title="Alpha")),
        thick=Count("books", filter=Q(books__pages__gt=F("age"))),
    ).order_by("id")
    assert [(row.novels, row.short, row.liked, row.stars, row.thick) for row in rows] == [  # type: ignore[attr-defined]  # made by the query
        (1, Decimal("17.75"), 2, 2, 2),
        (2, None, 0, 0, 3),
        (0, None, 0, 0, 0),
    ]


async def test_aggregates_behind_a_relation(shelf: Database) -> None:
    """A path may lead to one row first, and to many from there."""
    rows = await Book.objects.annotate(same=Count("author__books"), years=Sum("author__books__pages")).order_by("id")
    assert [(row.same, row.years) for row in rows] == [  # type: ignore[attr-defined]  # made by the query
        (2, 180),
        (2, 180),
        (3, 600),
        (3, 600),
        (3, 600),
    ]


async def test_filter_and_order_by_aggregates(shelf: Database) -> None:
    """They are conditions and keys like any other."""
    rows = Author.objects.annotate(n=Count("books"), stars=Sum("books__reviews__stars"))
    assert await rows.filter(n__gte=2, stars__gt=1).values_list("name", flat=True) == ["Ann"]
    assert await rows.filter(n=0).count() == 1
    assert await rows.exclude(n=0).order_by("-n").values_list("name", flat=True) == ["Bob", "Ann"]
    assert await rows.filter(Q(n=3) | Q(name="Cid")).count() == 2
    assert await Author.objects.order_by(Count("books").desc()).values_list("name", flat=True) == ["Bob", "Ann", "Cid"]


async def test_arithmetic_of_aggregates(shelf: Database) -> None:
    """Expressions may hold several."""
    rows = Author.objects.annotate(rate=Count("books__reviews") * 10 + Count("books")).order_by("id")
    assert await rows.values_list("rate", flat=True) == [32, 13, 0]
    found = await Book.objects.aggregate(spread=Max("pages") - Min("pages"), cost=Sum(F("price") * F("pages")))
    assert found == {"spread": 220, "cost": Decimal("11629.00")}


async def test_groups(shelf: Database) -> None:
    """values() before annotate() says what rows are put together by."""
    genres = Book.objects.values("genre").annotate(n=Count("id"), cost=Sum("price"))
    assert await genres.order_by("-n", "genre") == [
        {"genre": Genre.NOVEL, "n": 3, "cost": Decimal("40.49")},
        {"genre": Genre.HISTORY, "n": 1, "cost": Decimal("15.00")},
        {"genre": Genre.POETRY, "n": 1, "cost": Decimal("7.25")},
    ]
    names = Book.objects.values_list("author__name").annotate(n=Count("id")).order_by("author__name")
    assert await names == [("Ann", 2), ("Bob", 3)]


async def test_conditions_of_groups(shelf: Database) -> None:
    """A condition on an aggregate chooses groups, any other one rows; also in one call."""
    genres = Book.objects.values("genre").annotate(n=Count("id")).order_by("genre").values_list("genre", "n")
    assert await genres.filter(n__gt=1) == [(Genre.NOVEL, 3)]
    assert await genres.filter(author__name="Bob", n=1) == [(Genre.HISTORY, 1)]
    assert await genres.filter(pages__gte=100).exclude(n=1) == [(Genre.NOVEL, 3)]
    assert await genres.filter(n=1).count() == 2
    assert await genres.filter(n__gt=3).exists() is False
    assert await genres.filter(n__gt=2).exists()


async def test_groups_are_compared_and_computed_with(shelf: Database) -> None:
    """Averages and sums take values of their types, and are sorted by."""
    rows = Book.objects.values("genre").annotate(mean=Avg("pages"), cost=Avg("price"), pages_sum=Sum("pages"))
    names = rows.order_by("-cost").values_list("genre", flat=True)
    assert await names.filter(mean__gt=100.5) == [Genre.HISTORY, Genre.NOVEL]
    assert await names.filter(pages_sum__in=[80, 200]) == [Genre.HISTORY, Genre.POETRY]
    assert await names.filter(cost__lte=Decimal("13.50")) == [Genre.NOVEL, Genre.POETRY]
    found = await Book.objects.aggregate(twice=Avg("pages") * 2, each=Sum("price") / Count("id"))
    assert found == {"twice": 312.0, "each": Decimal("12.548")}


async def test_groups_by_annotations(shelf: Database) -> None:
    """Rows can be grouped by what was computed of each, aggregates of their own included."""
    loud = Book.objects.annotate(loud=Upper("author__name")).values("loud").annotate(n=Count("id")).order_by("loud")
    assert await loud == [{"loud": "ANN", "n": 2}, {"loud": "BOB", "n": 3}]
    mails = Book.objects.annotate(mail=Coalesce("author__email", Value("none"))).values("mail")
    assert await mails.annotate(n=Count("id")).order_by("mail") == [{"mail": "none", "n": 5}]
    assert await mails.distinct() == [{"mail": "none"}]
    sizes = Author.objects.annotate(n=Count("books")).values("n").annotate(authors=Count("id")).order_by("n")
    assert await sizes.values_list("n", "authors") == [(0, 1), (2, 1), (3, 1)]


async def test_groups_over_many_rows(shelf: Database) -> None:
    """The rows that belong to those of a group are put together too."""
    lands = Author.objects.values("country__name").annotate(
        authors=Count("id"), books_n=Count("books"), pages=Sum("books__pages"), mean=Avg("books__price")
    )
    assert await lands.order_by("authors").values_list("country__name", "authors", "books_n", "pages", "mean") == [
        (None, 1, 3, 600, Decimal("15.00")),
        ("Finland", 2, 2, 180, Decimal("8.88")),
    ]


async def test_different_values_of_many_rows_are_put_together(shelf: Database) -> None:
    """Groups and aggregate() take each value once with distinct, whichever rows it belongs to (C-011e)."""
    kinds, pages = Count("books__genre", distinct=True), Sum("books__pages", distinct=True)
    whole = {"kinds": 3, "pages": 680, "books": 5, "mean": 170.0}
    mean = Avg("books__pages", distinct=True)
    assert await Author.objects.aggregate(kinds=kinds, pages=pages, books=Count("books"), mean=mean) == whole
    assert await Author.objects.filter(name="Cid").aggregate(kinds=kinds, pages=pages) == {"kinds": 0, "pages": None}
    assert await Author.objects.filter(pk=0).aggregate(kinds=kinds, pages=pages) == {"kinds": 0, "pages": None}
    cut = Author.objects.order_by("-name")[:2]
    assert await cut.aggregate(kinds=kinds, pages=pages) == {"kinds": 2, "pages": 600}
    lands = Author.objects.values("country__name").annotate(n=Count("id"), kinds=kinds, pages=pages, b=Count("books"))
    found = [(None, 1, 2, 600, 3), ("Finland", 2, 2, 180, 2)]
    assert await lands.order_by("n").values_list("country__name", "n", "kinds", "pages", "b") == found
    assert await lands.filter(pages__gt=200, n=1).values_list("kinds", flat=True) == [2]
    assert await lands.filter(kinds=2, name__in=["Ann", "Cid"]).values_list("n", "pages") == [(2, 180)]
    assert await lands.count() == 2
    novels = Count("books__genre", distinct=True, filter=~Q(books__genre=Genre.NOVEL))
    initial = Author.objects.annotate(word=Upper("name")).values("word").annotate(n=novels).order_by("word")
    assert await initial.values_list("word", "n") == [("ANN", 1), ("BOB", 1), ("CID", 0)]
    stars = Country.objects.aggregate(n=Count("authors__books__reviews__stars", distinct=True))
    assert await stars == {"n": 3}
    older = Author.objects.filter(age__gte=30).annotate(old=Coalesce("age", 0)).values("old")
    assert await older.annotate(n=Count("books__genre", distinct=True)).order_by("old").values_list("old", "n") == [
        (30, 2),
        (41, 2),
    ]
    assert await Book.objects.aggregate(n=Count("author__books__genre", distinct=True)) == {"n": 3}


async def test_aggregates_of_limited_rows(shelf: Database) -> None:
    """What was cut before is what is put together."""
    rows = Book.objects.order_by("-price")[1:4]
    assert await rows.aggregate(n=Count("id"), low=Min("price"), age=Max("author__age")) == {
        "n": 3,
        "low": Decimal("9.99"),
        "age": 41,
    }


async def test_aggregates_of_aggregates(shelf: Database) -> None:
    """aggregate() takes what annotate() has counted, for rows and for groups."""
    assert await Author.objects.annotate(n=Count("books")).aggregate(most=Max("n"), mean=Avg("n")) == {
        "most": 3,
        "mean": pytest.approx(5 / 3),
    }
    rows = Author.objects.annotate(n=Count("books"))
    assert await rows.filter(n__gt=0).aggregate(n=Sum("n"), age=Sum("age")) == {"n": 5, "age": 71}
    assert await rows.order_by("-n")[:2].aggregate(low=Min("n")) == {"low": 2}
    genres = Book.objects.values("genre").annotate(n=Count("id"), cost=Sum("price"))
    assert await genres.filter(n__gte=1).aggregate(most=Max("n"), cost=Sum("cost"), kinds=Count("genre")) == {
        "most": 3,
        "cost": Decimal("62.74"),
        "kinds": 3,
    }
    with pytest.raises(FieldError, match="aggregate itself"):
        await Book.objects.values("genre").annotate(n=Count("id"), m=Max("n"))


async def test_an_aggregate_may_have_the_name_of_its_field(database: Database) -> None:
    """aggregate(price=Sum("price")) is the sum of the field."""
    assert await Book.objects.aggregate(price=Sum("price"), twice=Sum("price")) == {"price": None, "twice": None}


async def test_extremes_of_every_kind(database: Database) -> None:
    """What can be sorted has a least and a greatest value, of the field's type."""
    tokens = sorted([uuid.uuid4(), uuid.uuid4()])
    for flag, token, day, span in (
        (True, tokens[0], dt.date(2024, 2, 29), dt.timedelta(days=2)),
        (False, tokens[1], dt.date(1999, 1, 1), dt.timedelta(microseconds=5)),
    ):
        await Everything(flag=flag, token=token, day=day, span=span, huge=Decimal("1e20")).save()
    found = await Everything.objects.aggregate(
        a=Min("flag"), b=Max("flag"), c=Min("token"), d=Max("token"), e=Max("day"), f=Min("span"), g=Sum("span")
    )
    assert found == {
        "a": False,
        "b": True,
        "c": tokens[0],
        "d": tokens[1],
        "e": dt.date(2024, 2, 29),
        "f": dt.timedelta(microseconds=5),
        "g": dt.timedelta(days=2, microseconds=5),
    }
    assert await Everything.objects.aggregate(m=Avg("span")) == {"m": dt.timedelta(days=1, microseconds=3)}


async def test_sums_beyond_the_field(database: Database) -> None:
    """A sum has more digits than the field, and is exact."""
    big = 2**61 if database.dialect_name == "sqlite" else 2**62
    for _ in range(3):
        await Everything(big=big, amount=Decimal("999999999.999")).save()
    found = await Everything.objects.aggregate(big=Sum("big"), amount=Sum("amount"))
    assert found["big"] == 3 * big
    assert found["amount"] == Decimal("2999999999.997")
    rows = Everything.objects.values("flag").annotate(s=Sum("amount"))
    assert await rows.filter(s__gt=Decimal("2999999999.996")).count() == 1


@pytest.mark.parametrize(
    ("aggregate", "message"),
    [
        (lambda: Sum("word"), "word.*char.*numbers"),
        (lambda: Avg("day"), "day.*date.*numbers"),
        (lambda: Avg("flag"), "flag.*boolean"),
        (lambda: Max("data"), "data"),
        (lambda: Sum("nothing"), "nothing.*number"),
        (lambda: Count("nothing"), "nothing.*number"),
        (lambda: Count("id", filter=Q(nothing=1)), "nothing"),
    ],
)
async def test_aggregates_of_what_has_none_are_refused(database: Database, aggregate: Any, message: str) -> None:
    """A field that does not exist, or whose values cannot be put together, is named."""
    with pytest.raises(FieldError, match=message):
        await Everything.objects.aggregate(x=aggregate())


async def test_what_an_engine_cannot_add_up(sqlite: Database) -> None:
    """SQLite has no numbers of 30 digits, and says so instead of rounding."""
    with pytest.raises(DatabaseOperationNotSupportedError, match="huge"):
        await Everything.objects.aggregate(x=Sum("huge"))


async def test_two_relations_in_one_aggregate_are_refused(database: Database) -> None:
    """Their rows have nothing to do with each other."""
    with pytest.raises(FieldError, match="edited"):
        await Author.objects.annotate(x=Sum(F("books__pages") + F("edited__pages")))


async def test_counting_the_keys_of_a_model_without_numbers(database: Database) -> None:
    """Keys of any type are counted."""
    await Tag(word="red").save()
    assert await Tag.objects.aggregate(n=Count("pk")) == {"n": 1}


async def test_filter_of_an_aggregate_looks_at_the_row_itself(shelf: Database) -> None:
    """At its fields, also behind a relation that leads to the rows, and at annotations."""
    numbered = Review.objects.order_by("id")
    beside = Count("book__reviews", filter=Q(stars__gt=2))
    assert await numbered.annotate(n=beside).values_list("n", flat=True) == [2, 0, 1, 0]
    both = Count("book__reviews", filter=Q(stars=5, book__reviews__stars=2) | Q(stars__in=[4]))
    assert await numbered.annotate(n=both).values_list("n", flat=True) == [1, 0, 1, 0]
    cheap = Book.objects.order_by("id").annotate(cheap=F("price") / 2)
    few = Count("reviews", filter=Q(cheap__lt=5))
    assert await cheap.annotate(n=few).values_list("n", flat=True) == [0, 1, 0, 0, 0]
    assert await cheap.aggregate(n=Count("reviews", filter=Q(cheap__gte=5, author__age=30))) == {"n": 2}
    with pytest.raises(FieldError, match="nope"):
        await numbered.annotate(n=Count("book__reviews", filter=Q(nope=1)))


async def test_a_query_two_levels_out_is_looked_at_by_way_of_the_one_between(shelf: Database) -> None:
    """OuterRef looks one query out, which annotates what it sees of the one around it."""
    with pytest.raises(TypeError, match=r"annotate\(outer=OuterRef\('pk'\)\) the query between"):
        OuterRef(OuterRef("pk"))  # type: ignore[arg-type]  # as in Django
    reviews = Review.objects.filter(book__author=OuterRef("outer"), book=OuterRef("pk"), stars__gt=3)
    books = Book.objects.annotate(outer=OuterRef("pk")).filter(Exists(reviews))
    found = Author.objects.filter(Exists(books.filter(genre=Genre.POETRY)))
    assert await found.values_list("name", flat=True) == ["Ann"]


async def test_filter_of_an_aggregate_takes_other_queries(shelf: Database) -> None:
    """What filter= asks of the row may be answered by a query, which sees the row by OuterRef."""
    novels = Book.objects.filter(genre=Genre.NOVEL)
    same = Country.objects.filter(code=OuterRef("country_id"), name="Finland")
    longer = Book.objects.filter(author=OuterRef("books__author"), pages__gt=OuterRef("books__pages"))
    for condition, found in (
        (Q(pk__in=Author.objects.filter(age__lt=35)), ["17.75", None, None]),
        (~Q(pk__in=Author.objects.filter(age__lt=35)), [None, "44.99", None]),
        (Q(pk__in=novels.values("author")), ["17.75", "44.99", None]),
        (Q(books__in=novels), ["10.50", "29.99", None]),
        (Q(Exists(same)), ["17.75", None, None]),
        (Q(Exists(longer)), ["7.25", "24.99", None]),
        (
            Q(name="Ann") | Q(books__pages__lt=Subquery(longer.order_by("-pages").values("pages")[:1])),
            ["17.75", "24.99", None],
        ),
    ):
        priced = Author.objects.annotate(x=Sum("books__price", filter=condition)).order_by("name")
        assert await priced.values_list("x", flat=True) == [one and Decimal(one) for one in found]
    whole = await Author.objects.aggregate(x=Sum("books__price", filter=Q(pk__in=novels.values("author"))))
    assert whole == {"x": Decimal("62.74")}
    with pytest.raises(FieldError, match=r"looks at 'n' of the row around.*annotate\(\) with the query first"):
        await Author.objects.annotate(n=F("age")).annotate(
            x=Sum("books__price", filter=Q(Exists(Author.objects.filter(age=OuterRef("n")))))
        )


async def test_many_rows_of_many_rows_of_another_kind_are_refused(shelf: Database) -> None:
    """From each of many rows to one and to many again is no one set of rows; the message says what to ask instead."""
    for path in ("books__editor__edited", "books__editor__edited__pages"):
        with pytest.raises(FieldError, match=rf"'{path}' leads to many rows, .* aggregate the rows of Book with"):
            await Author.objects.annotate(n=Count(path))
    assert await Author.objects.annotate(n=Count("books__editor__name")).order_by("id").values_list("n", flat=True) == [
        0, 0, 0,
    ]  # fmt: skip
