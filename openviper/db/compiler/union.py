"""Expressions of different kinds brought to one: the sides of CASE, the arguments of a function, an assignment."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from openviper.db.compiler.lookups import comparison_class
from openviper.db.compiler.pieces import literal, make, places_of, scaled, to_float
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element, Typed
from openviper.db.dialects.forms import Family, Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind

__all__ = ["common_storage", "unite"]

_MOST_DIGITS: Final = 18
_RANK: Final = (FieldKind.SMALLINT, FieldKind.INTEGER, FieldKind.BIGINT, FieldKind.DECIMAL, FieldKind.FLOAT)


def common_storage(typed: Sequence[Typed]) -> Storage:
    """Give what can hold all of some expressions.

    Args:
        typed: At least one.

    Raises:
        FieldError: They have nothing in common.
    """
    storages = [one.storage for one in typed]
    classes = {comparison_class(one) for one in storages}
    if len(classes) > 1:
        raise FieldError(f"one expression gives values of different kinds: {', '.join(sorted(classes))}")
    members = {one.members for one in storages}
    null = any(one.null for one in storages)
    if classes == {"number"}:
        kind = max((one.kind for one in storages), key=_RANK.index)
        digits = [one.digits for one in storages if one.kind == FieldKind.DECIMAL]
        if kind != FieldKind.DECIMAL:
            return Storage(kind=kind, null=null, members=members.pop() if len(members) == 1 else None)
        places = max(one[1] for one in digits)
        whole = max(one[0] - one[1] for one in digits)
        # What every engine computes with stays so.
        most = _MOST_DIGITS if max(one[0] for one in digits) <= _MOST_DIGITS else whole + places
        return Storage(kind=kind, null=null, max_digits=max(most, places), decimal_places=places)
    if classes == {"text"} and (len({one.kind for one in storages}) > 1 or len(members) > 1):
        return Storage(kind=FieldKind.TEXT, null=null)
    return replace(storages[0], null=null)


def unite(typed: Typed, storage: Storage, scope: Scope) -> Typed:
    """Give an expression in the form of what is stored as another one.

    Args:
        typed: The expression.
        storage: What it has to be.
        scope: The statement.

    Raises:
        FieldError: It is of another kind.
    """
    form = scope.dialect.form(storage)
    kinds = comparison_class(typed.storage), comparison_class(storage)
    if kinds[0] != kinds[1]:
        raise FieldError(f"{typed.name or 'an expression'} is {kinds[0]} where {kinds[1]} is wanted")
    if kinds[0] != "number" or typed.form == form:
        return Typed(typed.element, storage, form, name=typed.name)
    return Typed(_number_as(typed, storage, scope), storage, form, name=typed.name)


def _number_as(typed: Typed, storage: Storage, scope: Scope) -> Element:
    if storage.kind == FieldKind.FLOAT:
        return to_float(typed, scope)
    form = scope.dialect.form(storage)
    if form.family == Family.TEXT:
        raise FieldError(
            f"{typed.name or 'an expression'} is a number of another form than a decimal of {storage.digits[0]} "
            f"digits, which {scope.dialect.name} keeps as a text; give the value itself"
        )
    scale = form.scale
    is_float = typed.storage.kind == FieldKind.FLOAT
    if scope.dialect.scales_decimals:
        if not is_float and typed.form.scale <= scale:
            return scaled(typed, scale)
        return make("to scale", (to_float(typed, scope), literal(10**scale)), storage, scope).element
    if storage.kind != FieldKind.DECIMAL:
        if not is_float and typed.storage.kind != FieldKind.DECIMAL:
            return typed.element
        # A rounded number may still be a decimal to the engine, which a driver gives as one.
        return make("integer", (make("round", (typed.element,), storage, scope).element,), storage, scope).element
    if typed.storage.kind != FieldKind.DECIMAL or places_of(typed) != storage.digits[1]:
        # A fraction is rounded to the places that there are.
        exact = make("decimal", (typed.element,), storage, scope).element
        return make("round to", (exact, literal(storage.digits[1])), storage, scope).element
    return typed.element
