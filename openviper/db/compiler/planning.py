"""Planning: from a description and a dialect to the plan, which is made once and found from then on."""

from openviper.db.compiler.plan import Plan
from openviper.db.compiler.plan_cache import CACHES, cache_of
from openviper.db.dialects.base import Dialect
from openviper.db.query.description import Query
from openviper.db.registry import registry

__all__ = ["plan_of"]


def plan_of(query: Query, dialect: Dialect) -> Plan:
    """Give the plan of a query; one that is known costs a look-up.

    Args:
        query: The description.
        dialect: Of the database that it will be sent to.

    Raises:
        FieldError: It names something that does not exist.
        DatabaseOperationNotSupportedError: The engine cannot do what is asked.
    """
    plans = CACHES.get(dialect) or cache_of(dialect)
    if plans.version == registry.version:
        plan = plans.recent.get(query)
        if plan is not None:
            return plan
    return plans.find(query, lambda: _make_plan(query, dialect))


def _make_plan(query: Query, dialect: Dialect) -> Plan:
    # The compiler is a third of what a start of the ORM would load, and is not needed before the first query.
    from openviper.db.compiler.select import compile_query

    return compile_query(query, dialect)
