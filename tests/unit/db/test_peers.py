"""Peers: who is found through a result, what waits for them, and what they cost."""

import gc
import sys
from typing import Any, ClassVar
from weakref import ref

import pytest

from openviper.db import Model, fields
from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.peers import Lists, ReferenceOrigin, can_hold, hold, members_of, note_change, writes_to


class Origin:
    """What instances of one result share."""

    alias: ClassVar[str] = "main"
    mode: ClassVar[None] = None

    def __init__(self, refs: Any = None) -> None:
        self.refs = refs

    def alone(self) -> "Origin":
        return Origin()


class Record:
    """An instance, as far as its peers look at it."""

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


def test_lists_are_given_once() -> None:
    """Each list is given once; instances with one key have one each (C-011yc)."""
    lists = Lists(["peers_book"], room=1)
    lists.put(1, ["a"])
    lists.put(1, ["b"])
    assert 1 in lists
    assert [lists.take(1), lists.take(1), lists.take(1), lists.take(2)] == [["b"], ["a"], None, None]
    assert 1 not in lists


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
