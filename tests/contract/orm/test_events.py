"""Handlers of model events: when they run, what they are given, what they may refuse, and what waits for the commit."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from openviper.conf import settings
from openviper.db.connections import Database
from openviper.db.events import failed_handlers, model_event
from openviper.db.monitor import max_queries
from openviper.db.registry import registry
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Country, Node, Profile

EVERY = (
    "before_validate",
    "validate",
    "before_insert",
    "before_save",
    "after_insert",
    "on_update",
    "on_change",
    "on_delete",
    "after_delete",
)
BULK = ("pre_bulk_create", "post_bulk_create", "pre_bulk_update", "post_bulk_update")


class Refused(Exception):
    """A handler does not want it."""


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Forget the handlers of each test."""
    with model_event.isolated():
        yield


def record_all(label: str = "orm.Author") -> list[Any]:
    """Register a handler for every event of a model; gives where they note what they are called with."""
    told: list[Any] = []

    async def note(instance: Any, event: str, **extra: object) -> None:
        await asyncio.sleep(0)
        told.append((event, instance, extra))

    for event in (*EVERY, *BULK):
        model_event.trigger(f"{label}.{event}")(note)
    return told


async def test_handlers_are_given_instance_and_event(database: Database) -> None:
    """They run where the hooks of the same names do, and on_change is given what the row held (C-117e)."""
    told = record_all()
    author = Author(name="Ann")
    await author.save()
    author.name = "Bea"
    await author.save()
    await author.delete()
    events = [event for event, _, _ in told]
    assert events == [*EVERY[:5], "on_change", *EVERY[:2], "before_save", "on_update", "on_change", *EVERY[7:]]
    assert all(instance is author for _, instance, _ in told)
    extras = [extra for event, _, extra in told if event == "on_change"]
    assert extras == [{"previous_state": {}}, {"previous_state": {"name": "Ann"}}]
    assert [extra for event, _, extra in told if event != "on_change" and extra] == []


async def test_model_is_named_in_each_way(database: Database) -> None:
    """The class, its label and its dotted path mean one model; plain functions and async ones are handlers (C-117e)."""
    told: list[str] = []

    @model_event.after_insert(Author)
    def by_class(instance: Author, event: str) -> None:
        told.append(f"class {event}")

    @model_event.after_insert("orm.Author")
    async def by_label(instance: Author, **extra: object) -> None:
        told.append(f"label {extra['event']}")

    @model_event.trigger("tests.contract.orm.models.Author.after_insert")
    async def by_path(instance: Author, *, event: str) -> None:
        told.append(f"path {event}")

    @model_event.trigger("orm.Author.after_insert")
    def by_trigger(instance: Author, event: str, **_: object) -> None:
        told.append(f"trigger {event}")

    await Author(name="Ann").save()
    assert told == ["class after_insert", "label after_insert", "path after_insert", "trigger after_insert"]
    assert by_class.__name__ == "by_class"  # the decorator gives the function back


async def test_hook_comes_first_and_handlers_in_their_order(database: Database) -> None:
    """The model's own method, then handlers as they were registered, one after the other (C-117e)."""
    told: list[str] = []
    with registry.isolated():

        class Loud(Author):
            class Meta:
                proxy = True

            async def before_save(self) -> None:
                told.append("hook")

    def make(name: str, turns: int) -> Any:
        async def handler(instance: object, event: str) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            told.append(name)

        return handler

    for name, turns in (("slow", 5), ("quick", 0), ("last", 1)):
        model_event.before_save(Loud)(make(name, turns))
    await Loud(name="Ann").save()
    assert told == ["hook", "slow", "quick", "last"]


@pytest.mark.parametrize("event", EVERY[:4])
async def test_handler_keeps_an_instance_from_being_stored(database: Database, event: str) -> None:
    """What it raises reaches the caller, no other handler runs, and the instance is as it was (C-117b)."""
    told: list[str] = []

    @model_event.trigger(f"orm.Author.{event}")
    async def refuse(instance: Author, **_: object) -> None:
        instance.name = "changed"
        raise Refused

    @model_event.trigger(f"orm.Author.{event}")
    async def never(instance: Author, **_: object) -> None:
        told.append("never")

    author = Author(name="Ann")
    with pytest.raises(Refused):
        await author.save()
    assert (author.name, author.pk, told) == ("Ann", None, [])
    assert await Author.objects.count() == 0


async def test_handler_keeps_rows_from_being_deleted(database: Database) -> None:
    """One that goes along with another is asked as well, and keeps both (C-117b)."""

    @model_event.on_delete("orm.Book")
    async def keep(instance: Book, event: str) -> None:
        raise Refused(instance.title)

    author = await Author.objects.create(name="Ann")
    await Book(author=author, title="Tales").save()
    with pytest.raises(Refused, match="Tales"):
        await author.delete()
    with pytest.raises(Refused, match="Tales"):
        await Author.objects.all().delete()
    assert not author.has_changed
    assert (await Author.objects.count(), await Book.objects.count()) == (1, 1)


async def test_cascade_tells_those_who_wait(database: Database) -> None:
    """Rows that go along are read for their handlers: asked from the top, told from the bottom (C-117e)."""
    told: list[object] = []

    @model_event.on_delete(Author)
    @model_event.on_delete(Book)
    @model_event.on_delete(Profile)
    async def ask(instance: Any, event: str) -> None:
        told.append((event, type(instance).__name__, instance.id))

    @model_event.after_delete(Book)
    async def tell(instance: Book, event: str) -> None:
        told.append((event, instance.title, await Book.objects.count(), instance.has_changed))

    ann = await Author.objects.create(name="Ann")
    bob = await Author.objects.create(name="Bob")
    for author in (ann, bob):
        await Book(author=author, title=f"Tales of {author.name}").save()
    await Profile(author=ann).save()
    assert await ann.delete() == 1
    assert told[0] == ("on_delete", "Author", ann.id)
    assert sorted(told[1:3], key=str) == [("on_delete", "Book", 1), ("on_delete", "Profile", 1)]
    assert told[3:] == [("after_delete", "Tales of Ann", 1, True)]
    assert [one.title for one in await Book.objects.all()] == ["Tales of Bob"]


async def test_rows_that_let_go_are_told_nothing(database: Database) -> None:
    """A reference that becomes NULL is no deletion, and no UPDATE of an instance."""
    told = record_all("orm.Country")
    others = record_all("orm.Author")
    country = await Country.objects.create(code="AT", name="Austria")
    await Author(name="Ann", country=country).save()
    told.clear()
    others.clear()
    author = await Author.objects.get()
    await country.delete()
    assert [event for event, _, _ in told] == ["on_delete", "after_delete"]
    await author.refresh_from_db()
    assert author.country_id is None
    assert others == []


async def test_tree_tells_each_of_its_rows(database: Database) -> None:
    """Rows that go along with others of their own model are told too (C-117e)."""
    told = record_all("orm.Node")
    root = await Node.objects.create(name="root")
    child = await Node.objects.create(name="child", parent=root)
    await Node(name="grandchild", parent=child).save()
    told.clear()
    assert await root.delete() == 1
    assert sorted((event, one.name) for event, one, _ in told) == [
        (event, name) for event in ("after_delete", "on_delete") for name in ("child", "grandchild", "root")
    ]
    assert await Node.objects.count() == 0


async def test_failing_handlers_undo_nothing_and_stop_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """After the write each handler runs, each failure is in the log with its traceback, and is counted (C-117c)."""
    told: list[str] = []

    @model_event.after_insert(Author)
    async def broken(instance: Author, event: str) -> None:
        raise Refused("broken handler")

    @model_event.after_insert(Author)
    def broken_too(instance: Author, event: str) -> None:
        raise ZeroDivisionError

    @model_event.after_insert(Author)
    async def works(instance: Author, event: str) -> None:
        told.append(event)

    before = failed_handlers()
    with caplog.at_level(logging.ERROR, "openviper.db.events"):
        await Author(name="Ann").save()
    assert told == ["after_insert"]
    assert failed_handlers() == before + 2
    assert ["broken" in record.getMessage() and record.exc_text is not None for record in caplog.records] == [True] * 2
    assert await Author.objects.count() == 1


async def test_cancellation_comes_through_and_drops_no_handler(database: Database) -> None:
    """The handler that hangs is cancelled, the others run, and the caller is cancelled then (C-117c)."""
    told: list[str] = []
    started = asyncio.Event()

    @model_event.after_insert(Author)
    async def hang(instance: Author, event: str) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    @model_event.after_insert(Author)
    async def works(instance: Author, event: str) -> None:
        await asyncio.sleep(0)
        told.append("works")

    async def store() -> None:
        await Author(name="Ann").save()

    task = asyncio.create_task(store())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cancelled", "works"]
    assert await Author.objects.count() == 1


async def test_handler_that_awaits_what_was_cancelled_has_failed(database: Database) -> None:
    """Nobody has cancelled the caller, who goes on; the failure is counted as any other (C-117c)."""

    @model_event.after_insert(Author)
    async def wait(instance: Author, event: str) -> None:
        other = asyncio.create_task(asyncio.sleep(1))
        other.cancel()
        await other

    before = failed_handlers()
    await Author(name="Ann").save()
    assert failed_handlers() == before + 1


async def test_time_out_of_the_caller_ends_a_handler(database: Database) -> None:
    """A handler has no limit of its own; that of the caller holds for it (C-117c)."""

    @model_event.before_save(Author)
    async def hang(instance: Author, event: str) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await Author(name="Ann").save()
    assert await Author.objects.count() == 0


async def test_many_at_once_have_events_of_their_own(database: Database) -> None:
    """They are told of all instances at once, of the model, and of the fields that are written (C-117g)."""
    told = record_all()
    authors = await Author.objects.bulk_create([Author(name="Ann"), Author(name="Bob")])
    authors[0].name = "Bea"
    await Author.objects.bulk_update(authors, ["name", "age"])
    await Author.objects.filter(name="Bea").update(country=None, age=3)
    assert [event for event, _, _ in told] == [*BULK, *BULK[2:]]
    assert [list(subject) for _, subject, _ in told] == [authors] * 4 + [[]] * 2
    assert [extra["model"] for _, _, extra in told] == [Author] * 6
    fields = [extra.get("fields") for _, _, extra in told]
    assert fields == [None, None, ("name", "age"), ("name", "age"), ("country", "age"), ("country", "age")]

    told.clear()
    await Author.objects.bulk_create([])
    await Author.objects.bulk_update([], ["name"])
    assert told == []


async def test_handler_keeps_many_from_being_stored(database: Database) -> None:
    """What it raises reaches the caller, and none of them is stored or changed (C-117g)."""
    await Author(name="Ann", age=1).save()

    @model_event.pre_bulk_create(Author)
    @model_event.pre_bulk_update(Author)
    async def refuse(instances: object, event: str, **extra: object) -> None:
        raise Refused(event)

    with pytest.raises(Refused, match="pre_bulk_create"):
        await Author.objects.bulk_create([Author(name="Bob")])
    author = await Author.objects.get()
    author.age = 2
    with pytest.raises(Refused, match="pre_bulk_update"):
        await Author.objects.bulk_update([author], ["age"])
    with pytest.raises(Refused, match="pre_bulk_update"):
        await Author.objects.all().update(age=3)
    assert [one.age for one in await Author.objects.all()] == [1]


async def test_what_is_assigned_before_many_are_stored_is_stored(database: Database) -> None:
    """The instances are cleaned after the handlers (C-117g)."""

    @model_event.pre_bulk_create(Author)
    async def fill(instances: list[Author], event: str, **extra: object) -> None:
        for one in instances:
            one.age = "5"  # type: ignore[assignment]  # to be cleaned

    await Author.objects.bulk_create([Author(name="Ann"), Author(name="Bob")])
    assert await Author.objects.values_list("age", flat=True) == [5, 5]


async def test_classes_below_inherit_handlers(database: Database) -> None:
    """A handler of a model waits for its proxies too, once each; one of a proxy for that alone (C-117e)."""
    with registry.isolated():

        class Writer(Author):
            class Meta:
                proxy = True

    told: list[str] = []

    @model_event.after_insert(Author)
    @model_event.after_insert(Writer)
    async def both(instance: Author, event: str) -> None:
        told.append(f"both {instance.name}")

    @model_event.after_insert(Writer)
    async def below(instance: Author, event: str) -> None:
        told.append(f"below {instance.name}")

    await Author(name="Ann").save()
    await Writer(name="Bob").save()
    assert told == ["both Ann", "both Bob", "below Bob"]


async def test_handler_is_there_for_the_next_operation(database: Database) -> None:
    """Registered while others write, also by a handler, it is called from then on; removed, it is not (C-117e)."""
    told: list[str] = []

    async def late(instance: Author, event: str) -> None:
        told.append(f"late {instance.name}")

    @model_event.after_insert(Author)
    async def first(instance: Author, event: str) -> None:
        told.append(f"first {instance.name}")
        model_event.after_insert(Author)(late)

    await Author(name="Ann").save()
    await Author(name="Bob").save()
    assert told == ["first Ann", "first Bob", "late Bob"]
    model_event.remove(first)
    await Author(name="Cid").save()
    assert told[3:] == ["late Cid"]


async def test_handlers_write_in_the_transaction_of_the_caller(database: Database) -> None:
    """What they store is undone along with what they were told of (C-117d)."""

    @model_event.after_insert(Author)
    async def make_profile(instance: Author, event: str) -> None:
        await Profile(author=instance, bio=f"of {instance.name}").save()

    await Author(name="Ann").save()
    with pytest.raises(Refused):
        async with atomic():
            await Author(name="Bob").save()
            assert await Profile.objects.count() == 2
            raise Refused
    assert [one.bio for one in await Profile.objects.all()] == ["of Ann"]


async def test_handlers_of_many_tasks_do_not_mix(database: Database) -> None:
    """Each of 200 interleaved tasks has its own told and refused, with those that wait for a commit (C-117d)."""
    told: dict[str, list[str]] = {str(number): [] for number in range(200)}

    @model_event.before_save(Author)
    async def ask(instance: Author, event: str) -> None:
        await asyncio.sleep(0)
        told[instance.name].append(event)
        if instance.name.endswith("7"):
            raise Refused

    @model_event.after_insert(Author)
    @model_event.after_insert(Book, on_commit=True)
    async def tell(instance: Any, event: str) -> None:
        await asyncio.sleep(0)
        told[instance.name if isinstance(instance, Author) else instance.title].append(event)

    async def live(name: str) -> None:
        try:
            async with atomic():
                author = Author(name=name)
                await author.save()
                await Book(author=author, title=name).save()
                if name.endswith("3"):
                    raise Refused
        except Refused:
            pass

    await asyncio.gather(*(live(name) for name in told))
    for name, events in told.items():
        expected = ["before_save"] if name.endswith("7") else ["before_save", "after_insert", "after_insert"]
        assert events == (expected[:2] if name.endswith("3") else expected)
    assert await Book.objects.count() == 160


async def test_deleted_rows_are_read_once(database: Database) -> None:
    """An instance that is there is not read again for its handlers; one of a query is, all in one query (C-117h)."""
    record_all()
    authors = [await Author.objects.create(name=name) for name in "ABC"]
    await authors[0].delete()
    async with max_queries(7):
        await Author.objects.all().delete()
    assert await Author.objects.count() == 0


async def test_setting_names_handlers(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Those below an installed app are called, before those of decorators; others are told, and are not (C-117)."""
    NOTES.clear()
    stated = {
        "tests.contract.orm.models.Author": {
            "after_insert": [f"{__name__}.note", {"handler": f"{__name__}.note_later", "on_commit": True}],
            "before_save": ["nowhere.at.all", "testsevil.events.note"],
        }
    }
    with (
        caplog.at_level(logging.ERROR, "openviper.db.events"),
        settings.overridden(INSTALLED_APPS=("tests",), MODEL_EVENTS=stated),
    ):

        @model_event.after_insert(Author)
        def decorated(instance: Author, event: str) -> None:
            NOTES.append("decorated")

        async with atomic():
            await Author(name="Ann").save()
        assert NOTES == ["note", "decorated", "later"]
        await Author(name="Bob").save()
    assert NOTES[3:] == ["note", "later", "decorated"]
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "nowhere.at.all" in messages[0]
    assert "testsevil.events.note" in messages[1]
    await Author(name="Cid").save()
    assert NOTES[6:] == ["decorated"]


NOTES: list[str] = []


async def note(instance: object, event: str) -> None:
    NOTES.append("note")


def note_later(instance: object, event: str, **extra: object) -> None:
    NOTES.append("later")
