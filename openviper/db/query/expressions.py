"""What users write in queries: columns, values, conditions, and what is computed of them.

These objects only hold what was said; ``lowering`` makes nodes of a description of them. None of them ever changes,
so one may stand in any number of queries.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, Never, TypeAlias

from openviper.db.exceptions import FieldError
from openviper.db.query.description import Query

__all__ = [
    "Case",
    "Combined",
    "Described",
    "Exists",
    "Expression",
    "F",
    "Nulls",
    "OuterRef",
    "Q",
    "Sort",
    "Subquery",
    "Value",
    "When",
]

Nulls: TypeAlias = Literal["first", "last"] | None
_Connector: TypeAlias = Literal["and", "or", "xor"]
_Part: TypeAlias = "Q | Expression | tuple[str, object]"

#: Levels of what is built in a loop: the parser of SQLite gives up soon after, and Python later.
_MOST_LEVELS: Final = 80

_NO_COMPARISON: Final = "an expression is compared by the names of lookups: filter(price__gt=F('cost'))"


class Described:
    """What stands for a query of its own: a query set."""

    __slots__ = ("db_alias", "params", "query")

    #: The description.
    query: Query
    #: The values that its places count in.
    params: tuple[object, ...]
    #: The database that it is told to ask; None leaves it to the model, or to the query that it becomes a part of.
    db_alias: str | None


class Expression:
    """Something that has a value in every row; ``+ - * / %`` compute with it.

    The other side of an operator may be an expression or a plain value, which is bound and never becomes SQL text.
    """

    __slots__ = ()

    #: How deep operators are nested in it.
    depth: int = 0

    # Users would take `F("a") == 1` for a condition, and it would be the constant False.
    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Expression):
            return NotImplemented
        raise TypeError(_NO_COMPARISON)

    if not TYPE_CHECKING:  # checkers know that these are not there

        def __lt__(self, other: object) -> Never:
            raise TypeError(_NO_COMPARISON)

        __le__ = __gt__ = __ge__ = __lt__

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has a value in the database only; use Case, Q or filter() to decide by it")

    def __add__(self, other: object) -> "Combined":
        return Combined("+", self, other)

    def __radd__(self, other: object) -> "Combined":
        return Combined("+", other, self)

    def __sub__(self, other: object) -> "Combined":
        return Combined("-", self, other)

    def __rsub__(self, other: object) -> "Combined":
        return Combined("-", other, self)

    def __mul__(self, other: object) -> "Combined":
        return Combined("*", self, other)

    def __rmul__(self, other: object) -> "Combined":
        return Combined("*", other, self)

    def __truediv__(self, other: object) -> "Combined":
        return Combined("/", self, other)

    def __rtruediv__(self, other: object) -> "Combined":
        return Combined("/", other, self)

    def __mod__(self, other: object) -> "Combined":
        return Combined("%", self, other)

    def __rmod__(self, other: object) -> "Combined":
        return Combined("%", other, self)

    def __neg__(self) -> "Combined":
        # Lengths of time are taken from no number.
        return Combined("*", self, -1)

    def asc(self, *, nulls_first: bool = False, nulls_last: bool = False) -> "Sort":
        """Sort by it, the smallest first.

        Args:
            nulls_first: Rows without a value come first.
            nulls_last: They come last; with neither it is up to the engine.

        Raises:
            FieldError: Both are asked for.
        """
        return Sort(self, descending=False, nulls=_choose_nulls(nulls_first, nulls_last))

    def desc(self, *, nulls_first: bool = False, nulls_last: bool = False) -> "Sort":
        """Sort by it, the largest first.

        Args:
            nulls_first: Rows without a value come first.
            nulls_last: They come last; with neither it is up to the engine.

        Raises:
            FieldError: Both are asked for.
        """
        return Sort(self, descending=True, nulls=_choose_nulls(nulls_first, nulls_last))


class F(Expression):
    """A field of the row, also through relations (``F("author__name")``), or an annotation.

    Args:
        name: Its path.

    Raises:
        TypeError: The name is no text.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"F takes the name of a field, not {type(name).__name__}; a value is written as Value(...)")
        self.name = name

    def __repr__(self) -> str:
        return f"F({self.name!r})"


class OuterRef(Expression):
    """Within a subquery: a field of the query around it.

    Args:
        name: Its path there.

    Raises:
        TypeError: The name is no text.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        given: object = name
        if isinstance(given, OuterRef):
            raise TypeError(
                f"OuterRef looks one query out, not two; annotate(outer={given!r}) the query between, and write "
                "OuterRef('outer')"
            )
        if not isinstance(given, str):
            raise TypeError(f"OuterRef takes the name of a field, not {type(given).__name__}")
        self.name = name

    def __repr__(self) -> str:
        return f"OuterRef({self.name!r})"


class Value(Expression):
    """A plain value where an expression is wanted, such as in ``annotate()`` or ``Concat()``.

    Args:
        value: A number, a text, a bool, bytes, a Decimal, a UUID, a date, a time, a datetime, a timedelta or None.
    """

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Value(<{type(self.value).__name__}>)"


class Combined(Expression):
    """Two operands and the operator between them; made by operators.

    Args:
        operator: ``+ - * / %``.
        left: An expression or a plain value.
        right: An expression or a plain value.
    """

    __slots__ = ("depth", "left", "operator", "right")

    def __init__(self, operator: str, left: object, right: object) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.depth = _depth_of((left, right))

    def __repr__(self) -> str:
        return f"({_show(self.left)} {self.operator} {_show(self.right)})"


class Sort:
    """What rows are sorted by; made by ``asc()`` and ``desc()``.

    Args:
        expression: By its values.
        descending: Whether the largest comes first.
        nulls: Where rows without a value come; None is up to the engine.
    """

    __slots__ = ("descending", "expression", "nulls")

    def __init__(self, expression: Expression, *, descending: bool, nulls: Nulls) -> None:
        self.expression = expression
        self.descending = descending
        self.nulls = nulls

    def __repr__(self) -> str:
        return f"{self.expression!r}.{'desc' if self.descending else 'asc'}()"


class Q:
    """Conditions that can be combined: ``Q(a=1) | Q(b=2)``, ``&``, ``~``, and ``^``, of which an odd number holds.

    One Q with several lookups means that all of them hold. An empty one says nothing.

    Args:
        conditions: Other conditions, all of which hold too.
        lookups: Fields and values as ``filter()`` takes them.
    """

    __slots__ = ("connector", "depth", "is_negated", "parts")

    def __init__(self, *conditions: "Q | Expression", **lookups: object) -> None:
        for condition in conditions:
            if not isinstance(condition, Q | Expression):
                raise TypeError(
                    f"a condition is a Q or an expression such as Exists(...), not {type(condition).__name__}; "
                    "lookups are keywords: filter(name='x')"
                )
        self.connector: _Connector = "and"
        self.is_negated = False
        self.parts: tuple[_Part, ...] = (*conditions, *lookups.items())
        self.depth = _depth_of(conditions)

    def __repr__(self) -> str:
        # Values may be secrets.
        parts = f" {self.connector} ".join(
            f"{part[0]}=<{type(part[1]).__name__}>" if isinstance(part, tuple) else repr(part) for part in self.parts
        )
        return f"{'~' if self.is_negated else ''}Q({parts})"

    def __and__(self, other: "Q | Exists") -> "Q":
        return _join("and", self, other)

    def __or__(self, other: "Q | Exists") -> "Q":
        return _join("or", self, other)

    def __xor__(self, other: "Q | Exists") -> "Q":
        return _join("xor", self, other)

    def __invert__(self) -> "Q":
        twin = Q()
        twin.connector, twin.parts, twin.depth = self.connector, self.parts, self.depth
        twin.is_negated = not self.is_negated
        return twin


class When:
    """One branch of a ``Case``.

    Args:
        condition: A Q or an expression that is true or false; None if lookups say it.
        then: The value of the case if it holds: an expression or a plain value; a text is a text, F("x") a field.
        lookups: Fields and values as ``filter()`` takes them.

    Raises:
        FieldError: There is no condition.
    """

    __slots__ = ("condition", "then")

    def __init__(self, condition: "Q | Expression | None" = None, *, then: object, **lookups: object) -> None:
        self.condition = Q(**lookups) if condition is None else Q(condition, **lookups)
        if condition is None and not lookups:
            raise FieldError("When needs a condition: When(price__gt=10, then=...)")
        self.then = then

    def __repr__(self) -> str:
        return f"When({self.condition!r}, then={_show(self.then)})"


class Case(Expression):
    """The value of the first branch whose condition holds.

    Args:
        branches: In the order in which they are tried.
        default: The value where none holds; None is NULL.

    Raises:
        FieldError: There are no branches.
    """

    __slots__ = ("branches", "default")

    def __init__(self, *branches: When, default: object = None) -> None:
        if not branches:
            raise FieldError("Case needs at least one When(...)")
        for branch in branches:
            if not isinstance(branch, When):
                raise TypeError(f"Case takes When(...) objects, not {type(branch).__name__}")
        self.branches = branches
        self.default = default

    def __repr__(self) -> str:
        return f"Case({', '.join(map(repr, self.branches))})"


class Subquery(Expression):
    """The one value of a query of its own: one column, and at most one row for each row around it.

    Args:
        rows: A query set, best one of ``values("x")`` with a limit of 1; ``OuterRef`` ties it to the row.

    Raises:
        TypeError: It is no query set.
    """

    __slots__ = ("rows",)

    def __init__(self, rows: Described) -> None:
        self.rows = _check_rows(rows, "Subquery")

    def __repr__(self) -> str:
        return f"Subquery({self.rows!r})"


class Exists(Expression):
    """Whether a query of its own has a row; ``~Exists(...)`` whether it has none.

    Args:
        rows: A query set; ``OuterRef`` ties it to the row.

    Raises:
        TypeError: It is no query set.
    """

    __slots__ = ("rows",)

    def __init__(self, rows: Described) -> None:
        self.rows = _check_rows(rows, "Exists")

    def __repr__(self) -> str:
        return f"Exists({self.rows!r})"

    def __and__(self, other: "Q | Exists") -> Q:
        return Q(self) & other

    def __or__(self, other: "Q | Exists") -> Q:
        return Q(self) | other

    def __xor__(self, other: "Q | Exists") -> Q:
        return Q(self) ^ other

    def __invert__(self) -> Q:
        return ~Q(self)


def _join(connector: _Connector, one: Q, other: "Q | Exists") -> Q:
    if not isinstance(other, Q | Expression):
        raise TypeError(f"a Q is combined with a Q or with Exists(...), not with {type(other).__name__}")
    # An empty one says nothing; as a part of "or" it would be true for every row.
    if not one.parts:
        return other if isinstance(other, Q) else Q(other)
    if isinstance(other, Q) and not other.parts:
        return one
    made = Q()
    made.connector = connector
    sides = _parts_for(connector, one), _parts_for(connector, other)
    made.parts = sides[0][0] + sides[1][0]
    # Not of all parts again, which would make a loop that adds one after the other quadratic.
    made.depth = _check_depth(1 + max(sides[0][1], sides[1][1]))
    return made


def _parts_for(connector: str, side: "Q | Expression") -> "tuple[tuple[_Part, ...], int]":
    """Give the parts of a side that says the same with them, and how deep they are nested.

    So a | b | c is one condition of three parts.
    """
    if isinstance(side, Q) and not side.is_negated and (side.connector == connector or len(side.parts) == 1):
        return side.parts, side.depth - 1
    return (side,), side.depth


def _depth_of(operands: Iterable[object]) -> int:
    """Give how deep something of these operands is nested.

    Raises:
        FieldError: Deeper than what goes through it could follow.
    """
    return _check_depth(1 + max((one.depth for one in operands if isinstance(one, Q | Expression)), default=0))


def _check_depth(depth: int) -> int:
    if depth > _MOST_LEVELS:
        raise FieldError(f"a condition or expression is nested deeper than {_MOST_LEVELS} levels; write it flatter")
    return depth


def _choose_nulls(first: bool, last: bool) -> Nulls:
    if first and last:
        raise FieldError("rows without a value come first or last, not both; give one of nulls_first and nulls_last")
    return "first" if first else "last" if last else None


def _check_rows(rows: Described, name: str) -> Described:
    if not isinstance(rows, Described):
        raise TypeError(f"{name} takes a query set, not {type(rows).__name__}; for a manager write .all()")
    return rows


def _show(operand: object) -> str:
    """Show an operand without its value, which may be a secret."""
    return repr(operand) if isinstance(operand, Expression) else f"<{type(operand).__name__}>"
