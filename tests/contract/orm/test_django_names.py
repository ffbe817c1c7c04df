"""What those who come from Django look for by its name: alias, contains, latest, named rows, ``^``, ``|`` and ``&``."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from openviper.db import Count, Exists, F, OuterRef, Q, Sum
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.monitor import max_queries
from tests.contract.orm.models import Author, Book, Genre, Review


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> None:
    """Two authors with three books, two reviews of the first of them."""
    ann, bea = await Author.objects.bulk_create([Author(name="Ann", age=30), Author(name="Bea")])
    day = dt.date(2026, 1, 1)
    one, *_ = await Book.objects.bulk_create(
        [
            Book(author=ann, title="One", price=Decimal(1), pages=10, published=day),
            Book(author=ann, title="Two", price=Decimal(2), pages=20, genre=Genre.POETRY, published=None),
            Book(author=bea, title="Three", price=Decimal(3), pages=30, published=day + dt.timedelta(days=1)),
        ]
    )
    await Review.objects.bulk_create([Review(book=one, stars=1), Review(book=one, stars=5)])


async def titles(rows: Any) -> list[str]:
    return sorted(book.title for book in await rows)


async def test_aliases_are_named_and_not_read() -> None:
    """Conditions, orders and other expressions see them; rows do not, unless they are annotated after all."""
    rows = Author.objects.alias(n=Count("books")).alias(double=F("n") * 2).order_by("-double")
    (ann,) = await rows.filter(n__gt=1)
    assert (ann.name, hasattr(ann, "n"), hasattr(ann, "double")) == ("Ann", False, False)
    assert [one.name for one in await rows] == ["Ann", "Bea"]
    assert (await rows.annotate(more=F("double") + 1).values("name", "more"))[0] == {"name": "Ann", "more": 5}
    assert "n" not in (await rows.values())[0]
    assert await rows.filter(n=1).count() == 1
    promoted: Any = await rows.annotate(n=F("n")).first()
    assert promoted.n == 2
    assert (await rows.values("name").annotate(n=F("n")).order_by("n"))[0] == {"name": "Bea", "n": 1}
    kinds = Book.objects.values("genre").alias(n=Count("id")).filter(n__gt=1)
    assert await kinds == [{"genre": Genre.NOVEL}]
    assert await Book.objects.alias(more=F("pages") + 1).update(pages=F("more")) == 3
    assert await Book.objects.alias(pages_of_all=F("pages")).aggregate(n=Sum("pages_of_all")) == {"n": 63}
    with pytest.raises(FieldError, match="already"):
        _ = rows.alias(n=F("age"))
    with pytest.raises(FieldError, match="takes an expression"):
        _ = rows.alias(other=1)


async def test_contains() -> None:
    """An instance is one of the rows or not."""
    one = await Book.objects.get(title="One")
    assert await Book.objects.contains(one)
    async with max_queries(1):
        assert not await Book.objects.exclude(title="One").contains(one)
    assert not await Book.objects.none().contains(one)
    author = await Author.objects.prefetch_related("books").get(name="Ann")
    async with max_queries(0):
        assert await author.books.contains(one)
        assert await author.books.all().contains(one)
    with pytest.raises(TypeError, match="an instance of"):
        await Book.objects.contains(author)  # type: ignore[arg-type]  # what is meant to be refused
    with pytest.raises(ValueError, match="no key"):
        await Book.objects.contains(Book(title="x"))
    with pytest.raises(TypeError, match="slice"):
        await Book.objects.all()[:2].contains(one)


async def test_latest_and_earliest() -> None:
    """The ends of an order by fields; rows without a value are never the latest."""
    async with max_queries(1):
        assert (await Book.objects.latest("published")).title == "Three"
    assert (await Book.objects.earliest("published")).title == "One"
    assert (await Book.objects.latest("-pages")).title == "One"
    assert (await Book.objects.earliest("author__name", "-pages")).title == "Two"
    assert (await Book.objects.filter(author__name="Ann").latest("pages", "id")).title == "Two"
    assert (await Book.objects.values("title").latest("pages")) == {"title": "Three"}
    with pytest.raises(Book.DoesNotExist):
        _ = await Book.objects.filter(pages=0).latest("id")
    with pytest.raises(Book.DoesNotExist):
        _ = await Book.objects.none().earliest("id")
    wrong: tuple[Any, ...] = ((), ("?",), (1,))
    for names in wrong:
        with pytest.raises(FieldError, match="latest"):
            _ = await Book.objects.latest(*names)
    with pytest.raises(TypeError, match="slice"):
        _ = await Book.objects.all()[:1].latest("id")


async def test_named_tuples() -> None:
    """Rows have attributes of the names that were given."""
    rows = Book.objects.order_by("id").values_list("title", "author__name", "genre", named=True, more=F("pages") + 1)
    one: Any = await rows.first()
    assert one.title == "One"
    first = (await rows)[0]
    assert (first.title, first.author__name, first.genre, first.more) == ("One", "Ann", Genre.NOVEL, 11)
    assert first == ("One", "Ann", Genre.NOVEL, 11)
    assert type(first)._fields == ("title", "author__name", "genre", "more")
    assert (await Book.objects.values_list(named=True).latest("id")).title == "Three"
    assert await Book.objects.filter(id__in=Book.objects.values_list("id", named=True)).count() == 3
    groups = Book.objects.order_by("genre").values_list("genre", named=True).annotate(n=Count("id"))
    assert [(one.genre, one.n) for one in await groups] == [(Genre.NOVEL, 2), (Genre.POETRY, 1)]
    assert [one.title for one in (await Book.objects.values_list("title", named=True).paginate(1, 2)).items]
    with pytest.raises(FieldError, match="one of flat and named"):
        Book.objects.values_list("title", flat=True, named=True)  # type: ignore[call-overload]  # to be refused
    with pytest.raises(FieldError, match="duplicate"):
        await Book.objects.values_list("title", "title", named=True)


async def test_one_condition_or_the_other() -> None:
    """An odd number of the conditions holds; what NULL leaves open does not."""
    assert await titles(Book.objects.filter(Q(pages__lt=25) ^ Q(author__name="Ann"))) == []
    assert await titles(Book.objects.filter(Q(pages__lt=15) ^ Q(author__name="Ann"))) == ["Two"]
    assert await titles(Book.objects.exclude(Q(pages__lt=15) ^ Q(author__name="Ann"))) == ["One", "Three"]
    assert await titles(Book.objects.filter(~(Q(pages=10) ^ Q(pages=20)))) == ["Three"]
    three = Q(pages__gte=10) ^ Q(pages__gte=20) ^ Q(pages__gte=30)
    assert await titles(Book.objects.filter(three)) == ["One", "Three"]
    assert await titles(Book.objects.filter(Q(reviews__stars=1) ^ Q(reviews__stars=5) ^ Q(title="Two"))) == ["Two"]
    assert await titles(Book.objects.filter(Q(published__gte=dt.date(2026, 1, 1)) ^ Q(pages=30))) == ["One"]
    found = Exists(Review.objects.filter(book=OuterRef("pk")))
    assert await titles(Book.objects.filter(found ^ Q(pages=30))) == ["One", "Three"]
    assert await titles(Book.objects.filter(Q() ^ Q(pages=30))) == ["Three"]


async def test_query_sets_are_combined() -> None:
    """``|`` gives the rows of either, ``&`` those of both, in one statement."""
    low, ann = Book.objects.filter(pages__lt=15), Book.objects.filter(author__name="Ann")
    three = Book.objects.filter(title__in=["Three"]).order_by("-id")
    async with max_queries(1):
        assert [book.title for book in await (three | low)] == ["Three", "One"]
    assert await titles(low & ann) == ["One"]
    assert await titles((low | three) & ann) == ["One"]
    assert await titles(low | Book.objects.all()) == ["One", "Three", "Two"]
    assert await titles(low & Book.objects.all()) == ["One"]
    assert await titles(low | Book.objects.none()) == ["One"]
    assert await titles(Book.objects.none() | low) == ["One"]
    async with max_queries(0):
        assert await (low & Book.objects.none()) == []
        assert await (Book.objects.none() | Book.objects.none()).count() == 0
    assert await (low | three).filter(pages=30).count() == 1
    in_query = Book.objects.filter(id__in=Book.objects.filter(pages__range=(15, 25)).values("id"))
    assert await titles(low | in_query.exclude(pages=1)) == ["One", "Two"]
    assert await (low | in_query).update(pages=1) == 2


async def test_combined_calls_keep_their_own_rows() -> None:
    """Each filter() means rows of its own behind a relation, on both sides."""
    both = Book.objects.filter(reviews__stars=1).filter(reviews__stars=5)
    assert await titles(both | Book.objects.filter(title="Two")) == ["One", "Two"]
    same = Book.objects.filter(reviews__stars=1, reviews__book__reviews__stars=5)
    assert await titles(same & both) == ["One"]
    one_row = Book.objects.filter(Q(reviews__stars=1) & Q(reviews__stars=5))
    assert await titles(one_row | Book.objects.filter(title="Two")) == ["Two"]


async def test_what_cannot_be_combined() -> None:
    """Slices, other models, other columns, groups, annotations that differ, other databases."""
    rows = Book.objects.filter(pages=10)
    annotated = Book.objects.annotate(n=F("pages") + 1)
    assert await (annotated.filter(n=11) | annotated.filter(n__gt=30)).count() == 2
    others: list[Any] = [
        rows[:1],
        Author.objects.all(),
        Book.objects.annotate(n=F("pages") + 1),
        rows.distinct(),
        rows.using("other"),
    ]
    for other in others:
        with pytest.raises(FieldError):
            _ = rows | other
        with pytest.raises(FieldError):
            _ = rows & other
    with pytest.raises(FieldError, match="'n'"):
        _ = annotated | Book.objects.annotate(n=F("pages") + 2)
    values: Any = rows.values("title")
    with pytest.raises(FieldError):
        _ = values | rows.values("pages")
    nothing: Any = Q(pages=1)
    with pytest.raises(TypeError, match="Q"):
        _ = rows | nothing
