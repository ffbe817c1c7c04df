"""What runs after a transaction."""

import asyncio
import logging

import pytest

from openviper.db.connections import close_db
from openviper.db.transactions import atomic, failed_handlers, in_transaction, on_commit, on_rollback
from tests.contract.db.engines import Notes
from tests.contract.db.test_atomic import Stop


class Diary:
    """Handlers that write down that they ran."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def note(self, entry: str) -> None:
        """Join the running block with both kinds of handler, one plain and one awaited."""
        on_commit(lambda: self.entries.append(f"kept {entry}"))

        async def undo() -> None:
            await asyncio.sleep(0)
            self.entries.append(f"lost {entry}")

        on_rollback(undo)


async def test_commit_runs_its_handlers_in_order(notes: Notes) -> None:
    """After the commit the handlers run as they joined, inner blocks included, outside of the transaction."""
    diary = Diary()

    async def look() -> None:
        assert not in_transaction()
        diary.entries.append(f"rows {await notes.numbers()}")

    async with atomic():
        diary.note("1")
        async with atomic():
            diary.note("2")
            await notes.add(1)
        on_commit(look)
        diary.note("3")
        assert diary.entries == []
    assert diary.entries == ["kept 1", "kept 2", "rows [1]", "kept 3"]


async def test_rollback_runs_its_handlers_backwards(notes: Notes) -> None:
    """After the rollback only the handlers for it run, the last one first."""
    diary = Diary()
    with pytest.raises(Stop):
        async with atomic():
            diary.note("1")
            async with atomic():
                diary.note("2")
            diary.note("3")
            raise Stop
    assert diary.entries == ["lost 3", "lost 2", "lost 1"]
    assert await notes.numbers() == []


async def test_inner_rollback_drops_what_joined_inside(notes: Notes) -> None:
    """What joined an inner block that fails is dropped or run at once; the rest waits for the outer end."""
    diary = Diary()
    async with atomic():
        diary.note("1")
        with pytest.raises(Stop):
            async with atomic():
                diary.note("2")
                async with atomic():
                    diary.note("3")
                raise Stop
        assert diary.entries == ["lost 3", "lost 2"]
        diary.note("4")
    assert diary.entries == ["lost 3", "lost 2", "kept 1", "kept 4"]
    assert await notes.numbers() == []


async def test_failing_handler_changes_nothing(notes: Notes, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that fails is logged with its traceback and counted; the others run, and the commit stands."""
    diary, before = Diary(), failed_handlers()

    def fail() -> None:
        raise Stop("plain")

    async def fail_later() -> None:
        await notes.database.fetch("SELEC 1")

    with caplog.at_level(logging.ERROR, logger="openviper.db"):
        async with atomic():
            await notes.add(1)
            on_commit(fail)
            diary.note("1")
            on_commit(fail_later)
            diary.note("2")
    assert diary.entries == ["kept 1", "kept 2"]
    assert failed_handlers() == before + 2
    assert [record.exc_info is not None for record in caplog.records] == [True, True]
    assert await notes.numbers() == [1]


async def test_handler_may_open_a_transaction(notes: Notes) -> None:
    """A handler can write, in a transaction of its own, with handlers of its own."""
    diary = Diary()

    async def write() -> None:
        async with atomic():
            await notes.add(2)
            diary.note("inside")

    async with atomic():
        await notes.add(1)
        on_commit(write)
    assert await notes.numbers() == [1, 2]
    assert diary.entries == ["kept inside"]


async def test_cancelled_task_runs_the_rest_of_its_handlers(notes: Notes) -> None:
    """A cancellation in the middle of the handlers does not keep the others from running, and arrives afterwards."""
    diary, reached = Diary(), asyncio.Event()

    async def wait() -> None:
        reached.set()
        await asyncio.Event().wait()

    async def write() -> None:
        async with atomic():
            await notes.add(1)
            on_commit(wait)
            diary.note("1")

    task = asyncio.create_task(write())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert diary.entries == ["kept 1"]
    assert await notes.numbers() == [1]


async def test_without_a_transaction_a_handler_acts_at_once(notes: Notes, caplog: pytest.LogCaptureFixture) -> None:
    """Outside of any block a plain handler has run when the call returns, and one that awaits is waited for."""
    diary = Diary()
    diary.note("1")
    assert diary.entries == ["kept 1"]
    reached = asyncio.Event()

    async def later() -> None:
        await notes.add(1)
        reached.set()

    on_commit(later)
    await asyncio.wait_for(reached.wait(), 5)

    async def fail() -> None:
        await asyncio.sleep(0)
        raise Stop

    on_commit(fail)
    assert await notes.numbers() == [1]
    await close_db()
    assert "a handler of on_commit() failed" in caplog.text


async def test_refused_commit_is_a_rollback(postgres_notes: Notes) -> None:
    """Where the server refuses the COMMIT itself, the handlers for a rollback run and the error leaves the block."""
    from openviper.db.exceptions import IntegrityError

    diary = Diary()
    await postgres_notes.database.execute(
        "ALTER TABLE note ADD CONSTRAINT later FOREIGN KEY (size) REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED"
    )
    with pytest.raises(IntegrityError):
        async with atomic():
            await postgres_notes.database.execute("INSERT INTO note (id, name, size) VALUES (1, 'a', 5)")
            diary.note("1")
    assert diary.entries == ["lost 1"]
    assert await postgres_notes.numbers() == []


async def test_refused_commit_of_sqlite_is_a_rollback(sqlite_notes: Notes) -> None:
    """SQLite leaves the transaction open when it refuses a COMMIT; it is rolled back."""
    from openviper.db.exceptions import IntegrityError

    diary = Diary()
    await sqlite_notes.database.execute(
        "CREATE TABLE child (id INTEGER REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(IntegrityError):
        async with atomic():
            await sqlite_notes.database.execute("INSERT INTO child VALUES (5)")
            diary.note("1")
    assert diary.entries == ["lost 1"]
    assert await sqlite_notes.database.fetch_value("SELECT count(*) FROM child") == 0
    assert await sqlite_notes.add(1) == 1
