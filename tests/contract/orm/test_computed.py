"""Expressions in instances: what the engine computes when they are saved, so that nothing is lost between tasks."""

import asyncio
from collections.abc import Collection
from decimal import Decimal

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, ModelValidationError, NotLoadedError
from openviper.db.monitor import max_queries
from openviper.db.query.expressions import Expression, F, OuterRef, Subquery
from openviper.db.query.functions import Upper
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Tag


async def make_books(*titles: str) -> list[Book]:
    author = await Author.objects.create(name="Ann", age=30)
    return await Book.objects.bulk_create(
        [Book(author=author, title=title, pages=10 * place) for place, title in enumerate(titles, start=1)]
    )


def compute(record: object, **expressions: Expression) -> None:
    """Assign expressions to several fields."""
    for name, one in expressions.items():
        setattr(record, name, one)


async def test_save_computes_with_the_row(database: Database) -> None:
    """One statement, which sees what others have stored; the attribute has to be awaited afterwards."""
    (book,) = await make_books("a")
    await Book.objects.filter(pk=book.pk).update(pages=100)
    compute(book, pages=F("pages") + 1, title=Upper("title"))
    book.price = Decimal("2.50")
    assert {"title", "price", "pages"} <= set(book.changed_fields())
    async with max_queries(1):
        await book.save()
    with pytest.raises(NotLoadedError, match="pages"):
        _ = book.pages
    async with max_queries(1):
        assert (await book).pages == 101
    assert (book.title, book.price, book.changed_fields()) == ("A", Decimal("2.50"), ())
    async with max_queries(0):
        await book.save(update_fields=[])
    changed = book.changed
    compute(book, pages=F("pages") * 2)
    async with max_queries(1):
        await book.save(update_fields=["pages"])
    assert (await book).pages == 202
    assert book.changed == changed
    compute(book, pages=F("pages") - 2)
    await book.save()
    assert book.changed > changed


class Careful(Book):
    """A book whose author looks at it before it is stored; its table is that of the book."""

    class Meta:
        proxy = True

    def clean(self) -> None:
        """Look at every field."""
        seen.append((self.pages, self.title))
        super().clean()

    def clean_fields(self, exclude: Collection[str] = ()) -> None:
        """Note which fields are cleaned."""
        seen.append(tuple(exclude))
        super().clean_fields(exclude)


seen: list[object] = []


async def test_methods_of_the_author_see_the_expression(database: Database) -> None:
    """Cleaning leaves it out and runs once, and clean() finds in the attribute what was assigned."""
    (book,) = await make_books("a")
    careful = await Careful.objects.get(pk=book.pk)
    seen.clear()
    more = F("pages") + 1
    compute(careful, pages=more)
    await careful.save()
    assert seen == [("pages",), (more, "a")]
    assert (await careful).pages == 11


async def test_many_tasks_count_with_instances(database: Database) -> None:
    """None of their additions is lost."""
    (book,) = await make_books("a")

    async def add() -> None:
        own = await Book.objects.get(pk=book.pk)
        compute(own, pages=F("pages") + 1)
        await own.save()

    await asyncio.gather(*(add() for _ in range(20)))
    assert (await Book.objects.get(pk=book.pk)).pages == 30


async def test_failures_leave_the_expression(database: Database) -> None:
    """What is refused, what is rolled back and a row that is gone leave the instance as it was."""
    (book,) = await make_books("a")
    wrong = Upper("title")
    compute(book, pages=wrong)
    with pytest.raises(FieldError, match="pages"):
        await book.save()
    assert vars(book)["pages"] is wrong
    more = F("pages") + 1
    compute(book, pages=more)
    book.title = "x" * 300
    with pytest.raises(ModelValidationError) as caught:
        await book.save()
    assert set(caught.value.errors) == {"title"}
    book.title = "a"
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await book.save()
            raise ZeroDivisionError
    assert vars(book)["pages"] is more
    await book.save()
    assert (await book).pages == 11
    compute(book, pages=more)
    await Book.objects.filter(pk=book.pk).delete()
    with pytest.raises(Book.DoesNotExist):
        await book.save()
    assert vars(book)["pages"] is more


async def test_new_rows_take_no_expressions(database: Database) -> None:
    """There is no row yet to compute with."""
    with pytest.raises(ModelValidationError) as caught:
        _ = await Author.objects.create(name="Ann", age=F("age"))
    assert set(caught.value.errors) == {"age"}


async def test_update_or_create_computes(database: Database) -> None:
    """Where there is a row, it gets what is computed of it."""
    await make_books("a")
    found, is_new = await Book.objects.update_or_create(defaults={"pages": F("pages") + 5}, title="a")
    assert (is_new, (await found).pages) == (False, 15)


async def test_bulk_update_computes(database: Database) -> None:
    """A statement for those that are set to the same, before those whose values are known."""
    books = await make_books("a", "b", "c", "d")
    for book in books[:3]:
        compute(book, pages=F("pages") + 1, price=F("pages"))
    books[1].price = Decimal(7)
    books[3].pages = 1
    books[3].price = Decimal(8)
    assert await Book.objects.bulk_update(books, ["pages", "price"]) == 4
    assert await Book.objects.order_by("id").values_list("pages", "price") == [
        (11, 10), (21, 7), (31, 30), (1, 8)
    ]  # fmt: skip
    assert not books[3].has_changed
    assert not books[1].has_changed
    assert (await books[1]).pages == 21
    above = Author.objects.filter(pk=OuterRef("author_id")).values_list("age", flat=True)
    compute(books[0], pages=Subquery(above))
    books[1].pages = -1
    books[2].title = "x" * 300
    with pytest.raises(ModelValidationError, match="Item 3"):
        await Book.objects.bulk_update(books, ["pages", "title"])
    assert isinstance(vars(books[0])["pages"], Subquery)
    assert await Book.objects.order_by("id").values_list("pages", flat=True) == [11, 21, 31, 1]
    for book in books[:3]:
        compute(book, pages=F("pages") * 2)
    assert await Book.objects.bulk_update(books[:3], ["pages"], batch_size=1) == 3
    assert await Book.objects.order_by("id").values_list("pages", flat=True) == [22, 42, 62, 1]


async def test_keys_that_python_makes(database: Database) -> None:
    """The row is found by a key of any type."""
    tag = await Tag.objects.create(word="a")
    compute(tag, word=Upper("word"))
    await tag.save()
    assert (await Tag.objects.get(pk=tag.pk)).word == "A"
