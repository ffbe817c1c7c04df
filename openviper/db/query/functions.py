"""Functions of the database, as users write them; the SQL of each is the compiler's."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from openviper.db.dialects.forms import Storage, storage_of
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField, Field
from openviper.db.query.expressions import Expression, F, Value

__all__ = [
    "FUNCTIONS",
    "Abs",
    "Cast",
    "Ceil",
    "Coalesce",
    "Concat",
    "Extract",
    "FirstDay",
    "Floor",
    "Function",
    "Greatest",
    "Least",
    "Length",
    "Lower",
    "Now",
    "NullIf",
    "Replace",
    "Round",
    "Substr",
    "Trim",
    "Upper",
]

#: The parts of a moment that ``Extract`` gives, which are lookups too.
_PARTS: Final = ("year", "month", "day", "week", "week_day", "quarter", "hour", "minute", "second", "date", "time")

#: What ``FirstDay`` goes back to the beginning of.
_UNITS: Final = ("year", "month", "week", "day")
# PostgreSQL takes no more, SQLite 127.
_MOST_ARGUMENTS: Final = 100
#: Every function by name: the least and the most arguments.
FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "abs": (1, 1),
        "cast": (1, 1),
        "ceil": (1, 1),
        "coalesce": (2, _MOST_ARGUMENTS),
        "concat": (2, _MOST_ARGUMENTS),
        "floor": (1, 1),
        "greatest": (2, _MOST_ARGUMENTS),
        "least": (2, _MOST_ARGUMENTS),
        "length": (1, 1),
        "lower": (1, 1),
        "now": (0, 0),
        "nullif": (2, 2),
        "replace": (3, 3),
        "round": (1, 2),
        "substr": (2, 3),
        "trim": (1, 1),
        "upper": (1, 1),
        **dict.fromkeys(_PARTS, (1, 1)),
        **{f"first of {unit}": (1, 1) for unit in _UNITS},
    }
)


class Function(Expression):
    """A function of the database.

    Args:
        arguments: A text is the name of a field, and Value("x") a text; anything else that is no expression is a
            plain value.

    Raises:
        FieldError: The function takes another number of arguments.
    """

    __slots__ = ("arguments", "name", "storage")

    #: Its name in ``FUNCTIONS``.
    function: ClassVar[str] = ""

    def __init__(self, *arguments: object) -> None:
        self.name = self.function
        self.storage: Storage | None = None
        self.arguments = tuple(F(one) if isinstance(one, str) else one for one in arguments)
        least, most = FUNCTIONS[self.name]
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if most == least else f"{least} to {most}"
            raise FieldError(f"{type(self).__name__} takes {wanted} arguments, not {len(arguments)}")

    def __repr__(self) -> str:
        shown = (repr(one) if isinstance(one, Expression) else f"<{type(one).__name__}>" for one in self.arguments)
        return f"{type(self).__name__}({', '.join(shown)})"


class Abs(Function):
    """A number without its sign."""

    __slots__ = ()

    function = "abs"


class Ceil(Function):
    """The smallest whole number that is not below a number."""

    __slots__ = ()

    function = "ceil"


class Coalesce(Function):
    """The first of its arguments that is not NULL."""

    __slots__ = ()

    function = "coalesce"


class Concat(Function):
    """Texts one after the other; NULL counts as the empty text."""

    __slots__ = ()

    function = "concat"


class Floor(Function):
    """The largest whole number that is not above a number."""

    __slots__ = ()

    function = "floor"


class Greatest(Function):
    """The largest of its arguments; NULL if one of them is."""

    __slots__ = ()

    function = "greatest"


class Least(Function):
    """The smallest of its arguments; NULL if one of them is."""

    __slots__ = ()

    function = "least"


class Length(Function):
    """The number of characters of a text."""

    __slots__ = ()

    function = "length"


class Lower(Function):
    """A text in lower case."""

    __slots__ = ()

    function = "lower"


class Now(Function):
    """The moment at which the database runs the statement; within a transaction that of its start on PostgreSQL."""

    __slots__ = ()

    function = "now"


class NullIf(Function):
    """Its first argument, or NULL where that equals the second."""

    __slots__ = ()

    function = "nullif"


class Replace(Function):
    """A text with every occurrence of the second argument replaced by the third."""

    __slots__ = ()

    function = "replace"


class Round(Function):
    """A number rounded to the places of the second argument, 0 unless given.

    Raises:
        FieldError: The places are negative, which not every engine knows.
    """

    __slots__ = ()

    function = "round"

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        _need_at_least(0, "Round", "places", arguments[1:])


class Substr(Function):
    """A part of a text: from a position, counted from 1, and as many characters as the third argument says.

    Raises:
        FieldError: The position is below 1, or the number of characters below 0; each engine has its own idea of them.
    """

    __slots__ = ()

    function = "substr"

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        _need_at_least(1, "Substr", "a position", arguments[1:2])
        _need_at_least(0, "Substr", "a number of characters", arguments[2:])


class Trim(Function):
    """A text without blanks at both ends."""

    __slots__ = ()

    function = "trim"


class Upper(Function):
    """A text in upper case."""

    __slots__ = ()

    function = "upper"


class Extract(Function):
    """A part of a moment or a day.

    Args:
        expression: The name of a field, or an expression.
        part: ``year month day week week_day quarter hour minute second date time``.

    Raises:
        FieldError: There is no such part.
    """

    __slots__ = ()

    function = "year"

    def __init__(self, expression: str | Expression, part: str) -> None:
        super().__init__(expression)
        if part not in _PARTS:
            raise FieldError(f"Extract knows no part {part!r}; there are {', '.join(_PARTS)}")
        self.name = part


class FirstDay(Function):
    """The first day of the year, the month or the week that a moment or a day is in; weeks begin on Monday.

    Args:
        expression: The name of a field, or an expression.
        unit: ``year month week day``.

    Raises:
        FieldError: There is no such unit.
    """

    __slots__ = ()

    function = "first of day"

    def __init__(self, expression: str | Expression, unit: str) -> None:
        super().__init__(expression)
        if unit not in _UNITS:
            raise FieldError(f"there is no {unit!r} to have a first day; there are {', '.join(_UNITS)}")
        self.name = f"first of {unit}"


class Cast(Function):
    """A value as that of another kind of field.

    Args:
        expression: The name of a field, or an expression.
        to: What it becomes, such as ``fields.IntegerField()``.

    Raises:
        TypeError: ``to`` is no field.
    """

    __slots__ = ()

    function = "cast"

    def __init__(self, expression: str | Expression, to: AnyField) -> None:
        super().__init__(expression)
        if not isinstance(to, Field):
            raise TypeError(f"Cast takes a field such as fields.IntegerField(), not {to!r}")
        self.storage = storage_of(to)


def _need_at_least(least: int, function: str, what: str, given: tuple[object, ...]) -> None:
    """Refuse plain numbers below what all engines agree on; those of expressions are known to the engine only."""
    for one in given:
        number = one.value if isinstance(one, Value) else one
        if isinstance(number, int) and number < least:
            raise FieldError(f"{function} takes {what} of {least} or more, not {number}")
