"""From a statement to the plan that sends it."""

from collections.abc import Mapping
from functools import partial

from sqlalchemy import BigInteger, column, select

from openviper.db.compiler.assembly import assemble
from openviper.db.compiler.hydration import read_constant
from openviper.db.compiler.plan import Plan
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.ways import way_to
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.fields import FieldKind
from openviper.db.query.description import Place

SQLITE = get_dialect("sqlite")
NUMBER = way_to(Storage(kind=FieldKind.BIGINT), SQLITE, label="number")


def plan_for(made: list[Mapping[Place, int] | None], sizes: Mapping[Place, int] | None = None) -> Plan:
    """Give the plan of a list of numbers, and note for which sizes it was made."""
    made.append(sizes)
    parameters = Parameters(SQLITE, sizes)
    number = column("number", BigInteger())
    statement = select(number).where(number.in_(parameters.items(0, NUMBER) or ()))
    again = None if sizes is not None else partial(plan_for, made)
    return assemble(statement, parameters, make_reader=read_constant(None), again=again)


def test_lists_have_a_plan_for_each_size() -> None:
    """It is made for the first list that needs it, and found by the others."""
    made: list[Mapping[Place, int] | None] = []
    plan = plan_for(made)
    small, again, large = plan.sized(((1,),)), plan.sized(((2,),)), plan.sized(((1, 2, 3),))
    assert small is again
    assert (small.sql.count("?"), large.sql.count("?")) == (1, 4)
    assert large.bind(((1, 2, 3),)) == (1, 2, 3, 3)
    assert made == [None, {0: 1}, {0: 4}]


def test_plan_for_a_size_stays_as_it_is() -> None:
    """What was made for certain sizes is asked for these only."""
    plan = plan_for([], {0: 2})
    assert plan.sized(((1, 2, 3, 4),)) is plan
