"""Windows: what is computed for each row from the rows around it, as users write it."""

from collections.abc import Iterable
from typing import ClassVar, Final, Literal, TypeAlias

from openviper.db.exceptions import FieldError
from openviper.db.query.aggregates import Aggregate
from openviper.db.query.expressions import Expression, F, Sort

__all__ = [
    "CumeDist",
    "DenseRank",
    "FirstValue",
    "Frame",
    "Lag",
    "LastValue",
    "Lead",
    "NthValue",
    "Ntile",
    "PercentRank",
    "Rank",
    "RowNumber",
    "RowRange",
    "ValueRange",
    "Window",
    "WindowFunction",
]

#: What a window is divided or ordered by.
_Keys: TypeAlias = "str | Expression | Sort | Iterable[str | Expression | Sort] | None"
#: The largest number that every engine takes for rows.
_MOST_ROWS: Final = 2**31 - 1


class WindowFunction(Expression):
    """A function of the rows of a window; it stands in ``Window(...)`` alone.

    Args:
        arguments: A text is the name of a field.
    """

    __slots__ = ("arguments", "default", "number")

    name: ClassVar[str] = ""

    def __init__(self, *arguments: str | Expression) -> None:
        for one in arguments:
            if not isinstance(one, str | Expression):
                raise TypeError(
                    f"{type(self).__name__} takes the name of a field or an expression, not {type(one).__name__}"
                )
        self.arguments = tuple(F(one) if isinstance(one, str) else one for one in arguments)
        #: A whole number that the function takes, and what stands for rows that are not there.
        self.number: int | None = None
        self.default: object = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.arguments))})"


class _Placing(WindowFunction):
    """A function of the place that a row has in its window, which takes no arguments."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()


class RowNumber(_Placing):
    """The number of the row in its partition, from 1."""

    __slots__ = ()

    name: ClassVar[str] = "row_number"


class Rank(_Placing):
    """The rank of the row by the order of the window; equal rows share one, and the next ones are left out."""

    __slots__ = ()

    name: ClassVar[str] = "rank"


class DenseRank(_Placing):
    """The rank of the row by the order of the window; equal rows share one, and none is left out."""

    __slots__ = ()

    name: ClassVar[str] = "dense_rank"


class PercentRank(_Placing):
    """The rank of the row as a fraction, 0.0 for the first and 1.0 for the last."""

    __slots__ = ()

    name: ClassVar[str] = "percent_rank"


class CumeDist(_Placing):
    """The fraction of rows that come before the row or are equal to it."""

    __slots__ = ()

    name: ClassVar[str] = "cume_dist"


class Ntile(WindowFunction):
    """The number of the part that the row is in, where its partition is cut into parts of equal size.

    Args:
        num_buckets: How many parts, 1 or more.

    Raises:
        FieldError: It is no such number.
    """

    __slots__ = ()

    name: ClassVar[str] = "ntile"

    def __init__(self, num_buckets: int = 1) -> None:
        super().__init__()
        self.number = _read_number("num_buckets", num_buckets, least=1)


class Lag(WindowFunction):
    """The value of an earlier row of the partition.

    Args:
        expression: The name of a field, or an expression.
        offset: How many rows before, 0 or more.
        default: What stands for a row that is not there; None is NULL.

    Raises:
        FieldError: The offset is no such number.
    """

    __slots__ = ()

    name: ClassVar[str] = "lag"

    def __init__(self, expression: str | Expression, offset: int = 1, default: object = None) -> None:
        super().__init__(expression)
        self.number = _read_number("offset", offset, least=0)
        self.default = default


class Lead(Lag):
    """The value of a later row of the partition.

    Args:
        expression: The name of a field, or an expression.
        offset: How many rows behind, 0 or more.
        default: What stands for a row that is not there; None is NULL.
    """

    __slots__ = ()

    name: ClassVar[str] = "lead"


class FirstValue(WindowFunction):
    """The value of the first row of the frame.

    Args:
        expression: The name of a field, or an expression.
    """

    __slots__ = ()

    name: ClassVar[str] = "first_value"

    def __init__(self, expression: str | Expression) -> None:
        super().__init__(expression)


class LastValue(FirstValue):
    """The value of the last row of the frame, which ends at the row itself unless the frame is said.

    Args:
        expression: The name of a field, or an expression.
    """

    __slots__ = ()

    name: ClassVar[str] = "last_value"


class NthValue(WindowFunction):
    """The value of a certain row of the frame; None where it has none so far.

    Args:
        expression: The name of a field, or an expression.
        nth: Which row, from 1.

    Raises:
        FieldError: It is no such number.
    """

    __slots__ = ()

    name: ClassVar[str] = "nth_value"

    def __init__(self, expression: str | Expression, nth: int = 1) -> None:
        super().__init__(expression)
        self.number = _read_number("nth", nth, least=1)


class Frame:
    """Which rows of its partition the window of a row has.

    Args:
        start: Where it begins: 0 is the row, below are rows before it, above behind it; None is the first one.
        end: Where it ends; None is the last row of the partition.

    Raises:
        FieldError: It is no whole number, or the end comes before the start.
    """

    __slots__ = ("end", "start")

    unit: ClassVar[Literal["rows", "range"]]

    def __init__(self, start: int | None = None, end: int | None = None) -> None:
        for name, bound in (("start", start), ("end", end)):
            if bound is not None:
                _read_number(name, bound, least=-_MOST_ROWS)
        if start is not None and end is not None and start > end:
            raise FieldError(f"{type(self).__name__} ends at {end}, before its start at {start}")
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{type(self).__name__}(start={self.start}, end={self.end})"


class RowRange(Frame):
    """A frame of rows that are counted: ``RowRange(start=-2, end=0)`` has the row and the two before it.

    Args:
        start: Where it begins: 0 is the row, below are rows before it, above behind it; None is the first one.
        end: Where it ends; None is the last row of the partition.
    """

    __slots__ = ()

    unit: ClassVar[Literal["rows", "range"]] = "rows"


class ValueRange(Frame):
    """A frame that has either all or none of the rows that are equal in the order of the window.

    Args:
        start: 0 begins with the rows that are equal to the row; None with the first one.
        end: 0 ends with the rows that are equal to the row; None with the last one.

    Raises:
        FieldError: A distance is given, which most engines cannot measure.
    """

    __slots__ = ()

    unit: ClassVar[Literal["rows", "range"]] = "range"

    def __init__(self, start: int | None = None, end: int | None = None) -> None:
        super().__init__(start, end)
        if start or end:
            raise FieldError("ValueRange begins and ends at 0 or None; RowRange counts rows")


class Window(Expression):
    """What a function or an aggregate comes to over the rows around each row.

    Args:
        expression: A function such as ``Rank()``, or an aggregate.
        partition_by: By what rows are divided: a name, an expression, or several; None means not at all.
        order_by: By what they are sorted: as for the query set's ``order_by()``, one key or several.
        frame: ``RowRange`` or ``ValueRange``; None means up to the row where there is an order, else all rows.

    Raises:
        FieldError: The expression makes no window, or it counts different values.
        TypeError: An argument is something else.
    """

    __slots__ = ("frame", "function", "order", "partition")

    def __init__(
        self,
        expression: WindowFunction | Aggregate,
        partition_by: _Keys = None,
        order_by: _Keys = None,
        frame: Frame | None = None,
    ) -> None:
        if not isinstance(expression, WindowFunction | Aggregate):
            raise FieldError(
                f"Window takes an aggregate or a function such as Rank(), not {type(expression).__name__}; compute "
                "with the result: Window(...) + 1"
            )
        # PostgreSQL, MariaDB and SQLite all refuse it, each with another error.
        if isinstance(expression, Aggregate) and expression.distinct:
            raise FieldError("no engine tells equal values apart in a window; leave distinct=True out")
        if frame is not None and not isinstance(frame, RowRange | ValueRange):
            raise TypeError(f"frame takes RowRange or ValueRange, not {type(frame).__name__}")
        self.function = expression
        self.partition = tuple(
            F(one) if isinstance(one, str) else one for one in _read_keys("partition_by", partition_by)
        )
        for one in self.partition:
            if isinstance(one, Sort):
                raise TypeError("partition_by has no order; write the expression without asc() and desc()")
        self.order = _read_keys("order_by", order_by)
        self.frame = frame

    def __repr__(self) -> str:
        return f"Window({self.function!r})"


def _read_keys(name: str, given: _Keys) -> tuple[str | Expression | Sort, ...]:
    if given is None:
        return ()
    keys = (given,) if isinstance(given, str | Expression | Sort) else tuple(given)
    for one in keys:
        if not isinstance(one, str | Expression | Sort):
            raise TypeError(f"{name} takes names and expressions, not {type(one).__name__}")
    return keys


def _read_number(name: str, number: int, *, least: int) -> int:
    # True is an int too, and means no number of rows.
    if type(number) is not int or not least <= number <= _MOST_ROWS:
        raise FieldError(f"{name} is a whole number of {least} or more, not {number!r:.40}")
    return number
