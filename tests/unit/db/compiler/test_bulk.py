"""Statements that write many instances."""

from decimal import Decimal
from uuid import UUID

from openviper.db import fields
from openviper.db.compiler.bulk import Conflict, bulk_insert_plan, bulk_update_plan
from openviper.db.dialects.engines import get_dialect
from openviper.db.models import Model
from openviper.db.options import Options

SQLITE, POSTGRES = get_dialect("sqlite"), get_dialect("postgresql")


def make_item() -> Options:
    class Item(Model):
        name = fields.CharField(max_length=20, db_column="order")
        price = fields.DecimalField(max_digits=8, decimal_places=2)

        class Meta:
            table_name = "item"

    return Item._meta


def test_columns_are_lists_where_the_engine_takes_them() -> None:
    """The text is the same for any number of rows, and says that they keep their order."""
    plan = bulk_insert_plan(make_item(), POSTGRES, makes_keys=True)
    assert (
        plan.sql(2)
        == plan.sql(2000)
        == (
            'INSERT INTO item ("order", price) SELECT _openviper_rows.c0, _openviper_rows.c1 '
            "FROM unnest($1::TEXT[], $2::text::NUMERIC[]) WITH ORDINALITY AS _openviper_rows (c0, c1, place) "
            "ORDER BY place RETURNING id"
        )
    )
    rows = plan.bind_many([{"name": "a", "price": Decimal("1.50")}, {"name": "b", "price": None}])
    assert plan.args(rows) == [["a", "b"], "{1.50,NULL}"]
    assert rows == [("a", Decimal("1.50")), ("b", None)]


def test_rows_have_parameters_of_their_own_elsewhere() -> None:
    """They come in groups of a power of two, so that few texts are ever prepared."""
    plan = bulk_insert_plan(make_item(), SQLITE, makes_keys=True)
    assert plan.sql(2) == 'INSERT INTO item ("order", price) VALUES (?, ?), (?, ?) RETURNING id'
    rows = plan.bind_many([{"name": "a", "price": Decimal("1.50")}, {"name": "b", "price": None}])
    assert plan.args(rows) == ["a", 150, "b", None]
    assert rows == [("a", 150), ("b", None)]
    sizes = [part.stop - part.start for part in plan.split(1000)]
    assert sizes == [128] * 7 + [64, 32, 8]
    assert [part.stop - part.start for part in plan.split(10, 4)] == [4, 4, 2]


def test_lists_are_divided_only_where_they_are_long() -> None:
    """One statement carries 20,000 rows, or as many as the caller says."""
    plan = bulk_insert_plan(make_item(), POSTGRES, makes_keys=True)
    assert list(plan.split(20_001)) == [slice(0, 20_000), slice(20_000, 20_001)]
    assert list(plan.split(5, 3)) == [slice(0, 3), slice(3, 5)]
    assert list(plan.split(0)) == []


def test_updates_tell_rows_by_their_keys() -> None:
    """The last parameter is the key."""
    item = make_item()
    assert bulk_update_plan(item, POSTGRES, ("price",)).sql(3) == (
        "UPDATE item SET price = _openviper_rows.c0 FROM unnest($1::text::NUMERIC[], $2::text::BIGINT[]) "
        "AS _openviper_rows (c0, c1) WHERE item.id = _openviper_rows.c1"
    )
    assert bulk_update_plan(item, SQLITE, ("name", "price")).sql(3) == (
        'UPDATE item SET "order" = ?, price = ? WHERE item.id = ?'
    )


def test_conflicts_are_passed_over_or_taken_over() -> None:
    """Keys come back where a row that is updated may have another one, and not where nothing may be stored."""
    item = make_item()
    ignoring = bulk_insert_plan(item, SQLITE, makes_keys=True, conflict=Conflict())
    assert ignoring.sql(1).endswith("VALUES (?, ?) ON CONFLICT DO NOTHING")
    assert not ignoring.gives_keys
    taking = bulk_insert_plan(item, SQLITE, makes_keys=False, conflict=Conflict(("name",), ("price",)))
    assert taking.sql(1).endswith('ON CONFLICT ("order") DO UPDATE SET price = excluded.price RETURNING id')
    assert taking.gives_keys


def test_no_row_is_in_the_way_of_one_without_unique_values() -> None:
    """MERGE is told which row is the same one, and here no other can be."""
    plan = bulk_insert_plan(make_item(), get_dialect("oracle"), makes_keys=True, conflict=Conflict())
    assert plan.sql(7) == (
        'MERGE INTO item USING dual ON (1 = 0) WHEN NOT MATCHED THEN INSERT ("order", price) VALUES (:1, :2)'
    )
    assert not plan.gives_keys


def test_keys_are_read_like_those_of_rows() -> None:
    """A key that is stored in another form comes back as instances hold it."""

    class Tag(Model):
        key = fields.UUIDField(primary_key=True, auto=True)

        class Meta:
            table_name = "tag"

    plan = bulk_insert_plan(Tag._meta, SQLITE, makes_keys=False, conflict=Conflict(("key",), ("key",)))
    assert plan.read_keys([(bytes(16),)]) == [UUID(int=0)]
