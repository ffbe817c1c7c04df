"""Functions of the database as SQL: what each takes, and what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from openviper.db.compiler.lookups import NUMBERS, TEXTS, comparison_class
from openviper.db.compiler.pieces import literal, make, refuse_text, to_float
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Typed
from openviper.db.compiler.union import common_storage, unite
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind

__all__ = ["SAME_KIND", "compile_call"]

#: Functions whose arguments are of one kind, which is that of the result.
SAME_KIND: Final = frozenset({"coalesce", "greatest", "least", "nullif"})

_TEXT: Final = Storage(kind=FieldKind.TEXT, null=True)
_INTEGER: Final = Storage(kind=FieldKind.INTEGER, null=True)
_BIGINT: Final = Storage(kind=FieldKind.BIGINT, null=True)
_FLOAT: Final = Storage(kind=FieldKind.FLOAT, null=True)
_DATETIME: Final = Storage(kind=FieldKind.DATETIME)


def compile_call(name: str, arguments: Sequence[Typed], scope: Scope, storage: Storage | None = None) -> Typed:
    """Write a function.

    Args:
        name: Of ``query.functions.FUNCTIONS``.
        arguments: What it is applied to.
        scope: The statement.
        storage: What it gives, for a function that is told so.

    Raises:
        FieldError: An argument is of a kind that the function does not take.
    """
    if name == "cast":
        return _cast(arguments[0], storage or _TEXT, scope)
    return _WRITERS[name](name, arguments, scope)


def _write_texts(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    """Write a function from texts to a text."""
    for one in arguments:
        _need(name, one, TEXTS)
    return make(name, tuple(one.element for one in arguments), _TEXT, scope)


def _write_length(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    _need(name, arguments[0], TEXTS)
    return make(name, (arguments[0].element,), _INTEGER, scope)


def _write_substr(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    _need(name, arguments[0], TEXTS)
    for one in arguments[1:]:
        _need(name, one, NUMBERS)
    # PostgreSQL has substr() for integer only, and counts come as bigint.
    numbers = [make("position", (one.element,), _INTEGER, scope).element for one in arguments[1:]]
    if len(numbers) == 1 and "substr from" in scope.dialect.operations:
        name = "substr from"
    return make(name, (arguments[0].element, *numbers), _TEXT, scope)


def _write_concat(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    for one in arguments:
        _need(name, one, TEXTS)
    return make(name, tuple(one.element for one in arguments), replace(_TEXT, null=False), scope)


def _write_same(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    """Write a function that gives what its arguments are."""
    # A mix of two choices is a choice of neither.
    storage = replace(common_storage(arguments), null=True, members=None)
    if name in ("greatest", "least") and not scope.dialect.form(storage).is_ordered:
        raise FieldError(f"{name}() takes what {scope.dialect.name} can put in order, not {storage.kind}")
    united = [unite(one, storage, scope).element for one in arguments]
    made = make(_null_name(name, scope), tuple(united), storage, scope)
    members = {one.storage.members for one in arguments}
    found = replace(storage, members=members.pop()) if len(members) == 1 else storage
    # One argument that is never NULL is reached at the latest.
    if name == "coalesce" and not all(one.storage.null for one in arguments):
        found = replace(found, null=False)
    return Typed(made.element, found, scope.dialect.form(found))


def _null_name(name: str, scope: Scope) -> str:
    """Give the operation that is NULL where an argument is, which some engines pass over."""
    strict = f"strict {name}"
    return strict if strict in scope.dialect.operations else name


def _write_abs(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    _need(name, arguments[0], NUMBERS)
    refuse_text(arguments[0])
    return make(name, (arguments[0].element,), replace(arguments[0].storage, null=True, members=None), scope)


def _write_step(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    """Write the next whole number above or below."""
    _need(name, arguments[0], NUMBERS)
    number = arguments[0]
    element = to_float(number, scope) if number.form.scale else number.element
    return make(name, (element,), _BIGINT, scope)


def _write_round(name: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    """Write a rounding; halves go away from zero."""
    for one in arguments:
        _need(name, one, NUMBERS)
    number = arguments[0]
    storage = replace(number.storage, null=True, members=None)
    # A whole number is round already, and engines differ in what they make of negative places.
    if storage.kind not in (FieldKind.FLOAT, FieldKind.DECIMAL):
        return Typed(number.element, storage, scope.dialect.form(storage))
    places = make("position", (arguments[1].element,), _INTEGER, scope).element if len(arguments) > 1 else literal(0)
    if scope.dialect.scales_decimals:
        rounded = make("round to", (to_float(number, scope), places), _FLOAT, scope)
    else:
        # PostgreSQL rounds to places in numeric only, and floats to the even neighbour.
        rounded = make("round to", (make("decimal", (number.element,), storage, scope).element, places), storage, scope)
        if storage.kind == FieldKind.FLOAT:
            rounded = make("float", (rounded.element,), storage, scope)
        elif len(arguments) > 1 or storage.digits[1]:
            # It has the places of its field again, of which some are 0 now.
            rounded = make("round to", (rounded.element, literal(storage.digits[1])), storage, scope)
    return unite(rounded, storage, scope)


def _write_now(_: str, arguments: Sequence[Typed], scope: Scope) -> Typed:
    return make("now" if scope.dialect.use_tz else "now naive", (), _DATETIME, scope)


def _cast(argument: Typed, storage: Storage, scope: Scope) -> Typed:
    """Write a value as one of another kind."""
    storage = replace(storage, null=True, members=None)
    kinds = comparison_class(argument.storage), comparison_class(storage)
    if kinds[0] == kinds[1]:
        return unite(argument, storage, scope)
    name = _CASTS.get(kinds)
    is_whole = storage.kind not in (FieldKind.FLOAT, FieldKind.DECIMAL)
    if name is None or (kinds == ("number", "text") and argument.storage.kind in (FieldKind.FLOAT, FieldKind.DECIMAL)):
        known = ", ".join(f"{one} to {other}" for one, other in _CASTS)
        raise FieldError(
            f"Cast makes no {storage.kind} of {argument.name or 'an expression'} ({argument.storage.kind}); "
            f"it makes numbers of numbers, and {known} for whole numbers"
        )
    if name == "text":
        return make(name, (argument.element,), _TEXT, scope)
    made = make(name, (argument.element,), _BIGINT if is_whole else _FLOAT, scope)
    return unite(made, storage, scope)


def _need(name: str, typed: Typed, kinds: frozenset[FieldKind]) -> None:
    if typed.storage.kind not in kinds:
        raise FieldError(
            f"{name}() takes {'texts' if kinds is TEXTS else 'numbers'}, and {typed.name or 'an argument'} is "
            f"{typed.storage.kind}"
        )


_CASTS: Final[Mapping[tuple[str, str], str]] = {
    ("text", "number"): "integer",
    ("number", "text"): "text",
    ("boolean", "number"): "truth",
}
_WRITERS: Final[Mapping[str, Callable[[str, Sequence[Typed], Scope], Typed]]] = {
    **dict.fromkeys(("lower", "upper", "trim", "replace"), _write_texts),
    **dict.fromkeys(SAME_KIND, _write_same),
    **dict.fromkeys(("ceil", "floor"), _write_step),
    "abs": _write_abs,
    "concat": _write_concat,
    "length": _write_length,
    "now": _write_now,
    "round": _write_round,
    "substr": _write_substr,
}
