"""The slot for permissions: who is asked, and who is not."""

import asyncio
import logging
import random
from collections.abc import Iterator
from contextvars import ContextVar, copy_context
from typing import Any, Final

import pytest

from openviper.core.context import ignore_permissions_ctx
from openviper.db import fields
from openviper.db.exceptions import DatabaseReadOnlyError, ModelPermissionError
from openviper.db.models import Model
from openviper.db.permissions import (
    Action,
    bypass_permissions,
    check_permission,
    permissions_changed,
    set_checker,
    slot,
)
from openviper.db.registry import AnyModel
from openviper.exceptions import PermissionDenied


class Book(Model):
    """What is asked about."""

    title = fields.CharField(default="")


class Refusing:
    """A checker that lets nothing pass, and whose own queries would ask it again."""

    def __init__(self) -> None:
        self.asked: list[tuple[AnyModel, Action]] = []

    async def check(self, model: AnyModel, action: Action) -> None:
        """Note the question and refuse."""
        await check_permission(model, "read")
        self.asked.append((model, action))
        raise PermissionError("no")


class Answering:
    """A checker that gives an answer, or raises an error."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def check(self, model: AnyModel, action: Action) -> Any:
        """Do so."""
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    """A checker in the slot."""
    checker = Refusing()
    before = set_checker(checker)
    yield checker
    set_checker(before)


@pytest.fixture
def empty_again() -> Iterator[None]:
    """The slot is afterwards as it was."""
    before = slot.checker
    yield
    set_checker(before)


async def test_open_while_nobody_decides() -> None:
    """Without a checker everything passes."""
    assert slot.checker is None
    await check_permission(Book, "delete")


async def test_checker_decides(refusing: Refusing) -> None:
    """The checker gets the model and the action, and its own queries are not checked."""
    with pytest.raises(PermissionError):
        await check_permission(Book, "update")
    assert refusing.asked == [(Book, "update")]
    assert not ignore_permissions_ctx.get()


async def test_block_passes_the_question_over(refusing: Refusing) -> None:
    """Both kinds of block do, around awaits, in each other and in child tasks; afterwards it is asked again (C-010)."""
    bypass = bypass_permissions(reason="a report")
    with bypass:
        await asyncio.sleep(0)
        await check_permission(Book, "read")
        async with bypass, bypass_permissions():
            await check_permission(Book, "read")
        await asyncio.create_task(check_permission(Book, "read"))
        await check_permission(Book, "read")
    with pytest.raises(PermissionError):
        await check_permission(Book, "read")


async def test_block_is_not_felt_by_other_tasks(refusing: Refusing) -> None:
    """A task that runs beside a block is still checked."""
    inside = asyncio.Event()

    async def beside() -> None:
        await inside.wait()
        await check_permission(Book, "read")

    task = asyncio.create_task(beside())
    with bypass_permissions():
        inside.set()
        with pytest.raises(PermissionError):
            await task


async def test_tasks_share_one_object(refusing: Refusing) -> None:
    """Each task that leaves the block is checked again, whatever stands around it in the other one."""
    quiet = bypass_permissions()
    inside, left = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        with quiet:
            await inside.wait()
        left.set()
        await check_permission(Book, "read")

    async def second() -> None:
        with bypass_permissions():
            with quiet:
                inside.set()
                await left.wait()
            await check_permission(Book, "read")
        await check_permission(Book, "read")

    found = await asyncio.gather(first(), second(), return_exceptions=True)
    assert [type(one) for one in found] == [ModelPermissionError] * 2
    assert refusing.asked == [(Book, "read")] * 2


async def test_blocks_are_left_in_any_order(refusing: Refusing) -> None:
    """After the last one it is asked again, and not before; one that was not entered here changes nothing."""
    outer, inner = bypass_permissions(), bypass_permissions()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    outer.__exit__(None, None, None)
    await check_permission(Book, "read")
    inner.__exit__(None, None, None)
    with pytest.raises(PermissionError):
        await check_permission(Book, "read")


async def test_block_ends_with_an_error(refusing: Refusing) -> None:
    """An error in the block leaves nothing passed over."""
    with pytest.raises(KeyError):
        async with bypass_permissions():
            raise KeyError
    assert not ignore_permissions_ctx.get()


def test_reason_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The reason stands in the log; a block without one says nothing (C-010)."""
    with caplog.at_level(logging.DEBUG, logger="openviper.db.permissions"):
        with bypass_permissions():
            pass
        with bypass_permissions(reason="nightly import"):
            pass
    assert [record.getMessage() for record in caplog.records] == ["permissions are passed over: nightly import"]


@pytest.mark.parametrize("answer", [None, True])
async def test_answers_that_let_pass(answer: object, empty_again: None) -> None:
    """A checker may say nothing or yes."""
    set_checker(Answering(answer))
    await check_permission(Book, "read")


@pytest.mark.parametrize("answer", [False, 0, "", "no", 1, PermissionError(), PermissionError("secret words")])
async def test_refusal_is_a_403(answer: object, empty_again: None) -> None:
    """Whatever is no yes refuses; the error is of both kinds, and has no words of the checker (C-011ua)."""
    set_checker(Answering(answer))
    with pytest.raises(ModelPermissionError) as caught:
        await check_permission(Book, "update")
    error = caught.value
    assert isinstance(error, PermissionError)
    assert isinstance(error, PermissionDenied)
    assert (error.status_code, error.detail) == (403, "No permission to update Book.")
    assert (error.model, error.action) == (Book._meta.label, "update")
    assert error.__cause__ is (answer if isinstance(answer, PermissionError) else None)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("role"),
        PermissionError(13, "Permission denied", "/etc/roles"),
        PermissionDenied("Ask the library."),
        DatabaseReadOnlyError("roles are read only"),
        asyncio.CancelledError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_other_errors_stay_what_they_are(error: BaseException, empty_again: None) -> None:
    """A checker that fails lets nothing pass, and is no refusal; a refusal in its own words keeps them (C-011ub)."""
    set_checker(Answering(error))
    with pytest.raises(type(error)) as caught:
        await check_permission(Book, "read")
    assert caught.value is error
    assert not ignore_permissions_ctx.get()


class Plain:
    """Answers without being awaited."""

    def check(self, model: AnyModel, action: Action) -> bool:
        """Say yes."""
        return True


class Narrow:
    """Takes too little."""

    async def check(self, model: AnyModel) -> bool:
        """Say yes."""
        return True


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Refusing, r"takes an object, not a class; write set_checker\(Refusing\(\)\)"),
        (Plain(), "async def check"),
        (Narrow(), r"called with \(model, action\)"),
        (check_permission, "it has none"),
        ("shop.checks.Checker", "'shop.checks.Checker' is no checker"),
        (3, "3 is no checker"),
    ],
)
def test_what_could_not_be_asked_is_no_checker(given: Any, message: str, empty_again: None) -> None:
    """It is refused where it is set, with what to write, and the one that was there stays (C-011uc)."""
    before = slot.checker
    with pytest.raises(TypeError, match=message):
        set_checker(given)
    assert slot.checker is before


async def test_checker_that_hangs_can_be_cancelled(empty_again: None) -> None:
    """Nobody waits for it longer than they want to, and the task is checked again afterwards (C-011ub)."""

    class Hanging:
        async def check(self, model: AnyModel, action: Action) -> None:
            await asyncio.Event().wait()

    set_checker(Hanging())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await check_permission(Book, "read")
    assert not ignore_permissions_ctx.get()


async def test_question_that_is_thrown_away(empty_again: None) -> None:
    """What closes a coroutine from outside keeps its own way, and gets no error (C-011ub)."""

    class Hanging:
        async def check(self, model: AnyModel, action: Action) -> None:
            await asyncio.sleep(0)

    set_checker(Hanging())
    question = check_permission(Book, "read")
    copy_context().run(question.send, None)
    with bypass_permissions():
        question.close()
        assert ignore_permissions_ctx.get()
    assert not ignore_permissions_ctx.get()


async def test_models_that_are_read_on_the_way(refusing: Refusing, empty_again: None) -> None:
    """Each is asked for by itself, after what the statement is about."""

    class Shelf(Model):
        name = fields.CharField(default="")

    asked: list[tuple[AnyModel, Action]] = []

    class Noting:
        async def check(self, model: AnyModel, action: Action) -> None:
            asked.append((model, action))

    set_checker(Noting())
    await check_permission(Book, "delete", (Shelf,))
    assert asked == [(Book, "delete"), (Shelf, "read")]


def test_changes_are_counted(empty_again: None) -> None:
    """What may change an answer counts the version up: another checker, and whoever says so (C-011ub)."""
    versions = [slot.version]
    set_checker(Refusing())
    versions.append(slot.version)
    permissions_changed()
    versions.append(slot.version)
    assert sorted(set(versions)) == versions


#: Who is asking, in the tests below.
USER: Final[ContextVar[int]] = ContextVar("user", default=-1)
LONG: Final = 200


class Cached:
    """A checker that remembers answers, as one with roles in a database would."""

    def __init__(self, banned: set[int]) -> None:
        self.banned = banned
        self.looked_up = 0
        self._known: tuple[int, frozenset[int]] | None = None

    async def check(self, model: AnyModel, action: Action) -> bool:
        """Refuse those that are banned."""
        await asyncio.sleep(0)
        version = slot.version
        if self._known is None or self._known[0] != version:
            self.looked_up += 1
            found = frozenset(self.banned)
            await asyncio.sleep(0)
            self._known = version, found
        return USER.get() not in self._known[1]


async def test_two_hundred_tasks_with_users_of_their_own(empty_again: None) -> None:
    """Each has its own answers, whatever blocks stand around others meanwhile, and in its child tasks (C-011ub)."""
    set_checker(Cached({user for user in range(LONG) if user % 3 == 0}))

    async def allowed() -> bool:
        await asyncio.sleep(0)
        try:
            await check_permission(Book, "read")
        except ModelPermissionError:
            return False
        return True

    async def request(user: int) -> list[bool]:
        USER.set(user)
        dice = random.Random(user)
        found = []
        for _ in range(10):
            if dice.random() < 0.5:
                found.append(await allowed() is (user % 3 != 0))
                continue
            async with bypass_permissions():
                found.append(await allowed())
                found += await asyncio.gather(allowed(), allowed())
                if dice.random() < 0.5:
                    with bypass_permissions():
                        found.append(await allowed())
                found.append(await allowed())
            found.append(await asyncio.create_task(allowed()) is (user % 3 != 0))
        return found

    found = await asyncio.gather(*(request(user) for user in range(LONG)))
    assert [all(one) for one in found] == [True] * LONG


async def test_permissions_that_change_meanwhile(empty_again: None) -> None:
    """From the change on every task has the new answer, and nobody looks anything up in between (C-011ub)."""
    checker = Cached({7})
    set_checker(checker)

    async def request(user: int, change: asyncio.Event) -> list[bool]:
        USER.set(user)
        found = []
        for _ in range(2):
            try:
                await check_permission(Book, "read")
                found.append(True)
            except ModelPermissionError:
                found.append(False)
            await change.wait()
        return found

    change = asyncio.Event()
    tasks = [asyncio.create_task(request(user, change)) for user in range(10)]
    while checker.looked_up == 0:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    checker.banned = {3}
    permissions_changed()
    change.set()
    found = await asyncio.gather(*tasks)
    assert [user for user, (before, _) in enumerate(found) if not before] == [7]
    assert [user for user, (_, after) in enumerate(found) if not after] == [3]
