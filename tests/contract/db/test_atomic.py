"""Transactions, alike on every engine."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from openviper.db.connections import get_connection, request_connection
from openviper.db.exceptions import (
    DatabaseOperationNotSupportedError,
    DatabaseReadOnlyError,
    IntegrityError,
    LockTimeoutError,
    TransactionError,
)
from openviper.db.transactions import atomic, current_scope, in_transaction, transaction
from tests.contract.db.engines import Notes


class Stop(Exception):
    """What the tests raise to leave a block."""


async def test_block_is_stored_as_a_whole(notes: Notes) -> None:
    """What a block wrote is there after it."""
    async with atomic():
        await notes.add(1)
        await notes.add(2)
        assert in_transaction()
    assert not in_transaction()
    assert await notes.numbers() == [1, 2]


async def test_block_that_raises_leaves_nothing(notes: Notes) -> None:
    """An error that leaves the block undoes all of it, on SQLite as well."""
    with pytest.raises(Stop):
        async with atomic():
            await notes.add(1)
            raise Stop
    assert await notes.numbers() == []


async def test_tables_are_part_of_a_transaction(notes: Notes) -> None:
    """A table that was made in a block is gone with it; where that cannot be, the block refuses to make one."""
    if not notes.engine.undoes_tables:
        with pytest.raises(DatabaseOperationNotSupportedError, match="CREATE inside a transaction"):
            async with atomic():
                await notes.add(1)
                await notes.database.execute("CREATE TABLE fleeting (id INTEGER)")
        assert await notes.numbers() == []
        return
    with pytest.raises(Stop):
        async with atomic():
            await notes.database.execute("CREATE TABLE fleeting (id INTEGER)")
            raise Stop
    await notes.database.execute("CREATE TABLE fleeting (id INTEGER)")
    await notes.database.execute("DROP TABLE fleeting")


async def test_inner_block_fails_alone(notes: Notes) -> None:
    """What an inner block did is undone, and the outer one goes on."""
    async with atomic():
        await notes.add(1)
        with pytest.raises(IntegrityError):
            async with atomic():
                await notes.add(2)
                await notes.add(1)
        with pytest.raises(Stop):
            async with atomic():
                await notes.add(3)
                async with atomic():
                    await notes.add(4)
                raise Stop
        async with atomic():
            await notes.add(5)
    assert await notes.numbers() == [1, 5]


async def test_inner_block_goes_with_the_outer_one(notes: Notes) -> None:
    """An inner block that ended well is undone by the rollback around it."""
    with pytest.raises(Stop):
        async with atomic():
            async with atomic():
                await notes.add(1)
            raise Stop
    assert await notes.numbers() == []


async def test_pinned_connection_carries_the_transaction(notes: Notes) -> None:
    """A block within request_connection() is stored or undone like any other."""
    async with request_connection():
        async with atomic():
            await notes.add(1)
        with pytest.raises(Stop):
            async with atomic():
                await notes.add(2)
                raise Stop
        await notes.add(3)
    assert await notes.numbers() == [1, 3]


async def test_tasks_inside_share_the_transaction(notes: Notes) -> None:
    """Tasks of one block see what it wrote, run one after the other, and are undone with it."""
    with pytest.raises(Stop):
        async with atomic():
            await notes.add(1)
            await asyncio.gather(*(notes.add(number) for number in range(2, 20)))
            assert len(await notes.numbers()) == 19
            raise Stop
    assert await notes.numbers() == []


async def test_inner_blocks_of_sibling_tasks_do_not_cross(notes: Notes) -> None:
    """Inner blocks that are begun side by side run one after the other, and each is undone alone."""

    async def add(number: int) -> None:
        async with atomic():
            await notes.add(number)
            await asyncio.sleep(0)
            await notes.numbers()
            if number % 2:
                raise Stop

    async with atomic():
        results = await asyncio.gather(*(add(number) for number in range(10)), return_exceptions=True)
    assert sum(isinstance(result, Stop) for result in results) == 5
    assert await notes.numbers() == [0, 2, 4, 6, 8]


async def test_tasks_outside_have_transactions_of_their_own(notes: Notes) -> None:
    """Blocks that are begun outside of any belong to nobody else."""

    async def add(number: int) -> None:
        async with atomic():
            await notes.add(number)
            await asyncio.sleep(0)
            if number % 2:
                raise Stop

    await asyncio.gather(*(add(number) for number in range(10)), return_exceptions=True)
    assert await notes.numbers() == [0, 2, 4, 6, 8]


async def test_tasks_outside_run_side_by_side(postgres_notes: Notes) -> None:
    """Queries of several tasks outside a transaction are under way at the same time (C-011n)."""
    gate = "SELECT pg_advisory_xact_lock_shared(1), (SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%gate 7%' "
    gate += "AND state = 'active' AND pid <> pg_backend_pid()) /* gate 7 */"
    async with get_connection() as connection:
        await connection.fetch("SELECT pg_advisory_lock(1)")
        tasks = [asyncio.create_task(postgres_notes.database.fetch(gate)) for _ in range(3)]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while await connection.fetch_value(waiting) < 3:
            await asyncio.sleep(0)
        await connection.fetch("SELECT pg_advisory_unlock(1)")
    await asyncio.gather(*tasks)


async def test_decorated_function_is_a_block(notes: Notes) -> None:
    """A decorated coroutine function is a block at each call, with and without parentheses, and can nest itself."""

    @atomic
    async def add(number: int) -> int:
        await notes.add(number)
        if number == 2:
            raise Stop
        return number

    @atomic(durable=True)
    async def add_twice() -> None:
        assert await add(3) == 3
        with pytest.raises(Stop):
            await add(2)

    assert await add(1) == 1
    await add_twice()
    assert await notes.numbers() == [1, 3]
    assert add.__name__ == "add"


async def test_plain_function_cannot_be_decorated() -> None:
    """A function without await is refused where it is decorated."""
    with pytest.raises(TypeError, match="coroutine functions"):
        atomic(lambda: None)  # type: ignore[arg-type, return-value]  # the point of it


async def test_durable_block_is_the_outermost(notes: Notes) -> None:
    """A durable block inside another one is refused, and the outer one goes on."""
    async with atomic():
        await notes.add(1)
        with pytest.raises(TransactionError, match="durable"):
            async with atomic(durable=True):
                pass
    assert await notes.numbers() == [1]


async def test_inner_block_cannot_ask_for_isolation(notes: Notes) -> None:
    """Isolation and read_only hold for a whole transaction; a read-only one may repeat itself."""
    async with atomic():
        for block in (atomic(isolation="serializable"), atomic(read_only=True)):
            with pytest.raises(TransactionError, match="outermost"):
                async with block:
                    pass
    async with atomic(read_only=True), atomic(read_only=True):
        assert await notes.numbers() == []


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "SERIALIZABLE"])
async def test_isolation_is_taken(notes: Notes, isolation: str) -> None:
    """Each level is known to every engine."""
    async with atomic(isolation=isolation):
        await notes.add(1)
        if notes.engine.name == "postgresql":
            assert await notes.database.fetch_value("SHOW transaction_isolation") == isolation.lower()
    with pytest.raises(ValueError, match="chaos"):
        atomic(isolation="chaos")


async def test_read_only_block_refuses_writes(notes: Notes) -> None:
    """A block that only reads refuses writes, and the connection can write again after it."""
    await notes.add(1)
    with pytest.raises(DatabaseReadOnlyError):
        async with atomic(read_only=True):
            assert await notes.numbers() == [1]
            await notes.add(2)
    async with transaction(read_only=True):
        assert await notes.numbers() == [1]
    assert await notes.add(3) == 1


async def test_error_that_is_handled_inside_spoils_the_block(notes: Notes) -> None:
    """After an error of the database nothing more is done in its block, on every engine, and its end says so."""
    with pytest.raises(TransactionError, match="atomic\\(\\) of its own"):
        async with atomic():
            await notes.add(1)
            with pytest.raises(IntegrityError):
                await notes.add(1)
            with pytest.raises(TransactionError, match="has failed"):
                await notes.add(2)
            with pytest.raises(TransactionError, match="has failed"):
                async with atomic():
                    pass
    assert await notes.numbers() == []


async def test_error_that_is_handled_inside_an_inner_block_spoils_that_one(notes: Notes) -> None:
    """The inner block fails at its end, and the outer one may handle it."""
    async with atomic():
        await notes.add(1)
        with pytest.raises(TransactionError):
            async with atomic():
                await notes.add(2)
                with pytest.raises(IntegrityError):
                    await notes.add(1)
        await notes.add(3)
    assert await notes.numbers() == [1, 3]


async def test_task_that_outlives_its_block_is_refused(notes: Notes) -> None:
    """A task that was started inside cannot write after the end, neither in the transaction nor beside it."""
    go = asyncio.Event()

    async def add_late() -> None:
        await go.wait()
        await notes.add(2)

    async with atomic():
        await notes.add(1)
        task = asyncio.create_task(add_late())
    go.set()
    with pytest.raises(TransactionError, match="is over"):
        await task
    assert await notes.numbers() == [1]


async def test_block_that_waits_for_itself_is_ended(notes: Notes) -> None:
    """An inner block that waits for a task of the block around it is told so when its time is up."""
    notes.engine.configure(STATEMENT_TIMEOUT=0.2)
    from openviper.db.connections import reset

    if notes.engine.name == "sqlite-memory":
        pytest.skip("another time-out takes a new connection, and that a new database")
    reset()
    async with atomic():
        await notes.add(1)
        with pytest.raises(LockTimeoutError, match="busy"):
            async with atomic():
                await asyncio.create_task(outside_of(notes))
        await notes.add(3)
    assert await notes.numbers() == [1, 3]


async def outside_of(notes: Notes) -> None:
    """Write in the block around the innermost one, as a task does that was started there."""
    scope = current_scope()
    assert scope is not None
    assert scope.outer is not None
    await scope.outer.run(lambda connection: connection.execute(notes.engine.text("SELECT 1")))


async def test_stream_inside_leaves_room_for_writes(notes: Notes) -> None:
    """Between two lists of a stream the same transaction may write."""
    for number in range(6):
        await notes.add(number)
    async with atomic():
        async for rows in notes.database.stream("SELECT id FROM note ORDER BY id", size=2):
            await notes.database.execute(notes.engine.text("UPDATE note SET size = ? WHERE id = ?"), (9, rows[0][0]))
    assert await notes.database.fetch_value("SELECT count(*) FROM note WHERE size = 9") == 3


async def test_connection_of_a_block_is_that_of_the_transaction(notes: Notes) -> None:
    """A raw connection inside a block works in its transaction, and is not given back."""
    with pytest.raises(Stop):
        async with atomic():
            async with get_connection() as connection:
                await connection.execute("INSERT INTO note (id, name) VALUES (1, 'a')")
            assert await notes.numbers() == [1]
            raise Stop
    assert await notes.numbers() == []


async def test_thrown_away_coroutine_is_rolled_back(notes: Notes) -> None:
    """A generator that is dropped in the middle of a block leaves nothing, and the connection serves others."""

    async def write() -> AsyncIterator[int]:
        async with atomic():
            yield await notes.add(1)

    generator = write()
    assert await anext(generator) == 1
    del generator
    for _ in range(5):  # the loop closes it in a task of its own
        await asyncio.sleep(0)
    assert not in_transaction()
    assert await notes.numbers() == []
    assert await notes.add(2) == 1


async def test_values_of_a_scope(notes: Notes) -> None:
    """A value is seen inside its block, after it only if the block ended well, and nowhere after the transaction."""
    async with atomic() as outer:
        outer.set("a", 1)
        with pytest.raises(Stop):
            async with atomic() as inner:
                inner.set("a", 2)
                inner.set("b", 3)
                assert (inner.get("a"), inner.get("b")) == (2, 3)
                raise Stop
        assert (outer.get("a"), outer.get("b", "none")) == (1, "none")
        async with atomic() as inner:
            inner.set("b", 4)
        assert outer.get("b") == 4
    assert current_scope() is None
    with pytest.raises(TransactionError):
        outer.set("c", 5)
    assert await notes.numbers() == []
