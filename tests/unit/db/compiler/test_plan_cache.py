"""Plans that are found again."""

from collections.abc import Iterator

import pytest

from openviper.db import fields
from openviper.db.compiler.plan import Plan
from openviper.db.compiler.plan_cache import MAX_PLANS, PlanCache, clear, plan_count, variant_of
from openviper.db.compiler.planning import plan_of
from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.query.description import Lookup, Many, Query
from openviper.db.registry import AnyModel

SQLITE = get_dialect("sqlite")


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """No plans of other tests."""
    clear()
    yield
    clear()


def make_model() -> AnyModel:
    class Thing(Model):
        name = fields.CharField(max_length=10)

    return Thing


def find(cache: PlanCache, query: Query) -> Plan:
    """Give a plan of a cache that stands alone."""
    return cache.find(query, lambda: compile_query(query, SQLITE))


def queries(model: AnyModel, count: int) -> list[Query]:
    """Give so many queries of different shapes."""
    return [Query(model, where=tuple(Lookup("name", place) for place in range(n))) for n in range(count)]


def test_equal_descriptions_have_one_plan() -> None:
    """Equality counts, not identity; and each dialect has plans of its own."""
    thing = make_model()
    one, two = (Query(thing, where=(Lookup("name", 0),)) for _ in range(2))
    assert plan_of(one, SQLITE) is plan_of(two, SQLITE)
    assert plan_count(SQLITE) == 1
    other = get_dialect("postgresql")
    assert plan_of(one, other) is not plan_of(one, SQLITE)
    assert (plan_count(other), plan_count(SQLITE)) == (1, 1)
    assert plan_count(get_dialect("oracle")) == 0


def test_modes_and_models_are_part_of_the_shape() -> None:
    """So are places: the same value twice is not two values."""
    thing = make_model()
    plans = {
        id(plan_of(query, SQLITE))
        for query in (
            Query(thing),
            Query(thing, mode="dicts"),
            Query(thing, distinct=True),
            Query(thing, limit=0),
            Query(thing, limit=1),
            Query(thing, offset=0),
            Query(thing, limit=0, offset=1),
        )
    }
    assert len(plans) == 7


def test_the_cache_is_bounded() -> None:
    """There are never more plans than that, and those that are in use stay."""
    thing = make_model()
    cache = PlanCache(size=8)
    used, *others = queries(thing, 40)
    plan = find(cache, used)
    for query in others:
        find(cache, query)
        assert (cache.recent.get(used) or find(cache, used)) is plan
        assert len(cache.recent) + len(cache.older) <= 8
    assert MAX_PLANS == 2000


def test_sizes_of_lists_count() -> None:
    """A plan for the sizes of two lists takes the room of any other, and is forgotten like any other."""
    thing = make_model()
    query = Query(thing, where=(Lookup("name__in", Many(0)), Lookup("name__in", Many(1))))
    sizes = [(1 << one, 1 << two) for one in range(9) for two in range(9)]
    lists = [(("a",) * one, ("b",) * two) for one, two in sizes]
    plan = plan_of(query, SQLITE)
    made = [plan.sized(values) for values in lists]
    assert plan_count(SQLITE) == 82
    assert all(plan.sized(values) is one for values, one in zip(lists, made, strict=True))
    for number in range(2 * MAX_PLANS):
        variant_of(SQLITE, ("another", number), lambda: plan)
        assert plan_count(SQLITE) <= MAX_PLANS
    assert plan.sized(lists[0]) is not made[0]


def test_unused_plans_are_forgotten() -> None:
    """They are made again when somebody asks."""
    thing = make_model()
    cache = PlanCache(size=4)
    first, *others = queries(thing, 9)
    plan = find(cache, first)
    for query in others:
        find(cache, query)
    again = find(cache, first)
    assert again is not plan
    assert again.sql == plan.sql


def test_new_models_empty_the_cache() -> None:
    """A relation that did not exist when a plan was asked for is found afterwards."""
    thing = make_model()
    query = Query(thing, where=(Lookup("parts__size", 0),))
    before = plan_of(Query(thing), SQLITE)
    with pytest.raises(FieldError, match="parts"):
        plan_of(query, SQLITE)

    class Part(Model):
        size = fields.IntegerField()
        thing_ref = fields.ForeignKey(thing, related_name="parts")

    assert "EXISTS" in plan_of(query, SQLITE).sql
    assert plan_of(Query(thing), SQLITE) is not before
    assert plan_count(SQLITE) == 2


def test_errors_are_not_kept() -> None:
    """A query that cannot be written is refused every time, and takes no room."""
    thing = make_model()
    for _ in range(2):
        with pytest.raises(FieldError, match="nothing"):
            plan_of(Query(thing, where=(Lookup("nothing", 0),)), SQLITE)
    assert plan_count(SQLITE) == 0
