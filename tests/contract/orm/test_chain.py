"""Query sets that grow by calls, against the engines: what each call changes in the rows that come."""

from decimal import Decimal
from typing import Any

import pytest

from openviper.db import Case, Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, NotLoadedError, TransactionError
from openviper.db.monitor import max_queries
from openviper.db.query.functions import Coalesce, Concat, Extract, Floor, Length, Lower, Round, Upper
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Country, Genre, Review
from tests.contract.orm.shelf import fill_shelf


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> None:
    """Every test finds the same books."""
    await fill_shelf()


async def titles(rows: Any) -> list[str]:
    return [one.title for one in await rows]


async def test_filters_add_up() -> None:
    """Each call keeps fewer rows; the query set that it was called on keeps its own."""
    rows = Book.objects.filter(genre=Genre.NOVEL).order_by("title")
    assert await titles(rows) == ["Dune", "Emma", "Hero"]
    assert await titles(rows.filter(price__gt=5)) == ["Dune", "Emma"]
    assert await titles(rows.filter(price__gt=5).exclude(title="Emma")) == ["Dune"]
    assert await titles(rows) == ["Dune", "Emma", "Hero"]


async def test_q_combines_conditions() -> None:
    """And, or, not, in any depth."""
    rows = Book.objects.order_by("title")
    assert await titles(rows.filter(Q(price=5) | Q(price=40))) == ["Gaia", "Hero"]
    assert await titles(rows.filter(~Q(genre=Genre.NOVEL), price__lt=40)) == ["Faust"]
    assert await titles(rows.filter((Q(price=5) | Q(price=40)) & ~Q(active=False))) == ["Gaia"]
    assert await titles(rows.exclude(Q(price=5) | Q(price=40), active=True)) == ["Dune", "Emma", "Faust", "Hero"]
    assert await titles(rows.filter(Q())) == ["Dune", "Emma", "Faust", "Gaia", "Hero"]


async def test_exclude_keeps_rows_without_a_value() -> None:
    """NULL is not equal to anything, so it is not what was excluded (C-011c)."""
    assert [one.name for one in await Author.objects.exclude(age=30).order_by("name")] == ["Bob", "Cy"]
    assert [one.name for one in await Author.objects.exclude(age=None).order_by("name")] == ["Ann", "Bob"]
    assert [one.name for one in await Author.objects.filter(~Q(country__code="at")).order_by("name")] == ["Bob", "Cy"]


async def test_conditions_follow_relations() -> None:
    """Forwards and backwards; a row that fits several times comes once."""
    assert await titles(Book.objects.filter(author__country__name="Austria").order_by("title")) == ["Dune", "Emma"]
    assert await titles(Book.objects.filter(reviews__stars__gte=3).order_by("title")) == ["Dune", "Emma"]
    ann = await Author.objects.get(name="Ann")
    assert await titles(Book.objects.filter(author=ann).order_by("title")) == ["Dune", "Emma"]
    assert [one.name for one in await Author.objects.filter(books__reviews__stars=1)] == ["Bob"]
    assert await Author.objects.filter(profile__bio="Writes.").count() == 1


async def test_one_call_means_one_related_row() -> None:
    """Conditions of one filter() meet in the same row of a relation, those of two may meet in two."""
    assert await titles(Book.objects.filter(reviews__stars=3, reviews__text="Sand")) == []
    assert await titles(Book.objects.filter(reviews__stars=3).filter(reviews__text="Sand")) == ["Dune"]


async def test_order() -> None:
    """Names, descending ones, expressions, related fields, chance."""
    assert await titles(Book.objects.order_by("price")) == ["Hero", "Dune", "Emma", "Faust", "Gaia"]
    assert await titles(Book.objects.order_by("pages", "-title")) == ["Hero", "Gaia", "Faust", "Emma", "Dune"]
    assert await titles(Book.objects.order_by("-author__name", "title")) == ["Faust", "Gaia", "Hero", "Dune", "Emma"]
    assert await titles(Book.objects.order_by(F("price") * -1)) == ["Gaia", "Faust", "Emma", "Dune", "Hero"]
    assert sorted(await titles(Book.objects.order_by("?"))) == ["Dune", "Emma", "Faust", "Gaia", "Hero"]
    assert await titles(Book.objects.order_by("price").reverse()) == ["Gaia", "Faust", "Emma", "Dune", "Hero"]


async def test_nulls_come_where_they_are_asked_for() -> None:
    """The engines differ where nothing is said, and agree where it is."""
    names = [one.name for one in await Author.objects.order_by(F("age").asc(nulls_last=True))]
    assert names == ["Ann", "Bob", "Cy"]
    names = [one.name for one in await Author.objects.order_by(F("age").desc(nulls_first=True))]
    assert names == ["Cy", "Bob", "Ann"]


async def test_slices() -> None:
    """Limit and offset, as brackets or by name."""
    rows = Book.objects.order_by("title")
    assert await titles(rows[1:3]) == ["Emma", "Faust"]
    assert await titles(rows.offset(3)) == ["Gaia", "Hero"]
    assert await titles(rows.limit(2)) == ["Dune", "Emma"]
    assert await titles(rows[1:][1:2]) == ["Faust"]
    assert await titles(rows[2:2]) == []
    assert (await rows[4]).title == "Hero"
    with pytest.raises(IndexError, match=r"orm\.Book has no row 5 in this query"):
        _ = await rows[5]


async def test_distinct_leaves_equal_rows_out() -> None:
    """Of plain rows; instances differ by their keys."""
    rows = Book.objects.order_by("genre").values_list("genre", flat=True)
    assert await rows.distinct() == ["history", "novel", "poetry"]
    assert await rows.distinct().count() == 3
    assert await rows.count() == 5


async def test_annotations_of_a_row() -> None:
    """They are attributes of instances, can be filtered and sorted by, and are built on each other."""
    rows = Book.objects.annotate(total=F("price") * F("pages"), shout=Upper("title")).annotate(twice=F("total") * 2)
    book = await rows.get(title="Dune")
    assert (book.total, book.twice, book.shout) == (6000, 12000, "DUNE")  # type: ignore[attr-defined]  # made by annotate()
    assert await titles(rows.filter(total__gt=6000).order_by("-total", "title")) == ["Emma", "Gaia"]
    assert await titles(rows.filter(twice__lt=F("price") * 300).order_by("title")) == ["Hero"]


async def test_aggregates_of_what_belongs_to_a_row() -> None:
    """Several of them do not multiply each other; rows without any are there too (C-011e)."""
    rows = Author.objects.annotate(
        books_written=Count("books"), reviews_had=Count("books__reviews"), priciest=Max("books__price")
    ).order_by("name")
    found = [(a.name, a.books_written, a.reviews_had, a.priciest) for a in await rows]  # type: ignore[attr-defined]  # made by annotate()
    assert found == [("Ann", 2, 3, Decimal(20)), ("Bob", 3, 1, Decimal(40)), ("Cy", 0, 0, None)]
    assert [one.name for one in await rows.filter(books_written__gt=2)] == ["Bob"]
    assert [one.name for one in await rows.order_by("-books_written")] == ["Bob", "Ann", "Cy"]


async def test_aggregates_count_some_rows() -> None:
    """filter= says which, distinct= lets equal values count once."""
    rows = Author.objects.annotate(
        novels=Count("books", filter=Q(books__genre=Genre.NOVEL)), genres=Count("books__genre", distinct=True)
    ).order_by("name")
    assert await rows.values_list("name", "novels", "genres") == [("Ann", 2, 1), ("Bob", 1, 3), ("Cy", 0, 0)]


async def test_groups() -> None:
    """values() before an aggregate says what is put together; conditions on the aggregate come after it."""
    rows = Book.objects.values("genre").annotate(n=Count("id"), cheapest=Min("price")).order_by("genre")
    assert await rows == [
        {"genre": "history", "n": 1, "cheapest": Decimal(40)},
        {"genre": "novel", "n": 3, "cheapest": Decimal(5)},
        {"genre": "poetry", "n": 1, "cheapest": Decimal(30)},
    ]
    assert await rows.filter(n__gt=1).values_list("genre", flat=True) == ["novel"]
    assert await rows.filter(price__gt=5) == await Book.objects.filter(price__gt=5).values("genre").annotate(
        n=Count("id"), cheapest=Min("price")
    ).order_by("genre")
    by_author = Book.objects.values_list("author__name").annotate(length=Sum("pages")).order_by("-length")
    assert await by_author == [("Ann", 1000), ("Bob", 500)]
    assert await by_author.count() == 2


async def test_groups_of_parts_of_a_date() -> None:
    """What is computed can be grouped by as well."""
    rows = Book.objects.exclude(published=None).values(century=Floor(Extract("published", "year") / 100))
    assert await rows.annotate(n=Count("id")).order_by("century") == [
        {"century": 18, "n": 2},
        {"century": 19, "n": 1},
    ]


async def test_case_decides_a_row_at_a_time() -> None:
    """The first branch that holds gives the value, in annotations, orders and updates."""
    size = Case(
        When(pages__gte=500, then=Value("long")), When(pages__gte=200, then=Value("fair")), default=Value("short")
    )
    rows = Book.objects.annotate(size=size).order_by("title").values_list("size", flat=True)
    assert await rows == ["long", "fair", "fair", "fair", "short"]
    assert await rows.filter(size="fair").count() == 3
    await Book.objects.update(pages=Case(When(active=True, then=F("pages") + 1), default=0))
    assert await Book.objects.order_by("title").values_list("pages", flat=True) == [601, 401, 201, 201, 0]


async def test_functions() -> None:
    """A text is a field, Value a text."""
    rows = Author.objects.filter(name="Ann").values(
        low=Lower("name"),
        length=Length("name"),
        full=Concat("name", Value(" of "), "country__name"),
        mail=Coalesce("email", Value("none")),
    )
    assert await rows == [{"low": "ann", "length": 3, "full": "Ann of Austria", "mail": "ann@example.com"}]
    assert await Author.objects.filter(name="Bob").values_list(m=Coalesce("email", Value("none")), flat=True) == [
        "none"
    ]
    assert await Book.objects.filter(title="Dune").values_list(p=Round(F("price") / 3, 1), flat=True) == [
        Decimal("3.3")
    ]


async def test_subqueries_belong_to_a_row() -> None:
    """OuterRef ties them to it; they stand in annotations and in conditions."""
    best = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("stars")[:1]
    rows = Book.objects.annotate(best=Subquery(best)).order_by("title")
    assert await rows.values_list("title", "best") == [
        ("Dune", 5),
        ("Emma", 4),
        ("Faust", None),
        ("Gaia", None),
        ("Hero", 1),
    ]
    assert await titles(rows.filter(best__gte=4)) == ["Dune", "Emma"]
    reviewed = Exists(Review.objects.filter(book=OuterRef("pk"), stars__gt=1))
    assert await titles(Book.objects.filter(reviewed).order_by("title")) == ["Dune", "Emma"]
    assert await titles(Book.objects.filter(~reviewed, price__lt=40).order_by("title")) == ["Faust", "Hero"]
    assert await Book.objects.annotate(is_read=reviewed).order_by("title").values_list("is_read", flat=True) == [
        True,
        True,
        False,
        False,
        False,
    ]


async def test_query_sets_are_values_of_lookups() -> None:
    """They become part of the one query that is sent."""
    austrians = Author.objects.filter(country="at")
    async with max_queries(2):
        assert await titles(Book.objects.filter(author__in=austrians).order_by("title")) == ["Dune", "Emma"]
        assert await titles(Book.objects.exclude(author__in=austrians.values("id"))[:1]) != ["Dune"]
    assert await titles(Book.objects.filter(author__in=austrians.none())) == []


async def test_only_and_defer_leave_fields_out() -> None:
    """The key is always there; a field that was left out says so, and comes when the instance is awaited."""
    book = await Book.objects.only("title").get(title="Dune")
    assert (book.title, book.pk is not None) == ("Dune", True)
    with pytest.raises(NotLoadedError, match=r"price of this orm\.Book is not loaded"):
        _ = book.price
    assert (await book).price == 10
    other = await Book.objects.defer("price", "pages").get(title="Emma")
    assert other.genre is Genre.NOVEL
    with pytest.raises(NotLoadedError, match="pages"):
        _ = other.pages


async def test_select_related_reads_in_one_query() -> None:
    """What a row refers to is there, and None where there is nothing."""
    async with max_queries(1):
        books = await Book.objects.select_related("author__country", "editor").order_by("title")
        found = [(one.title, one.author.name, one.editor and one.editor.name) for one in books]
    assert found == [
        ("Dune", "Ann", None),
        ("Emma", "Ann", None),
        ("Faust", "Bob", "Cy"),
        ("Gaia", "Bob", "Ann"),
        ("Hero", "Bob", None),
    ]
    country = books[0].author.country
    assert country is not None
    assert country.name == "Austria"
    with pytest.raises(NotLoadedError, match="name"):
        _ = (await Book.objects.get(title="Dune")).author.name


async def test_prefetch_related_reads_a_relation_at_a_time() -> None:
    """get(), first() and positions have them too."""
    async with max_queries(2):
        authors = await Author.objects.prefetch_related("books").order_by("name")
        assert [[one.title for one in author.books] for author in authors] == [
            ["Dune", "Emma"],
            ["Faust", "Gaia", "Hero"],
            [],
        ]
    wanted = Prefetch("books", queryset=Book.objects.filter(price__gt=10).order_by("-price"), to_attr="dear")
    for ann in (
        await Author.objects.prefetch_related(wanted).get(name="Ann"),
        await Author.objects.prefetch_related(wanted).order_by("name").first(),
        await Author.objects.prefetch_related(wanted).order_by("name")[0],
    ):
        assert [one.title for one in ann.dear] == ["Emma"]  # type: ignore[union-attr]  # what the prefetch was told
    with pytest.raises(FieldError, match="instances"):
        await Author.objects.prefetch_related("books").values()


async def test_locks_need_a_transaction() -> None:
    """Without one they would be gone before anything could be done with the rows."""
    rows = Book.objects.select_for_update().filter(title="Dune")
    with pytest.raises(TransactionError, match="use it inside async with atomic"):
        await rows
    with pytest.raises(TransactionError):
        _ = await rows.get()
    async with atomic():
        assert (await rows.get()).title == "Dune"
        assert await rows.count() == 1
    assert await rows.count() == 1


async def test_none_has_no_rows() -> None:
    """It asks nothing, and combines with everything."""
    rows = Book.objects.none().filter(price__gt=1).order_by("title")
    async with max_queries(0):
        assert await rows == []
        assert await rows.count() == 0
        assert await rows.update(price=1) == 0
        assert await rows.delete() == 0
    assert await rows.aggregate(Count("id"), Max("price")) == {"id__count": 0, "price__max": None}
    assert await Book.objects.count() == 5


@pytest.mark.parametrize(
    "rows",
    [
        Book.objects.filter(titel="x"),
        Book.objects.filter(title__lik="x"),
        Book.objects.filter(author__nam="x"),
        Book.objects.exclude(Q(titel=1) | Q(title="x")),
        Book.objects.order_by("-titel"),
        Book.objects.order_by("title; DROP TABLE orm_book"),
        Book.objects.order_by(F("titel").desc()),
        Book.objects.values("titel"),
        Book.objects.values_list("author__nam"),
        Book.objects.only("titel"),
        Book.objects.defer("titel"),
        Book.objects.select_related("titel"),
        Book.objects.select_related("title"),
        Book.objects.prefetch_related("titel"),
        Book.objects.annotate(n=F("titel")),
        Book.objects.annotate(n=Count("titel")),
        Book.objects.annotate(n=Lower("titel")),
        Book.objects.filter(author__in=Author.objects.filter(nam="x")),
    ],
    ids=lambda rows: str(rows.query[2:])[:60],
)
async def test_unknown_names_are_refused(rows: Any) -> None:
    """Whatever the call, the name is told, and nothing is sent."""
    async with max_queries(0):
        with pytest.raises(FieldError, match=r"titel|lik|nam|title"):
            await rows


async def test_unknown_names_list_what_exists() -> None:
    """A slip of the pen is found without looking at the model (C-011b)."""
    with pytest.raises(FieldError, match=r"'titel'.*title.*genre"):
        await Book.objects.filter(titel="x")
    with pytest.raises(FieldError, match=r"lik.*contains.*startswith"):
        await Book.objects.filter(title__lik="x")


async def test_a_country_has_a_key_of_letters() -> None:
    """The name pk stands for the primary key, whatever its name."""
    assert (await Country.objects.get(pk="at")).name == "Austria"
    assert await Author.objects.filter(country__pk="be").count() == 1
    assert await Author.objects.order_by("-pk").values_list("pk", flat=True) == [3, 2, 1]
