"""The plans of the process: a description finds the plan that was made for it."""

from collections.abc import Callable
from typing import Final

from openviper.db.compiler.plan import Plan
from openviper.db.dialects.base import Dialect
from openviper.db.query.description import Query
from openviper.db.registry import registry

__all__ = ["CACHES", "MAX_PLANS", "PlanCache", "cache_of", "clear", "plan_count", "variant_of"]

#: Most plans that are kept for a dialect, those for the sizes of lists among them; a plan takes some 10 kB.
MAX_PLANS: Final = 2000

#: The caches by dialect.
CACHES: "Final[dict[Dialect, PlanCache]]" = {}


def cache_of(dialect: Dialect) -> "PlanCache":
    """Give the cache of a dialect.

    Args:
        dialect: Of its plans.
    """
    plans = CACHES.get(dialect)
    if plans is None:
        plans = CACHES[dialect] = PlanCache()
    return plans


def variant_of(dialect: Dialect, key: tuple[object, ...], make: Callable[[], Plan]) -> Plan:
    """Give the plan of a query for certain sizes of its lists; such plans have no more room than all others.

    Args:
        dialect: Of the database that it will be sent to.
        key: What stands for the plan of the query, and the sizes.
        make: Makes the plan where it is not known.
    """
    plans = cache_of(dialect)
    return plans.recent.get(key) or plans.keep(key, make)


def plan_count(dialect: Dialect) -> int:
    """Tell how many plans are kept for a dialect, those for the sizes of lists among them."""
    plans = CACHES.get(dialect)
    return 0 if plans is None else len(plans.recent) + len(plans.older)


def clear() -> None:
    """Forget all plans; for tests."""
    CACHES.clear()


class PlanCache:
    """The plans of one dialect, in two halves.

    New plans, and those of the older half that are asked for again, go into the recent one. When that is full it
    becomes the older half, and what was there is forgotten. A list of all plans by their last use would do little
    better, and would have to be changed on every hit: this way, a hit is one look-up.

    Args:
        size: Most plans that are kept.
    """

    __slots__ = ("_half", "older", "recent", "version")

    def __init__(self, size: int = MAX_PLANS) -> None:
        self._half = size // 2
        # A query is a tuple too, and none has the two parts that stand for one with sizes.
        self.recent: dict[tuple[object, ...], Plan] = {}
        self.older: dict[tuple[object, ...], Plan] = {}
        self.version = registry.version

    def find(self, query: Query, make: Callable[[], Plan]) -> Plan:
        """Give the plan of a query that is not in the recent half.

        Args:
            query: The description.
            make: Makes its plan where the older half has none.

        Raises:
            FieldError: The query names something that does not exist.
        """
        # A new model may be the target of a reference, or change what one finds backwards.
        if self.version != registry.version:
            self.recent, self.older, self.version = {}, {}, registry.version
        return self.keep(query, make)

    def keep(self, key: tuple[object, ...], make: Callable[[], Plan]) -> Plan:
        """Give a plan that is not in the recent half, and put it there.

        Args:
            key: What it is found by.
            make: Makes it where the older half has none.
        """
        plan = self.older.pop(key, None) or make()
        if len(self.recent) >= self._half:
            self.recent, self.older = {}, self.recent
        self.recent[key] = plan
        return plan
