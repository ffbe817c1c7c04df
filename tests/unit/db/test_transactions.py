"""Transactions apart from what the engines have to prove (tests/contract/db)."""

import asyncio

import pytest

from openviper.conf import settings
from openviper.db.connections import close_db, get_database
from openviper.db.exceptions import TransactionError
from openviper.db.transactions import Atomic, atomic, current_scope, in_transaction, on_commit, on_rollback, transaction


@pytest.fixture
def two_databases() -> None:
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "other": {"URL": "sqlite://"}})


@pytest.mark.usefixtures("two_databases")
async def test_aliases_have_transactions_of_their_own() -> None:
    """A block on one alias does not hold the other, and handlers join the one that they name."""
    ran: list[str] = []
    for alias in ("default", "other"):
        await get_database(alias).execute("CREATE TABLE a (id INTEGER)")
    async with atomic():
        assert in_transaction()
        assert not in_transaction("other")
        async with atomic(using="other"):
            on_commit(lambda: ran.append("other"), using="other")
            on_commit(lambda: ran.append("default"))
            await get_database("other").execute("INSERT INTO a VALUES (1)")
        assert ran == ["other"]
        assert await get_database().fetch("SELECT * FROM a") == []
    assert ran == ["other", "default"]
    await close_db()


@pytest.mark.usefixtures("two_databases")
async def test_scope_is_what_the_block_gives() -> None:
    """The block hands out its scope, and the innermost one is the current one."""
    async with atomic() as outer:
        assert current_scope() is outer
        async with atomic() as inner:
            assert current_scope() is inner
            assert inner.outer is outer
        assert current_scope() is outer
    assert current_scope() is None
    for join in (outer.on_commit, outer.on_rollback):
        with pytest.raises(TransactionError, match="is over"):
            join(print)
    await close_db()


@pytest.mark.usefixtures("two_databases")
async def test_block_ends_where_it_began() -> None:
    """A block that is left in another context than it was entered in is refused."""
    block = atomic()
    await asyncio.create_task(enter(block))
    with pytest.raises(TransactionError, match="another task"):
        await block.__aexit__(None, None, None)
    await close_db()


async def enter(block: Atomic) -> None:
    await block.__aenter__()


@pytest.mark.usefixtures("two_databases")
async def test_one_block_may_be_used_again() -> None:
    """The same object serves one block after the other, inside itself and in several tasks."""
    block = transaction()
    async with block, block:
        assert in_transaction()
    await asyncio.gather(*(use(block) for _ in range(5)))
    await close_db()


async def use(block: Atomic) -> None:
    async with block:
        await asyncio.sleep(0)
        assert in_transaction()


def test_without_a_transaction_there_is_nothing_to_undo() -> None:
    """A handler for a rollback outside of a block is dropped, without a loop and without settings."""
    on_rollback(lambda: pytest.fail("nothing was rolled back"))
    ran: list[int] = []
    on_commit(lambda: ran.append(1))
    assert ran == [1]
