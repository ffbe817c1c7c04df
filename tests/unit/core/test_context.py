"""The variables of one request."""

import asyncio
import importlib
import logging
from contextvars import Context
from dataclasses import dataclass

from openviper.core.context import (
    RequestIdFilter,
    User,
    current_user,
    ensure_request_id,
    ignore_permissions_ctx,
    make_request_id,
    request_id,
    request_tree,
)
from openviper.types import Scope


@dataclass
class Visitor:
    """A user, as any class may be."""

    username: str
    is_authenticated: bool = True


def test_core_is_a_package_of_its_own() -> None:
    """The package and its building blocks are importable by their promised names (C-001, C-002)."""
    importlib.import_module("openviper.core")
    assert importlib.import_module("openviper.core.context").current_user is current_user
    assert importlib.import_module("openviper.core.app_resolver").AppResolver


def test_without_a_request_nobody_asks_and_permissions_count() -> None:
    """Outside a request the user is None and permissions are not ignored (C-002, C-006)."""
    assert current_user.get() is None
    assert ignore_permissions_ctx.get() is False


async def test_child_task_sees_the_values_of_its_parent() -> None:
    """A child task inherits both variables, with the user's own methods (C-007)."""

    async def child() -> tuple[User | None, bool]:
        return current_user.get(), ignore_permissions_ctx.get()

    user_token = current_user.set(Visitor("ada"))
    permissions_token = ignore_permissions_ctx.set(True)
    try:
        user, is_ignoring = await asyncio.create_task(child())
    finally:
        current_user.reset(user_token)
        ignore_permissions_ctx.reset(permissions_token)

    assert user is not None
    assert (user.username, user.is_authenticated, is_ignoring) == ("ada", True, True)


async def test_what_one_task_sets_no_other_sees() -> None:
    """A value set in one task reaches neither its parent nor a task beside it (C-006, C-007)."""
    is_set = asyncio.Event()

    async def first() -> None:
        current_user.set(Visitor("ada"))
        ignore_permissions_ctx.set(True)
        is_set.set()

    async def second() -> tuple[User | None, bool]:
        await is_set.wait()
        return current_user.get(), ignore_permissions_ctx.get()

    _, seen_beside = await asyncio.gather(first(), second())

    assert seen_beside == (None, False)
    assert (current_user.get(), ignore_permissions_ctx.get()) == (None, False)


def test_ids_are_short_texts_that_do_not_come_twice() -> None:
    """32 hexadecimal digits each."""
    made = {make_request_id() for _ in range(100)}
    assert len(made) == 100
    assert all(len(text) == 32 and int(text, 16) >= 0 for text in made)


def test_request_keeps_its_id() -> None:
    """The first who asks gives it one; what cannot be a header counts as none."""
    assert ensure_request_id({"type": "http", "request_id": "from-outside"}) == "from-outside"
    for unfit in (None, 5, "", " a", "a\r\nb", "\u20ac"):
        scope: Scope = {"type": "http", "request_id": unfit}
        made = ensure_request_id(scope)
        assert len(made) == 32
        assert (scope["request_id"], ensure_request_id(scope)) == (made, made)


def test_records_name_the_request_that_they_belong_to() -> None:
    """Inside a request it is that of the task, unless the record brings one; outside there is none."""
    outside, inside, named = (logging.makeLogRecord(given) for given in ({}, {}, {"request_id": "own"}))
    RequestIdFilter().filter(outside)
    token = request_id.set("7f")
    try:
        for record in (inside, named):
            assert RequestIdFilter().filter(record)
    finally:
        request_id.reset(token)
    assert [vars(record)["request_id"] for record in (outside, inside, named)] == [None, "7f", "own"]


async def test_a_tree_of_tasks_knows_what_its_children_note() -> None:
    """What was noted is known by all tasks that began in the tree, and by none of another one."""
    request_tree.begin()

    async def note() -> None:
        request_tree.get()["tests.noted"] = True

    async def look_afresh() -> dict[str, object]:
        request_tree.begin()
        return request_tree.get()

    await asyncio.create_task(note())
    assert request_tree.get() == {"tests.noted": True}
    assert await asyncio.create_task(look_afresh()) == {}
    assert request_tree.get() == {"tests.noted": True}
    assert Context().run(request_tree.get) == {}


def test_what_is_noted_where_nobody_has_looked_is_kept() -> None:
    """Outside of requests a tree begins with the first look, and what that one notes is known to the next."""

    def note() -> dict[str, object]:
        request_tree.get()["tests.noted"] = True
        return request_tree.get()

    assert Context().run(note) == {"tests.noted": True}
