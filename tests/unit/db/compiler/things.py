"""What the tests of the compiler share: a model with numbers of every form, and its expressions as text."""

from typing import Any

from openviper.db import fields
from openviper.db.compiler.expressions import compile_expression
from openviper.db.compiler.scope import Hooks, Scope
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.where import compile_condition
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.models import Model
from openviper.db.query import description as d

SMALL, RATIO, PRICE, RATE, NAME = (d.Column(name) for name in ("small", "ratio", "price", "rate", "name"))
TWO = d.Param(0)


def never(*_: object) -> Any:
    """Stand for what these expressions do not need."""
    raise AssertionError


def scope_of(engine: str) -> Scope:
    """Make the scope of a model with numbers of every form."""

    class Thing(Model):
        small = fields.SmallIntegerField()
        ratio = fields.FloatField(null=True)
        price = fields.DecimalField(max_digits=8, decimal_places=2)
        rate = fields.DecimalField(max_digits=8, decimal_places=4)
        huge = fields.DecimalField(max_digits=30, decimal_places=2)
        name = fields.CharField(max_length=20)
        at = fields.DateTimeField()

    dialect = get_dialect(engine)
    return Scope(Thing, dialect, Parameters(dialect), hooks=Hooks(compile_condition, never, never, never))


def write(node: d.Expression, engine: str = "sqlite", expected: Storage | None = None) -> tuple[str, Storage]:
    """Give the text of an expression, with the table left out, and what it gives."""
    scope = scope_of(engine)
    typed = compile_expression(node, scope, expected)
    assert typed.form is scope.dialect.form(typed.storage)
    return str(typed.element.compile(dialect=scope.dialect.compiler)).replace("compiler_thing.", ""), typed.storage
