"""Peers: who is found through a result, what waits for them, and what they cost."""

import asyncio
import gc
import sys
from typing import Any, ClassVar
from weakref import ref

import pytest

from openviper.db import Model, fields
from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.lists import Lists, note_change, writes_to
from openviper.db.loading.together import is_inside, together
from openviper.db.peers import ReferenceOrigin, Sharing, can_hold, hold, members_of


class Origin:
    """What instances of one result share."""

    alias: ClassVar[str] = "main"
    mode: ClassVar[None] = None

    def __init__(self, refs: Any = None) -> None:
        self.refs = refs
        self.make: Any = None

    def alone(self) -> "Origin":
        return Origin()


class Record:
    """An instance, as far as its peers look at it."""

    _row = ()

    def __init__(self, origin: object) -> None:
        self._origin = origin


def make_records(count: int) -> tuple[Origin, list[Record]]:
    origin = Origin()
    records = [Record(origin) for _ in range(count)]
    origin.refs = [ref(one) for one in records]
    return origin, records


def test_members_are_those_that_are_left() -> None:
    """Instances that are gone, or came from elsewhere since, are no members (C-011yd)."""
    origin, records = make_records(4)
    del records[0]
    records[0]._origin = Origin()
    assert members_of(origin) == records[1:]
    assert members_of(Origin()) == []


def test_members_are_found_through_holders() -> None:
    """A list, a pair of key and instance, and an instance lead to those that are kept there (C-011yd)."""
    origin, holders = make_records(4)
    held = Origin((origin, "kept"))
    made = [Record(held) for _ in range(4)]
    kept: list[object] = [[made[0], made[1], Record(Origin())], (7, made[2]), made[3], None]
    for holder, one in zip(holders, kept, strict=True):
        vars(holder)["kept"] = one
    assert members_of(held) == made


def test_held_rows_are_found_through_lists() -> None:
    """Rows that instances hold in lists are found as long as these have one origin and are found themselves."""
    _, holders = make_records(2)
    found = [Record(Origin()), Record(Origin())]
    found[1]._origin = found[0]._origin
    vars(holders[0])["rows"] = found
    assert can_hold(holders)
    assert not can_hold([*holders, Record(Origin([]))])
    assert not can_hold([Record(Origin())])
    assert not can_hold([object()])
    hold(found, holders, "rows")
    assert members_of(found[0]._origin) == found  # type: ignore[arg-type]  # an object for checkers


def make_rows(*names: str) -> list[Any]:
    """Make instances as a query does; what makes them again makes peers of them."""
    origin = Origin()
    origin.make = lambda rows: make_rows(*[row[0] for row in rows])
    records: list[Any] = [Record(origin) for _ in names]
    for record, name in zip(records, names, strict=True):
        record._row, record.name, record.tags = (name,), name, ["a"]
    origin.refs = [ref(one) for one in records]
    return records


def test_lists_are_given_once() -> None:
    """Each list is given once; instances with one key have one each (C-011yc)."""
    lists = Lists(["peers_book"], room=1, keeps=False)
    lists.put(1, make_rows("a"))
    lists.put(1, make_rows("b"))
    assert 1 in lists
    found = [lists.take(1), lists.take(1), lists.take(1), lists.take(2)]
    assert [None if one is None else [row.name for row in one] for one in found] == [["b"], ["a"], None, None]
    assert 1 not in lists


def test_lists_are_given_again_for_a_second() -> None:
    """Who has had a list is given it again until a second has passed; who has not, whenever he asks (C-011yc)."""
    now = 0.0
    lists = Lists(["peers_book"], room=1, clock=lambda: now)
    rows = make_rows("c", "d")
    lists.put(1, make_rows("a", "b"))
    lists.put(2, rows)
    found: list[Any] = [lists.take(1) for _ in range(3)]
    now = 0.9
    assert lists.take(1)
    now = 1.0
    assert [1 in lists, 2 in lists, lists.take(1)] == [False, True, None]
    assert lists.take(2) is rows
    assert lists.take(2) is None
    assert [[one.name for one in some] for some in found] == [["a", "b"]] * 3
    assert len({id(one) for some in found for one in some}) == 6


def test_lists_that_are_given_again_are_nobodys_own() -> None:
    """What somebody does to his rows is not seen by who has them next (C-011yc)."""
    lists = Lists(["peers_book"], room=1, clock=lambda: 0.0)
    lists.put(1, make_rows("a"))
    for _ in range(3):
        found: Any = lists.take(1)
        assert (found[0].name, found[0].tags) == ("a", ["a"])
        found[0].name = "b"
        found[0].tags.append("b")


def test_rows_that_are_given_again_are_peers() -> None:
    """Those of all lists are made again at once, and whoever has them is a peer of the others (C-011y)."""
    lists = Lists(["peers_book"], room=1, clock=lambda: 0.0)
    lists.put(1, make_rows("a"))
    lists.put(2, make_rows("b", "c"))
    lists.put(3, [])
    lists.take(1)
    lists.take(2)
    again: list[Any] = [lists.take(key) for key in (1, 2)]
    lists.take(3)
    assert lists.take(3) == []
    assert len({id(one._origin) for some in again for one in some}) == 2
    assert {one.name for one in members_of(again[1][0]._origin)} == {"b", "c"}


def test_lists_that_all_have_had_are_dropped() -> None:
    """What nobody will be given is not kept, and what was given is not kept by anybody else (C-011yd)."""
    now = 0.0
    lists = Lists(["peers_book"], room=1, clock=lambda: now)
    rows = make_rows("a")
    dead = ref(rows[0])
    lists.put(1, rows)
    lists.take(1)
    del rows
    assert dead() is None
    now = 1.0
    lists.forget()
    now = 0.0
    assert 1 not in lists


def test_lists_of_a_transaction() -> None:
    """They are of the one that read them, and of none when it is gone (C-011ya)."""
    block = Origin()
    lists = Lists(["peers_book"], room=1, within=block)
    assert [lists.is_of(block), lists.is_of(Origin()), lists.is_of(None)] == [True, False, False]
    del block
    assert not lists.is_of(None)
    assert Lists(["peers_book"], room=1).is_of(None)


def test_references_to_copies_are_cleared() -> None:
    """However often copies are handed out, references to those that are gone do not pile up (C-011yd)."""
    lists = Lists(["peers_book"], room=1, clock=lambda: 0.0)
    lists.put(1, make_rows("a"))
    for _ in range(1000):
        lists.take(1)
    found: Any = lists.take(1)
    assert len(found[0]._origin.refs) <= 128


async def test_read_for_all_says_so() -> None:
    """What a read for all calls can tell, and so can tasks that it begins; afterwards nobody can (C-011ya)."""
    seen: list[bool] = []

    async def look() -> None:
        seen.append(is_inside())

    async def read() -> None:
        await look()
        await asyncio.create_task(look())

    assert await together(Sharing(), "books", "default", read)
    await look()
    assert seen == [True, True, False]


def test_writes_make_lists_old() -> None:
    """A write to a table that somebody keeps rows of is noticed, and no other is even counted (C-011yc)."""
    lists = Lists(["peers_page"], room=1)
    note_change("peers_nobody")
    found = [lists.is_current]
    note_change("peers_page")
    assert [*found, lists.is_current] == [True, False]
    assert writes_to(["peers_nobody"]) == {"peers_nobody": 0}


def test_origin_of_a_reference_alone() -> None:
    """A copy of what a reference leads to has the database and no peers (C-011yd)."""
    origin, _ = make_records(2)
    alone = ReferenceOrigin(origin, "app.Book.author", "author").alone()
    assert (alone.alias, alone.name, alone.source.refs) == ("main", "author", None)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="keeps values of classes with slots in dicts")
def test_values_are_kept_in_line() -> None:
    """Instances that are made side by side have no dicts: their class knew the names before (C-011l)."""

    class Wide(Model):
        one = fields.TextField()
        two = fields.TextField()
        three = fields.TextField()
        other: Any = fields.ForeignKey("self", null=True, related_name="others")

    reader = compile_query(Wide.objects.all().query, get_dialect("sqlite")).reader("default")
    for made in reader.many([(number, "a", "b", "c", None) for number in range(100)]):
        made._related_other = made._related_others = None
        assert not [one for one in gc.get_referents(made) if type(one) is dict]
