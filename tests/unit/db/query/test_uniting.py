"""Descriptions of combined rows."""

from openviper.db import fields
from openviper.db.models import Model
from openviper.db.query import description as d


def test_values_move_behind_those_before() -> None:
    """The same operator goes on, another one nests."""

    class Thing(Model):
        name = fields.CharField(max_length=10)

    some = [Thing.objects.filter(name=name) for name in "abc"]
    rows = some[0].union(some[1]).union(some[2])
    assert rows.params == ("a", "b", "c")
    assert rows.query.combined is not None
    assert [part.first for part in rows.query.combined.parts] == [0, 1, 2]
    mixed = some[0].union(some[1]).difference(some[2])
    assert mixed.query.combined is not None
    assert [part.query.combined is None for part in mixed.query.combined.parts] == [False, True]
    cut = some[0].union(some[1])[:3].union(some[2])
    assert cut.query.combined is not None
    assert len(cut.query.combined.parts) == 2


def test_columns_go_to_the_parts() -> None:
    """Those that give instances give the columns that are named after all."""

    class Thing(Model):
        name = fields.CharField(max_length=10)

    rows = Thing.objects.all().union(Thing.objects.filter(name="x")).values("name")
    assert rows.query.mode == "dicts"
    assert rows.query.combined is not None
    assert {part.query.columns for part in rows.query.combined.parts} == {("name",)}
    assert isinstance(rows.query.combined, d.Combination)
