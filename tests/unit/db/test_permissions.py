"""The slot for permissions: who is asked, and who is not."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from openviper.core.context import ignore_permissions_ctx
from openviper.db import fields
from openviper.db.exceptions import ModelPermissionError
from openviper.db.models import Model
from openviper.db.permissions import Action, bypass_permissions, check_permission, set_checker, slot
from openviper.db.registry import AnyModel


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


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    """A checker in the slot."""
    checker = Refusing()
    before = set_checker(checker)
    yield checker
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
