"""Paths through relations in conditions: which rows they mean, and what is refused."""

import asyncio
import contextlib
import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as explorations
from hypothesis import strategies as st

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.monitor import max_queries
from openviper.db.query.expressions import Exists, F, OuterRef, Q
from tests.contract.orm.models import Author, Book, Country, Profile, Review


@pytest.fixture
async def shop(database: Database) -> Database:
    """Two authors with books and reviews, one without."""
    country = await Country.objects.create(code="NO", name="Norway")
    ann = await Author.objects.create(name="Ann", age=40, country=country)
    bob = await Author.objects.create(name="Bob", age=None)
    await Author.objects.bulk_create([Author(name="Cleo", age=30)])
    await Profile.objects.bulk_create([Profile(author=ann, bio="Writes at night.")])
    north = await Book.objects.create(author=ann, title="North", pages=100, price=Decimal(5), editor=bob)
    await Book.objects.bulk_create([Book(author=ann, title="South", pages=300, price=Decimal(20))])
    east = await Book.objects.create(author=bob, title="East", pages=200, price=Decimal(20), editor=ann)
    reviews = [(north, 5, "good"), (north, 1, "bad"), (east, 3, "good")]
    await Review.objects.bulk_create([Review(book=book, stars=stars, text=text) for book, stars, text in reviews])
    return database


async def authors(*conditions: Any, **lookups: Any) -> str:
    """Give the first letters of the authors that meet a condition."""
    names = await Author.objects.filter(*conditions, **lookups).values_list("name", flat=True)
    return "".join(sorted(name[0] for name in names))


async def books(*conditions: Any, **lookups: Any) -> str:
    """Give the first letters of the books that meet a condition."""
    names = await Book.objects.filter(*conditions, **lookups).values_list("title", flat=True)
    return "".join(sorted(name[0] for name in names))


async def test_single_relations_are_followed(shop: Database) -> None:
    """A path may go through references, and backwards where one row refers to one."""
    assert await books(author__name="Ann") == "NS"
    assert await books(author__country__name__startswith="Nor") == "NS"
    assert await books(author__country="NO") == "NS"
    assert await books(author__country__code="NO") == "NS"
    assert await books(author__profile__bio__contains="night") == "NS"
    assert await books(author__profile__isnull=True) == "E"
    assert await authors(profile__bio__icontains="NIGHT") == "A"
    assert await books(editor__isnull=True) == "S"
    assert await books(editor__age__isnull=True) == "NS"
    assert await books(editor__name__gt="A") == "EN"


async def test_instances_stand_for_their_keys(shop: Database) -> None:
    """A reference is compared with an instance, a key, a list of both, or a query set."""
    ann = await Author.objects.get(name="Ann")
    bob = await Author.objects.get(name="Bob")

    assert await books(author=ann) == "NS"
    assert await books(author=ann.pk) == "NS"
    assert await books(author_id=ann.pk) == "NS"
    assert await books(author__pk=str(ann.pk)) == "NS"
    assert await books(author__in=[ann, bob.pk]) == "ENS"
    assert await books(author__in=Author.objects.filter(age=40)) == "NS"
    assert await books(author__name__in=Author.objects.filter(age=40).values_list("name", flat=True)) == "NS"
    assert await authors(books=await Book.objects.get(title="East")) == "B"
    assert await authors(pk=ann) == "A"


async def test_what_is_no_instance_of_the_target_is_refused(shop: Database) -> None:
    """An instance of another model, or one without a key, would never be found, so it is an error."""
    book = await Book.objects.get(title="East")

    with pytest.raises(FieldError, match="an instance of Book is given where one of Author is meant"):
        await books(author=book)
    with pytest.raises(FieldError, match="not saved yet"):
        await books(author__in=[Author(name="New")])
    with pytest.raises(FieldError, match="stands for no value here"):
        await books(title=book)


async def test_many_rows_never_repeat_a_row(shop: Database) -> None:
    """A relation to many rows asks whether there is one that fits; a row comes once (C-011d)."""
    assert await authors(books__pages__gt=50) == "AB"
    assert await Author.objects.filter(books__pages__gt=50).count() == 2
    assert await authors(books__reviews__stars__gte=1) == "AB"
    assert await authors(edited__author__name="Ann") == "B"


async def test_one_filter_means_one_row(shop: Database) -> None:
    """Conditions of one filter() are met by one and the same row; those of two calls may be met by two (C-011d)."""
    assert await authors(books__pages=100, books__price=20) == ""
    assert await authors(Q(books__pages=100), Q(books__price=20)) == ""
    assert await authors(books__pages=100, books__price=5, name="Ann") == "A"
    two = Author.objects.filter(books__pages=100).filter(books__price=20)
    assert await two.values_list("name", flat=True) == ["Ann"]
    assert await authors(books__reviews__stars=5, books__reviews__text="bad") == ""
    assert await authors(books__title="North", books__reviews__stars=5, books__reviews__text="good") == "A"
    assert await authors(Q(books__pages=100) | Q(books__pages=200), books__price=20) == "B"


async def test_exclusion_asks_that_there_is_no_such_row(shop: Database) -> None:
    """Excluding by a relation leaves rows for which nothing fits, and those that have nothing."""
    assert await authors(~Q(books__pages=100)) == "BC"
    assert await authors(~Q(books__pages=100, books__price=20)) == "ABC"
    assert await authors(~Q(books__isnull=True)) == "AB"
    assert await authors(books__isnull=True) == "C"
    assert await authors(books=None) == "C"
    assert await authors(books__isnull=False, books__pages=300) == "A"
    assert await authors(~Q(books__reviews__text="bad")) == "BC"


async def test_exclusion_counts_null_as_no(shop: Database) -> None:
    """A row without a value is not equal to any, less than none and in no list, so it is left (C-011c)."""
    assert await authors(~Q(age=40)) == "BC"
    assert await authors(~Q(age__lt=35)) == "AB"
    assert await authors(~Q(age__in=[40])) == "BC"
    assert await authors(~Q(age__in=[])) == "ABC"
    assert await authors(~Q(age__range=(35, 45))) == "BC"
    assert await authors(~Q(country__name="Norway")) == "BC"
    assert await authors(~Q(country__name__contains="o")) == "BC"
    assert await authors(~Q(~Q(age=40))) == "A"
    assert await authors(~(Q(age=40) | Q(age=None))) == "C"
    assert await authors(~Q(age=F("pk"))) == "ABC"
    assert await books(~Q(editor__in=Author.objects.filter(name="Bob"))) == "ES"
    assert await authors(~Q(pk__in=Book.objects.values_list("editor", flat=True))) == "C"


async def test_rows_compare_with_themselves(shop: Database) -> None:
    """A field is compared with another one of the same kind, of another row too."""
    assert await books(pages__gt=F("price")) == "ENS"
    assert await books(pages__lt=F("price") * 11) == "E"
    assert await books(author__age__gt=F("editor__age")) == ""
    assert await books(title__gt=F("author__name")) == "ENS"
    assert await authors(books__pages__gt=F("age") * 5) == "A"
    assert await books(pages__range=(F("price"), 150)) == "N"


async def test_huge_lists_find_their_rows(shop: Database) -> None:
    """A list may be longer than a statement may have parameters; it stays one query."""
    many = list(range(100_000))
    async with max_queries(1):
        assert await authors(pk__in=many) == "ABC"
    assert await authors(name__in=[*map(str, many), "Ann"]) == "A"
    assert await authors(~Q(pk__in=many)) == ""
    assert await authors(pk__in=[1, *range(10, 40)]) == "A"


async def test_conditions_on_relations_choose_what_is_written(shop: Database) -> None:
    """Update and delete take the conditions that reading takes, through references and back."""
    assert await Author.objects.filter(books__pages=200).update(age=1) == 1
    assert await Author.objects.filter(country__name="Norway").update(age=F("age") + 1) == 1
    assert await Book.objects.filter(author__profile__isnull=False, pages__gt=200).delete() == 1
    assert await authors(age=41) == "A"
    assert await Review.objects.exclude(book__author__name="Ann").delete() == 1


async def test_row_around_is_known_within_relations_of_a_subquery(shop: Database) -> None:
    """OuterRef means the row around the subquery, also beside rows of a relation."""
    reviewed = Book.objects.filter(author=OuterRef("pk"), reviews__stars__lt=OuterRef("age"), reviews__text="bad")
    assert await authors(Exists(reviewed)) == "A"
    assert await authors(~Exists(reviewed)) == "BC"
    nested = Author.objects.filter(Exists(Book.objects.filter(author=OuterRef("pk"), editor__name=OuterRef("name"))))
    assert await nested.count() == 0
    assert await authors(books__in=Book.objects.filter(reviews__stars__gte=F("author__profile__id"))) == "A"


async def test_lists_of_queries_that_look_out_are_excluded(shop: Database) -> None:
    """What is not among the rows of a subquery may depend on the row around it; NULL among them counts as nothing."""
    titles = Book.objects.filter(author=OuterRef("pk"), title=OuterRef("country__name"))
    assert await authors(~Q(name__in=titles.values("title"))) == "ABC"
    edited = Book.objects.filter(editor=OuterRef("pk")).distinct().values("author")
    assert await authors(~Q(pk__in=edited)) == "ABC"
    ages = Author.objects.filter(Q(pk=OuterRef("pk")) | Q(name="Bob")).values("age")
    assert await authors(~Q(age__in=ages)) == "B"
    assert await authors(~Q(age__in=ages, name="Ann")) == "BC"


class Colour(enum.Enum):
    """An enum that has nothing to do with any field."""

    RED = "red"


@pytest.mark.parametrize(
    ("lookups", "message"),
    [
        ({"nme": 1}, r"has no field 'nme' \(did you mean 'name'\?\); there are"),
        ({"name__contain": 1}, r"lookup there \(did you mean 'contains'\?\); lookups"),
        ({"name__foo": 1}, "asks for 'foo'.*lookups of orm.Author.name are exact"),
        ({"name__exact__in": []}, "asks for 'exact'"),
        ({"books__titel": 1}, "fields of orm.Book are id, author"),
        ({"country__nam": 1}, r"\(did you mean 'name'\?\); fields of orm.Country are code, name"),
        ({"age": "x"}, "age: 'x' is no whole number"),
        ({"age": 2**31}, "age: 2147483648 is not between"),
        ({"age": 1.5}, "no whole number"),
        ({"age": True}, "no whole number"),
        ({"age": [1]}, "no whole number"),
        ({"age__gt": None}, "is given None"),
        ({"age__in": "12"}, "takes a list"),
        ({"age__in": 5}, "takes a list"),
        ({"age__in": [1, None]}, "None is equal to nothing"),
        ({"age__in": [1, "x"]}, "'x' is no whole number"),
        ({"age__isnull": 1}, "takes True or False"),
        ({"age__range": (1, 2, 3)}, "takes the first and the last"),
        ({"age__range": (1, None)}, "is given None"),
        ({"age__contains": 1}, "asks for 'contains'"),
        ({"name": 5}, "is of type int, not a text"),
        ({"name__contains": 5}, "is of type int, not a text"),
        ({"name": "a\0b"}, "Null characters"),
        ({"name__startswith": "\ud800"}, "half of a pair"),
        ({"name": Colour.RED}, None),
        ({"name__regex": "("}, "regular expression"),
        ({"name__regex": "(a+)+$"}, "regular expression|exponential|repeat"),
        ({"age": F("name")}, "compares number with name, which is text"),
        ({"name__contains": F("age")}, "which is no text"),
        ({"books__author__books__author__books__author__books": 1}, "more than 5 relations"),
        ({"country__name__isnull": "yes"}, "takes True or False"),
        ({"books__isnull": 0}, "takes True or False"),
        ({"pk": object}, "no whole number"),
        ({"name__year": 1}, "asks for 'year'"),
        ({"name; DROP TABLE orm_author": 1}, "has no field"),
        ({"age__in": Author.objects.values_list("name", flat=True)}, "compares number"),
        ({"age__gt": F("nothing")}, "has no field 'nothing'"),
        ({"name": F("books__title")}, None),
    ],
    ids=str,
)
async def test_questions_that_make_no_sense_are_refused(
    sqlite: Database, lookups: Mapping[str, Any], message: str | None
) -> None:
    """A wrong name, lookup or value is an error that says what would be right, and never no rows (C-011b)."""
    if message is None:
        assert await authors(**lookups) == ""
        return
    with pytest.raises(FieldError, match=message):
        await authors(**lookups)


# Names that exist beside any text, so that the search does not end at the first name.
NAMES = st.sampled_from(
    ["name", "age", "books", "country", "pk", "id", "in", "gt", "contains", "isnull", "range", "year", ""]
)
KEYS = st.lists(st.one_of(NAMES, st.text(max_size=8)), min_size=1, max_size=4).map("__".join)
OPERANDS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
    st.binary(max_size=4),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.none()), max_size=3),
    st.tuples(st.integers(), st.integers()),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
    st.datetimes(),
    st.decimals(),
    st.just(Author(name="x")),
    st.just(F("age")),
    st.text(max_size=10).map(F),
)


async def test_any_question_has_an_answer_or_is_refused_on_sqlite(sqlite: Database) -> None:
    """Whatever name, lookup and value a client sends: rows come, or a FieldError, never one of the engine (C-011b)."""
    await explore_questions(400)


async def test_any_question_has_an_answer_or_is_refused_on_postgresql(postgres: Database) -> None:
    """The same there (C-011b)."""
    await explore_questions(150)


async def explore_questions(examples: int) -> None:
    """Let hypothesis, which does not wait, ask the loop of this test from a thread."""
    loop = asyncio.get_running_loop()

    async def ask(key: str, value: object) -> None:
        with contextlib.suppress(FieldError):
            await Author.objects.filter(**{key: value})
        with contextlib.suppress(FieldError):
            await Author.objects.exclude(**{key: value}).order_by(key)

    @explorations(max_examples=examples, deadline=None, database=None)
    @given(key=KEYS, value=OPERANDS)
    def explore(key: str, value: object) -> None:
        asyncio.run_coroutine_threadsafe(ask(key, value), loop).result()

    await asyncio.to_thread(explore)
