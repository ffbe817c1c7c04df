"""Aggregates: one value of many rows."""

from typing import ClassVar

from openviper.db.exceptions import FieldError
from openviper.db.query.expressions import Expression, F, Q

__all__ = ["Aggregate", "Avg", "Count", "Max", "Min", "Sum"]


class Aggregate(Expression):
    """One value of many rows: of all of them in ``aggregate()``, of those that belong to a row in ``annotate()``.

    Args:
        expression: The name of a field, also through relations, or an expression.
        distinct: Whether equal values count once.
        filter: Which rows count; None means all of them.

    Raises:
        FieldError: It stands around another aggregate.
        TypeError: The argument is neither a name nor an expression.
    """

    __slots__ = ("argument", "distinct", "filter")

    name: ClassVar[str] = ""

    def __init__(
        self,
        expression: str | Expression,
        *,
        distinct: bool = False,
        filter: Q | None = None,  # noqa: A002 - the name that users know
    ) -> None:
        if not isinstance(expression, str | Expression):
            raise TypeError(
                f"{type(self).__name__} takes the name of a field or an expression, not {type(expression).__name__}"
            )
        if isinstance(expression, Aggregate):
            raise FieldError(f"{type(self).__name__} stands around {type(expression).__name__}; annotate() one first")
        if filter is not None and not isinstance(filter, Q):
            raise TypeError(f"filter= of {type(self).__name__} takes a Q, not {type(filter).__name__}")
        self.argument: Expression | None = F(expression) if isinstance(expression, str) else expression
        self.distinct = bool(distinct)
        self.filter = filter

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'*' if self.argument is None else repr(self.argument)})"

    @property
    def default_name(self) -> str:
        """What ``aggregate(Sum("price"))`` calls its value: ``price__sum``.

        Raises:
            FieldError: The argument is an expression, which has no name.
        """
        if self.argument is None:
            return self.name
        if not isinstance(self.argument, F):
            raise FieldError(f"{self!r} is of an expression, so its value needs a name: aggregate(total=...)")
        return f"{self.argument.name}__{self.name}"


class Count(Aggregate):
    """How many rows there are, or how many of them have a value.

    Args:
        expression: What is counted where it is not NULL; ``"*"`` counts rows.
        distinct: Whether equal values count once.
        filter: Which rows count; None means all of them.
    """

    __slots__ = ()

    name: ClassVar[str] = "count"

    def __init__(
        self,
        expression: str | Expression = "*",
        *,
        distinct: bool = False,
        filter: Q | None = None,  # noqa: A002 - the name that users know
    ) -> None:
        super().__init__(expression, distinct=distinct, filter=filter)
        if isinstance(expression, str) and expression == "*":
            if distinct:
                raise FieldError("Count('*', distinct=True) has no values to compare; name a field")
            self.argument = None


class Sum(Aggregate):
    """The sum of values; None where there are none."""

    __slots__ = ()

    name: ClassVar[str] = "sum"


class Avg(Aggregate):
    """The mean of values; None where there are none."""

    __slots__ = ()

    name: ClassVar[str] = "avg"


class Min(Aggregate):
    """The smallest value; None where there are none."""

    __slots__ = ()

    name: ClassVar[str] = "min"


class Max(Aggregate):
    """The largest value; None where there are none."""

    __slots__ = ()

    name: ClassVar[str] = "max"
