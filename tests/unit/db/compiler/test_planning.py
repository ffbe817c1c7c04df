"""From a description to its plan."""

import pytest

from openviper.db import fields
from openviper.db.compiler.plan_cache import clear, plan_count
from openviper.db.compiler.planning import plan_of
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.query.description import Lookup, Many, Query


def test_plan_is_made_once() -> None:
    """Whoever asks again gets the plan that there is, until all plans are forgotten."""

    class Planned(Model):
        name = fields.CharField(max_length=10)

    dialect = get_dialect("sqlite")
    query = Query(Planned, where=(Lookup("name__in", Many(0)),))
    plan = plan_of(query, dialect)
    assert plan_of(Query(Planned, where=(Lookup("name__in", Many(0)),)), dialect) is plan
    clear()
    assert plan.sized((("a", "b"),)).sql.count("?") == 2
    assert plan_count(dialect) == 1
    assert plan_of(query, dialect) is not plan
    with pytest.raises(FieldError, match="nothing"):
        plan_of(Query(Planned, where=(Lookup("nothing", 0),)), dialect)
