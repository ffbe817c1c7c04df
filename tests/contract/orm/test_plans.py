"""Plans: made once for all queries of a shape, and right for as long as they are kept."""

import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from types import FrameType
from typing import Any

import pytest

from openviper.db.compiler.plan_cache import clear, plan_count
from openviper.db.compiler.planning import plan_of
from openviper.db.connections import Database
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.query.aggregates import Count, Sum
from openviper.db.query.expressions import F, Q
from openviper.db.query.windows import Lag, Rank, Window
from tests.contract.orm.models import Author, Book, Node, Tag


@contextmanager
def calls_of(package: str) -> Iterator[list[str]]:
    """Collect the functions of a package that are called in the block, in this thread."""
    seen: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and f"/{package}/" in frame.f_code.co_filename:
            seen.append(frame.f_code.co_qualname)

    # The collector would call what watches over statements of other tests.
    gc.disable()
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        gc.enable()


@pytest.fixture
async def shelf(database: Database) -> Database:
    """Two authors and three books."""
    ann = await Author.objects.create(name="Ann", age=30)
    bob = await Author.objects.create(name="Bob", age=40)
    for title, author in (("Alpha", ann), ("Beta", ann), ("Gamma", bob)):
        await Book(title=title, author=author, price=Decimal(5)).save()
    return database


QUERIES: list[Callable[[int], Awaitable[Any]]] = [
    lambda n: Author.objects.filter(id=n),
    lambda n: Author.objects.get(name="Ann" if n == 1 else "Bob"),
    lambda n: Author.objects.filter(Q(id=n) | Q(name__icontains="z")).exclude(age=n).order_by("-name")[n : n + 2],
    lambda n: Book.objects.select_related("author").filter(author__age__gte=n).only("title", "author__name"),
    lambda n: Book.objects.filter(id__in=range(1, 4 + n % 2)).values_list("title", "price"),
    lambda n: Author.objects.annotate(n=Count("books")).filter(n__gt=n),
    lambda n: Book.objects.filter(pages__gt=n).aggregate(Sum("pages"), total=Sum(F("price") * F("pages"))),
    lambda n: Book.objects.values("author__name").annotate(n=Count("id")).filter(n__gte=n),
    lambda n: Book.objects.filter(author_id=n).count(),
    lambda n: Author.objects.filter(books__title__startswith=str(n)).exists(),
    lambda n: Author.objects.filter(id=n).union(Author.objects.filter(age__gt=n)).order_by("name")[:n],
    lambda n: Author.objects.filter(id=n).intersection(Author.objects.filter(age__gt=n)).count(),
    lambda n: Book.objects.annotate(r=Window(Rank(), "author", "title")).filter(r=n, pages__gt=n),
    lambda n: Book.objects.annotate(r=Window(Lag("pages", n, default=n), order_by="title")).values("r"),
]


@pytest.mark.parametrize("query", QUERIES)
async def test_a_known_shape_needs_no_compiler(shelf: Database, query: Callable[[int], Awaitable[Any]]) -> None:
    """The second query of a shape calls nothing of SQLAlchemy, has the same text and makes no plan (C-011l, A-65)."""
    with watch_queries() as log:
        await query(1)
        plans = plan_count(shelf.dialect)
        with calls_of("sqlalchemy") as seen:
            await query(2)

    assert seen == []
    assert plan_count(shelf.dialect) == plans
    assert log.records[0].sql == log.records[1].sql


async def test_a_new_shape_does_need_it(shelf: Database) -> None:
    """So the test above can tell."""
    clear()
    with calls_of("sqlalchemy") as seen:
        await Author.objects.filter(name__endswith="nn", age__lt=99, email=None)

    assert seen


async def test_equal_queries_share_a_plan(shelf: Database) -> None:
    """However they came about: values are no part of a shape, names and lookups are."""
    one, two = Book.objects.filter(pages=1, title="a"), Book.objects.all().filter(pages=2, title="b")
    assert plan_of(one.query, shelf.dialect) is plan_of(two.query, shelf.dialect)
    other = Book.objects.filter(pages__gt=1, title="a")
    assert plan_of(one.query, shelf.dialect) is not plan_of(other.query, shelf.dialect)


async def test_lists_of_all_sizes_are_right(shelf: Database) -> None:
    """Whatever a list has, the right rows come; a shape has few texts, if more than one."""
    books = Book.objects.order_by("id").values_list("id", flat=True)
    with watch_queries() as log:
        for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 5000, 40_000):
            keys = [3, 1, *range(1000, 1000 + size)][:size]
            assert await books.filter(id__in=keys) == sorted(key for key in keys if key < 4)
            assert await books.exclude(id__in=keys).count() == 3 - min(size, 2)

    texts = {record.sql for record in log.records}
    assert len(texts) <= (2 if shelf.dialect.features.array_parameter else 2 * 9)


async def test_every_operation_is_one_round_trip(shelf: Database) -> None:
    """A read sends one statement, whatever comes of it (C-011l)."""
    for query in QUERIES:
        async with max_queries(1) as log:
            await query(1)
        assert log.count == 1


async def test_a_plan_outlives_changes_of_the_table(shelf: Database) -> None:
    """A column that is added, or gets another type, does not disturb who has asked before."""
    await Node(name="root").save()
    nodes = Node.objects.filter(name="root").only("id", "name")
    assert [node.name for node in await nodes] == ["root"]
    words = {"postgresql": "ALTER COLUMN name TYPE", "mariadb": "MODIFY COLUMN name"}.get(shelf.dialect_name)
    retype = f"ALTER TABLE orm_node {words} text" if words else "SELECT 1"
    kept = "varchar(50) COLLATE utf8mb4_nopad_bin NOT NULL" if shelf.dialect_name == "mariadb" else "varchar(50)"
    restore = f"ALTER TABLE orm_node {words} {kept}" if words else "SELECT 1"

    await shelf.execute("ALTER TABLE orm_node ADD COLUMN extra INTEGER")
    await shelf.execute(retype)
    try:
        assert [node.name for node in await nodes] == ["root"]
        assert (await Node.objects.get(name="root")).parent_id is None
    finally:
        await shelf.execute("ALTER TABLE orm_node DROP COLUMN extra")
        await shelf.execute(restore)
    assert [node.name for node in await nodes] == ["root"]


async def test_instances_know_their_database(shelf: Database) -> None:
    """Each remembers the alias that it was read from; so do those that were read along."""
    book = await Book.objects.select_related("author").get(title="Alpha")
    assert book._origin is not None
    assert book._origin.alias == "default"
    assert book.author._origin is not None
    assert book.author._origin.alias == "default"


async def test_rows_of_a_plan_share_their_origin(shelf: Database) -> None:
    """There is one for all instances of a plan and a database, however many rows there are."""
    books = await Book.objects.all()
    assert len({id(book._origin) for book in books}) == 1
    assert await Tag.objects.all() == []
