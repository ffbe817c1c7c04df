"""Descriptions of writes."""

from openviper.db import fields
from openviper.db.models import Model
from openviper.db.query.description import Column, Order, Query
from openviper.db.query.writes import Delete, Update, rows_of


def test_rows_of_a_query_are_their_keys() -> None:
    """What only matters for reading is left out; the order stays where a limit makes it matter."""

    class Item(Model):
        name = fields.CharField(max_length=20)

    order = (Order(Column("name")),)
    query = Query(Item, order=order, related=("x",), deferred=("name",), lock="wait")
    rows = rows_of(query)
    assert (rows.mode, rows.columns, rows.order) == ("flat", ("pk",), ())
    assert (rows.related, rows.deferred, rows.lock) == ((), (), None)
    assert rows_of(query._replace(limit=0)).order == order
    assert hash(Delete(rows)) != hash(Update(rows, ()))
