"""What query sets are made of: chains of calls, reading, writing, and the kinds of rows that come of it."""

from openviper.db.queryset.instances import InstanceRows
from openviper.db.queryset.plain import DictQuerySet, FlatQuerySet, NamedQuerySet, TupleQuerySet
from openviper.db.queryset.read import Rows

__all__ = ["DictQuerySet", "FlatQuerySet", "InstanceRows", "NamedQuerySet", "Rows", "TupleQuerySet"]
