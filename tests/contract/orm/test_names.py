"""Names that a client may have chosen: wherever a query takes one, it is a name that exists or an error."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as explorations
from hypothesis import strategies as st

from openviper.db import Count, F, Sum, Value, functions
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, ModelValidationError
from openviper.db.monitor import watch_queries
from tests.contract.db.engines import Engine
from tests.contract.orm.models import Author, Book
from tests.contract.orm.shelf import fill_shelf

# A file and the memory are one engine here, and there are many cases.
each = pytest.mark.parametrize("engine", ["sqlite-file", "postgresql", "mariadb"], indirect=True)

#: Every place of a query in which a name may stand.
PLACES: Final[dict[str, Callable[[str], Awaitable[Any]]]] = {
    "filter": lambda name: Book.objects.filter(**{name: "x"}),
    "exclude": lambda name: Book.objects.exclude(**{name: "x"}),
    "get": lambda name: Book.objects.get_or_none(**{name: "x"}),
    "lookup": lambda name: Book.objects.filter(**{f"title__{name}": "x"}),
    "F": lambda name: Book.objects.filter(title=F(name)),
    "order_by": Book.objects.order_by,
    "order_by F": lambda name: Book.objects.order_by(F(name).desc(nulls_last=True)),
    "only": Book.objects.only,
    "defer": Book.objects.defer,
    "select_related": Book.objects.select_related,
    "prefetch_related": Book.objects.prefetch_related,
    "values": Book.objects.values,
    "values_list": lambda name: Book.objects.values_list(name, flat=True),
    "values name": lambda name: Book.objects.values(**{name: Value(1)}),
    "annotate": lambda name: Book.objects.annotate(n=F(name)),
    "annotate name": lambda name: Book.objects.annotate(**{name: Value(1)}).filter(**{name: 1}).order_by(name),
    "group": lambda name: Book.objects.values(name).annotate(n=Count("id")),
    "aggregate": lambda name: Book.objects.aggregate(n=Count(name)),
    "aggregate name": lambda name: Book.objects.aggregate(**{name: Sum("pages")}),
    "function": lambda name: Book.objects.annotate(n=functions.Lower(name)),
    "in_bulk": lambda name: Book.objects.in_bulk([1], field_name=name),
    "update": lambda name: Book.objects.filter(id=0).update(**{name: "x"}),
    "bulk_update": lambda name: Book.objects.bulk_update([Book(id=0, title="x")], [name]),
    "create": lambda name: Author.objects.create(**{name: None}),
    "get_or_create": lambda name: Author.objects.get_or_create(name="Ann", defaults={name: None}),
}

HOSTILE: Final = (
    'title" FROM orm_book; DROP TABLE orm_book; --',
    "title; DROP TABLE orm_book",
    "id) UNION SELECT name FROM orm_author --",
    "title' OR '1'='1",
    "-title, (SELECT 1)",
    "title--",
    "title\x00",
    "%s",
    ":title",
    "$1",
    "?",
    "*",
    "",
    " ",
    "__",
    "__class__",
    "_meta",
    "objects",
    "pk__pk__pk",
    "author__author__author",
    "author__books__author__books__author__books__author__name",
    "ti" * 500,
)
#: What a query may answer to a name; anything else would have reached the database.
REFUSALS: Final = (FieldError, ModelValidationError, TypeError, ValueError)


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> None:
    """Every test finds the same books."""
    await fill_shelf()


@each
@pytest.mark.parametrize("place", PLACES)
async def test_hostile_names_are_refused(place: str) -> None:
    """None of them becomes part of a statement: what is sent is what is sent for honest names, or nothing (C-011q)."""
    for name in HOSTILE:
        with watch_queries() as log:
            try:
                await PLACES[place](name)
            except REFUSALS:
                continue
        assert not [record.sql for record in log.records if name.strip("?*$1_ ") and name in record.sql], name
    assert await Book.objects.count() == 5


@each
async def test_any_name_is_a_name_or_an_error(engine: Engine) -> None:
    """Whatever stands where a name belongs, the database never has to complain."""
    loop = asyncio.get_running_loop()
    letters = st.text(alphabet=st.sampled_from("ab_-;'\"%$ \x00é\\()*,.?idtle"), max_size=12)
    words = st.sampled_from(
        ["id", "pk", "title", "author", "books", "name", "exact", "in", "isnull", "year", "-title", "?"]
    )
    names = st.one_of(letters, words, st.lists(st.one_of(words, letters), min_size=2, max_size=4).map("__".join))

    async def ask(place: str, name: str) -> None:
        try:
            await PLACES[place](name)
        except REFUSALS:
            return

    @explorations(max_examples=200, deadline=None, database=None)
    @given(place=st.sampled_from(sorted(set(PLACES) - {"create"})), name=names)
    def explore(place: str, name: str) -> None:
        asyncio.run_coroutine_threadsafe(ask(place, name), loop).result()

    await asyncio.to_thread(explore)
    assert await Book.objects.count() == 5
