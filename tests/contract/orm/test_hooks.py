"""Hooks of models: in which order they run, what they may change, and what becomes of a write that they refuse."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from openviper.db.connections import Database
from openviper.db.events import UNKNOWN, failed_handlers
from openviper.db.exceptions import IntegrityError, ModelValidationError
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.permissions import set_checker
from openviper.db.query.expressions import F
from openviper.db.registry import registry
from tests.contract.orm.models import Author, Book, Profile

SAVED = ["before_validate", "validate", "before_save"]


class Refused(Exception):
    """A hook does not want it."""


@pytest.fixture
def log() -> list[Any]:
    """What the hooks of a test say."""
    return []


@pytest.fixture
def loud(log: list[Any]) -> Iterator[type[Author]]:
    """Authors that say what happens to them, and whether their row is there at that time."""
    with registry.isolated():

        class Loud(Author):
            class Meta:
                proxy = True

            async def before_validate(self) -> None:
                log.append("before_validate")

            async def validate(self) -> None:
                log.append("validate")

            async def before_insert(self) -> None:
                log.append("before_insert")

            async def before_save(self) -> None:
                log.append("before_save")

            async def after_insert(self) -> None:
                log.append(("after_insert", await Author.objects.filter(name=self.name).count()))

            async def on_update(self) -> None:
                log.append(("on_update", await Author.objects.filter(name=self.name).count()))

            async def on_change(self, previous_state: Mapping[str, object]) -> None:
                log.append(("on_change", dict(previous_state)))

            async def on_delete(self) -> None:
                log.append(("on_delete", await Author.objects.count()))

            async def after_delete(self) -> None:
                log.append(("after_delete", await Author.objects.count()))

        yield Loud


async def test_hooks_of_a_new_row_run_in_order(database: Database, loud: type[Author], log: list[Any]) -> None:
    """Two before it is validated and as it is, two more before the INSERT, two when the row is there (C-117a)."""
    author = loud(name="Ann")
    await author.save()
    expected: list[Any] = [
        "before_validate",
        "validate",
        "before_insert",
        "before_save",
        ("after_insert", 1),
        ("on_change", {}),
    ]
    assert log == expected

    log.clear()
    await loud(name="Bob").save()
    assert log == expected


async def test_hooks_of_an_update_run_in_order(database: Database, loud: type[Author], log: list[Any]) -> None:
    """What has changed is told with what the row held before, by the names of the fields (C-117a)."""
    author = await loud.objects.create(name="Ann", age=30)
    log.clear()
    author.name, author.age = "Bea", 31
    await author.save()
    assert log == [*SAVED, ("on_update", 1), ("on_change", {"name": "Ann", "age": 30})]


async def test_nothing_that_changed_is_nothing_that_is_told(
    database: Database, loud: type[Author], log: list[Any]
) -> None:
    """The hooks before a save run, as they may change something; without an UPDATE none runs after it (C-117a)."""
    author = await loud.objects.create(name="Ann")
    log.clear()
    await author.save()
    assert log == SAVED

    log.clear()
    await author.save(update_fields=["name"])
    assert log == [*SAVED, ("on_update", 1)]

    log.clear()
    await author.save(update_fields=[])
    assert log == []


async def test_hooks_of_a_deletion_run_around_it(database: Database, loud: type[Author], log: list[Any]) -> None:
    """The instance itself is told, before its row goes and after (C-117a)."""
    author = await loud.objects.create(name="Ann")
    log.clear()
    assert await author.delete() == 1
    assert log == [("on_delete", 1), ("after_delete", 0)]
    assert author.has_changed

    log.clear()
    assert await loud(id=77).delete() == 0
    assert log == []


async def test_rows_of_a_query_are_read_to_be_deleted(database: Database, loud: type[Author], log: list[Any]) -> None:
    """Each instance is told, all of them before the first row goes (C-117a)."""
    for name in "ABC":
        await loud(name=name).save()
    log.clear()
    assert await loud.objects.exclude(name="B").delete() == 2
    assert log == [("on_delete", 3), ("on_delete", 3), ("after_delete", 1), ("after_delete", 1)]


async def test_models_without_hooks_are_deleted_in_one_statement(database: Database) -> None:
    """Nobody waits for them, so none is read."""
    await Profile(author=await Author.objects.create(name="Ann")).save()
    async with max_queries(1):
        await Profile.objects.all().delete()


async def test_get_or_create_runs_the_hooks_of_a_new_row(
    database: Database, loud: type[Author], log: list[Any]
) -> None:
    """A row that is found is told nothing; one that is made, or given other values, is (C-117a)."""
    await loud.objects.get_or_create(email="a@example.com", defaults={"name": "Ann"})
    assert "before_insert" in log
    assert log[-1] == ("on_change", {})

    log.clear()
    await loud.objects.get_or_create(email="a@example.com")
    assert log == []

    await loud.objects.update_or_create(email="a@example.com", defaults={"name": "Bea"})
    assert log == [*SAVED, ("on_update", 1), ("on_change", {"name": "Ann"})]


async def test_many_at_once_run_no_hooks(database: Database, loud: type[Author], log: list[Any]) -> None:
    """What writes without instances, or many of them by one statement, calls no hook of one (C-117a)."""
    authors = await loud.objects.bulk_create([loud(name="Ann"), loud(name="Bob")])
    authors[0].name = "Bea"
    await loud.objects.bulk_update(authors, ["name"])
    await loud.objects.filter(name="Bea").update(age=3)
    assert log == []


@pytest.mark.parametrize("name", ["before_validate", "validate", "before_insert", "before_save"])
async def test_hook_keeps_an_instance_from_being_stored(database: Database, name: str) -> None:
    """What it raises reaches the caller; nothing was stored, and the instance is as it was (C-117b)."""

    async def refuse(self: Author) -> None:
        self.name = "changed"
        self.country_id = "AT"
        raise Refused(name)

    with registry.isolated():
        careful = proxy("Hindered", name, refuse)
    author = careful(name="Ann", age="3")
    before = dict(vars(author))
    with pytest.raises(Refused):
        await author.save()
    assert vars(author) == before
    assert await Author.objects.count() == 0

    await Author(name="Bea").save()
    author = await careful.objects.get()
    author.age = "4"  # type: ignore[assignment]  # to be cleaned
    before = dict(vars(author))
    if name == "before_insert":
        await author.save()
        return
    with pytest.raises(Refused):
        await author.save()
    assert vars(author) == before
    assert author.changed_fields() == ("age",)
    assert (await Author.objects.get()).age is None


async def test_hook_keeps_a_row_from_being_deleted(database: Database) -> None:
    """Neither the instance nor a query deletes it, nor anything that would have gone along (C-117b)."""

    async def keep(self: Author) -> None:
        await Author.objects.filter(id=self.id).update(age=99)
        if self.name == "Bob":
            raise Refused

    with registry.isolated():
        kept = proxy("Retained", "on_delete", keep)
    for name in ("Ann", "Bob"):
        await Book(author=await kept.objects.create(name=name), title=name).save()
    author = await kept.objects.get(name="Bob")
    with pytest.raises(Refused):
        await author.delete()
    with pytest.raises(Refused):
        await kept.objects.all().delete()
    assert not author.has_changed
    # What the hooks themselves had written is undone along with it.
    assert [(one.name, one.age) for one in await Author.objects.order_by("id")] == [("Ann", None), ("Bob", None)]
    assert await Book.objects.count() == 2


async def test_what_hooks_change_is_cleaned_and_written(database: Database) -> None:
    """It need not be there when the instance is made, and it is as good as what was there (C-117b)."""

    class Slow(Author):
        class Meta:
            proxy = True

        async def before_validate(self) -> None:
            if not self.name:
                self.name = "Nobody"

        async def before_save(self) -> None:
            self.age = "7"  # type: ignore[assignment]  # to be cleaned

    registry.unregister(Slow._meta.label)
    author = await Slow.objects.create()
    assert (author.name, author.age) == ("Nobody", 7)
    assert not author.has_changed
    found = await Slow.objects.get()
    assert (found.name, found.age) == ("Nobody", 7)

    found.name = ""
    await found.save()
    assert (await Author.objects.get()).name == "Nobody"


async def test_what_a_late_hook_spoils_is_refused(database: Database) -> None:
    """A value of the last hook that the field does not take is told as one of the caller's (C-117b)."""

    async def spoil(self: Author) -> None:
        self.age = "many"  # type: ignore[assignment]  # to be cleaned

    with registry.isolated():
        spoiled = proxy("Spoiled", "before_save", spoil)
    author = spoiled(name="Ann")
    with pytest.raises(ModelValidationError) as raised:
        await author.save()
    assert list(raised.value.errors) == ["age"]
    assert author.age is None


async def test_hooks_meet_clean_values(database: Database) -> None:
    """Between the two, the fields are cleaned; what they refuse no further hook sees (C-117b)."""
    met: list[object] = []

    class Typed(Author):
        class Meta:
            proxy = True

        async def before_validate(self) -> None:
            met.append(self.age)

        async def validate(self) -> None:
            met.append(self.age)

    registry.unregister(Typed._meta.label)
    await Typed(name="Ann", age="3").save()
    assert met == ["3", 3]
    with pytest.raises(ModelValidationError):
        await Typed(name="Ann", age="x").save()
    assert met == ["3", 3, "x"]


async def test_hook_assigns_an_expression(database: Database) -> None:
    """The engine computes it, as it does where the caller has assigned it."""

    async def count(self: Author) -> None:
        if self.pk is not None:
            self.age = F("age") + 1

    with registry.isolated():
        counted = proxy("Counted", "before_save", count)
    author = await counted.objects.create(name="Ann", age=1)
    author.name = "Bea"
    await author.save()
    assert [(one.name, one.age) for one in await Author.objects.all()] == [("Bea", 2)]


async def test_previous_state_of_what_nobody_has_read(database: Database, loud: type[Author], log: list[Any]) -> None:
    """There is no query for it: it is told to be unknown (C-117a)."""
    await loud(name="Ann", age=30).save()
    author = await loud.objects.only("name").get()
    author.name, author.age = "Bea", 31
    log.clear()
    with watch_queries() as queries:
        await author.save()
    assert log[-1] == ("on_change", {"name": "Ann", "age": UNKNOWN})
    assert not UNKNOWN
    assert queries.count == 2  # the UPDATE, and that of on_update


async def test_failing_insert_runs_nothing_after_it(database: Database, loud: type[Author], log: list[Any]) -> None:
    """What the database refuses has not happened."""
    await Author(name="Ann", email="a@example.com").save()
    with pytest.raises(IntegrityError):
        await loud(name="Bob", email="a@example.com").save()
    assert log == ["before_validate", "validate", "before_insert", "before_save"]


async def test_failure_after_the_write_is_told_and_undoes_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The row stays, the other hooks run, and the log has the traceback (C-117c)."""
    told: list[str] = []

    class Broken(Author):
        class Meta:
            proxy = True

        async def after_insert(self) -> None:
            raise Refused("after_insert is broken")

        async def on_change(self, previous_state: Mapping[str, object]) -> None:
            told.append("on_change")

        async def after_delete(self) -> None:
            raise Refused("after_delete is broken")

    registry.unregister(Broken._meta.label)
    before = failed_handlers()
    with caplog.at_level(logging.ERROR, "openviper.db.events"):
        author = await Broken.objects.create(name="Ann")
        assert await Author.objects.count() == 1
        assert await author.delete() == 1
    assert told == ["on_change"]
    assert await Author.objects.count() == 0
    assert failed_handlers() == before + 2
    assert ["Refused" in record.exc_text for record in caplog.records if record.exc_text] == [True, True]


async def test_plain_methods_are_hooks_too(database: Database) -> None:
    """A method without async is called in line (C-117a)."""

    def shout(self: Author) -> None:
        self.name = self.name.upper()

    with registry.isolated():
        plain = proxy("Plain", "before_save", shout)
    assert (await plain.objects.create(name="Ann")).name == "ANN"


async def test_hooks_are_inherited_and_call_those_above(database: Database) -> None:
    """A class that is no model may bring them, and super() reaches what does nothing at the end (C-117a)."""
    told: list[str] = []

    class Noted:
        async def before_save(self) -> None:
            told.append("noted")
            await super().before_save()  # type: ignore[misc]  # of the model

    with registry.isolated():

        class Special(Noted, Author):
            class Meta:
                proxy = True

            async def before_save(self) -> None:
                told.append("special")
                await super().before_save()

    await Special(name="Ann").save()
    assert told == ["special", "noted"]


async def test_permission_is_asked_before_any_hook(database: Database, loud: type[Author], log: list[Any]) -> None:
    """Who may not write runs no code by trying to."""

    class Nobody:
        async def check(self, model: object, action: str) -> None:
            if action != "read":
                raise PermissionError(action)

    author = await loud.objects.create(name="Ann")
    log.clear()
    before = set_checker(Nobody())
    try:
        with pytest.raises(PermissionError):
            await loud(name="Bob").save()
        author.name = "Bea"
        with pytest.raises(PermissionError):
            await author.save()
        with pytest.raises(PermissionError):
            await author.delete()
    finally:
        set_checker(before)
    assert log == []


def proxy(name: str, hook: str, function: object) -> type[Author]:
    """Make a proxy of authors with one hook."""
    meta = type("Meta", (), {"proxy": True})
    return cast("type[Author]", type(name, (Author,), {"__module__": __name__, "Meta": meta, hook: function}))
