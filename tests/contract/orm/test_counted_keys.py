"""Keys of an engine that gives no rows of an INSERT, as MySQL: MariaDB stands for it, without the words that give them.

No MySQL server has run these tests. What differs there is told in the page on databases.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from openviper.db.backends.mysql import MySQLBackend
from openviper.db.connections import Database, loops
from openviper.db.dialects.mysql import MariaDBDialect
from openviper.db.monitor import watch_queries
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Tag

mariadb = pytest.mark.parametrize("engine", ["mariadb"], indirect=True)


class Reticent(MariaDBDialect):
    """MariaDB as it would be if it gave no rows."""

    gives_rows = False


@pytest.fixture
async def counting(database: Database) -> AsyncIterator[Database]:
    """The default database, whose sessions are asked for the keys that they have counted up."""
    backend = MySQLBackend(database.options)
    backend.counts_keys = True
    made = Database(backend, Reticent())
    state = loops._state_of(asyncio.get_running_loop())
    before = state.databases["default"]
    state.databases["default"] = made
    yield made
    state.databases["default"] = before
    await made.close()


@mariadb
async def test_saved_instance_has_its_key(counting: Database) -> None:
    """It is told with the answer to the INSERT, so it costs no question (C-011vg)."""
    with watch_queries() as log:
        ann = await Author.objects.create(name="Ann")
        bob = await Author.objects.create(name="Bob", pk=ann.pk + 10)
    assert [record.sql.partition(" ")[0] for record in log.records] == ["INSERT", "INSERT"]
    assert "RETURNING" not in log.records[0].sql
    assert (bob.pk, (await Author.objects.get(name="Bob")).pk) == (ann.pk + 10, ann.pk + 10)
    assert (await Author.objects.get(pk=ann.pk)).name == "Ann"
    assert (await Author.objects.create(name="Cem")).pk == ann.pk + 11


@mariadb
@pytest.mark.parametrize("in_block", [False, True])
async def test_many_instances_have_their_keys(counting: Database, in_block: bool) -> None:
    """One statement gets its keys in a row, from the first of which the others follow (C-011vg)."""
    people = [Author(name=f"number {place}") for place in range(300)]
    if in_block:
        async with atomic():
            await Author.objects.bulk_create(people, batch_size=100)
    else:
        await Author.objects.bulk_create(people)
    stored = dict(await Author.objects.values_list("pk", "name"))
    assert {one.pk: one.name for one in people} == stored
    people[7].name = "another"
    await people[7].save()
    assert (await Author.objects.get(pk=people[7].pk)).name == "another"


@mariadb
async def test_step_between_keys_is_that_of_the_session(counting: Database) -> None:
    """Servers that copy each other count in steps."""
    async with atomic():
        await counting.execute("SET SESSION auto_increment_increment = 5")
        people = await Author.objects.bulk_create([Author(name=name) for name in "abc"])
        await counting.execute("SET SESSION auto_increment_increment = 1")
    assert dict(await Author.objects.values_list("name", "pk")) == {one.name: one.pk for one in people}
    assert people[1].pk - people[0].pk == 5


@mariadb
async def test_what_has_no_counted_key_is_stored_all_the_same(counting: Database) -> None:
    """Keys that Python makes, conflicts that are passed over, and statements of one's own give no keys."""
    tag = await Tag.objects.create(word="new")
    await Tag.objects.bulk_create([Tag(word="new"), Tag(word="old")], ignore_conflicts=True)
    assert await Tag.objects.filter(pk=tag.pk).count() == 1
    assert await Tag.objects.count() == 2
    taken = Tag(pk=tag.pk, word="newer")
    await Tag.objects.bulk_create([taken], update_conflicts=True, unique_fields=["id"], update_fields=["word"])
    assert (await Tag.objects.get(pk=tag.pk)).word == "newer"
    assert await counting.fetch("UPDATE orm_tag SET word = 'x' WHERE word = 'newer'") == ()
    assert (await Author.objects.get_or_create(name="Ann"))[1] is True
    assert (await Author.objects.get_or_create(name="Ann"))[1] is False
