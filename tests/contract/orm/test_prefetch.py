"""Prefetching: one query a relation, whatever its direction, and every instance has its own rows."""

from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, NotLoadedError
from openviper.db.models import Prefetch
from openviper.db.monitor import max_queries
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Country, Node, Profile, Review, Tag


async def fill() -> None:
    """Three authors, of whom the last has no books; six books; a review for each but the last."""
    await Country(code="de", name="Germany").save(force_insert=True)
    ann = await Author.objects.create(name="Ann", country_id="de")
    bob = await Author.objects.create(name="Bob")
    await Author(name="Cid", country_id="de").save()
    await Profile(author=ann, bio="writes").save()
    books = [Book(author=author, title=f"{author.name} {number}") for author in (ann, bob) for number in range(3)]
    books[0].editor = bob
    await Book.objects.bulk_create(books)
    await Review.objects.bulk_create([Review(book=book, stars=number) for number, book in enumerate(books[:5])])


async def test_hundred_instances_take_two_queries(database: Database) -> None:
    """However many there are, what refers to them comes in one query more (C-011j)."""
    authors = await Author.objects.bulk_create([Author(name=f"a{number}") for number in range(100)])
    await Book.objects.bulk_create(
        [Book(author=author, title=f"{number}") for author in authors for number in range(10)]
    )

    async with max_queries(2):
        found = await Author.objects.order_by("id").prefetch_related("books")
        titles = [[book.title for book in author.books] for author in found]

    assert len(found) == 100
    assert all(sorted(some) == [str(number) for number in range(10)] for some in titles)
    assert all(book.author_id == author.id for author in found for book in author.books)


async def test_rows_backwards(database: Database) -> None:
    """An author has a list of books, empty where there are none, and each book has its author."""
    await fill()

    async with max_queries(2):
        found = await Author.objects.order_by("id").prefetch_related("books")
        assert [[book.title for book in author.books] for author in found] == [
            ["Ann 0", "Ann 1", "Ann 2"],
            ["Bob 0", "Bob 1", "Bob 2"],
            [],
        ]
        assert found[0].books[1].author is found[0]
        assert (await found[0].books[1].author).name == "Ann"
        assert len(found[2].books) == 0
        assert await found[2].books == []


async def test_reference_forwards(database: Database) -> None:
    """What several rows refer to is read once, and they share the instance."""
    await fill()

    async with max_queries(2):
        found = await Book.objects.order_by("id").prefetch_related("author")
        assert [book.author.name for book in found] == ["Ann"] * 3 + ["Bob"] * 3

    assert found[0].author is found[1].author


async def test_nullable_reference(database: Database) -> None:
    """A row that refers to nothing stays so, and asks for nothing."""
    await fill()

    found = await Book.objects.order_by("id").prefetch_related("editor")

    assert found[0].editor is not None
    assert found[0].editor.name == "Bob"
    assert [book.editor for book in found[1:]] == [None] * 5
    async with max_queries(1):
        assert len(await Book.objects.filter(editor=None).prefetch_related("editor")) == 5


async def test_one_to_one_in_both_directions(database: Database) -> None:
    """Through a one-to-one there is an instance on either side, or none."""
    await fill()

    async with max_queries(4):
        profile = await Profile.objects.prefetch_related("author").get()
        authors = await Author.objects.order_by("id").prefetch_related("profile")
        assert profile.author.name == "Ann"
        assert profile.author.profile is profile
        assert authors[0].profile.bio == "writes"
        assert authors[0].profile.author is authors[0]
        for author in authors[1:]:
            with pytest.raises(Profile.DoesNotExist):
                _ = author.profile


async def test_relations_of_relations(database: Database) -> None:
    """A path takes one query for each step, and steps that paths share are taken once."""
    await fill()

    async with max_queries(4):
        found = await Author.objects.order_by("id").prefetch_related("books__reviews", "books", "country")
        stars = [[review.stars for book in author.books for review in book.reviews] for author in found]

    assert stars == [[0, 1, 2], [3, 4], []]
    assert found[0].country is not None
    assert found[0].country.name == "Germany"
    assert found[1].country is None


async def test_path_in_both_directions(database: Database) -> None:
    """A path may go back and forth, through what is null too."""
    await fill()

    async with max_queries(5):
        found = await Review.objects.order_by("id").prefetch_related("book__author__profile", "book__editor")
        assert [review.book.author.name for review in found] == ["Ann"] * 3 + ["Bob"] * 2
        assert found[0].book.author.profile.bio == "writes"
        with pytest.raises(Profile.DoesNotExist):
            _ = found[4].book.author.profile
        assert [review.book.editor and review.book.editor.name for review in found] == ["Bob"] + [None] * 4


async def test_model_that_refers_to_itself(database: Database) -> None:
    """A tree is read level by level."""
    root = await Node.objects.create(name="root")
    left, right = await Node.objects.bulk_create([Node(name="left", parent=root), Node(name="right", parent=root)])
    await Node(name="leaf", parent=right).save()

    async with max_queries(3):
        found = await Node.objects.filter(parent=None).prefetch_related("children__children")
        assert [node.name for node in found[0].children] == ["left", "right"]
        assert [[leaf.name for leaf in node.children] for node in found[0].children] == [[], ["leaf"]]
    with pytest.raises(NotLoadedError):
        len(found[0].children[1].children[0].children)
    assert left.parent_id == root.id


async def test_no_instances_ask_for_nothing(database: Database) -> None:
    """Where a step finds nothing, the next one is not taken."""
    await Author(name="Ann").save()

    async with max_queries(1):
        assert await Author.objects.filter(name="x").prefetch_related("books__reviews") == []
    async with max_queries(2):
        await Author.objects.all().prefetch_related("books__reviews")
    async with max_queries(0):
        assert await Author.objects.none().prefetch_related("books") == []


async def test_what_was_joined_is_not_read_again(database: Database) -> None:
    """select_related() and prefetch_related() go together."""
    await fill()

    async with max_queries(2):
        found = await Book.objects.order_by("id").select_related("author").prefetch_related("author__profile")
        assert found[0].author.profile.bio == "writes"
        # Each row of a join has an instance of its own, and each of them is filled.
        assert found[1].author.profile.bio == "writes"
    async with max_queries(1):
        await Book.objects.select_related("author").prefetch_related("author")


async def test_instances_of_one_row(database: Database) -> None:
    """Instances that stand for the same row get lists of their own."""
    await fill()

    found = await Book.objects.order_by("id").select_related("author").prefetch_related("author__books")
    first, second = found[0].author, found[1].author

    assert first is not second
    assert [book.title for book in first.books] == [book.title for book in second.books]
    assert vars(first)["_related_books"] is not vars(second)["_related_books"]


async def test_more_instances_than_parameters(database: Database) -> None:
    """Keys beyond what one statement takes are asked for in several."""
    count = 33_000
    tags = [Node(name="n") for _ in range(count)]
    await Node.objects.bulk_create(tags)
    first = await Node.objects.order_by("id").first()
    assert first is not None
    await Node(name="child", parent_id=first.id + count - 1).save()

    async with max_queries(4):
        found = await Node.objects.filter(parent=None).order_by("id").prefetch_related("children")

    assert len(found) == count
    assert [len(found[0].children), len(found[-1].children)] == [0, 1]


async def test_one_instance_is_filled_too(database: Database) -> None:
    """get(), first(), last() and a position have what is prefetched."""
    await fill()
    rows = Author.objects.order_by("id").prefetch_related("books")

    async with max_queries(8):
        for author in (await rows.get(name="Ann"), await rows.first(), await rows[0]):
            assert author is not None
            assert [book.title for book in author.books] == ["Ann 0", "Ann 1", "Ann 2"]
        last = await rows.last()
        assert last is not None
        assert list(last.books) == []


async def test_walks_are_filled_by_portions(database: Database) -> None:
    """iterator(), batch() and id_batch() prefetch for each portion."""
    await fill()
    rows = Book.objects.order_by("id").prefetch_related("author")

    async with max_queries(4):
        assert [book.author.name async for book in rows.iterator(4)] == ["Ann"] * 3 + ["Bob"] * 3
    async with max_queries(4):
        assert [[book.author.name for book in some] async for some in rows.batch(4)] == [
            ["Ann"] * 3 + ["Bob"],
            ["Bob"] * 2,
        ]
    async with max_queries(4):
        assert [len(some) async for some in rows.id_batch(4)] == [4, 2]
    async with max_queries(3):
        titled = Book.objects.order_by("-title").prefetch_related("author").iterator(4)
        assert [book.author.name async for book in titled] == ["Bob"] * 3 + ["Ann"] * 3


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("bookz", "country, books, edited, profile"),
        ("name", "country, books, edited, profile"),
        ("country_id", "country, books, edited, profile"),
        ("books__nothing", "author, editor, reviews"),
        ("", "country, books, edited, profile"),
        ("books__", "author, editor, reviews"),
    ],
)
async def test_unknown_relation(database: Database, name: str, known: str) -> None:
    """A name that is no relation is an error before anything is sent, and those there are are listed."""
    async with max_queries(0):
        with pytest.raises(FieldError, match=known):
            await Author.objects.prefetch_related(name)
        with pytest.raises(FieldError, match=known):
            _ = await Author.objects.prefetch_related(name).get(id=1)


async def test_rows_that_are_no_instances(database: Database) -> None:
    """Dicts and tuples cannot be filled, which is said."""
    rows = Author.objects.prefetch_related("books")

    for plain in (rows.values(), rows.values_list("id"), rows.values_list("id", flat=True)):
        with pytest.raises(FieldError, match="prefetch_related"):
            await plain


async def test_own_query_of_a_relation(database: Database) -> None:
    """A Prefetch says which rows, in which order, and what is read along with them."""
    await fill()
    books = Book.objects.filter(title__endswith="2").select_related("editor").prefetch_related("reviews")

    async with max_queries(3):
        found = await Author.objects.order_by("id").prefetch_related(Prefetch("books", books))
        assert [[book.title for book in author.books] for author in found] == [["Ann 2"], ["Bob 2"], []]
        assert [review.stars for review in found[0].books[0].reviews] == [2]


async def test_own_attribute_of_a_relation(database: Database) -> None:
    """With to_attr one relation may be prefetched in several ways; the attribute holds a list."""
    await fill()

    found: list[Any] = await Author.objects.order_by("id").prefetch_related(
        Prefetch("books", Book.objects.order_by("-title"), to_attr="latest"),
        Prefetch("books", Book.objects.filter(title="Ann 1"), to_attr="ones"),
        Prefetch("profile", to_attr="card"),
        Prefetch("country", to_attr="land"),
        "latest__reviews",
    )

    assert [[book.title for book in author.latest] for author in found[:2]] == [
        ["Ann 2", "Ann 1", "Ann 0"],
        ["Bob 2", "Bob 1", "Bob 0"],
    ]
    assert [book.title for book in found[0].ones] == ["Ann 1"]
    assert all(book.author is found[0] for book in [*found[0].latest, *found[0].ones])
    assert [author.card and author.card.bio for author in found] == ["writes", None, None]
    assert [author.land and author.land.name for author in found] == ["Germany", None, "Germany"]
    assert [review.stars for review in found[0].latest[0].reviews] == [2]
    with pytest.raises(NotLoadedError):
        len(found[0].books)


async def test_own_query_without_the_reference(database: Database) -> None:
    """What only() and defer() leave out is read nevertheless where it tells whose rows they are."""
    await fill()

    found = await Author.objects.order_by("id").prefetch_related(Prefetch("books", Book.objects.only("title")))
    later = await Author.objects.order_by("id").prefetch_related(Prefetch("books", Book.objects.defer("author")))

    assert [book.title for book in found[0].books] == ["Ann 0", "Ann 1", "Ann 2"]
    assert [book.author_id for book in later[0].books] == [found[0].id] * 3
    with pytest.raises(NotLoadedError):
        _ = found[0].books[0].pages


async def test_own_query_of_no_rows(database: Database) -> None:
    """A query set without rows asks nothing, and leaves empty lists."""
    await fill()

    async with max_queries(1):
        found = await Author.objects.prefetch_related(Prefetch("books", Book.objects.none()))

    assert [len(author.books) for author in found] == [0, 0, 0]


@pytest.mark.parametrize(
    ("prefetch", "message"),
    [
        (lambda: Prefetch("books", Author.objects.all()), "reads orm.Author, and the relation leads to orm.Book"),
        (lambda: Prefetch("books", Book.objects.all()[:3]), "slice"),
        (lambda: Prefetch("books", Book.objects.values()), "makes no instances"),
        (lambda: Prefetch("books", to_attr="name"), "to_attr='name'"),
        (lambda: Prefetch("books", to_attr="save"), "to_attr='save'"),
        (lambda: Prefetch("books", to_attr="x y"), "to_attr='x y'"),
        (lambda: Prefetch("books", to_attr="_row"), "to_attr='_row'"),
        (lambda: Prefetch("books", to_attr="class"), "to_attr='class'"),
        (lambda: Prefetch("books", to_attr=""), "to_attr=''"),
        (lambda: Prefetch("books", to_attr="profile"), "to_attr='profile'"),
    ],
)
async def test_prefetch_that_cannot_work(database: Database, prefetch: Any, message: str) -> None:
    """What does not fit is refused before anything is sent."""
    async with max_queries(0):
        with pytest.raises(FieldError, match=message):
            await Author.objects.prefetch_related(prefetch())


async def test_relation_that_is_prefetched_twice(database: Database) -> None:
    """Two queries for one place would leave it to chance whose rows are there."""
    with pytest.raises(FieldError, match="twice"):
        await Author.objects.prefetch_related("books", Prefetch("books", Book.objects.filter(pages=1)))


async def test_key_that_python_makes(database: Database) -> None:
    """Keys of any type find their rows."""
    await Country(code="de", name="Germany").save()
    await Country(code="fr", name="France").save()
    await Author(name="Ann", country_id="fr").save()

    found = await Country.objects.order_by("code").prefetch_related("authors")

    assert [[author.name for author in country.authors] for country in found] == [[], ["Ann"]]
    assert await Tag.objects.all() == []


async def test_inside_a_transaction(database: Database) -> None:
    """What a transaction has written is prefetched inside of it."""
    async with atomic():
        author = await Author.objects.create(name="Ann")
        await Book(author=author, title="x").save()
        found = await Author.objects.prefetch_related("books")

    assert [book.title for book in found[0].books] == ["x"]


async def test_keys_are_read_whatever_is_left_out(database: Database) -> None:
    """only() and defer() leave in what tells a prefetch which rows are wanted, in whatever order they are called."""
    await fill()

    async with max_queries(2):
        books = await Book.objects.prefetch_related("author").only("title").order_by("id")
        assert [book.author.name for book in books] == ["Ann"] * 3 + ["Bob"] * 3
    for rows in (
        Book.objects.only("title").prefetch_related(Prefetch("author")),
        Book.objects.defer("author", "pages").prefetch_related("author__country"),
        Book.objects.prefetch_related("author").defer("author_id"),
    ):
        assert (await rows.order_by("id"))[-1].author.name == "Bob"
    authors = await Author.objects.prefetch_related(Prefetch("books", Book.objects.only("title"))).order_by("id")
    assert authors[0].books[0].title == "Ann 0"
