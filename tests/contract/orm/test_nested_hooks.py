"""Hooks that write themselves: other instances, their own, and in many tasks at once."""

import asyncio

import pytest

from openviper.db.connections import Database
from openviper.db.registry import registry
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Profile
from tests.contract.orm.test_hooks import Refused, proxy


async def test_hooks_write_others_and_are_undone_with_them(database: Database) -> None:
    """A hook saves other instances and asks queries, in the transaction of the caller if there is one (C-117d)."""

    async def make_profile(self: Author) -> None:
        await Profile(author_id=self.id, bio=f"{await Author.objects.count()}. {self.name}").save()

    with registry.isolated():
        member = proxy("Member", "after_insert", make_profile)
    await member(name="Ann").save()
    with pytest.raises(Refused):
        async with atomic():
            await member(name="Bob").save()
            assert await Profile.objects.count() == 2
            raise Refused
    assert [one.bio for one in await Profile.objects.all()] == ["1. Ann"]


@pytest.mark.parametrize("name", ["before_save", "after_insert", "on_change"])
@pytest.mark.parametrize("is_atomic", [False, True])
async def test_hook_saves_its_own_instance(database: Database, name: str, is_atomic: bool) -> None:
    """One that stops somewhere may; the row is made once, and has what was assigned last (C-117d)."""

    async def again(self: Author, *_: object) -> None:
        if self.age is None:
            self.age = 1
            await self.save()
            self.name = f"{self.name}!"

    with registry.isolated():
        twice = proxy("Twice", name, again)
    author = twice(name="Ann")
    if is_atomic:
        async with atomic():
            await author.save()
    else:
        await author.save()
    found = await Author.objects.get()
    expected = "Ann!" if name == "before_save" else "Ann"
    assert (found.name, found.age, author.id, author.name) == (expected, 1, found.id, "Ann!")


async def test_endless_recursion_ends_in_an_error(database: Database) -> None:
    """A hook that saves its instance whenever that is saved runs into the limit of Python, and nothing is stored."""

    async def again(self: Author) -> None:
        await self.save()

    with registry.isolated():
        endless = proxy("Endless", "before_save", again)
    with pytest.raises(RecursionError):
        await endless(name="Ann").save()
    assert await Author.objects.count() == 0


async def test_cancelled_hook_stores_nothing(database: Database) -> None:
    """A hook that hangs is left by the time-out of its caller, and the instance is as it was (C-117c)."""
    started = asyncio.Event()

    async def hang(self: Author) -> None:
        self.name = "changed"
        started.set()
        await asyncio.Event().wait()

    with registry.isolated():
        hanging = proxy("Hanging", "before_save", hang)
    author = hanging(name="Ann")
    task = asyncio.create_task(save(author))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert author.name == "Ann"
    assert await Author.objects.count() == 0


async def test_hooks_of_many_tasks_do_not_mix(database: Database) -> None:
    """Each of 200 tasks that write at the same time has its own instance told, and is refused for itself (C-117d)."""
    told: dict[int, list[str]] = {number: [] for number in range(200)}

    class Busy(Author):
        class Meta:
            proxy = True

        async def before_save(self) -> None:
            await asyncio.sleep(0)
            told[int(self.name)].append("before_save")
            if int(self.name) % 7 == 0:
                raise Refused

        async def after_insert(self) -> None:
            await asyncio.sleep(0)
            told[int(self.name)].append("after_insert")

        async def on_delete(self) -> None:
            told[int(self.name)].append("on_delete")

    registry.unregister(Busy._meta.label)

    async def live(number: int) -> bool:
        author = Busy(name=str(number))
        try:
            await author.save()
        except Refused:
            return False
        if number % 2:
            await author.delete()
        return True

    stored = await asyncio.gather(*(live(number) for number in range(200)))
    for number, is_stored in enumerate(stored):
        assert is_stored == bool(number % 7)
        ends = ["after_insert", "on_delete"][: 1 + number % 2] if is_stored else []
        assert told[number] == ["before_save", *ends]
    assert await Author.objects.count() == sum(bool(one % 7) and not one % 2 for one in range(200))


async def save(author: Author) -> None:
    await author.save()
