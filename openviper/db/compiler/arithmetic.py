"""Operators between expressions: which kinds they take, what comes out, and in which form both sides have to be."""

from typing import Final

from openviper.db.compiler.lookups import NUMBERS
from openviper.db.compiler.pieces import finite, literal, make, places_of, scaled, to_float
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Typed
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind

__all__ = ["compute", "expected_beside"]

_WHOLE: Final = NUMBERS - {FieldKind.FLOAT, FieldKind.DECIMAL}
_FLOAT: Final = Storage(kind=FieldKind.FLOAT, null=True)
_BIGINT: Final = Storage(kind=FieldKind.BIGINT, null=True)
_DATETIME: Final = Storage(kind=FieldKind.DATETIME, null=True)
_DATE: Final = Storage(kind=FieldKind.DATE, null=True)
_DURATION: Final = Storage(kind=FieldKind.DURATION, null=True)
_MOMENTS: Final = frozenset({FieldKind.DATE, FieldKind.DATETIME})
# Digits behind the point of a quotient, at least.
_LEAST_PLACES: Final = 6
# What every engine computes with.
_MOST_DIGITS: Final = 18


def expected_beside(storage: Storage, operator: str) -> Storage:
    """Give what a value without a type of its own is, beside an operand.

    Args:
        storage: The operand.
        operator: What stands between them.
    """
    if storage.kind in NUMBERS or (storage.kind == FieldKind.DURATION and operator in "*/"):
        return _BIGINT
    return _DURATION if storage.kind in _MOMENTS else storage


def compute(operator: str, left: Typed, right: Typed, scope: Scope) -> Typed:
    """Write an operator between two expressions.

    Whole numbers are divided with a fraction; what is divided by 0 is NULL.

    Args:
        operator: One of ``+ - * / %``.
        left: What stands at its left.
        right: What stands at its right.
        scope: The statement.

    Raises:
        FieldError: It is not defined between the two.
    """
    kinds = left.storage.kind, right.storage.kind
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return _compute_numbers(operator, left, right, scope)
    if not _MOMENTS.isdisjoint(kinds) or FieldKind.DURATION in kinds:
        first, second = (one._replace(element=finite(one, scope)) for one in (left, right))
        found = _compute_moments(operator, first, second, scope)
        if found is not None:
            return found
    hint = "; join texts with Concat" if kinds[0] in (FieldKind.CHAR, FieldKind.TEXT) else ""
    sides = [f"{one.name or 'an expression'} ({one.storage.kind})" for one in (left, right)]
    raise FieldError(
        f"{f' {operator} '.join(sides)} cannot be computed; operators take numbers, moments and durations{hint}"
    )


def _compute_numbers(operator: str, left: Typed, right: Typed, scope: Scope) -> Typed:
    kinds = left.storage.kind, right.storage.kind
    is_exact = FieldKind.DECIMAL in kinds and FieldKind.FLOAT not in kinds
    if operator == "%" and FieldKind.FLOAT in kinds:
        raise FieldError("% takes whole numbers and decimals; a float has no exact remainder")
    if FieldKind.FLOAT in kinds or (operator == "/" and not is_exact):
        return make(operator, (to_float(left, scope), to_float(right, scope)), _FLOAT, scope)
    if not is_exact:
        return make(operator, (left.element, right.element), _BIGINT, scope)
    return _compute_decimals(operator, left, right, scope)


def _compute_decimals(operator: str, left: Typed, right: Typed, scope: Scope) -> Typed:
    features = scope.dialect.features
    most = max(places_of(left), places_of(right))
    digits = (
        _MOST_DIGITS
        if max(left.storage.digits[0], right.storage.digits[0]) <= _MOST_DIGITS
        else features.decimal_digits
    )
    if operator == "*":
        places = min(places_of(left) + places_of(right), features.decimal_places)
        return make("*", (scaled(left, 0), scaled(right, 0)), _decimal(digits, places), scope)
    if operator == "/":
        places = max(most, _LEAST_PLACES)
        storage = _decimal(digits, places)
        if not scope.dialect.form(storage).scale:
            quotient = make("/", (left.element, right.element), storage, scope)
            return make("round to", (quotient.element, literal(places)), storage, scope)
        # Scaled numbers are divided as floats, which are exact to 15 digits.
        quotient = make("/", (to_float(left, scope), to_float(right, scope)), storage, scope)
        return make("to scale", (quotient.element, literal(10**places)), storage, scope)
    storage = _decimal(digits, most)
    scale = scope.dialect.form(storage).scale
    return make(operator, (scaled(left, scale), scaled(right, scale)), storage, scope)


def _compute_moments(operator: str, left: Typed, right: Typed, scope: Scope) -> Typed | None:
    """Write what is defined between moments and lengths of time; None where nothing is."""
    match left.storage.kind, operator, right.storage.kind:
        case FieldKind.DATETIME, "+", FieldKind.DURATION:
            return make("shift", (left.element, right.element), _DATETIME, scope)
        case FieldKind.DURATION, "+", FieldKind.DATETIME:
            return make("shift", (right.element, left.element), _DATETIME, scope)
        case FieldKind.DATETIME, "-", FieldKind.DURATION:
            return make("shift", (left.element, -right.element), _DATETIME, scope)
        case FieldKind.DATETIME, "-", FieldKind.DATETIME:
            return make("between", (left.element, right.element), _DURATION, scope)
        case FieldKind.DURATION, "+" | "-", FieldKind.DURATION:
            return make(operator, (left.element, right.element), _DURATION, scope)
        case (FieldKind.DURATION, "*", kind) | (kind, "*", FieldKind.DURATION) if kind in _WHOLE:
            return make("*", (left.element, right.element), _DURATION, scope)
        case (FieldKind.DURATION, "*" | "/", kind) | (kind, "*", FieldKind.DURATION) if kind in NUMBERS:
            return _scale_duration(operator, left, right, scope)
    return _compute_days(operator, left, right, scope)


def _compute_days(operator: str, left: Typed, right: Typed, scope: Scope) -> Typed | None:
    """Write what is defined between days and lengths of time, of which whole days count, as in Python."""
    match left.storage.kind, operator, right.storage.kind:
        case FieldKind.DATE, "+", FieldKind.DURATION:
            return make("shift day", (left.element, right.element), _DATE, scope)
        case FieldKind.DURATION, "+", FieldKind.DATE:
            return make("shift day", (right.element, left.element), _DATE, scope)
        case FieldKind.DATE, "-", FieldKind.DURATION:
            return make("shift day back", (left.element, right.element), _DATE, scope)
        case FieldKind.DATE, "-", FieldKind.DATE:
            return make("days between", (left.element, right.element), _DURATION, scope)
    return None


def _scale_duration(operator: str, left: Typed, right: Typed, scope: Scope) -> Typed:
    """Write a part or a multiple of a length of time, rounded to microseconds in the same way by every engine."""
    scaled_up = make(operator, (to_float(left, scope), to_float(right, scope)), _FLOAT, scope)
    return make("floor", (make("+", (scaled_up.element, literal(0.5)), _FLOAT, scope).element,), _DURATION, scope)


def _decimal(digits: int, places: int) -> Storage:
    return Storage(kind=FieldKind.DECIMAL, null=True, max_digits=max(digits, places), decimal_places=places)
