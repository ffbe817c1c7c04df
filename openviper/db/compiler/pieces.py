"""Small pieces of SQL: operations of the engine, parameters, numbers of one form made of those of another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from openviper.conf import settings
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element, Predicate, Typed
from openviper.db.compiler.ways import Way
from openviper.db.dialects.forms import Family, Storage
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query.description import Place

if TYPE_CHECKING:
    from sqlalchemy import BindParameter

__all__ = [
    "ask",
    "bind",
    "finite",
    "finite_value",
    "join",
    "literal",
    "make",
    "places_of",
    "refuse_text",
    "scaled",
    "to_float",
    "unify",
]

#: Conditions that stand beside each other without brackets.
_MOST_BESIDE: Final = 32


def make(name: str, operands: "tuple[Element, ...]", storage: Storage, scope: Scope) -> Typed:
    """Write an operation of the engine.

    Args:
        name: See ``dialects.operations``.
        operands: What it is applied to.
        storage: What it gives.
        scope: The statement.

    Raises:
        DatabaseOperationNotSupportedError: The engine has none of the name.
    """
    # SQLAlchemy is loaded by the first query.
    from openviper.db.compiler.template import make_text
    from openviper.db.dialects.sqltypes import type_of

    form = scope.dialect.form(storage)
    text = scope.dialect.in_zone(_text(name, scope), settings.TIME_ZONE)
    return Typed(make_text(text, operands, type_of(form), zone=settings.TIME_ZONE), storage, form)


def ask(name: str, operands: "tuple[Element, ...]", scope: Scope) -> Predicate:
    """Write an operation of the engine that is a condition.

    Raises:
        DatabaseOperationNotSupportedError: The engine has none of the name.
    """
    # SQLAlchemy is loaded by the first query.
    from openviper.db.compiler.template import make_predicate

    return make_predicate(_text(name, scope), operands)


def bind(place: Place, way: Way, scope: Scope, *, is_bare: bool = False) -> Element:
    """Add a parameter.

    Args:
        place: Of its value, counted from the first of the scope.
        way: What becomes of the value.
        scope: The statement.
        is_bare: Whether a column of the same form stands beside it, by which the server knows its type.
    """
    made = scope.parameters.value(scope.first + place, way)
    return made if is_bare else _cast_parameter(made, way, scope)


def _cast_parameter(made: "BindParameter[Any]", way: Way, scope: Scope) -> Element:
    """Let a parameter say its type, on engines that would have to guess."""
    if not scope.dialect.casts_parameters:
        return made
    from sqlalchemy import cast as sql_cast  # loaded by the first query

    from openviper.db.dialects.sqltypes import make_type  # which loads it too

    return sql_cast(made, make_type(way.form.family, way.form.parameter_type))


def finite(typed: Typed, scope: Scope) -> Element:
    """Give a stored moment or day as one that has parts, and a distance to others.

    asyncpg stores the first and the last ones of Python as infinities, which have neither.
    """
    return typed.element if typed.field is None else finite_value(typed.element, typed.form.family, scope)


def finite_value(element: Element, family: Family, scope: Scope) -> Element:
    """Give a moment or a day as what is computed of stored ones; anything else stays.

    Args:
        element: A column or a parameter.
        family: What it is.
        scope: The statement.
    """
    if family not in (Family.DATE, Family.DATETIME) or "finite" not in scope.dialect.operations:
        return element
    # SQLAlchemy is loaded by the first query.
    from openviper.db.compiler.template import make_text

    return make_text(_text("finite", scope), (element,), element.type)


def join(parts: Sequence[Predicate], *, is_and: bool) -> Predicate:
    """Write that all of some conditions hold, or at least one.

    Args:
        parts: The conditions; there may be none.
        is_and: Whether all have to hold.
    """
    from sqlalchemy import and_, false, or_, true  # loaded by the first query

    from openviper.db.compiler.template import make_predicate  # which loads it too

    def write(some: Sequence[Predicate]) -> Predicate:
        # The first argument is what nothing is joined to.
        return and_(true(), *some) if is_and else or_(false(), *some)

    # A chain is nested as deep as it is long, and SQLite takes 1,000 levels; brackets make a tree of it.
    while len(parts) > _MOST_BESIDE:
        parts = [
            make_predicate("({0})", (write(parts[start : start + _MOST_BESIDE]),))
            for start in range(0, len(parts), _MOST_BESIDE)
        ]
    return write(parts)


def literal(number: float) -> Element:
    """Write a number of ours."""
    # SQLAlchemy is loaded by the first query.
    from sqlalchemy import Float, literal_column

    return literal_column(repr(number), Float())


def places_of(typed: Typed) -> int:
    """Give the digits behind the point of a number that is not a float."""
    return typed.storage.digits[1] if typed.storage.kind == FieldKind.DECIMAL else 0


def to_float(typed: Typed, scope: Scope) -> Element:
    """Give a number as a float."""
    if typed.storage.kind == FieldKind.FLOAT:
        return typed.element
    storage = Storage(kind=FieldKind.FLOAT, null=True)
    refuse_text(typed)
    made = make("float", (typed.element,), storage, scope).element
    # SQLAlchemy's own division would add 0.0 to the divisor.
    return made.op("/")(literal(float(10**typed.form.scale))) if typed.form.scale else made


def unify(left: Typed, right: Typed, scope: Scope) -> tuple[Element, Element]:
    """Give two numbers in one form, in which they compare.

    Raises:
        FieldError: They have none in common.
    """
    if left.form == right.form and left.storage.digits == right.storage.digits:
        return left.element, right.element
    if FieldKind.FLOAT in (left.storage.kind, right.storage.kind):
        return to_float(left, scope), to_float(right, scope)
    scale = max(left.form.scale, right.form.scale)
    return scaled(left, scale), scaled(right, scale)


def scaled(typed: Typed, scale: int) -> Element:
    """Give an exact number times ``10 ** scale``, where it is stored as such; a number of the engine stays."""
    refuse_text(typed)
    missing = scale - typed.form.scale
    return typed.element * literal(10**missing) if missing > 0 else typed.element


def refuse_text(typed: Typed) -> None:
    """Refuse a decimal that the engine keeps as a text, so that it cannot compute with it.

    Raises:
        FieldError: It is one.
    """
    if typed.storage.kind == FieldKind.DECIMAL and typed.form.family == Family.TEXT:
        raise FieldError(
            f"{typed.name or 'this decimal'} has {typed.storage.digits[0]} digits, too many to compute with here; "
            "compare it with values of its own"
        )


def _text(name: str, scope: Scope) -> str:
    found = scope.dialect.operations.get(name)
    if found is None:
        raise DatabaseOperationNotSupportedError(f"{scope.dialect.name} has no operation {name!r}")
    return found
