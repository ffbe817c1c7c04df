"""Walks through many rows: what they send, what they see of changes, and that they leave nothing open."""

from contextlib import aclosing
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.models import Count, Model
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Country, Node


async def make_nodes(count: int) -> None:
    await Node.objects.bulk_create([Node(name=f"n{number:03}") for number in range(count)])


async def test_every_row_once_by_keyset(database: Database) -> None:
    """Each portion is a query for the keys after the last one."""
    await make_nodes(10)

    with watch_queries() as log:
        names = [node.name async for node in Node.objects.iterator(4)]

    assert names == [f"n{number:03}" for number in range(10)]
    assert log.count == 3
    assert all("orm_node.id >" in record.sql for record in log.records[1:])


async def test_last_portion_that_is_full(database: Database) -> None:
    """Rows that fill the last portion take one query more, which finds nothing."""
    await make_nodes(8)

    async with max_queries(3):
        assert len([node async for node in Node.objects.iterator(4)]) == 8
    async with max_queries(1):
        assert [node async for node in Node.objects.none().iterator()] == []
    await database.execute("DELETE FROM orm_node")
    async with max_queries(1):
        assert [node async for node in Node.objects.iterator()] == []


async def test_filters_are_kept(database: Database) -> None:
    """A walk is through the rows of the query, backwards too."""
    await make_nodes(10)
    rows = Node.objects.filter(name__gte="n003").exclude(name="n005")

    assert [node.name async for node in rows.iterator(2)] == ["n003", "n004", "n006", "n007", "n008", "n009"]
    with watch_queries() as log:
        assert [node.name async for node in rows.order_by("-pk").iterator(3)][:2] == ["n009", "n008"]
    assert log.count == 3


async def test_keys_of_any_type(database: Database) -> None:
    """Keys that are texts are walked through as well."""
    for code in ("fr", "de", "at"):
        await Country(code=code, name=code).save()

    assert [country.code async for country in Country.objects.iterator(1)] == ["at", "de", "fr"]


async def test_other_order_is_one_stream(database: Database) -> None:
    """Rows in another order come from one statement."""
    await make_nodes(10)

    with watch_queries() as log:
        names = [node.name async for node in Node.objects.order_by("-name").iterator(3)]

    assert names == [f"n{number:03}" for number in reversed(range(10))]
    assert log.count == 1


async def test_other_rows_are_one_stream(database: Database) -> None:
    """Dicts, tuples, values, groups and slices can be walked through too."""
    await make_nodes(5)
    rows = Node.objects.order_by("name")

    assert [row["name"] async for row in rows.values("name").iterator(2)] == [f"n00{number}" for number in range(5)]
    assert [row async for row in rows.values_list("name", flat=True).iterator(2)][-1] == "n004"
    assert [row async for row in rows.values_list("name").iterator(2)][-1] == ("n004",)
    assert [node.name async for node in rows[1:4].iterator(2)] == ["n001", "n002", "n003"]
    assert len([row async for row in Node.objects.values("parent").annotate(n=Count("id")).iterator(2)]) == 1
    assert len([row async for row in Node.objects.distinct().iterator(2)]) == 5


async def test_rows_are_changed_on_the_way(database: Database) -> None:
    """Whoever walks may write meanwhile: deleted rows are not seen, later ones are (C-011k)."""
    await make_nodes(6)
    seen = []

    async for node in Node.objects.iterator(2):
        seen.append(node.name)
        if node.name == "n001":
            await database.execute("DELETE FROM orm_node WHERE name IN ('n000', 'n003')")
            await Node(name="later").save()
        node.id = -1  # what is done with an instance does not lead astray

    assert seen == ["n000", "n001", "n002", "n004", "n005", "later"]


async def test_walk_that_is_left_early(database: Database) -> None:
    """A walk that is given up leaves no connection behind, by keyset and as a stream."""
    await make_nodes(10)

    for rows in (Node.objects.all(), Node.objects.order_by("-name")):
        for _ in range(20):  # more often than there are connections
            async with aclosing(rows.iterator(2)) as walk:
                async for node in walk:
                    assert node.name in ("n000", "n009")
                    break
    await Node(name="after").save()
    assert await Node.objects.count() == 11


async def test_walk_that_is_left_without_closing(database: Database) -> None:
    """One that is only left is closed by the event loop, so its connection comes back as well."""
    await make_nodes(10)

    for rows in (Node.objects.all(), Node.objects.order_by("-name")):
        for _ in range(20):
            async for _node in rows.iterator(2):
                break
            assert await Node.objects.count() == 10
    async with atomic():
        await Node(name="after").save()
    assert await Node.objects.count() == 11


async def test_walk_that_fails(database: Database) -> None:
    """An error in the middle ends a stream."""
    await make_nodes(10)

    with pytest.raises(ZeroDivisionError):
        async with aclosing(Node.objects.order_by("name").iterator(2)) as walk:
            async for _ in walk:
                _ = 1 // 0

    assert await Node.objects.count() == 10


async def test_walk_inside_a_transaction(database: Database) -> None:
    """Inside a transaction a walk sees what was written there, and other statements may run between."""
    async with atomic():
        await make_nodes(4)
        async for node in Node.objects.iterator(2):
            node.name += "!"
            await node.save()
        names = []
        async for node in Node.objects.order_by("-name").iterator(2):
            names.append(node.name)
            assert await Node.objects.filter(pk=node.pk).exists()

    assert names == ["n003!", "n002!", "n001!", "n000!"]


async def test_lists_by_offset(database: Database) -> None:
    """batch() gives lists in the order of the query, and the last may be shorter."""
    await Node.objects.bulk_create([Node(name="same") for _ in range(7)])

    with watch_queries() as log:
        lists = [some async for some in Node.objects.order_by("name").batch(3)]

    assert [len(some) for some in lists] == [3, 3, 1]
    assert len({node.id for some in lists for node in some}) == 7
    assert log.count == 3
    assert [[row["name"] for row in some] async for some in Node.objects.values("name").batch(5)] == [
        ["same"] * 5,
        ["same"] * 2,
    ]
    assert [some async for some in Node.objects.none().batch()] == []


async def test_lists_by_keyset(database: Database) -> None:
    """id_batch() goes by the key, whatever the order of the query."""
    await make_nodes(7)

    with watch_queries() as log:
        lists = [[node.name for node in some] async for some in Node.objects.order_by("-name").id_batch(3)]

    assert lists == [["n000", "n001", "n002"], ["n003", "n004", "n005"], ["n006"]]
    assert all("orm_node.id >" in record.sql for record in log.records[1:])


async def test_joins_and_annotations_stay(database: Database) -> None:
    """What is read along with rows is read along with each portion."""
    author = await Author.objects.create(name="Ann")
    await Book.objects.bulk_create([Book(author=author, title=f"{number}") for number in range(5)])

    async with max_queries(3):
        books = [book async for book in Book.objects.select_related("author").iterator(2)]
        assert [book.author.name for book in books] == ["Ann"] * 5
    found: list[Any] = [one async for one in Author.objects.annotate(number=Count("books")).iterator(2)]
    assert found[0].number == 5


@pytest.mark.parametrize("size", [0, -1, True, "5", 1.5, None])
async def test_size_that_is_none(database: Database, size: Any) -> None:
    """A portion has at least one row."""
    rows = Node.objects.all()

    for walk in (rows.iterator(size), rows.batch(size), rows.id_batch(size)):
        with pytest.raises(FieldError, match="whole number of 1 or more"):
            _ = await first_of(walk)


async def first_of(walk: Any) -> Model:
    async with aclosing(walk) as rows:
        found: Model = await anext(rows)
        return found


async def test_what_cannot_be_cut(database: Database) -> None:
    """A slice is no whole to be cut, and only instances have keys."""
    with pytest.raises(TypeError, match="slice"):
        _ = await first_of(Node.objects.all()[:5].batch())
    with pytest.raises(TypeError, match="slice"):
        _ = await first_of(Node.objects.all()[:5].id_batch())


async def test_unknown_names(database: Database) -> None:
    """An error of the query is that of the first step."""
    with pytest.raises(FieldError, match="nothing"):
        _ = await first_of(Node.objects.filter(nothing=1).iterator())
    with pytest.raises(FieldError, match="nothing"):
        _ = await first_of(Node.objects.order_by("nothing").iterator())


async def test_many_rows(database: Database) -> None:
    """A walk through many rows sees each of them once."""
    await make_nodes(2500)

    assert len({node.id async for node in Node.objects.iterator(1000)}) == 2500
    assert len({node.id async for node in Node.objects.order_by("name").iterator(1000)}) == 2500
