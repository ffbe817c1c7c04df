"""What models do not load: the one place at which a query brings in what it takes.

Declaring models and making instances needs neither the compiler nor connections, and a command, a test or a worker that
asks the database nothing has no use for sixty modules. So the rooms of models and query sets are kept apart from those
that work: ``lowering`` is loaded by the first query that is described, ``combining`` and ``uniting`` by those that
become one, ``work`` by the first that is sent, each as a whole. No other import of the ORM waits for a query, but those
of SQLAlchemy and of drivers.
"""

from typing import TYPE_CHECKING

from openviper.primitives.imports import LateModule

if TYPE_CHECKING:
    from openviper.db.query import combining, lowering, uniting
    from openviper.db.queryset import work
else:
    combining = LateModule("openviper.db.query.combining")
    lowering = LateModule("openviper.db.query.lowering")
    uniting = LateModule("openviper.db.query.uniting")
    work = LateModule("openviper.db.queryset.work")

__all__ = ["combining", "lowering", "uniting", "work"]
