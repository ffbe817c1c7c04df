"""The description of a query: data that says what is wanted, and finds the plan that was made for it.

A description holds no values. Where one belongs stands its *place*: an index into the tuple of values that travels
beside the description. Two queries that differ in their values only have equal descriptions, and so share a plan.
Everything here is made of tuples, which C code hashes and compares; ``kind`` keeps those of one length apart.
"""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from openviper.db.peers import FetchMode
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    from openviper.db.dialects.forms import Storage  # a description only carries it

__all__ = [
    "PLAIN",
    "Aggregate",
    "And",
    "Call",
    "Case",
    "Column",
    "Combination",
    "Condition",
    "Exists",
    "Expression",
    "Flag",
    "Frame",
    "Linked",
    "Lookup",
    "Many",
    "Mode",
    "Node",
    "Not",
    "Null",
    "Operation",
    "Or",
    "Order",
    "OuterColumn",
    "Pair",
    "Param",
    "Part",
    "Place",
    "Query",
    "Subquery",
    "Truth",
    "Window",
    "make_lookup",
]

#: Types whose values need no look at the lookup that they stand in; bool is not among them, because of ``isnull``.
PLAIN: Final = frozenset({int, str, float, bytes, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta, UUID})

_new = tuple.__new__

#: Index into the values of the query.
Place: TypeAlias = int


class Column(NamedTuple):
    """A field, also through relations (``author__name``), or the name of an annotation."""

    path: str
    kind: Literal["column"] = "column"


class OuterColumn(NamedTuple):
    """A field of the query around a subquery."""

    path: str
    kind: Literal["outer"] = "outer"


class Param(NamedTuple):
    """One value; its type is that of what it is compared or computed with, or else ``storage``."""

    place: Place
    storage: "Storage | None" = None
    kind: Literal["param"] = "param"


class Many(NamedTuple):
    """A list of values at one place, for ``in``."""

    place: Place
    kind: Literal["many"] = "many"


class Null(NamedTuple):
    """None where a value could stand: ``exact`` then asks for NULL, and an assignment stores it."""

    kind: Literal["null"] = "null"


class Flag(NamedTuple):
    """The value of ``isnull``, which decides the SQL text."""

    value: bool
    kind: Literal["flag"] = "flag"


class Pair(NamedTuple):
    """Both ends of ``range``."""

    low: "Expression"
    high: "Expression"
    kind: Literal["pair"] = "pair"


class Operation(NamedTuple):
    """Two expressions and an operator: ``+ - * / %``."""

    operator: str
    left: "Expression"
    right: "Expression"
    kind: Literal["operation"] = "operation"


class Call(NamedTuple):
    """A function of the database, by its name in ``openviper.db.query.functions``."""

    name: str
    arguments: "tuple[Expression, ...]"
    storage: "Storage | None" = None
    kind: Literal["call"] = "call"


class Aggregate(NamedTuple):
    """One value of many rows: ``count sum avg min max``; an argument of None counts rows."""

    name: str
    argument: "Expression | None"
    distinct: bool = False
    where: "Condition | None" = None
    kind: Literal["aggregate"] = "aggregate"


class Case(NamedTuple):
    """The expression of the first condition that holds, else ``default``."""

    branches: "tuple[tuple[Condition, Expression], ...]"
    default: "Expression"
    storage: "Storage | None" = None
    kind: Literal["case"] = "case"


class Subquery(NamedTuple):
    """The one column of a query of its own, whose places count from ``first``."""

    query: "Query"
    first: Place
    kind: Literal["subquery"] = "subquery"


class Exists(NamedTuple):
    """Whether a query of its own, whose places count from ``first``, has a row."""

    query: "Query"
    first: Place
    kind: Literal["exists"] = "exists"


class Linked(NamedTuple):
    """A field of the rows of another model that refer to this one, which then comes once for each of them.

    Args:
        model: The other model.
        reference: Attribute of its field that refers.
        attribute: Attribute of the field that is given.
    """

    model: AnyModel
    reference: str
    attribute: str
    kind: Literal["linked"] = "linked"


class Frame(NamedTuple):
    """Which rows of its partition a window looks at, seen from a row; None at an end is that of the partition.

    Numbers of rows, or of peers, count from the row itself: below 0 before it, above 0 behind it.
    """

    unit: Literal["rows", "range"]
    start: int | None
    end: int | None
    kind: Literal["frame"] = "frame"


class Window(NamedTuple):
    """A function of the rows around each row: an aggregate, or a call by its name in ``query.windows``."""

    function: "Aggregate | Call"
    partition: "tuple[Expression, ...]" = ()
    order: "tuple[Order, ...]" = ()
    frame: Frame | None = None
    kind: Literal["window"] = "window"


Expression: TypeAlias = (
    Column
    | OuterColumn
    | Param
    | Many
    | Null
    | Flag
    | Pair
    | Operation
    | Call
    | Aggregate
    | Case
    | Subquery
    | Exists
    | Linked
    | Window
)


class Lookup(NamedTuple):
    """A comparison as it was written: ``author__name__icontains`` with what stands at the right of it.

    A plain place stands for ``Param``: most conditions are of that form, and a tuple less is made and hashed.
    """

    path: str
    operand: Place | Expression
    kind: Literal["lookup"] = "lookup"


class Truth(NamedTuple):
    """An expression that is a condition: ``Exists``, or a comparison of two expressions."""

    expression: Expression
    #: Name of a lookup and what the expression is compared with; None for an expression that is true or false.
    lookup: str | None = None
    operand: Expression | None = None
    kind: Literal["truth"] = "truth"


class And(NamedTuple):
    """Every part holds; those that go through the same rows of a relation mean one and the same row."""

    parts: "tuple[Condition, ...]"
    kind: Literal["and"] = "and"


class Or(NamedTuple):
    """At least one part holds."""

    parts: "tuple[Condition, ...]"
    kind: Literal["or"] = "or"


class Not(NamedTuple):
    """The part does not hold, NULL included: a row without a value is not equal to anything."""

    part: "Condition"
    kind: Literal["not"] = "not"


Condition: TypeAlias = Lookup | Truth | And | Or | Not
Node: TypeAlias = Expression | Condition


class Order(NamedTuple):
    """What rows are sorted by: an expression; None is chance."""

    expression: Expression | None
    descending: bool = False
    #: Where NULL comes; None is up to the engine.
    nulls: Literal["first", "last"] | None = None
    kind: Literal["order"] = "order"


#: What comes of the rows: instances, dicts, tuples, named tuples, one value each; their number, whether there is one,
#: or one row of aggregates.
Mode: TypeAlias = Literal["rows", "dicts", "tuples", "named", "flat", "count", "exists", "aggregate"]


class Part(NamedTuple):
    """One of the queries whose rows are put together, whose places count from ``first``."""

    query: "Query"
    first: Place
    kind: Literal["part"] = "part"


class Combination(NamedTuple):
    """Rows of several queries: of any of them, of all of them, or of the first without those of the others.

    Equal rows are one, except with ``union all``.
    """

    operator: Literal["union", "union all", "intersect", "except"]
    parts: tuple[Part, ...]
    kind: Literal["combination"] = "combination"


class Query(NamedTuple):
    """What is read.

    Args:
        model: Whose rows.
        mode: What comes of them.
        where: One item for each ``filter()`` and ``exclude()``.
        order: None stands for the ordering of the model, () for none.
        annotations: Expressions by the names under which they are added to every row, in the order of their making.
        columns: Of ``only()``, ``values()`` and ``values_list()``: paths and names of annotations; None means all. Of
            an aggregate: the names of those annotations that are asked for.
        deferred: Of ``defer()``.
        related: Paths of ``select_related()``.
        grouped: By what rows are put together; None means that they are not.
        distinct: Whether equal rows are left out.
        limit: Place of the largest number of rows.
        offset: Place of the number of rows to pass over.
        lock: Of ``select_for_update()``: ``"wait"``, ``"nowait"`` or ``"skip_locked"``.
        aliases: Names of annotations that rows do not get, of ``alias()``.
        using: Of a part of another query: the database that it was told to ask; None if it was not told so.
        fetch: Of ``fetch_mode()``: how its instances read what was not read with them; None leaves it to the settings,
            and so does ``"held"`` for instances that others hold, see ``peers.hold()``.
        combined: The queries whose rows these are; beside them there are columns, an order and a part of the rows.
    """

    model: AnyModel
    mode: Mode = "rows"
    where: tuple[Condition, ...] = ()
    order: tuple[Order, ...] | None = None
    annotations: tuple[tuple[str, Expression], ...] = ()
    columns: tuple[str, ...] | None = None
    deferred: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    grouped: tuple[str, ...] | None = None
    distinct: bool = False
    limit: Place | None = None
    offset: Place | None = None
    lock: Literal["wait", "nowait", "skip_locked"] | None = None
    aliases: tuple[str, ...] = ()
    using: str | None = None
    fetch: FetchMode | Literal["held"] | None = None
    combined: Combination | None = None
    kind: Literal["query"] = "query"


def make_lookup(name: str, place: Place) -> Lookup:
    """Make a lookup of a plain value; in a third of the time that its class takes."""
    return _new(Lookup, (name, place, "lookup"))
