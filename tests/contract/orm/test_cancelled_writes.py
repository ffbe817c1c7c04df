"""Writes whose task is cancelled: what still runs, what the caller is told, and what instances say then."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable, Iterator

import pytest

from openviper.db.connections import Database
from openviper.db.events import failed_handlers, model_event
from openviper.db.transactions import atomic, current_scope
from openviper.db.transactions import failed_handlers as failed_after_transactions
from tests.contract.orm.models import Author, Book


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Forget the handlers of each test."""
    with model_event.isolated():
        yield


class Hanging:
    """A handler that hangs, and says when it does."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.ended = 0

    async def __call__(self, instance: object, event: str, **extra: object) -> None:
        """Hang until somebody cancels."""
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1

    async def cancel_when_started(self, task: "asyncio.Task[None]") -> None:
        """Cancel the task that it hangs in."""
        await asyncio.wait_for(self.started.wait(), 5)
        self.started.clear()
        task.cancel()


async def run_and_cancel(work: Callable[[], Awaitable[object]], hanging: Hanging, times: int) -> None:
    """Begin something, and cancel it as often as it hangs."""

    async def run() -> None:
        await work()

    task = asyncio.create_task(run())
    for _ in range(times):
        await hanging.cancel_when_started(task)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


async def create() -> None:
    """Store an author."""
    await Author(name="Ann").save()


async def create_in_transaction() -> None:
    """Do so in a block."""
    async with atomic():
        await create()


async def test_second_cancellation_ends_all_that_comes_after_a_write(database: Database) -> None:
    """Of handlers that hang the second is ended by the second cancellation, and no other begins (C-117c)."""
    hanging, told = Hanging(), list[str]()
    for event in ("after_insert", "on_change"):
        model_event.trigger(f"orm.Author.{event}")(hanging)
    another = Hanging()
    model_event.on_change(Author)(another)
    model_event.on_change(Author)(lambda instance, **extra: told.append("ran"))
    before = failed_handlers()
    await run_and_cancel(create, hanging, 2)
    assert (hanging.ended, another.started.is_set(), told) == (2, False, [])
    assert failed_handlers() == before + 4
    assert await Author.objects.count() == 1


async def test_second_cancellation_ends_all_that_waits_for_a_commit(database: Database) -> None:
    """The same holds after a COMMIT, which stays (C-117c, C-117f)."""
    hanging, told = Hanging(), list[str]()
    for event in ("after_insert", "on_change"):
        model_event.trigger(f"orm.Author.{event}", on_commit=True)(hanging)
    model_event.on_change(Author, on_commit=True)(lambda instance, **extra: told.append("ran"))
    before = failed_handlers(), failed_after_transactions()
    await run_and_cancel(create_in_transaction, hanging, 2)
    assert (hanging.ended, told) == (2, [])
    assert sum((failed_handlers(), failed_after_transactions())) >= sum(before) + 3
    assert await Author.objects.count() == 1


async def test_cancellation_of_one_event_lets_the_next_be_told(database: Database) -> None:
    """A row that was made has changed too: those who wait for either hear of it in the time that is left (C-117c)."""
    hanging, told = Hanging(), list[str]()
    model_event.after_insert(Author)(hanging)
    model_event.on_change(Author)(lambda instance, **extra: told.append("changed"))
    await run_and_cancel(create, hanging, 1)
    assert told == ["changed"]


class Committing:
    """Cancels a task in the moment in which its block begins to end."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []

    async def __call__(self, instance: object, event: str) -> None:
        """Wait beside the task for the end of the block."""
        task, scope = asyncio.current_task(), current_scope()
        assert task is not None
        assert scope is not None

        async def watch() -> None:
            while not scope.is_over:
                await asyncio.sleep(0)
            task.cancel()

        self.tasks.append(asyncio.create_task(watch()))


@pytest.mark.parametrize("is_inner", [False, True])
async def test_deletion_that_is_cancelled_in_its_commit(database: Database, is_inner: bool) -> None:
    """It has happened: those who wait hear of it, instances are new, and then the caller is cancelled (C-117j)."""
    told: list[str] = []
    author = await Author.objects.create(name="Ann")
    await Book(title="One", author=author).save()
    model_event.on_delete(Book)(Committing())

    @model_event.after_delete(Book)
    async def tell(instance: Book, event: str) -> None:
        await asyncio.sleep(0)
        told.append(instance.title)

    async def delete() -> None:
        with pytest.raises(asyncio.CancelledError):
            await author.delete()

    async def delete_inside() -> None:
        async with atomic():
            await delete()

    await asyncio.create_task((delete_inside if is_inner else delete)())
    assert told == ["One"]
    assert await Author.objects.count() == await Book.objects.count() == 0
    # An instance without a row is stored anew.
    await author.save()
    assert await Author.objects.count() == 1


async def test_deletion_that_is_cancelled_before_its_commit(database: Database) -> None:
    """Nothing has happened, and nobody is told (C-117j)."""
    told: list[str] = []
    author = await Author.objects.create(name="Ann")
    hanging = Hanging()
    model_event.on_delete(Author)(hanging)
    model_event.after_delete(Author)(lambda instance, event: told.append(event))
    await run_and_cancel(author.delete, hanging, 1)
    assert told == []
    author.name = "Bea"
    await author.save()
    assert await Author.objects.values_list("name", flat=True) == ["Bea"]


async def test_hook_that_deletes_its_own_instance_for_ever(database: Database) -> None:
    """It ends in a RecursionError that leaves nothing behind: no row is gone, and no coroutine waits (C-117j)."""
    author = await Author.objects.create(name="Ann")

    @model_event.on_delete(Author)
    async def again(instance: Author, event: str) -> None:
        await instance.delete()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(RecursionError, match=r"orm\.Author"):
            await author.delete()
        gc.collect()
    assert [str(one.message) for one in seen] == []
    assert await Author.objects.count() == 1
