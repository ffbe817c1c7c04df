"""Pages: by number and by cursor, in any order, while rows come and go."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, InvalidCursorError, InvalidPageError, PageNotFoundError
from openviper.db.manager import QuerySet
from openviper.db.models import Count, F, Model, Value
from openviper.db.monitor import max_queries
from openviper.db.pagination import MAX_PAGE_SIZE
from tests.contract.orm.models import Author, Book, Everything, Node


async def make_nodes(count: int) -> None:
    await Node.objects.bulk_create([Node(name=f"n{number:03}") for number in range(count)])


async def test_pages_by_number(database: Database) -> None:
    """Every row is on one page, and each page knows where it stands."""
    await make_nodes(5)
    rows = Node.objects.order_by("name")

    pages = [await rows.paginate(number, 2) for number in (1, 2, 3)]

    assert [[node.name for node in page] for page in pages] == [["n000", "n001"], ["n002", "n003"], ["n004"]]
    assert [page.number for page in pages] == [1, 2, 3]
    assert [page.total_count for page in pages] == [5, 5, 5]
    assert [page.num_pages for page in pages] == [3, 3, 3]
    assert [page.has_next for page in pages] == [True, True, False]
    assert [page.has_previous for page in pages] == [False, True, True]
    assert [page.next_page_number for page in pages] == [2, 3, None]


async def test_rows_are_counted_only_where_they_must_be(database: Database) -> None:
    """A last page tells how many rows there are; another one takes a second query."""
    await make_nodes(5)

    async with max_queries(2):
        await Node.objects.paginate(1, 2)
    async with max_queries(1):
        assert (await Node.objects.paginate(3, 2)).total_count == 5
    async with max_queries(1):
        assert (await Node.objects.paginate()).total_count == 5


async def test_no_rows(database: Database) -> None:
    """The first page is there without rows too, and no other."""
    async with max_queries(1):
        page = await Node.objects.paginate()

    assert (page.items, page.total_count, page.num_pages, page.has_next) == ([], 0, 1, False)
    assert (page.next_cursor, page.previous_cursor) == (None, None)
    assert (await Node.objects.none().paginate()).items == []
    with pytest.raises(PageNotFoundError, match="the last one is 1"):
        await Node.objects.paginate(2)


async def test_page_beyond_the_last(database: Database) -> None:
    """A page that is not there is a 404 which names the last one."""
    await make_nodes(4)

    with pytest.raises(PageNotFoundError, match="no page 3; the last one is 2") as caught:
        await Node.objects.paginate(3, 2)
    assert caught.value.status_code == 404
    with pytest.raises(PageNotFoundError, match="no page 99; the last one is 2"):
        await Node.objects.paginate(99, 2)
    with pytest.raises(PageNotFoundError):
        await Node.objects.paginate(10**40, 2)


@pytest.mark.parametrize(
    ("number", "size"), [(0, 5), (-1, 5), ("1", 5), (True, 5), (1, 0), (1, -5), (1, MAX_PAGE_SIZE + 1), (1, None)]
)
async def test_no_page(database: Database, number: Any, size: Any) -> None:
    """What is no number of a page, or no size of one, is a 400 before anything is sent."""
    async with max_queries(0):
        with pytest.raises(InvalidPageError) as caught:
            await Node.objects.paginate(number, size)

    assert caught.value.status_code == 400


async def test_rows_without_an_order_have_one(database: Database) -> None:
    """Pages of rows that are equal otherwise go by the primary key, so none is seen twice."""
    await Node.objects.bulk_create([Node(name="same") for _ in range(10)])
    rows = Node.objects.order_by("name")

    seen = [node.id for number in range(1, 5) for node in await rows.paginate(number, 3)]

    assert seen == sorted(seen)
    assert len(set(seen)) == 10


async def test_walk_by_cursors(database: Database) -> None:
    """Cursors lead through all rows forwards and back again, with one query a page and nothing counted."""
    await make_nodes(7)
    rows = Node.objects.order_by("-name")

    page = await rows.paginate(1, 3)
    seen = [[node.name for node in page]]
    while page.next_cursor is not None:
        async with max_queries(1):
            page = await rows.paginate(page_size=3, cursor=page.next_cursor)
        assert (page.number, page.total_count, page.num_pages) == (None, None, None)
        seen.append([node.name for node in page])
    assert seen == [["n006", "n005", "n004"], ["n003", "n002", "n001"], ["n000"]]

    back = []
    while page.previous_cursor is not None:
        page = await rows.paginate(page_size=3, cursor=page.previous_cursor)
        assert page.has_next
        back.append([node.name for node in page])
    assert back == [["n003", "n002", "n001"], ["n006", "n005", "n004"]]
    assert not page.has_previous


async def test_rows_that_come_and_go(database: Database) -> None:
    """With cursors nothing is shifted by rows that were added or deleted before them (C-011k)."""
    await make_nodes(6)
    rows = Node.objects.order_by("name")
    page = await rows.paginate(1, 2)

    await Node(name="aaa").save()
    await database.execute("DELETE FROM orm_node WHERE name = 'n001'")
    page = await rows.paginate(page_size=2, cursor=page.next_cursor)

    assert [node.name for node in page] == ["n002", "n003"]


ORDERS = st.lists(
    st.sampled_from(
        [
            "number",
            "-number",
            "word",
            "-word",
            "amount",
            "-amount",
            "moment",
            "-day",
            F("number").asc(nulls_first=True),
            F("number").asc(nulls_last=True),
            F("number").desc(nulls_first=True),
            F("word").desc(nulls_last=True),
            F("number") + F("small"),
            "token",
            "-flag",
            "span",
            "ratio",
            "pk",
            "-id",
        ]
    ),
    max_size=3,
)
ROWS: st.SearchStrategy[list[dict[str, object]]] = st.lists(
    st.builds(
        dict,
        number=st.sampled_from([None, 1, 2]),
        small=st.sampled_from([None, 1, 2]),
        word=st.sampled_from([None, "a", "ä", "B"]),
        amount=st.sampled_from([None, Decimal("1.500"), Decimal(-2)]),
        moment=st.sampled_from(
            [None, dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, 1, tzinfo=dt.UTC)]
        ),
        day=st.sampled_from([None, dt.date(2024, 1, 1), dt.date(2023, 1, 1)]),
        span=st.sampled_from([None, dt.timedelta(1), dt.timedelta(-1)]),
        ratio=st.sampled_from([None, 0.1, -2.5]),
        token=st.sampled_from([None, "00000000-0000-0000-0000-000000000001"]),
        flag=st.sampled_from([None, True, False]),
    ),
    max_size=9,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDERS, ROWS, st.integers(1, 4))
async def test_every_order_has_its_pages(
    database: Database, orders: list[Any], rows: list[dict[str, object]], size: int
) -> None:
    """Whatever rows are sorted by, with NULL and in mixed directions: cursors show each of them once, in order."""
    await database.execute("DELETE FROM orm_everything")
    await Everything.objects.bulk_create([Everything(**row) for row in rows])
    query: QuerySet[Everything] = Everything.objects.order_by(*orders)
    expected = [row.id for number in range(1, len(rows) // size + 2) for row in await numbered(query, number, size)]

    page = await query.paginate(1, size)
    seen = [row.id for row in page]
    while page.next_cursor is not None:
        page = await query.paginate(page_size=size, cursor=page.next_cursor)
        seen += [row.id for row in page]
    back = [row.id for row in page]
    while page.previous_cursor is not None:
        page = await query.paginate(page_size=size, cursor=page.previous_cursor)
        back = [*(row.id for row in page), *back]

    assert seen == back == expected
    assert len(set(seen)) == len(rows)


async def numbered(query: QuerySet[Everything], number: int, size: int) -> list[Everything]:
    try:
        return (await query.paginate(number, size)).items
    except PageNotFoundError:
        return []


async def make_books() -> None:
    for name, titles in {"Cid": "x", "Ann": "ab", "Bob": ""}.items():
        author = await Author.objects.create(name=name)
        await Book.objects.bulk_create([Book(author=author, title=title) for title in titles])


async def test_order_through_a_relation(database: Database) -> None:
    """What rows are sorted by need not be a field of theirs, and does not stay on the instances."""
    await make_books()
    rows = Book.objects.order_by("author__name", "-title")

    first = await rows.paginate(1, 2)
    second = await rows.paginate(page_size=2, cursor=first.next_cursor)

    assert [book.title for book in [*first, *second]] == ["b", "a", "x"]
    assert not [name for name in vars(first[0]) if name.startswith("_order")]


async def test_order_by_an_annotation(database: Database) -> None:
    """What is computed for a row is something to sort by."""
    await make_books()
    rows = Author.objects.annotate(number=Count("books")).order_by("-number")

    first = await rows.paginate(1, 2)
    second = await rows.paginate(page_size=2, cursor=first.next_cursor)

    assert [author.name for author in [*first, *second]] == ["Ann", "Cid", "Bob"]


async def test_order_by_what_was_left_out(database: Database) -> None:
    """Fields that only() leaves out can be sorted by."""
    await make_nodes(4)
    rows = Node.objects.only("parent").order_by("-name")

    first = await rows.paginate(1, 2)
    second = await rows.paginate(page_size=2, cursor=first.next_cursor)

    assert [node.id for node in [*first, *second]] == sorted((node.id for node in [*first, *second]), reverse=True)


async def test_order_by_a_reference(database: Database) -> None:
    """Rows may be sorted by what they refer to."""
    root = await Node.objects.create(name="root")
    await Node.objects.bulk_create([Node(name=f"{number}", parent=root) for number in range(3)])
    rows = Node.objects.order_by("-parent", "name")

    first = await rows.paginate(1, 2)
    second = await rows.paginate(page_size=2, cursor=first.next_cursor)

    assert {node.name for node in [*first, *second]} == {"root", "0", "1", "2"}


async def test_filters_and_joins_stay(database: Database) -> None:
    """Pages are of the rows that are asked for, with all that is read along."""
    await make_books()
    rows = (
        Book.objects.filter(author__name="Ann").order_by("title").select_related("author").prefetch_related("reviews")
    )

    first = await rows.paginate(1, 1)
    async with max_queries(2):
        second = await rows.paginate(page_size=1, cursor=first.next_cursor)
        assert [(book.title, book.author.name, len(book.reviews)) for book in second] == [("b", "Ann", 0)]
    assert not second.has_next


async def test_pages_of_dicts(database: Database) -> None:
    """values() has pages and cursors as well, and shows nothing that was not asked for."""
    await make_books()
    rows = Book.objects.order_by("author__name", "title").values("title")

    first = await rows.paginate(1, 2)
    second = await rows.paginate(page_size=2, cursor=first.next_cursor)

    assert first.items == [{"title": "a"}, {"title": "b"}]
    assert second.items == [{"title": "x"}]
    assert (first.total_count, second.has_previous) == (3, True)


async def test_pages_of_what_has_no_cursor(database: Database) -> None:
    """Tuples, single values, groups and distinct dicts have pages by number."""
    await make_books()

    titles = await Book.objects.order_by("title").values_list("title", flat=True).paginate(1, 2)
    groups = await Book.objects.values("author").annotate(number=Count("id")).order_by("-number").paginate(1, 1)
    words = await Book.objects.values("pages").distinct().paginate(1, 1)

    assert (titles.items, titles.total_count, titles.next_cursor) == (["a", "b"], 3, None)
    assert ([row["number"] for row in groups], groups.total_count) == ([2], 2)
    assert (len(words.items), words.total_count) == (1, 1)
    with pytest.raises(FieldError, match="cursors"):
        await Book.objects.values_list("title").paginate(cursor="x")


@pytest.mark.parametrize("cursor", ["", "x", "AAAA" * 20, "'; DROP TABLE orm_node; --"])
async def test_cursor_that_is_none(database: Database, cursor: str) -> None:
    """What a client makes up is a 400, and nothing is sent (C-011k)."""
    async with max_queries(0):
        with pytest.raises(InvalidCursorError) as caught:
            await Node.objects.paginate(cursor=cursor)

    assert caught.value.status_code == 400


async def test_cursor_of_other_rows(database: Database) -> None:
    """A cursor fits its order and its model only."""
    await make_nodes(4)
    cursor = (await Node.objects.order_by("name").paginate(1, 2)).next_cursor

    for rows in (Node.objects.order_by("-name"), Node.objects.order_by("id"), Author.objects.order_by("name")):
        with pytest.raises(InvalidCursorError):
            await page_of(rows, cursor)
    assert len(await Node.objects.filter(name__gt="n002").order_by("name").paginate(cursor=cursor)) == 1


async def test_cursor_of_other_values(database: Database) -> None:
    """The values of an order are a part of it, where they stand in the query is not; nor are other annotations."""
    await make_nodes(4)

    def by(value: int) -> QuerySet[Node]:
        return Node.objects.order_by(F("id") * Value(value))

    def named(value: int) -> QuerySet[Node]:
        return Node.objects.annotate(place=F("id") * Value(value)).order_by("place")

    for sort in (by, named):
        cursor = (await sort(2).paginate(1, 2)).next_cursor
        with pytest.raises(InvalidCursorError):
            await page_of(sort(-1), cursor)
        for rows in (sort(2), sort(2).filter(name__gt=""), sort(2).annotate(other=Value(1))):
            assert [node.name for node in await rows.paginate(cursor=cursor)] == ["n002", "n003"]
    before = Node.objects.filter(name__gt="").annotate(place=F("id") * Value(2)).order_by("place")
    cursor = (await before.paginate(1, 2)).next_cursor
    assert [node.name for node in await named(2).paginate(cursor=cursor)] == ["n002", "n003"]


async def page_of(rows: QuerySet[Any], cursor: str | None) -> list[Model]:
    return (await rows.paginate(cursor=cursor)).items


async def test_number_and_cursor(database: Database) -> None:
    """Both at once contradict each other."""
    with pytest.raises(InvalidPageError, match="not both"):
        await Node.objects.paginate(2, cursor="x")


async def test_orders_without_pages(database: Database) -> None:
    """Chance has no pages, and neither has a slice."""
    with pytest.raises(FieldError, match="chance"):
        await Node.objects.order_by("?").paginate()
    with pytest.raises(TypeError, match="slice"):
        await Node.objects.all()[:5].paginate()


async def test_page_can_be_iterated(database: Database) -> None:
    """A page is used like its items."""
    await make_nodes(3)

    page = await Node.objects.order_by("name").paginate(1, 2)

    assert [node.name for node in page] == ["n000", "n001"]
    assert (len(page), page[1].name) == (2, "n001")
