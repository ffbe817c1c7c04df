"""What comes of rows: instances with all or some of their fields, dicts, tuples, values, numbers; in which order."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, NotLoadedError
from openviper.db.models import TextChoice
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.query.aggregates import Count, Max
from openviper.db.query.expressions import F, OuterRef, Q, Subquery, Value
from openviper.db.query.functions import Lower, Upper
from tests.contract.orm.models import Author, Book, Country, Everything, Genre, Node, Profile, Review, Tag


@pytest.fixture
async def shelf(database: Database) -> Database:
    """Three authors and five books."""
    await Country(code="fi", name="Finland").save()
    ann = await Author.objects.create(name="Ann", age=30, country_id="fi", email="ann@example.org")
    bob = await Author.objects.create(name="Bob", age=40)
    await Author(name="Cid", country_id="fi").save()
    for title, author, genre, price, pages in (
        ("Alpha", ann, Genre.NOVEL, "10.50", 100),
        ("Beta", ann, Genre.POETRY, "7.25", 80),
        ("Gamma", bob, Genre.NOVEL, "20.00", 300),
        ("Delta", bob, Genre.HISTORY, "15.00", 200),
        ("Omega", bob, Genre.NOVEL, "9.99", 100),
    ):
        await Book(title=title, author=author, genre=genre, price=Decimal(price), pages=pages).save()
    return database


async def test_instance_has_every_field_in_its_type(shelf: Database) -> None:
    """What was stored comes back in the types of the fields, enums included."""
    book = await Book.objects.get(title="Beta")

    assert (book.title, book.genre, book.price, book.pages, book.active) == (
        "Beta",
        Genre.POETRY,
        Decimal("7.25"),
        80,
        True,
    )
    assert isinstance(book.genre, Genre)
    assert isinstance(book.price, Decimal)
    assert book.added.utcoffset() is not None
    assert not book.has_changed


async def test_instance_knows_what_has_changed(shelf: Database) -> None:
    """A change is found without having been announced, and is gone when it is taken back."""
    book = await Book.objects.get(title="Beta")
    book.price = Decimal("8.00")
    book.author_id = 2
    assert book.changed_fields() == ("author", "price")

    book.price = Decimal("7.250")
    book.author_id = 1
    assert not book.has_changed


async def test_change_within_a_json_value_is_found(database: Database) -> None:
    """A dict or list that was changed in place counts, and so does a number that becomes another kind of number."""
    made = await Everything.objects.create(data={"a": [1, 2], "b": 1}, numbers=[1], words=["x"])
    thing = await Everything.objects.get(id=made.id)
    assert not thing.has_changed

    thing.data["a"].append(3)
    thing.numbers.append(2)
    assert thing.changed_fields() == ("data", "numbers")

    again = await Everything.objects.get(id=made.id)
    again.data["b"] = True
    assert again.changed_fields() == ("data",)


async def test_only_reads_what_it_names_and_the_key(shelf: Database) -> None:
    """Other fields are not there, and say so."""
    with watch_queries() as log:
        book = await Book.objects.only("title").get(title="Beta")

    assert "price" not in log.records[0].sql
    assert (book.id, book.title) == (2, "Beta")
    with pytest.raises(NotLoadedError, match="price"):
        _ = book.price
    assert not book.has_changed
    book.price = Decimal(1)
    assert book.changed_fields() == ("price",)


async def test_defer_leaves_out_what_it_names(shelf: Database) -> None:
    """All else is read, and the key always is."""
    book = await Book.objects.defer("price", "pk", "author").get(title="Beta")

    assert (book.id, book.pages) == (2, 80)
    assert {"price", "author_id"}.isdisjoint(vars(book))


async def test_only_and_defer_reach_into_relations(shelf: Database) -> None:
    """A path names fields of what is read along; the reference that leads there is read whatever is named."""
    book = await Book.objects.select_related("author").only("title", "author__name").get(title="Beta")
    assert book.author.name == "Ann"
    assert {"id", "title", "author_id"} == {name for name in vars(book) if not name.startswith("_")}
    assert {"id", "name"} == {name for name in vars(book.author) if not name.startswith("_")}

    book = await Book.objects.select_related("author").defer("author__email").get(title="Beta")
    assert "email" not in vars(book.author)
    assert book.author.age == 30


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (lambda: Book.objects.only("tittle"), "tittle.*title"),
        (lambda: Book.objects.defer("tittle"), "tittle.*title"),
        (lambda: Book.objects.only("author__name"), r"select_related\('author'\)"),
        (lambda: Book.objects.order_by("tittle"), "tittle.*title"),
        (lambda: Book.objects.order_by("author__nam"), "nam.*name"),
        (lambda: Book.objects.values("tittle"), "tittle.*title"),
        (lambda: Book.objects.values_list("author__nam"), "nam.*name"),
        (lambda: Book.objects.values_list("tittle", flat=True), "tittle.*title"),
        (lambda: Author.objects.values("books__title"), "many rows"),
        (lambda: Book.objects.annotate(n=F("tittle")), "tittle.*title"),
        (lambda: Book.objects.select_related("autor"), "autor.*author, editor"),
        (lambda: Book.objects.select_related("author__nation"), "nation.*country, profile"),
        (lambda: Book.objects.select_related("title"), "title.*no relation"),
        (lambda: Book.objects.select_related("author_id"), "author_id.*no relation"),
        (lambda: Author.objects.select_related("books"), "prefetch_related"),
    ],
)
async def test_unknown_names_are_refused(shelf: Database, rows: Any, message: str) -> None:
    """A name that stands for nothing is named, beside those that exist; nothing is sent."""
    with watch_queries() as log, pytest.raises(FieldError, match=message):
        await rows()

    assert not log.records


async def test_values_are_dicts(shelf: Database) -> None:
    """Keys are the names as they were written; without names, the attributes of all fields."""
    rows = await Book.objects.filter(title="Beta").values("title", "author__name", "author", "pk", "genre")
    assert rows == [{"title": "Beta", "author__name": "Ann", "author": 1, "pk": 2, "genre": Genre.POETRY}]

    (whole,) = await Author.objects.filter(name="Bob").values()
    assert whole == {"id": 2, "name": "Bob", "email": None, "age": 40, "country_id": None}


class Column(TextChoice):
    """Names of columns, as a program might list them."""

    TITLE = "title"
    AUTHOR = "author__name"


async def test_names_may_be_members_of_an_enum(shelf: Database) -> None:
    """They stand for their text."""
    rows = Book.objects.filter(title="Beta")
    assert await rows.values(*Column) == [{"title": "Beta", "author__name": "Ann"}]
    assert (await rows.only(Column.TITLE))[0].title == "Beta"
    names = await Book.objects.order_by(Column.TITLE).values_list(Column.AUTHOR, flat=True)
    assert names == ["Ann", "Ann", "Bob", "Bob", "Bob"]


async def test_values_pass_relations_that_lead_nowhere(shelf: Database) -> None:
    """What is not there is None, in a field that is never null itself."""
    rows = await Author.objects.order_by("name").values_list("name", "country__name", "profile__bio")
    assert rows == [("Ann", "Finland", None), ("Bob", None, None), ("Cid", "Finland", None)]


async def test_values_list_gives_tuples_or_values(shelf: Database) -> None:
    """Tuples are tuples on every engine, and convert what they hold; flat takes the one value out."""
    rows = await Book.objects.order_by("id").values_list("title", "price")
    assert rows[0] == ("Alpha", Decimal("10.50"))
    assert {type(row) for row in rows} == {tuple}
    assert await Author.objects.order_by("id").values_list("id", "name") == [(1, "Ann"), (2, "Bob"), (3, "Cid")]
    assert await Author.objects.order_by("id").values_list("id") == [(1,), (2,), (3,)]
    assert await Book.objects.order_by("price").values_list("price", flat=True) == [
        Decimal(price) for price in ("7.25", "9.99", "10.50", "15.00", "20.00")
    ]


async def test_values_hold_annotations(shelf: Database) -> None:
    """Annotations are named as fields are, and expressions may be given right away."""
    named = Book.objects.annotate(loud=Upper("title")).filter(loud="BETA")
    assert await named.values("loud", "pages") == [{"loud": "BETA", "pages": 80}]
    assert await named.values_list("loud", flat=True) == ["BETA"]
    assert await Book.objects.filter(title="Beta").values("title", low=Lower("title")) == [
        {"title": "Beta", "low": "beta"}
    ]


async def test_annotation_is_an_attribute(shelf: Database) -> None:
    """It stands beside the fields, and can be filtered and sorted by."""
    rows = await Book.objects.annotate(total=F("price") * F("pages"), one=Value(1)).order_by("-total")

    assert [(book.title, book.total) for book in rows[:2]] == [  # type: ignore[attr-defined]  # made by the query
        ("Gamma", Decimal(6000)),
        ("Delta", Decimal(3000)),
    ]
    assert not rows[0].has_changed
    assert {row.one for row in rows} == {1}  # type: ignore[attr-defined]  # made by the query


@pytest.mark.parametrize("name", ["title", "author_id", "pk", "save", "reviews", "objects", "class"])
async def test_annotation_hides_nothing(shelf: Database, name: str) -> None:
    """A name that the model uses is refused."""
    with pytest.raises(FieldError, match=name):
        await Book.objects.annotate(**{name: Upper("title")})


@pytest.mark.parametrize("name", ['a"b', "x' OR 1=1 --", "ö", "a b", "n" * 200])
async def test_name_of_an_annotation_reaches_no_sql(shelf: Database, name: str) -> None:
    """Whatever it is called, it is refused or comes back under its name."""
    with watch_queries() as log:
        try:
            rows = await Book.objects.order_by("id").values("id", **{name: Upper("title")})
        except FieldError:
            return

    assert rows[0][name] == "ALPHA"
    assert name not in log.records[0].sql


async def test_order_of_several_keys_and_relations(shelf: Database) -> None:
    """Keys count from the left; a path sorts by a field of a relation."""
    rows = await Book.objects.order_by("-author__name", "pages", "-title").values_list("title", flat=True)
    assert rows == ["Omega", "Delta", "Gamma", "Beta", "Alpha"]


async def test_place_of_null_can_be_stated(shelf: Database) -> None:
    """nulls_first and nulls_last mean the same on every engine."""
    by = Author.objects.values_list("name", flat=True)
    assert await by.order_by(F("age").asc(nulls_first=True)) == ["Cid", "Ann", "Bob"]
    assert await by.order_by(F("age").asc(nulls_last=True)) == ["Ann", "Bob", "Cid"]
    assert await by.order_by(F("age").desc(nulls_first=True)) == ["Cid", "Bob", "Ann"]
    assert await by.order_by(F("age").desc(nulls_last=True)) == ["Bob", "Ann", "Cid"]


async def test_place_of_null_is_up_to_the_engine(shelf: Database) -> None:
    """Where nothing is stated, NULL is the lowest value on SQLite, and the highest on PostgreSQL."""
    rows = await Author.objects.order_by("age").values_list("name", flat=True)
    assert rows == (["Cid", "Ann", "Bob"] if shelf.dialect.features.nulls_are_low else ["Ann", "Bob", "Cid"])


async def test_order_by_chance(shelf: Database) -> None:
    """All rows come, in an order that nobody knows."""
    assert sorted(await Book.objects.order_by("?").values_list("id", flat=True)) == [1, 2, 3, 4, 5]


async def test_order_by_expressions(shelf: Database) -> None:
    """An expression sorts as an annotation does."""
    rows = await Book.objects.order_by((F("price") * F("pages")).desc()).values_list("title", flat=True)
    assert rows == ["Gamma", "Delta", "Alpha", "Omega", "Beta"]
    rows = await Author.objects.annotate(n=Count("books")).order_by("-n", "name").values_list("name", "n")
    assert rows == [("Bob", 3), ("Ann", 2), ("Cid", 0)]


async def test_pages_share_a_plan(shelf: Database) -> None:
    """Limit and offset are parameters, so that every page has the same text."""
    titles = Book.objects.order_by("title").values_list("title", flat=True)
    with watch_queries() as log:
        assert await titles[:2] == ["Alpha", "Beta"]
        assert await titles[2:4] == ["Delta", "Gamma"]
        assert await titles[4:6] == ["Omega"]
        assert await titles[1:] == ["Beta", "Delta", "Gamma", "Omega"]
        assert await titles[0:0] == []
        assert await titles[3] == "Gamma"

    assert log.records[1].sql == log.records[2].sql


async def test_distinct_rows(shelf: Database) -> None:
    """Equal rows come once, and are counted once."""
    genres = Book.objects.values_list("genre", flat=True).distinct()
    assert sorted(await genres) == ["history", "novel", "poetry"]
    assert await genres.count() == 3
    assert await Book.objects.distinct().count() == 5
    assert await Book.objects.only("genre").distinct().count() == 5
    assert await Book.objects.values("author__name").distinct().count() == 2


async def test_distinct_rows_in_order(shelf: Database) -> None:
    """What distinct rows are sorted by becomes part of what tells them apart, and is not given back."""
    genres = await Book.objects.values_list("genre").distinct().order_by("-genre")
    assert genres == [("poetry",), ("novel",), ("history",)]
    names = await Book.objects.values_list("author__name", flat=True).distinct().order_by("pages", "author__name")
    assert names == ["Ann", "Ann", "Bob", "Bob", "Bob"]
    books = await Book.objects.distinct().order_by("author__name", "title")
    assert [book.title for book in books] == ["Alpha", "Beta", "Delta", "Gamma", "Omega"]
    with pytest.raises(FieldError, match="distinct"):
        await Book.objects.distinct().order_by("?")


async def test_count_and_exists(shelf: Database) -> None:
    """Each is one query that reads no row, and heeds limits, offsets and groups."""
    books = Book.objects.order_by("title")
    async with max_queries(9):
        assert await books.count() == 5
        assert await books.filter(author__name="Bob").count() == 3
        assert await books[1:3].count() == 2
        assert await books[4:].count() == 1
        assert await books.values("genre").annotate(n=Count("id")).count() == 3
        assert await books.exists()
        assert not await books.filter(title="Nothing").exists()
        assert not await books[5:].exists()
        assert not await books[0:0].exists()


async def test_count_passes_what_does_not_matter(shelf: Database) -> None:
    """Order, and annotations that nobody looks at, are left out; joins for conditions stay."""
    rows = (
        Book.objects.annotate(loud=Upper("title"), n=Count("reviews")).select_related("author").order_by("author__age")
    )
    with watch_queries() as log:
        assert await rows.count() == 5
        assert await rows.filter(loud="BETA").count() == 1
        assert await rows.exists()

    assert "JOIN" not in log.records[0].sql + log.records[2].sql
    assert "ORDER" not in log.records[0].sql
    assert "upper" not in log.records[0].sql.lower()
    assert "review" not in log.records[1].sql


async def test_select_related_reads_along(shelf: Database) -> None:
    """References are there without another query, through several models, and None where they lead nowhere."""
    await Book.objects.filter(title="Beta").update(editor_id=3)
    async with max_queries(1):
        rows = await Book.objects.select_related("author__country", "editor").order_by("id")
        assert [book.author.name for book in rows] == ["Ann", "Ann", "Bob", "Bob", "Bob"]
        assert rows[0].author.country is not None
        assert rows[0].author.country.name == "Finland"
        assert rows[2].author.country is None
        assert rows[0].editor is None
        assert rows[1].editor is not None
        assert rows[1].editor.name == "Cid"
        assert await rows[0].author is rows[0].author

    assert not rows[1].has_changed
    assert not rows[1].author.has_changed
    rows[1].author.name = "Anna"
    assert rows[1].author.changed_fields() == ("name",)
    assert rows[1].author == rows[0].author


async def test_select_related_without_names(shelf: Database) -> None:
    """All references that always lead somewhere are read along, one step."""
    with watch_queries() as log:
        book = (await Book.objects.select_related().order_by("id"))[0]

    assert book.author.name == "Ann"
    assert log.records[0].sql.count("JOIN") == 1


async def test_select_related_to_the_same_model(database: Database) -> None:
    """Rows of one table stand side by side."""
    root = await Node.objects.create(name="root")
    child = await Node.objects.create(name="child", parent=root)
    await Node(name="leaf", parent=child).save()

    async with max_queries(1):
        leaf = await Node.objects.select_related("parent__parent__parent").get(name="leaf")
        assert leaf.parent.parent.name == "root"
        assert leaf.parent.parent.parent is None


async def test_select_related_backwards_to_one(shelf: Database) -> None:
    """A one-to-one relation is read along from both sides."""
    await Profile(author_id=1, bio="writes").save()
    async with max_queries(1):
        ann, bob = await Author.objects.select_related("profile").order_by("id")[:2]
        assert ann.profile.bio == "writes"
        assert ann.profile.author is ann
        with pytest.raises(Profile.DoesNotExist):
            _ = bob.profile


async def test_subqueries(shelf: Database) -> None:
    """One column of another query stands for a value, also with a limit, and sees the row around it."""
    newest = Book.objects.filter(author=OuterRef("pk")).order_by("-id").values_list("title", flat=True)[:1]
    rows = await Author.objects.annotate(newest=Subquery(newest)).order_by("id").values_list("name", "newest")
    assert rows == [("Ann", "Beta"), ("Bob", "Omega"), ("Cid", None)]

    writers = Book.objects.filter(price__gt=10).values_list("author", flat=True)
    assert await Author.objects.filter(id__in=writers).order_by("id").values_list("name", flat=True) == ["Ann", "Bob"]
    first = Author.objects.order_by("name")[:1]
    assert await Book.objects.filter(author__in=first).count() == 2


async def test_keys_of_other_types(database: Database) -> None:
    """A key that is no number is bound, read and hashed as what it is."""
    made = await Tag.objects.create(word="red")
    tag = await Tag.objects.get(pk=made.id)
    assert tag == made
    assert await Tag.objects.values_list("pk", flat=True) == [made.id]
    assert await Tag.objects.filter(Q(pk=made.id) | Q(word="blue")).count() == 1


async def test_parts_of_moments_are_columns(shelf: Database) -> None:
    """values() and values_list() take them by their paths, rows are told apart, grouped and counted by them."""
    for number, title in enumerate(("Alpha", "Beta", "Gamma", "Delta")):
        await Book.objects.filter(title=title).update(published=dt.date(2024 + number % 2, 1 + number, 5))
    books = Book.objects.exclude(published=None)
    assert await books.order_by("title").values("title", "published__year")[:2] == [
        {"title": "Alpha", "published__year": 2024},
        {"title": "Beta", "published__year": 2025},
    ]
    assert await books.order_by("-published__month").values_list("published__month", flat=True) == [4, 3, 2, 1]
    years = books.values_list("published__year", flat=True).distinct()
    assert await years.order_by("published__year") == [2024, 2025]
    assert await years.count() == 2
    counted = books.values("published__year").annotate(n=Count("id"), most=Max("pages")).order_by("-published__year")
    assert await counted == [
        {"published__year": 2025, "n": 2, "most": 200},
        {"published__year": 2024, "n": 2, "most": 300},
    ]
    assert await counted.count() == 2
    assert await Review.objects.filter(stars__in=books.values("published__month")).count() == 0
    with pytest.raises(FieldError, match=r"asks for 'hour', .* lookups of orm\.Book\.published are .* year"):
        await books.values("published__hour")
    with pytest.raises(FieldError, match="nothing called 'gt'"):
        await books.values("published__gt")


async def test_annotation_that_is_not_needed_is_checked(shelf: Database) -> None:
    """What reading the rows would refuse, counting them refuses too, though it leaves the annotation out."""
    for name in ("nope", "books__title", "name__year"):
        rows = Author.objects.annotate(extra=F(name))
        for ask in (rows.all(), rows.count(), rows.exists()):
            with pytest.raises(FieldError, match=name.partition("_")[0]):
                await ask
