"""Many tasks at once: nothing is lost, nothing is half done, and nobody is told that the database is locked."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Final

import pytest

from openviper.db.connections import Database, get_database
from openviper.db.exceptions import DoesNotExist
from openviper.db.query.aggregates import Count, Sum
from openviper.db.query.expressions import F
from openviper.db.transactions import atomic
from tests.contract.db.engines import Engine
from tests.contract.orm.models import Author, Book, Tag

ROOT: Final = Path(__file__).parents[3]
ACCOUNTS: Final = 10
TOTAL: Final = ACCOUNTS * 1000
FILE_AND_SERVER: Final = pytest.mark.parametrize("engine", ["sqlite-file", "postgresql", "mariadb"], indirect=True)


class GoneWrongError(Exception):
    """What a transfer fails with on purpose."""


@pytest.fixture
def patient(engine: Engine) -> Engine:
    """An engine whose limits a busy machine cannot exceed."""
    engine.configure(POOL_TIMEOUT=None, LOCK_TIMEOUT=None, STATEMENT_TIMEOUT=None)
    return engine


async def open_accounts() -> list[Author]:
    """Make accounts: authors whose age is their money."""
    return await Author.objects.bulk_create([Author(name=f"account {n}", age=1000) for n in range(ACCOUNTS)])


async def money() -> int:
    """Add up what is in all accounts."""
    return int((await Author.objects.aggregate(total=Sum("age")))["total"])


async def transfer(source: int, target: int, amount: int, *, fails: bool = False) -> None:
    """Move money in one transaction, which may fail in its middle."""
    async with atomic():
        # In one order, so that no two of them wait for each other.
        for key in sorted({source, target}):
            await Author.objects.filter(id=key).update(age=F("age") + (amount if key == target else -amount))
            if fails:
                raise GoneWrongError


async def hesitant_transfer(source: int, target: int, amount: int) -> None:
    """Move money with instances, and with an inner block that fails."""
    async with atomic():
        # Written to before it is read, which is what locks it on every engine.
        for key in sorted({source, target}):
            await Author.objects.filter(id=key).update(name="in use")
        payer, payee = await Author.objects.get(id=source), await Author.objects.get(id=target)
        payer.age = (payer.age or 0) - amount
        await payer.save()
        try:
            async with atomic():
                await Author.objects.filter(id=target).update(age=0)
                raise GoneWrongError
        except GoneWrongError:
            pass
        payee.age = (payee.age or 0) + amount
        await payee.save()


async def look() -> None:
    """Read the accounts; the money is all there at every moment."""
    assert await money() == TOTAL


async def note(number: int) -> None:
    """Write a row that has nothing to do with the money."""
    _ = await Tag.objects.create(word=f"tag {number}")
    assert await Tag.objects.filter(word=f"tag {number}").exists()


async def leave(begun: Coroutine[object, object, None], turns: int) -> None:
    """Begin something and cancel it after some turns of the loop."""
    task = asyncio.create_task(begun)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def work(number: int, keys: list[int]) -> Coroutine[object, object, None]:
    """Give work of one of several kinds."""
    source, target = keys[number % ACCOUNTS], keys[(number * 7 + 3) % ACCOUNTS]
    if source == target:
        target = keys[(number + 1) % ACCOUNTS]
    match number % 8:
        case 0:
            return transfer(source, target, number)
        case 1:
            return look()
        case 2:
            return note(number)
        case 3:
            return transfer(source, target, number, fails=True)
        case 4:
            return hesitant_transfer(source, target, number)
        case 5:
            return leave(transfer(source, target, number), number % 40)
        case 6:
            return leave(hesitant_transfer(source, target, number), number % 60)
    return leave(look(), number % 7)


async def check_mixed_work(count: int) -> None:
    keys = [account.id for account in await open_accounts()]
    outcomes = await asyncio.gather(*(work(number, keys) for number in range(count)), return_exceptions=True)
    assert {type(one) for one in outcomes if one is not None} == {GoneWrongError}
    assert await money() == TOTAL
    assert await Tag.objects.all().count() == len([number for number in range(count) if number % 8 == 2])
    # Every connection serves the next one: as many at once as there may be.
    options = get_database().options
    again = [money() for _ in range(options.pool_size + options.max_overflow)]
    assert set(await asyncio.gather(*again)) == {TOTAL}


@FILE_AND_SERVER
async def test_five_hundred_tasks(patient: Engine, database: Database) -> None:
    """Reads, writes, transactions, failures and cancellations side by side leave the sum as it was (C-011p)."""
    await check_mixed_work(500)


@pytest.mark.slow
@FILE_AND_SERVER
async def test_many_more_tasks(patient: Engine, database: Database) -> None:
    """The same for five thousand."""
    await check_mixed_work(5000)


async def test_mixed_work_in_turn(patient: Engine, database: Database) -> None:
    """An engine with a single connection gives each its turn."""
    await check_mixed_work(80)


@FILE_AND_SERVER
async def test_fifty_writers(patient: Engine, database: Database) -> None:
    """Fifty tasks write at once, in every way there is; no row is lost, and nobody meets a lock (C-011p)."""

    async def write(number: int) -> None:
        author = await Author.objects.create(name=f"writer {number}", age=0)
        async with atomic():
            books = await Book.objects.bulk_create([Book(author=author, title=f"{n}") for n in range(3)])
            books[0].pages = number
            await books[0].save()
        author.age = number
        await author.save()
        await books[1].delete()
        await Author.objects.filter(id=author.id).update(age=F("age") + 1)

    await asyncio.gather(*(write(number) for number in range(50)))
    ages = await Author.objects.order_by("age").values_list("age", flat=True)
    assert ages == list(range(1, 51))
    assert await Book.objects.all().count() == 100
    assert await Book.objects.aggregate(most=Count("author", distinct=True)) == {"most": 50}


WRITERS: Final = """
import asyncio, sys
from openviper.conf import settings
from tests.contract.orm.models import Author
from openviper.db.query.expressions import F
from openviper.db.transactions import atomic

settings.configure(DATABASES={"default": {"URL": sys.argv[1], "LOCK_TIMEOUT": None, "POOL_TIMEOUT": None}})

async def write(number):
    async with atomic():
        await Author.objects.filter(name="shared").update(age=F("age") + 1)
        await Author.objects.create(name=f"{sys.argv[2]} {number}")
    await Author.objects.filter(name="shared").update(age=F("age") + 1)

async def main():
    await asyncio.gather(*(write(number) for number in range(17)))

asyncio.run(main())
"""


@FILE_AND_SERVER
async def test_fifty_writers_in_three_processes(patient: Engine, database: Database) -> None:
    """Writers of other processes are waited for as well (C-011p)."""
    _ = await Author.objects.create(name="shared", age=0)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "OPENVIPER"))}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITERS, patient.url, name],
            env={**environment, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("first", "second", "third")
    ]
    for process in processes:
        assert await asyncio.to_thread(process.communicate, timeout=120) == (None, "")  # type: ignore[comparison-overlap]  # nothing is read of its output
        assert process.returncode == 0
    assert (await Author.objects.get(name="shared")).age == 3 * 17 * 2
    assert await Author.objects.all().count() == 1 + 3 * 17


async def test_gather_outside_and_inside(database: Database) -> None:
    """Outside of a block each call is true at once; inside they take turns, and are undone together (C-011n)."""
    await asyncio.gather(*(Author.objects.create(name=f"{number}") for number in range(10)))
    assert await Author.objects.all().count() == 10
    with pytest.raises(GoneWrongError):
        async with atomic():
            made = await asyncio.gather(*(Author.objects.create(name=f"inside {n}") for n in range(10)))
            assert len({author.id for author in made}) == 10
            counts = await asyncio.gather(*(Author.objects.all().count() for _ in range(5)))
            assert counts == [20] * 5
            raise GoneWrongError
    assert await Author.objects.all().count() == 10


async def test_failure_of_one_call_in_a_block_is_felt_by_all(database: Database) -> None:
    """A call that fails among others spoils the block around them, and only an inner block limits that."""
    async with atomic():
        first, second = await asyncio.gather(
            Author.objects.create(name="kept"), in_a_block_of_its_own(), return_exceptions=True
        )
        assert isinstance(first, Author)
        assert isinstance(second, DoesNotExist)
    assert await Author.objects.values_list("name", flat=True) == ["kept"]


async def in_a_block_of_its_own() -> None:
    async with atomic():
        _ = await Author.objects.create(name="undone")
        _ = await Author.objects.get(name="nobody")
