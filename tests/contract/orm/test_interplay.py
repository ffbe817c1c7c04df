"""Several tasks at the same instances, and at the same rows."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import IntegrityError, ModelValidationError
from openviper.db.models import Model
from openviper.db.persistence.bulk import bulk_create, bulk_update
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Node, Tag


async def beside(storing: Awaitable[object], **assigned: object) -> Any:
    """Give the error of what stores an instance, to which another task assigns values meanwhile."""

    async def assign(record: Model) -> None:
        await asyncio.sleep(0)
        for name, value in assigned.items():
            if name != "record":
                setattr(record, name, value)

    record: Any = assigned["record"]
    error, _ = await asyncio.gather(storing, assign(record), return_exceptions=True)
    return error


async def test_a_failed_update_keeps_what_others_have_assigned(database: Database) -> None:
    """What cleaning has put in place is taken back, and nothing else."""
    ann, bob = await bulk_create(Author, [Author(name="Ann", email="a@b.at"), Author(name="Bob", email="b@b.at")])
    bob.email, bob.age = ann.email, "30"  # type: ignore[assignment]  # cleaning makes a number of it

    assert isinstance(await beside(bob.save(), record=bob, name="Bobby"), IntegrityError)

    assert [bob.name, bob.email, bob.age] == ["Bobby", "a@b.at", "30"]
    assert isinstance(await beside(bob.save(), record=bob, age=31), IntegrityError)
    assert bob.age == 31


async def test_a_failed_insert_keeps_what_others_have_assigned(database: Database) -> None:
    """It is the same for a new row, and where a row in the way is no error."""
    _ = await Tag.objects.create(word="a")
    tag = Tag(word="a")
    assert isinstance(await beside(tag.save(), record=tag, word="b"), IntegrityError)
    assert tag.word == "b"
    book = Book(author_id=1, title="Dune", price="5")
    assert isinstance(await beside(book.save(), record=book, price="6"), IntegrityError)
    assert [book.price, book.changed] == ["6", None]


async def test_a_save_that_succeeds_is_not_undone_by_one_that_fails(database: Database) -> None:
    """Two tasks save one instance: what the second has stored is what the instance holds."""
    ann, bob = await bulk_create(Author, [Author(name="Ann", email="a@b.at"), Author(name="Bob", email="b@b.at")])
    bob.email = ann.email

    async def mend() -> None:
        await asyncio.sleep(0)
        bob.email, bob.age = "c@b.at", 5
        await bob.save()

    failure, none = await asyncio.gather(bob.save(), mend(), return_exceptions=True)

    assert isinstance(failure, IntegrityError)
    assert none is None
    assert (bob.email, bob.age, bob.changed_fields()) == ("c@b.at", 5, ())
    stored = await Author.objects.get(id=bob.id)
    assert (stored.email, stored.age) == ("c@b.at", 5)


async def test_failed_bulk_writes_keep_what_others_have_assigned(database: Database) -> None:
    """Of many instances as well, those that clean themselves among them."""
    ann, bob = await bulk_create(Author, [Author(name="Ann", email="a@b.at"), Author(name="Bob", email="b@b.at")])
    twin = Author(name="Cy", email="a@b.at", age="7")
    storing = bulk_create(Author, [Author(name="Dee"), twin])
    assert isinstance(await beside(storing, record=twin, email="c@b.at"), IntegrityError)
    assert [twin.email, twin.age] == ["c@b.at", "7"]

    bob.email, bob.age = "a@b.at", 8
    error = await beside(bulk_update(Author, [ann, bob], ["email", "age"]), record=bob, age=9)
    assert isinstance(error, IntegrityError)
    assert (bob.email, bob.age) == ("a@b.at", 9)


async def test_others_have_their_turn_while_many_are_stored(database: Database) -> None:
    """Many instances are cleaned in slices; one that is wrong in the last of them refuses all before any is sent."""
    turns: list[int] = []
    nodes = [Node(name=f"node {number}") for number in range(3000)]
    vars(nodes[-1])["name"] = None

    async def count() -> None:
        while True:
            turns.append(len(turns))
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    try:
        with pytest.raises(ModelValidationError, match="Item 3000"):
            await bulk_create(Node, nodes)
        assert len(turns) >= 5
        assert await Node.objects.count() == 0
        nodes[-1].name = "last"
        await bulk_create(Node, nodes)
        turns.clear()
        vars(nodes[-1])["name"] = None
        with pytest.raises(ModelValidationError, match="Item 3000"):
            await bulk_update(Node, nodes, ["name"])
        assert len(turns) >= 5
    finally:
        counting.cancel()


async def test_what_comes_too_late_to_be_stored_counts_as_changed(database: Database) -> None:
    """A task that assigns to an instance which is bound already loses nothing."""
    nodes = [Node(name=f"node {number}") for number in range(2000)]

    async def assign() -> None:
        await asyncio.sleep(0)
        nodes[0].name, nodes[-1].name = "late", "in time"

    await asyncio.gather(bulk_create(Node, nodes), assign())

    assert (nodes[0].changed_fields(), nodes[-1].changed_fields()) == (("name",), ())
    assert (await Node.objects.get(id=nodes[-1].id)).name == "in time"
    assert (await Node.objects.get(id=nodes[0].id)).name == "node 0"


async def test_the_same_rows_in_other_orders(database: Database) -> None:
    """Tasks that write the same rows wait for each other, and none of them is ended by the server."""
    nodes = await bulk_create(Node, [Node(name=f"node {number}") for number in range(5000)])

    async def rename(order: int) -> None:
        await bulk_update(Node, [Node(id=node.id, name=f"{order}") for node in nodes[:200][::order]], ["name"])

    for _ in range(5):
        await asyncio.gather(*(rename(order) for order in (1, -1, 1, -1)))
    assert {node.name for node in await Node.objects.filter(id__lte=nodes[199].id)} in ({"1"}, {"-1"})


async def test_the_same_new_rows_in_other_orders(database: Database) -> None:
    """Tasks that make the same rows, and pass over those that are there, wait for each other as well."""
    if database.dialect_name == "mariadb":
        pytest.skip("this engine locks the gaps between rows too, and ends one of two tasks in any order")
    words = [f"word {number}" for number in range(3000)]

    async def make(order: int) -> None:
        await bulk_create(Tag, [Tag(word=word) for word in words[::order]], ignore_conflicts=True)

    for _ in range(3):
        await asyncio.gather(*(make(order) for order in (1, -1, 1, -1)))
        assert await Tag.objects.count() == 3000
        await Tag.objects.all().delete()


async def test_what_was_read_in_a_block_that_is_undone(database: Database) -> None:
    """An instance that was read again in it is not taken for what is stored: the next save writes its values."""
    author = await Author.objects.create(name="Ann", age=30)
    for names in (None, ["age"]):
        with pytest.raises(ZeroDivisionError):
            async with atomic():
                await Author.objects.all().update(age=31)
                await author.refresh_from_db(names)
                assert not author.has_changed
                raise ZeroDivisionError
        assert (author.age, author.changed_fields()) == (31, ("age",))
        await author.refresh_from_db()
        assert author.age == 30
