"""Fields that hold numbers, and truth."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from enum import Enum
from operator import index
from typing import TYPE_CHECKING, ClassVar, Final, Literal, SupportsIndex, Unpack, cast, overload

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyOptions, Choosable, E, Field, FieldKind, FieldOptions, SharedOptions, V, shorten
from openviper.db.fields.fits import Fit

__all__ = [
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BooleanField",
    "DecimalField",
    "DecimalOptions",
    "FloatField",
    "FloatOptions",
    "IntegerField",
    "NullBooleanField",
    "PositiveIntegerField",
    "SmallIntegerField",
]

# Forms and URLs bring numbers as text. Python's own reading takes spaces, underscores and digits of every script.
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)

_WORDS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
# What an engine can keep exactly: PostgreSQL 1000 digits, MySQL 65, Oracle and SQL Server 38.
_MOST_DIGITS: Final = 1000


class FloatOptions(FieldOptions[V], total=False):
    """What a float takes."""

    allow_inf: bool
    allow_nan: bool


class DecimalOptions(SharedOptions[V], total=False):
    """What a decimal takes."""

    default: V | int | str | Callable[[], V]
    max_digits: int
    decimal_places: int


class IntegerField(Field[V]):
    """A whole number of 32 bits."""

    kind = FieldKind.INTEGER
    value_type: ClassVar[type] = int
    least: ClassVar[int] = -(2**31)
    most: ClassVar[int] = 2**31 - 1

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "IntegerField[E]", *, null: Literal[False] = ..., choices: type[E], **options: Unpack[FieldOptions[E]]
        ) -> None: ...
        @overload
        def __init__(
            self: "IntegerField[E | None]",
            *,
            null: Literal[True],
            choices: type[E],
            **options: Unpack[FieldOptions[E | None]],
        ) -> None: ...
        @overload
        def __init__(
            self: "IntegerField[int]",
            *,
            null: Literal[False] = ...,
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int]],
        ) -> None: ...
        @overload
        def __init__(
            self: "IntegerField[int | None]",
            *,
            null: Literal[True],
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int | None]],
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def coerce(self, value: object) -> object:
        """Take a whole number, or its digits as text.

        Raises:
            FieldValueError: It is neither; a bool is no number, and a float is not whole even if it has no fraction.
        """
        if type(value) is int:
            return value
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        if isinstance(value, bool) or not isinstance(value, SupportsIndex):
            raise FieldValueError(f"{shorten(value)} is no whole number.")
        return index(value)

    def check(self, value: int) -> None:
        """Look at the range.

        Raises:
            FieldValueError: The column cannot hold the number.
        """
        if not self.least <= value <= self.most:
            raise FieldValueError(f"{shorten(value)} is not between {self.least} and {self.most}.")

    def state_fit(self) -> Fit | None:
        """Say that an int in range passes."""
        return Fit(f"type({{v}}) is int and {self.least} <= {{v}} <= {self.most}")


class BigIntegerField(IntegerField[V]):
    """A whole number of 64 bits."""

    kind = FieldKind.BIGINT
    least: ClassVar[int] = -(2**63)
    most: ClassVar[int] = 2**63 - 1

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "BigIntegerField[E]",
            *,
            null: Literal[False] = ...,
            choices: type[E],
            **options: Unpack[FieldOptions[E]],
        ) -> None: ...
        @overload
        def __init__(
            self: "BigIntegerField[E | None]",
            *,
            null: Literal[True],
            choices: type[E],
            **options: Unpack[FieldOptions[E | None]],
        ) -> None: ...
        @overload
        def __init__(
            self: "BigIntegerField[int]",
            *,
            null: Literal[False] = ...,
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int]],
        ) -> None: ...
        @overload
        def __init__(
            self: "BigIntegerField[int | None]",
            *,
            null: Literal[True],
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int | None]],
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...


class SmallIntegerField(IntegerField[V]):
    """A whole number of 16 bits."""

    kind = FieldKind.SMALLINT
    least: ClassVar[int] = -(2**15)
    most: ClassVar[int] = 2**15 - 1

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "SmallIntegerField[E]",
            *,
            null: Literal[False] = ...,
            choices: type[E],
            **options: Unpack[FieldOptions[E]],
        ) -> None: ...
        @overload
        def __init__(
            self: "SmallIntegerField[E | None]",
            *,
            null: Literal[True],
            choices: type[E],
            **options: Unpack[FieldOptions[E | None]],
        ) -> None: ...
        @overload
        def __init__(
            self: "SmallIntegerField[int]",
            *,
            null: Literal[False] = ...,
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int]],
        ) -> None: ...
        @overload
        def __init__(
            self: "SmallIntegerField[int | None]",
            *,
            null: Literal[True],
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int | None]],
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...


class PositiveIntegerField(IntegerField[V]):
    """A whole number from 0 to what 32 bits hold with a sign."""

    least: ClassVar[int] = 0

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "PositiveIntegerField[E]",
            *,
            null: Literal[False] = ...,
            choices: type[E],
            **options: Unpack[FieldOptions[E]],
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveIntegerField[E | None]",
            *,
            null: Literal[True],
            choices: type[E],
            **options: Unpack[FieldOptions[E | None]],
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveIntegerField[int]",
            *,
            null: Literal[False] = ...,
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int]],
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveIntegerField[int | None]",
            *,
            null: Literal[True],
            choices: Choosable[int] = ...,
            **options: Unpack[FieldOptions[int | None]],
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...


class AutoField(BigIntegerField[int]):
    """A primary key that the engine makes, counting up; 64 bits, as a table may outlive two thousand million rows.

    An instance has None before its row is there. A model that declares no primary key has one of these, named ``id``.
    """

    takes_choices: ClassVar[bool] = False

    def __init__(self, **options: Unpack[AnyOptions]) -> None:
        options.setdefault("primary_key", True)
        options.setdefault("auto_increment", True)
        options.setdefault("editable", False)
        # The overloads of the parents are for those whose type depends on their options.
        Field.__init__(self, **options)


class BigAutoField(AutoField):
    """``AutoField`` under the name that says its size."""


class FloatField(Field[V]):
    """A number with a binary fraction of 64 bits, as Python's float; money wants ``DecimalField``.

    Args:
        allow_inf: Whether infinity passes; not every engine stores it.
        allow_nan: Whether NaN passes; not every engine stores it.
        options: As for every field.
    """

    kind = FieldKind.FLOAT
    value_type: ClassVar[type] = float
    takes_choices: ClassVar[bool] = False

    @overload
    def __init__(
        self: "FloatField[float]", *, null: Literal[False] = ..., **options: Unpack[FloatOptions[float]]
    ) -> None: ...
    @overload
    def __init__(
        self: "FloatField[float | None]", *, null: Literal[True], **options: Unpack[FloatOptions[float | None]]
    ) -> None: ...
    def __init__(self, *, allow_inf: bool = False, allow_nan: bool = False, **options: Unpack[AnyOptions]) -> None:
        self.allow_inf = allow_inf
        self.allow_nan = allow_nan
        super().__init__(**options)

    def coerce(self, value: object) -> object:
        """Take a number, or its digits as text.

        Raises:
            FieldValueError: It is neither, or larger than a float can be.
        """
        if type(value) is float:
            return value
        if isinstance(value, str):
            is_known = _is_written_number(value)
        else:
            is_known = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if not is_known:
            raise FieldValueError(f"{shorten(value)} is no number.")
        try:
            number = float(cast("float", value))
        except (OverflowError, ValueError) as error:  # a huge int, a signalling NaN
            raise FieldValueError(f"{shorten(value)} is no number that a float can hold.") from error
        if math.isinf(number) and "inf" not in str(value).lower():
            raise FieldValueError(f"{shorten(value)} is larger than a float can be.")
        return number

    def check(self, value: float) -> None:
        """Look for what is no finite number.

        Raises:
            FieldValueError: It is infinite or NaN, and not allowed to be.
        """
        if math.isfinite(value) or (self.allow_nan if math.isnan(value) else self.allow_inf):
            return
        raise FieldValueError(f"{value} is no finite number.")

    def state_fit(self) -> Fit | None:
        """Say that a finite float passes."""
        # Infinity less itself is NaN, which equals nothing.
        return Fit("type({v}) is float and {v} - {v} == 0.0")


class DecimalField(Field[V]):
    """A number with a fixed count of decimal places, exact.

    A value comes out with just these places, so that it reads like one from the database. Nothing is ever rounded.

    Args:
        max_digits: Most digits altogether, from 1 to 1000; not every engine keeps more than 38.
        decimal_places: How many of them stand behind the point.
        options: As for every field; a default may be written as a whole number or as digits too, and is a decimal then.
    """

    kind = FieldKind.DECIMAL
    value_type: ClassVar[type] = Decimal
    takes_choices: ClassVar[bool] = False
    max_digits: int
    decimal_places: int

    @overload
    def __init__(
        self: "DecimalField[Decimal]", *, null: Literal[False] = ..., **options: Unpack[DecimalOptions[Decimal]]
    ) -> None: ...
    @overload
    def __init__(
        self: "DecimalField[Decimal | None]", *, null: Literal[True], **options: Unpack[DecimalOptions[Decimal | None]]
    ) -> None: ...
    def __init__(self, *, max_digits: int = 10, decimal_places: int = 2, **options: Unpack[AnyOptions]) -> None:
        if not 1 <= max_digits <= _MOST_DIGITS or not 0 <= decimal_places <= max_digits:
            raise ModelDefinitionError(
                f"DecimalField has max_digits={max_digits} and decimal_places={decimal_places}; "
                f"write 1 to {_MOST_DIGITS} digits, and no more places than digits"
            )
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        self._step = Decimal(1).scaleb(-decimal_places)
        # Too many digits trap; rounding down keeps the message about those behind the point true.
        self._context = Context(prec=max_digits, rounding=ROUND_DOWN, traps=[InvalidOperation])
        super().__init__(**options)
        # Instances have it before anything is cleaned. A class that reads values in its own way may not be ready yet.
        if isinstance(self.default, int | float | str) and type(self).coerce is DecimalField.coerce:
            self.default = self._read_default(self.default)

    def coerce(self, value: object) -> object:
        """Take a number, or its digits as text; a float counts as what Python writes for it.

        Raises:
            FieldValueError: It is neither, not finite, or has more digits or places than the column.
        """
        number = _read_decimal(value)
        try:
            fit = number.quantize(self._step, context=self._context)
        except InvalidOperation as error:
            whole = self.max_digits - self.decimal_places
            raise FieldValueError(f"{_written(value)} has more than {whole} digits before the point.") from error
        if fit != number:
            raise FieldValueError(f"{_written(value)} has more than {self.decimal_places} decimal places.")
        return fit or abs(fit)  # there is no negative zero in a column

    def state_fit(self) -> Fit | None:
        """Say that a decimal of just these places passes, if it has no more digits and is no negative zero."""
        step, most = f"_step_{self.decimal_places}", self.max_digits - self.decimal_places
        text = (
            f"type({{v}}) is _Decimal and {{v}}.same_quantum({step}) and {{v}}.adjusted() < {most}"
            " and ({v} or not {v}.is_signed())"
        )
        return Fit(text, {"_Decimal": Decimal, step: self._step})

    def _read_default(self, default: object) -> object:
        try:
            return self.coerce(default)
        except FieldValueError as error:
            raise ModelDefinitionError(f"{type(self).__name__} has the default {shorten(default)}: {error}") from error


class BooleanField(Field[V]):
    """True or False.

    What forms and files write for them is understood as well: true, t, yes, y, on, 1 and their opposites, in any case,
    and the numbers 1 and 0.
    """

    kind = FieldKind.BOOLEAN
    value_type: ClassVar[type] = bool
    takes_choices: ClassVar[bool] = False

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "BooleanField[bool]", *, null: Literal[False] = ..., **options: Unpack[FieldOptions[bool]]
        ) -> None: ...
        @overload
        def __init__(
            self: "BooleanField[bool | None]", *, null: Literal[True], **options: Unpack[FieldOptions[bool | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def coerce(self, value: object) -> object:
        """Take a bool, or a word or number for one.

        Raises:
            FieldValueError: It is none of these.
        """
        if isinstance(value, bool):
            return value
        known: bool | None = None
        if isinstance(value, str):
            known = _WORDS.get(value.lower())
        elif type(value) is int and value in (0, 1):
            known = value == 1
        if known is None:
            raise FieldValueError(f"{shorten(value)} is neither true nor false.")
        return known

    def state_fit(self) -> Fit | None:
        """Say that a bool passes."""
        return Fit("type({v}) is bool")


class NullBooleanField(BooleanField[bool | None]):
    """True, False or None; the same as ``BooleanField(null=True)``."""

    def __init__(self, **options: Unpack[AnyOptions]) -> None:
        options["null"] = True
        Field.__init__(self, **options)


def _is_written_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text))


def _read_decimal(value: object) -> Decimal:
    if isinstance(value, float):
        # Its repr is what was meant; the binary fraction behind it has up to 1074 places.
        value = repr(float(value))
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise FieldValueError(f"{shorten(value)} is no number.")
    if isinstance(value, str) and not _is_written_number(value):
        raise FieldValueError(f"{shorten(value)} is no number.")
    number = Decimal(value)
    if not number.is_finite():
        raise FieldValueError(f"{number} is no finite number.")
    return number


def _written(value: object) -> str:
    return shorten(str(value) if isinstance(value, Decimal) else value)
