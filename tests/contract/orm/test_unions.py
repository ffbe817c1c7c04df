"""Rows of several query sets as one: union, intersection and difference."""

import datetime as dt
from decimal import Decimal

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.functions import Lower
from openviper.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum, Value
from openviper.db.monitor import watch_queries
from tests.contract.orm.models import Author, Book, Everything, Genre, Review
from tests.contract.orm.shelf import fill_shelf

NOVELS = Book.objects.filter(genre=Genre.NOVEL)
CHEAP = Book.objects.filter(price__lte=10)


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> None:
    await fill_shelf()


async def titles(rows: QuerySet[Book]) -> list[str]:
    return sorted(book.title for book in await rows)


async def test_union_is_the_rows_of_all() -> None:
    """C-011z: Equal rows are one, and all of them stay where that is asked for."""
    history = Book.objects.filter(genre=Genre.HISTORY)
    assert await titles(NOVELS.union(CHEAP, history)) == ["Dune", "Emma", "Gaia", "Hero"]
    assert await titles(NOVELS.union(CHEAP, all=True)) == ["Dune", "Dune", "Emma", "Hero", "Hero"]


async def test_intersection_and_difference() -> None:
    """Rows of each query set, and those of the first alone."""
    assert await titles(NOVELS.intersection(CHEAP)) == ["Dune", "Hero"]
    assert await titles(NOVELS.difference(CHEAP)) == ["Emma"]
    assert await titles(Book.objects.difference(NOVELS, CHEAP)) == ["Faust", "Gaia"]


async def test_instances_of_a_union_are_whole() -> None:
    """They have every value in its type, know their database, and can be saved."""
    (emma,) = await NOVELS.difference(CHEAP)
    assert (emma.genre, emma.price, emma.published) == (Genre.NOVEL, Decimal("20.00"), dt.date(1815, 12, 23))
    assert emma.added.tzinfo is not None
    assert emma.changed_fields() == ()
    emma.pages = 7
    await emma.save()
    assert (await Book.objects.get(title="Emma")).pages == 7


async def test_order_and_parts_follow() -> None:
    """The order of the result is its own, by the names of its columns."""
    rows = NOVELS.union(CHEAP).order_by("-price", "title")
    assert [book.title for book in await rows] == ["Emma", "Dune", "Hero"]
    assert [book.title for book in await rows[1:]] == ["Dune", "Hero"]
    assert [book.title for book in await rows.reverse().limit(1)] == ["Hero"]
    assert (await rows[1]).title == "Dune"
    by_year = NOVELS.union(CHEAP).order_by(F("published__year").desc(nulls_last=True), Lower("title"))
    assert [book.title for book in await by_year] == ["Dune", "Emma", "Hero"]
    with pytest.raises(FieldError, match="combined rows have no 'author__name'"):
        await rows.order_by("author__name")


async def test_counting_and_existence() -> None:
    """They are of the combined rows, and of their part where they were cut."""
    rows = NOVELS.union(CHEAP)
    assert await rows.count() == 3
    assert await rows[:2].count() == 2
    assert await rows.exists()
    assert not await NOVELS.intersection(Book.objects.filter(title="Gaia")).exists()
    assert not await rows[5:].exists()


async def test_one_row_of_a_union() -> None:
    """Without an order the first one is that with the smallest key."""
    rows = NOVELS.union(CHEAP)
    first, last = await rows.first(), await rows.order_by("price").last()
    assert first is not None
    assert last is not None
    assert (first.title, last.title) == ("Dune", "Emma")
    assert (await rows.latest("price")).title == "Emma"
    with pytest.raises(Book.MultipleObjectsReturned):
        _ = await rows.get()
    assert (await NOVELS.difference(CHEAP).get()).title == "Emma"


async def test_parts_keep_their_order_and_limit() -> None:
    """Each query set may be a slice by an order of its own."""
    dearest, cheapest = Book.objects.order_by("-price")[:1], Book.objects.order_by("price")[:2]
    rows = dearest.union(cheapest).order_by("price")
    assert [book.title for book in await rows] == ["Hero", "Dune", "Gaia"]


async def test_plain_rows() -> None:
    """Columns pair by their places and are named by the first query set; kinds of rows may differ."""
    authors, books = Author.objects.values("name"), Book.objects.values_list("title").filter(pages__gt=300)
    assert sorted(row["name"] for row in await authors.union(books)) == ["Ann", "Bob", "Cy", "Dune", "Emma"]
    flat = Author.objects.values_list("name", flat=True).union(Book.objects.values_list("title", flat=True))
    assert await flat.order_by("-name")[:3] == ["Hero", "Gaia", "Faust"]
    named = Book.objects.values_list("title", "pages", named=True)
    rows = await named.filter(pages=200).union(named.filter(pages=400)).order_by("pages", "title")
    assert [(row.title, row.pages) for row in rows] == [("Faust", 200), ("Gaia", 200), ("Emma", 400)]


async def test_columns_are_told_after_all() -> None:
    """values() of a union of instances asks the query sets for these columns alone, which are then told apart."""
    rows = NOVELS.union(CHEAP)
    assert sorted(await rows.values_list("genre", flat=True)) == [Genre.NOVEL]
    assert await rows.order_by("pages").values("title", "pages") == [
        {"title": "Hero", "pages": 100},
        {"title": "Emma", "pages": 400},
        {"title": "Dune", "pages": 600},
    ]
    assert await NOVELS.values("title", "pages").union(CHEAP.values("title", "pages")).order_by("title").values_list(
        "pages", flat=True
    ) == [600, 400, 100]


async def test_columns_of_several_forms_become_one() -> None:
    """Numbers of other digits, and whole ones, are compared and read as what holds them all."""
    _ = await Everything.objects.create(amount=Decimal("10.005"), number=20)
    prices = Book.objects.filter(price__lte=20).values_list("price", flat=True)
    amounts = Everything.objects.values_list("amount", flat=True)
    numbers = Everything.objects.values_list("number", flat=True)
    assert await prices.union(amounts, numbers).order_by("price") == [
        Decimal("5.000"),
        Decimal("10.000"),
        Decimal("10.005"),
        Decimal("20.000"),
    ]
    moments = Book.objects.values_list("added", flat=True).union(Everything.objects.values_list("moment", flat=True))
    found = [moment for moment in await moments if moment is not None]
    assert found
    assert all(moment.tzinfo is not None for moment in found)
    with pytest.raises(FieldError, match=r"union\(\), column 'price'.*different kinds"):
        await prices.union(Book.objects.values_list("title", flat=True))


async def test_annotations_and_groups_in_parts() -> None:
    """What is computed in a part is a column like any other."""
    marked = NOVELS.annotate(mark=Value("n")).union(CHEAP.annotate(mark=Value("c")))
    rows = await marked.order_by("title", "mark")
    assert [(book.title, getattr(book, "mark")) for book in rows] == [  # noqa: B009 - checkers know no such attribute
        ("Dune", "c"),
        ("Dune", "n"),
        ("Emma", "n"),
        ("Hero", "c"),
        ("Hero", "n"),
    ]
    totals = Book.objects.values("genre").annotate(total=Sum("pages")).values_list("genre", "total")
    whole = Book.objects.values_list("title", "pages").filter(pages=100)
    assert sorted(await whole.union(totals.filter(total__lt=300))) == [
        ("Hero", 100),
        ("history", 200),
        ("poetry", 200),
    ]


async def test_related_rows_come_along() -> None:
    """select_related() stands in the query sets, prefetch_related() before or after."""
    rows = NOVELS.select_related("author").union(CHEAP.select_related("author")).order_by("author__name", "title")
    with watch_queries() as log:
        found = await rows.prefetch_related("reviews")
        assert [(book.author.name, book.title) for book in found] == [("Ann", "Dune"), ("Ann", "Emma"), ("Bob", "Hero")]
        assert [len(book.reviews) for book in found] == [2, 1, 1]
    assert len(log.records) == 2


async def test_combinations_of_combinations() -> None:
    """They nest to any reasonable depth, each with its own order and limit."""
    poems = Book.objects.filter(genre=Genre.POETRY)
    assert await titles(NOVELS.difference(CHEAP).union(poems.intersection(Book.objects.all()))) == ["Emma", "Faust"]
    last = NOVELS.union(poems).order_by("-title")[:2]
    assert await titles(last.union(CHEAP)) == ["Dune", "Faust", "Hero"]
    rows = NOVELS.difference(NOVELS)
    for title in ("Dune", "Emma", "Faust", "Gaia", "Hero") * 6:
        rows = rows.union(Book.objects.filter(title=title))
    assert await rows.count() == 5


async def test_nothing_among_them() -> None:
    """none() adds no row, and asks nothing where nothing can come."""
    with watch_queries() as log:
        assert await Book.objects.none().union(Book.objects.none()) == []
        assert await Book.objects.none().difference(NOVELS) == []
        assert await NOVELS.intersection(Book.objects.none()) == []
    assert log.records == []
    assert await NOVELS.union(Book.objects.none()).count() == 3
    assert await NOVELS.difference(Book.objects.none()).count() == 3
    assert await titles(NOVELS.union()) == ["Dune", "Emma", "Hero"]


async def test_as_part_of_another_query() -> None:
    """Combined rows stand behind __in, in Subquery and in Exists."""
    assert await Review.objects.filter(book__in=NOVELS.difference(CHEAP)).values_list("stars", flat=True) == [4]
    keys = NOVELS.values_list("pk", flat=True).intersection(CHEAP.values_list("pk", flat=True))
    assert await titles(Book.objects.filter(pk__in=keys)) == ["Dune", "Hero"]
    most = NOVELS.union(CHEAP).values_list("pages", flat=True).order_by("-pages")[:1]
    assert (await Author.objects.annotate(most=Subquery(most)).values_list("most", flat=True))[0] == 600
    assert await Author.objects.filter(Exists(NOVELS.union(CHEAP))).count() == 3
    with pytest.raises(FieldError, match=r"OuterRef\('pk'\) stands in a query that is read as a table"):
        own = Book.objects.filter(author=OuterRef("pk"))
        await Author.objects.filter(Exists(own.union(own)))


async def test_walking_through() -> None:
    """iterator() streams them, and batches come by offset."""
    rows = NOVELS.union(CHEAP).order_by("title")
    assert [book.title async for book in rows.iterator(2)] == ["Dune", "Emma", "Hero"]
    assert [[book.title for book in some] async for some in rows.batch(2)] == [["Dune", "Emma"], ["Hero"]]
    page = await rows.paginate(2, 2)
    assert ([book.title for book in page], page.total_count) == (["Hero"], 3)
    with pytest.raises(FieldError, match="id_batch"):
        _ = [some async for some in rows.id_batch()]


@pytest.mark.parametrize(
    "call",
    [
        lambda rows: rows.filter(pages=1),
        lambda rows: rows.exclude(pages=1),
        lambda rows: rows.get(pages=1),
        lambda rows: rows.annotate(x=F("pages") + 1),
        lambda rows: rows.values(x=F("pages") + 1),
        lambda rows: rows.distinct(),
        lambda rows: rows.only("title"),
        lambda rows: rows.defer("title"),
        lambda rows: rows.select_related("author"),
        lambda rows: rows.select_for_update(),
        lambda rows: rows.update(pages=1),
        lambda rows: rows.delete(),
        lambda rows: rows.aggregate(Sum("pages")),
        lambda rows: rows | rows,
        lambda rows: NOVELS & rows,
    ],
)
def test_what_cannot_follow(call: object) -> None:
    """C-011z: What would change which rows they are is refused at the call, with what to do instead."""
    with pytest.raises(TypeError, match="before they are combined"):
        call(NOVELS.union(CHEAP))  # type: ignore[operator]  # one of the functions above


async def test_keys_go_by_both_names() -> None:
    """C-011z: The key of combined rows sorts them by its name and by ``pk``, whichever of the two was asked for."""
    known = [book.pk for book in await Book.objects.order_by("id")]
    for name, other in (("pk", "id"), ("id", "pk"), ("pk", "pk")):
        both = NOVELS.values(name).union(Book.objects.values(name)).order_by(f"-{other}")
        assert await both == [{name: key} for key in reversed(known)]
        assert await both.values_list(other, flat=True) == known[::-1]


async def test_rows_of_a_relation_among_others() -> None:
    """C-011z: Rows of an instance, which stay in its database, go together with those of the class and of others."""
    ann, bob = await Author.objects.get(name="Ann"), await Author.objects.get(name="Bob")
    assert await titles(ann.books.union(CHEAP)) == ["Dune", "Emma", "Hero"]
    both = CHEAP.union(ann.books.all(), bob.books.filter(title="Gaia"))
    assert await titles(both) == ["Dune", "Emma", "Gaia", "Hero"]
    assert await titles(CHEAP.difference(ann.books.all())) == ["Hero"]
    assert await titles(ann.books.all() | CHEAP) == ["Dune", "Emma", "Hero"]
    assert await titles(CHEAP & ann.books.all()) == ["Dune"]
    assert (CHEAP | ann.books.all()).db_alias == "default"


async def test_how_many_are_combined() -> None:
    """C-011z: Hundreds of query sets are one statement; where they are too many for an engine, that is told by us."""
    parts = [Book.objects.filter(pages=number * 100) for number in range(1, 501)]
    assert await titles(parts[0].union(*parts[1:])) == ["Dune", "Emma", "Faust", "Gaia", "Hero"]
    for call in (parts[0].union, parts[0].intersection, parts[0].difference):
        with pytest.raises(FieldError, match=r"\(\) puts at most 500 query sets together, and here are 501; join"):
            _ = call(*parts)
    grown = parts[0].union(*parts[1:])
    with pytest.raises(FieldError, match="here are 501"):
        _ = grown.union(CHEAP)


async def test_what_cannot_be_combined() -> None:
    """Rows of other columns, other databases, locks, and what is no query set."""
    with pytest.raises(FieldError, match=r"same columns; here are title \(1\) and title, pages \(2\)"):
        await NOVELS.values("title").union(CHEAP.values("title", "pages"))
    with pytest.raises(FieldError, match="same columns"):
        await NOVELS.only("title").union(CHEAP.only("pages"))
    with pytest.raises(FieldError, match="instances of"):
        _ = NOVELS.union(Author.objects.all())
    with pytest.raises(FieldError, match="instances of"):
        _ = NOVELS.union(CHEAP.values("title"))
    with pytest.raises(FieldError, match="one database"):
        _ = NOVELS.union(CHEAP.using("other"))
    with pytest.raises(FieldError, match=r"\| takes query sets of one database, not of 'default' and 'other'"):
        _ = NOVELS | CHEAP.using("other")
    with pytest.raises(FieldError, match="not of 'other' and 'default'"):
        _ = NOVELS.using("other").union(CHEAP.using("default"))
    with pytest.raises(FieldError, match="locks no rows"):
        _ = NOVELS.union(CHEAP.select_for_update())
    with pytest.raises(TypeError, match="not with list"):
        _ = NOVELS.union([])  # type: ignore[arg-type]  # no query set


async def test_what_no_engine_compares(database: Database) -> None:
    """Rows with values that the engine cannot compare are put together with all=True only."""
    some = Everything.objects.all()
    if database.dialect.form_of(Everything._meta.by_name["data"]).is_comparable:
        assert await some.union(some) == []
    else:
        with pytest.raises(FieldError, match="all=True"):
            await some.union(some)
    assert await some.union(some, all=True) == []


async def test_a_known_shape_calls_no_compiler() -> None:
    """Two unions that differ in values have one plan."""
    from openviper.db.compiler.planning import plan_of
    from openviper.db.dialects.engines import get_dialect

    one = Book.objects.filter(pages=1).union(Book.objects.filter(title="a")).order_by("title")[:3]
    two = Book.objects.filter(pages=2).union(Book.objects.filter(title="b")).order_by("title")[:9]
    assert one.query == two.query
    dialect = get_dialect("sqlite")
    assert plan_of(one.query, dialect) is plan_of(two.query, dialect)
