"""Rows that are let refer to an instance, or let go by it: add, remove, clear and set of a reference backwards."""

import asyncio
from typing import Any, cast

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import DoesNotExist, NotLoadedError
from openviper.db.models import RelatedManager
from openviper.db.monitor import max_queries
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Node, Review


async def make_books(*titles: str) -> tuple[Author, list[Book]]:
    """An editor who edits nothing yet, and books of another author."""
    ann, bob = await Author.objects.bulk_create([Author(name="Ann"), Author(name="Bob")])
    return bob, await Book.objects.bulk_create([Book(author=ann, title=title) for title in titles])


async def titles_of(editor: Author) -> list[str]:
    return [book.title for book in await editor.edited.order_by("title")]


async def test_rows_are_let_refer(database: Database) -> None:
    """add() is one UPDATE for any number of rows, and the instances know it (C-011x)."""
    bob, books = await make_books("a", "b", "c")

    async with max_queries(1):
        await bob.edited.add(*books[:2])

    assert await titles_of(bob) == ["a", "b"]
    assert books[0].editor is bob
    assert not books[0].has_changed
    async with max_queries(0):
        await bob.edited.add()
        await books[0].save()


async def test_rows_that_refer_already_stay(database: Database) -> None:
    """Adding a row again, or twice, changes nothing."""
    bob, (a, b) = await make_books("a", "b")
    await bob.edited.add(a)

    await bob.edited.add(a, b, b, await Book.objects.get(title="a"))

    assert await titles_of(bob) == ["a", "b"]


async def test_rows_of_another_are_taken_over(database: Database) -> None:
    """A row refers to one instance; a field that cannot be null changes hands by add() as well."""
    bob, books = await make_books("a", "b")

    await bob.books.add(*books)

    assert await bob.books.count() == 2
    assert books[0].author_id == bob.pk
    assert await Author.objects.filter(name="Ann", books__title="a").count() == 0


async def test_instances_are_saved_one_by_one(database: Database) -> None:
    """Without bulk every instance is saved, those that are not stored yet as new rows."""
    bob, (a, _) = await make_books("a", "b")
    a.title = "A"
    new = Book(author=bob, title="new")

    await bob.edited.add(a, new, bulk=False)

    assert await titles_of(bob) == ["A", "new"]
    await bob.edited.remove(a, bulk=False)
    assert await titles_of(bob) == ["new"]
    await bob.edited.set([a], bulk=False)
    assert await titles_of(bob) == ["A"]
    await bob.edited.clear(bulk=False)
    assert await titles_of(bob) == []


async def test_rows_are_let_go(database: Database) -> None:
    """remove() and clear() are one UPDATE each."""
    bob, books = await make_books("a", "b", "c", "d")
    await bob.edited.add(*books)

    async with max_queries(1):
        await bob.edited.remove(books[0], books[1])
    assert await titles_of(bob) == ["c", "d"]
    assert (books[0].editor, books[0].editor_id, books[0].has_changed) == (None, None, False)
    async with max_queries(1):
        await bob.edited.clear()
    assert await titles_of(bob) == []
    assert await Book.objects.count() == 4


async def test_row_of_another_is_not_let_go(database: Database) -> None:
    """What does not refer to the instance is an error, and then nothing is let go."""
    bob, (a, b) = await make_books("a", "b")
    await bob.edited.add(a)

    with pytest.raises(Author.DoesNotExist, match=r"edited\.remove\(\): item 2 does not refer to this orm\.Author"):
        await bob.edited.remove(a, b)

    assert await titles_of(bob) == ["a"]


async def test_row_that_has_moved_meanwhile_stays(database: Database) -> None:
    """An instance that is out of date lets nobody else's row go."""
    bob, (a, b) = await make_books("a", "b")
    await bob.edited.add(a, b)
    ann = await Author.objects.get(name="Ann")
    await Book.objects.filter(title="a").update(editor=ann)

    await bob.edited.remove(a, b)

    assert await titles_of(ann) == ["a"]
    assert await titles_of(bob) == []


async def test_field_that_cannot_be_null_lets_nothing_go(database: Database) -> None:
    """Where rows must refer to something, remove() and clear() are not there, and say why."""
    bob, (a,) = await make_books("a")

    for name in ("remove", "clear"):
        assert not hasattr(bob.books, name)
        assert hasattr(bob.edited, name)
        with pytest.raises(AttributeError, match=rf"books has no {name}\(\): orm\.Book\.author cannot be null"):
            getattr(bob.books, name)
    await bob.books.add(a)
    await bob.books.set([])
    assert await bob.books.count() == 1


async def test_set_writes_the_difference(database: Database) -> None:
    """set() lets go what is not wanted and takes in what is missing, by three statements at most (C-011x)."""
    bob, (a, b, c, d) = await make_books("a", "b", "c", "d")
    await bob.edited.add(a, b)

    async with max_queries(3):
        await bob.edited.set([b, c, d])
    assert await titles_of(bob) == ["b", "c", "d"]
    async with max_queries(1):
        await bob.edited.set([d, c, b])
    async with max_queries(2):
        await bob.edited.set(iter([c]))
    assert await titles_of(bob) == ["c"]
    async with max_queries(2):
        await bob.edited.set([a, c], clear=True)
    assert await titles_of(bob) == ["a", "c"]
    await bob.edited.set([])
    assert await titles_of(bob) == []


async def test_all_or_nothing(database: Database) -> None:
    """A failure leaves the rows, and what the instances know of them, as they were."""
    bob, (a, b, c) = await make_books("a", "b", "c")
    await bob.edited.add(a)
    await Book.objects.filter(title="c").delete()

    with pytest.raises(Book.DoesNotExist, match=r"edited: 1 of 2 rows of orm\.Book are gone"):
        await bob.edited.set([b, c])

    assert await titles_of(bob) == ["a"]
    assert b.editor_id is None


async def test_rollback_takes_it_back(database: Database) -> None:
    """What a transaction around has undone counts as changed again in the instances."""
    bob, (a,) = await make_books("a")

    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await bob.edited.add(a)
            _ = 1 / 0

    assert await titles_of(bob) == []
    assert a.changed_fields() == ("editor",)


async def test_what_was_prefetched_is_forgotten(database: Database) -> None:
    """After a write the list that was read before is not the truth any more."""
    bob, (a, b) = await make_books("a", "b")
    await bob.edited.add(a)
    (bob,) = await Author.objects.filter(pk=bob.pk).prefetch_related("edited")
    assert [book.title for book in bob.edited] == ["a"]

    await bob.edited.add(b)

    with pytest.raises(NotLoadedError):
        len(bob.edited)
    assert len(await bob.edited) == 2


async def test_rows_that_refer_to_their_own_model(database: Database) -> None:
    """Parents and children of one model are not mixed up, and a row may refer to itself."""
    root, a, b = await Node.objects.bulk_create([Node(name=name) for name in ("root", "a", "b")])

    await root.children.add(root, a, b)
    await root.children.remove(root)

    assert [node.name for node in await root.children.order_by("name")] == ["a", "b"]


async def test_what_cannot_refer_is_refused(database: Database) -> None:
    """A wrong thing is named by its place, and nothing is written."""
    bob, (a,) = await make_books("a")
    manager = cast("Any", bob.edited)

    for wrong in (5, "1", None, b"x", {"id": 1}, [a], bob, Review(book=a, stars=1), Book, object()):
        for method in (manager.add, manager.remove):
            with pytest.raises(TypeError, match=r"item 2 takes instances of orm\.Book, not"):
                await method(a, wrong)
        with pytest.raises(TypeError, match=r"edited\.set\(\): item 1 takes instances"):
            await manager.set([wrong])
    for new in (Book(author=bob, title="x"), Book(id=77, author=bob, title="x")):
        with pytest.raises(ValueError, match=r"edited\.add\(\): item 1 is not stored yet; save it first, or give bulk"):
            await manager.add(new)
    with pytest.raises(TypeError, match=r"edited\.set\(\) takes several instances or keys as a list, not NoneType"):
        await manager.set(None)
    with pytest.raises(TypeError, match=r"edited\.set\(\) takes rows that have been read.*edited\.set\(await rows\)"):
        await manager.set(Book.objects.all())
    with pytest.raises(
        TypeError, match=r"item 1 takes instances of orm\.Book, not list.*; write: edited\.add\(\*items\)"
    ):
        await manager.add([a])
    with pytest.raises(TypeError, match=r"; write: edited\.remove\(\*await rows\)"):
        await manager.remove(Book.objects.all())
    assert await titles_of(bob) == []


async def test_instance_without_a_key(database: Database) -> None:
    """Nothing can refer to what is not stored."""
    _, (a,) = await make_books("a")
    new = Author(name="new")

    for call in (new.edited.add(a), new.edited.remove(a), new.edited.clear(), new.edited.set([a])):
        with pytest.raises(ValueError, match=r"Author\.edited needs the primary key of the instance"):
            await call


async def test_instance_that_is_gone(database: Database) -> None:
    """The database refuses rows that would refer to nothing, and keeps them as they were."""
    bob, (a,) = await make_books("a")
    await Author.objects.filter(pk=bob.pk).delete()

    with pytest.raises(Exception, match=r"(?i)foreign|constraint"):
        await bob.edited.add(a)

    assert await Book.objects.filter(editor=None).count() == 1


async def test_two_hundred_tasks_let_rows_refer(database: Database) -> None:
    """Tasks that add to one instance at once lose nothing."""
    bob, books = await make_books(*(f"{number:03}" for number in range(200)))

    await asyncio.gather(*(bob.edited.add(book) for book in books))

    assert await titles_of(bob) == [book.title for book in books]


async def test_manager_is_one_for_all(database: Database) -> None:
    """Whatever can be let go or not, it is a RelatedManager to those who ask."""
    bob, _ = await make_books()

    assert isinstance(bob.books, RelatedManager)
    assert isinstance(bob.edited, RelatedManager)
    assert issubclass(Author.DoesNotExist, DoesNotExist)
