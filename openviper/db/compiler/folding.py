"""Aggregates as functions of the engine, and what comes of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from openviper.db.compiler.terms import Element, Typed
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.forms import Conversion, Family, Storage, StorageForm
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.fields.base import FieldKind

if TYPE_CHECKING:
    from sqlalchemy import Cast

__all__ = ["Over", "average_of", "count_of", "fold", "sum_of"]

#: Makes a window of a function; None leaves the function one of all rows.
Over: TypeAlias = Callable[[Element], Element]

#: What numbers of rows are.
COUNT: Final = Storage(kind=FieldKind.BIGINT)

_WHOLE: Final = {FieldKind.SMALLINT, FieldKind.INTEGER, FieldKind.BIGINT}
_NUMBERS: Final = {*_WHOLE, FieldKind.FLOAT, FieldKind.DECIMAL, FieldKind.DURATION}
# Some engines make decimals of whole numbers.
_TO_INT: Final = Conversion("int({v})")
_TO_FLOAT: Final = Conversion("float({v})")
# Digits that every engine computes with, and those that fit into 64 bits.
_MOST_DIGITS: Final = 38
_MOST_SCALED_DIGITS: Final = 18
# What whole numbers are added up and averaged as, on engines that would not leave their type.
_WIDE: Final = Storage(kind=FieldKind.DECIMAL, max_digits=_MOST_DIGITS, decimal_places=0)
_FRACTION: Final = Storage(kind=FieldKind.DECIMAL, max_digits=_MOST_DIGITS, decimal_places=6)
_FLOAT: Final = Storage(kind=FieldKind.FLOAT)


def fold(name: str, argument: Typed, element: Element, dialect: Dialect, *, over: Over | None = None) -> Typed:
    """Put the values of all rows together.

    Args:
        name: Of the aggregate.
        argument: What the values are.
        element: The values, those of rows that do not count left out.
        dialect: Of the engine.
        over: Makes a window of the function of the engine.

    Raises:
        FieldError: The aggregate makes no sense of such values.
        DatabaseOperationNotSupportedError: The engine cannot compute with them.
    """
    return _FOLDS[name](argument, element, dialect, over or _over_all)


def count_of(element: "Element | None", dialect: Dialect, *, over: Over | None = None) -> Typed:
    """Count rows; those in which the element is NULL are left out.

    Args:
        element: None counts all of them.
        dialect: Of the engine.
        over: Makes a window of the function of the engine.
    """
    from sqlalchemy import func  # loaded by the first query

    counted = func.count() if element is None else func.count(element)
    return Typed((over or _over_all)(counted), COUNT, dialect.form(COUNT))


def sum_of(argument: Typed, element: Element, dialect: Dialect, over: Over | None = None) -> Typed:
    """Add up; the sum of no row is NULL.

    Args:
        argument: What the values are.
        element: The values.
        dialect: Of the engine.
        over: Makes a window of the function of the engine.

    Raises:
        FieldError: They are no numbers and no durations.
        DatabaseOperationNotSupportedError: The engine cannot compute with them.
    """
    from sqlalchemy import func  # loaded by the first query

    storage = _check_number("Sum", argument, dialect)
    form = _sum_form(storage, argument.form, dialect)
    if not dialect.features.widens_sums and storage.kind in {*_WHOLE, FieldKind.DURATION}:
        element = _cast(element, _WIDE, dialect)
    return Typed((over or _over_all)(func.sum(element)), _sum_storage(storage, argument.form), form)


def average_of(argument: Typed, total: Element, count: Element, dialect: Dialect) -> Typed:
    """Divide a sum by the number of values.

    Args:
        argument: What the values are.
        total: Their sum.
        count: How many they are.
        dialect: Of the engine.
    """
    from sqlalchemy import func, literal_column  # loaded by the first query

    storage = _check_number("Avg", argument, dialect)
    # Some engines divide whole numbers without a remainder.
    dividend: Element = total * literal_column("1.0")
    return _rounded(argument, dividend / func.nullif(count, literal_column("0")), storage, dialect)


def _over_all(element: Element) -> Element:
    return element


def _count(argument: Typed, element: Element, dialect: Dialect, over: Over) -> Typed:
    return count_of(element, dialect, over=over)


def _average(argument: Typed, element: Element, dialect: Dialect, over: Over) -> Typed:
    from sqlalchemy import func  # loaded by the first query

    storage = _check_number("Avg", argument, dialect)
    if not dialect.features.widens_sums and storage.kind in {*_WHOLE, FieldKind.DURATION}:
        # The average of whole numbers would be a whole number.
        element = _cast(element, _FRACTION if storage.kind is FieldKind.DURATION else _FLOAT, dialect)
    return _rounded(argument, over(func.avg(element)), storage, dialect)


def _rounded(argument: Typed, average: Element, storage: Storage, dialect: Dialect) -> Typed:
    """Give an average as what it is an average of; that of whole numbers is a float."""
    from sqlalchemy import func, literal_column  # loaded by the first query

    if storage.kind is FieldKind.DECIMAL and not argument.form.scale:
        digits: Element = literal_column(str(storage.decimal_places or 0))
        return Typed(func.round(average, digits), storage, argument.form)
    if storage.kind in {FieldKind.DECIMAL, FieldKind.DURATION}:
        # SQL Server wants the digits to be said.
        digits_said: tuple[Element, ...] = () if dialect.features.widens_sums else (literal_column("0"),)
        whole = _cast(func.round(average, *digits_said), COUNT, dialect)
        return Typed(whole, storage, argument.form)
    storage = Storage(kind=FieldKind.FLOAT, null=True)
    return Typed(average, storage, replace(dialect.form(storage), read=_TO_FLOAT))


def _extreme(name: str) -> "_Fold":
    def find(argument: Typed, element: Element, dialect: Dialect, over: Over) -> Typed:
        from sqlalchemy import func  # loaded by the first query

        if not argument.form.is_ordered:
            raise FieldError(f"{name.title()} of {_named(argument)}: {dialect.name} does not order such values")
        storage = replace(argument.storage, null=True)
        way = getattr(func, name)
        # Where truth is a type of its own, it has no maximum, and neither have UUIDs.
        between = _ORDERED_AS.get(argument.form.family) if dialect.features.native_boolean else None
        if between is None:
            return Typed(over(way(element)), storage, argument.form)
        found = _cast(over(way(_cast(element, between, dialect))), storage, dialect)
        return Typed(found, storage, argument.form)

    return find


_ORDERED_AS: Final = {
    Family.BOOLEAN: Storage(kind=FieldKind.INTEGER),
    Family.UUID: Storage(kind=FieldKind.TEXT),
}
_Fold: TypeAlias = Callable[[Typed, Element, Dialect, Over], Typed]
_FOLDS: Final[Mapping[str, _Fold]] = {
    "count": _count,
    "sum": sum_of,
    "avg": _average,
    "min": _extreme("min"),
    "max": _extreme("max"),
}


def _cast(element: Element, storage: Storage, dialect: Dialect) -> "Cast[object]":
    from sqlalchemy import cast  # loaded by the first query

    from openviper.db.dialects.sqltypes import type_of  # which loads SQLAlchemy too

    return cast(element, type_of(dialect.form(replace(storage, members=None))))


def _check_number(name: str, argument: Typed, dialect: Dialect) -> Storage:
    """Give what the values are, none of them a member of an enum."""
    if argument.storage.kind not in _NUMBERS:
        raise FieldError(
            f"{name} of {_named(argument)}, which is of kind {argument.storage.kind.value!r}; "
            "it takes numbers and durations"
        )
    if not argument.form.is_computable:
        raise DatabaseOperationNotSupportedError(f"{name} of {_named(argument)}: {dialect.name} has no such numbers")
    return replace(argument.storage, null=True, members=None)


def _sum_storage(storage: Storage, form: StorageForm) -> Storage:
    """Give what a sum is: it has more digits than its parts."""
    if storage.kind in _WHOLE:
        return replace(storage, kind=FieldKind.BIGINT)
    if storage.kind is FieldKind.DECIMAL:
        most = _MOST_SCALED_DIGITS if form.scale else _MOST_DIGITS
        return replace(storage, max_digits=max(most, storage.max_digits or 0))
    return storage


def _sum_form(storage: Storage, form: StorageForm, dialect: Dialect) -> StorageForm:
    made = dialect.form(_sum_storage(storage, form))
    if storage.kind in {*_WHOLE, FieldKind.DURATION}:
        return replace(made, read=_TO_INT if made.read is None else made.read.after(_TO_INT))
    return made


def _named(argument: Typed) -> str:
    return repr(argument.name) if argument.name else "an expression"
