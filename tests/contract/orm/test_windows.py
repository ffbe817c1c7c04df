"""What is computed for each row from the rows around it."""

import datetime as dt
from decimal import Decimal

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.functions import (
    CumeDist,
    DenseRank,
    FirstValue,
    Lag,
    LastValue,
    Lead,
    NthValue,
    Ntile,
    PercentRank,
    Rank,
    RowNumber,
)
from openviper.db.models import (
    Avg,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    RowRange,
    Subquery,
    Sum,
    ValueRange,
    Window,
)
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Genre, Review
from tests.contract.orm.shelf import fill_shelf


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> None:
    await fill_shelf()


async def by_title(window: Window) -> list[object]:
    """Give what a window comes to for Dune, Emma, Faust, Gaia and Hero."""
    return await Book.objects.annotate(x=window).order_by("title").values_list("x", flat=True)


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (Window(RowNumber(), order_by="-price"), [4, 3, 2, 1, 5]),
        (Window(Rank(), order_by="pages"), [5, 4, 2, 2, 1]),
        (Window(DenseRank(), order_by="pages"), [4, 3, 2, 2, 1]),
        (Window(PercentRank(), order_by="pages"), [1.0, 0.75, 0.25, 0.25, 0.0]),
        (Window(CumeDist(), order_by="pages"), [1.0, 0.8, 0.6, 0.6, 0.2]),
        (Window(Ntile(2), order_by="title"), [1, 1, 1, 2, 2]),
        (Window(Lag("title"), order_by="title"), [None, "Dune", "Emma", "Faust", "Gaia"]),
        (Window(Lead("title", 2), order_by="title"), ["Faust", "Gaia", "Hero", None, None]),
        (Window(Lag("pages", default=0), order_by="title"), [0, 600, 400, 200, 200]),
        (Window(Lead("pages", 2, default=-1), order_by="title"), [200, 200, 100, -1, -1]),
        (Window(Lead("pages", default=-1), "author", "title"), [400, -1, 200, 100, -1]),
        (Window(FirstValue("title"), "author", "title"), ["Dune", "Dune", "Faust", "Faust", "Faust"]),
        (Window(LastValue("title"), "author", "title", RowRange()), ["Emma", "Emma", "Hero", "Hero", "Hero"]),
        (Window(NthValue("title", 2), "author", "title"), [None, "Emma", None, "Gaia", "Gaia"]),
        (Window(Sum("pages"), partition_by="author"), [1000, 1000, 500, 500, 500]),
        (Window(Sum("pages"), order_by="title"), [600, 1000, 1200, 1400, 1500]),
        (Window(Sum("pages"), None, "title", RowRange(-1, 1)), [1000, 1200, 800, 500, 300]),
        (Window(Sum("pages"), None, "title", RowRange(0, None)), [1500, 900, 500, 300, 100]),
        (Window(Sum("pages"), None, "title", RowRange(None, -1)), [None, 600, 1000, 1200, 1400]),
        (Window(Count("*"), None, "pages", ValueRange(None, 0)), [5, 4, 3, 3, 1]),
        (Window(Count("*"), None, "pages", ValueRange(0, 0)), [1, 1, 2, 2, 1]),
        (Window(Count("published"), partition_by="author"), [2, 2, 1, 1, 1]),
        (Window(Count("*", filter=Q(pages__gte=200)), partition_by="author"), [2, 2, 2, 2, 2]),
        (Window(Avg("pages"), partition_by=["author", "active"]), [500.0, 500.0, 200.0, 200.0, 100.0]),
    ],
)
async def test_functions_of_windows(window: Window, found: list[object]) -> None:
    """C-011za: Every function and aggregate gives the same over a window, on every engine."""
    assert await by_title(window) == found


async def test_values_are_of_the_types_of_their_fields() -> None:
    """Decimals, days, moments, choices and truth come as what their fields hold."""
    prices = await by_title(Window(Max("price"), partition_by="author"))
    assert prices == [Decimal("20.00"), Decimal("20.00"), Decimal("40.00"), Decimal("40.00"), Decimal("40.00")]
    assert await by_title(Window(Avg("price"), partition_by="author")) == [Decimal(15), Decimal(15), *[Decimal(25)] * 3]
    assert await by_title(Window(Lag("price", default=Decimal("1.50")), order_by="title")) == [
        Decimal("1.50"),
        Decimal("10.00"),
        Decimal("20.00"),
        Decimal("30.00"),
        Decimal("40.00"),
    ]
    days = await by_title(Window(Min("published"), partition_by="author"))
    assert days == [dt.date(1815, 12, 23)] * 2 + [dt.date(1808, 1, 1)] * 3
    assert (await by_title(Window(Lead("genre"), order_by="title")))[1] is Genre.POETRY
    assert (await by_title(Window(Max("active"), partition_by="author"))) == [True] * 5
    (moment, *_) = await by_title(Window(FirstValue("added"), order_by="title"))
    assert isinstance(moment, dt.datetime)
    assert moment.tzinfo is not None


async def test_windows_in_expressions_and_orders() -> None:
    """What a window comes to can be computed with, sorted by, and read from instances."""
    share = F("pages") * 100 / Window(Sum("pages"), partition_by="author")
    books = await Book.objects.annotate(share=share, place=Window(Rank(), order_by="-pages")).order_by("place", "title")
    assert [(book.title, getattr(book, "place")) for book in books] == [  # noqa: B009 - no attribute for checkers
        ("Dune", 1),
        ("Emma", 2),
        ("Faust", 3),
        ("Gaia", 3),
        ("Hero", 5),
    ]
    assert [float(getattr(book, "share")) for book in books][:2] == [60.0, 40.0]  # noqa: B009 - as above
    ordered = Book.objects.order_by(Window(Count("*"), partition_by="pages"), "-title")
    assert [book.title for book in await ordered] == ["Hero", "Emma", "Dune", "Gaia", "Faust"]
    related = Book.objects.annotate(n=Window(RowNumber(), "author__country", [F("author__name").asc(), "-title"]))
    assert await related.order_by("title").values_list("n", flat=True) == [2, 1, 3, 2, 1]


async def test_rows_are_filtered_by_their_windows() -> None:
    """C-011za: A condition on a window is met after it was computed from all rows of the query."""
    ranked = Book.objects.annotate(place=Window(RowNumber(), "author", "-price"))
    assert await ranked.filter(place=1).order_by("title").values_list("title", "place") == [("Emma", 1), ("Gaia", 1)]
    # Every other condition decides which rows there are before.
    first = ranked.filter(pages__lte=200, place=1)
    assert {book.title for book in await first} == {"Gaia"}
    apart = ranked.filter(pages__lt=600).filter(place=1).exclude(title="Gaia")
    assert {book.title for book in await apart} == {"Emma", "Faust"}
    either = ranked.filter(Q(place=1) | Q(title="Hero"))
    assert {book.title for book in await either} == {"Emma", "Gaia", "Hero"}
    assert await ranked.filter(place__gt=1).count() == 3
    assert await ranked.filter(place__gt=2).exists()
    assert not await ranked.filter(place__gt=3).exists()
    assert (await ranked.select_related("author").get(place=3)).author.name == "Bob"
    assert [book.title for book in await ranked.filter(place=1).order_by("-place", "title")[1:]] == ["Gaia"]


async def test_conditions_beside_that_of_a_window_come_before_it() -> None:
    """C-011za: In one filter() as in several, what is not of a window decides which rows it is computed from."""
    ranked = Book.objects.annotate(place=Window(RowNumber(), order_by="-price"))
    wanted = ["Dune", "Emma"]
    for rows in (
        ranked.filter(genre=Genre.NOVEL).filter(place__lte=2),
        ranked.filter(place__lte=2, genre=Genre.NOVEL),
        ranked.filter(Q(place__lte=2) & Q(genre=Genre.NOVEL)),
        ranked.filter(Q(Q(place__lte=2, pages__gt=0), Q(genre=Genre.NOVEL))),
        ranked.exclude(Q(place__gt=2) | ~Q(genre=Genre.NOVEL)),
        ranked.exclude(~Q(place__lte=2, genre=Genre.NOVEL)),
    ):
        assert await rows.order_by("title").values_list("title", flat=True) == wanted
    # Either of the two is enough, so neither comes first.
    either = ranked.filter(Q(place=1) | Q(genre=Genre.POETRY))
    assert await either.order_by("title").values_list("title", flat=True) == ["Faust", "Gaia"]


async def test_filtered_windows_within_other_queries() -> None:
    """They stand in subqueries, in deletes and updates, in unions and in what is computed of them."""
    best = Book.objects.alias(place=Window(RowNumber(), "author", "-price")).filter(place=1)
    assert await Review.objects.filter(book__in=best).count() == 1
    assert await Author.objects.filter(Exists(best)).count() == 3
    assert await best.union(Book.objects.filter(title="Hero")).count() == 3
    doubled = Book.objects.annotate(place=Window(RowNumber(), "author", "-price")).annotate(twice=F("place") * 2)
    assert {book.title for book in await doubled.filter(twice__gte=6)} == {"Hero"}
    assert await doubled.aggregate(most=Max("place"), sum=Sum("twice")) == {"most": 3, "sum": 18}
    assert await doubled.values("place").annotate(n=Count("*")).order_by("place").values_list("place", "n") == [
        (1, 2),
        (2, 2),
        (3, 1),
    ]
    assert await best.update(pages=1) == 2
    assert await best.delete() == 2
    assert await Book.objects.count() == 3


async def test_windows_of_groups() -> None:
    """After values() and an aggregate, the rows of the window are the groups."""
    groups = Book.objects.values("genre").annotate(total=Sum("pages"), place=Window(Rank(), order_by=F("total").desc()))
    assert await groups.order_by("place", "genre").values_list("genre", "total", "place") == [
        (Genre.NOVEL, 1100, 1),
        (Genre.HISTORY, 200, 2),
        (Genre.POETRY, 200, 2),
    ]
    whole = Book.objects.values("genre").annotate(total=Sum("pages")).annotate(all=Window(Sum("total")))
    assert [row["all"] for row in await whole] == [1500, 1500, 1500]
    assert await groups.filter(total__gt=200).count() == 1
    with pytest.raises(FieldError, match="groups are not filtered by their windows"):
        await groups.filter(place=1)
    # Without an aggregate there are no groups.
    assert len(await Book.objects.values("genre").annotate(n=Window(Count("*"), partition_by="genre"))) == 5


async def test_what_makes_no_window() -> None:
    """Refusals say what to write instead."""
    with pytest.raises(FieldError, match=r"write Window\(Rank\(\)"):
        _ = Book.objects.annotate(x=Rank())
    with pytest.raises(FieldError, match="an aggregate or a function"):
        Window(F("pages"))  # type: ignore[arg-type]  # a mistake
    with pytest.raises(FieldError, match="distinct"):
        Window(Count("pages", distinct=True))
    with pytest.raises(FieldError, match="annotate"):
        await Book.objects.filter(Q(pages__lt=Window(Avg("pages"))))
    with pytest.raises(FieldError, match="has no window"):
        await Book.objects.aggregate(x=Window(Sum("pages")))
    with pytest.raises(FieldError, match="leads to many rows"):
        await Author.objects.annotate(x=Window(Sum("books__pages")))
    with pytest.raises(FieldError, match="window is of the rows"):
        await Book.objects.update(pages=Window(RowNumber()))
    with pytest.raises(FieldError, match="no field"):
        await Book.objects.annotate(x=Window(Sum("pages"), partition_by="nothing"))
    with pytest.raises(FieldError, match="read as a table"):
        own = Book.objects.filter(author=OuterRef("pk")).annotate(n=Window(RowNumber(), order_by="title"))
        await Author.objects.annotate(x=Subquery(own.filter(n=1).values("title")[:1]))
    for bad in (0, -1, True, 1.5):
        with pytest.raises(FieldError, match="whole number"):
            Ntile(bad)  # type: ignore[arg-type]  # a mistake
    with pytest.raises(FieldError, match="RowRange counts rows"):
        ValueRange(-1, 0)
    with pytest.raises(FieldError, match="before its start"):
        RowRange(2, 1)


async def test_rows_of_windows_are_not_locked(database: Database) -> None:
    """No server locks them, and they are refused in the same words."""
    ranked = Book.objects.annotate(n=Window(RowNumber(), order_by="title"))
    async with atomic():
        if database.dialect.features.row_locks:
            with pytest.raises(DatabaseOperationNotSupportedError, match="windows"):
                await ranked.select_for_update()
        else:
            assert len(await ranked.select_for_update()) == 5


async def test_numbers_of_windows_share_a_plan() -> None:
    """Ntile(2) and Ntile(3) differ in a value."""
    from openviper.db.compiler.planning import plan_of
    from openviper.db.dialects.engines import get_dialect

    plans = [
        plan_of(Book.objects.annotate(n=Window(Ntile(n), order_by="title")).query, get_dialect("sqlite"))
        for n in (2, 3)
    ]
    assert plans[0] is plans[1]
