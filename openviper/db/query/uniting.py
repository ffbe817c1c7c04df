"""Descriptions of rows as one of combined rows: ``union()``, ``intersection()`` and ``difference()``."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from openviper.db.exceptions import FieldError
from openviper.db.query import description as d
from openviper.db.query.expressions import Described
from openviper.db.routers import common_alias

__all__ = ["SHOWN", "Operator", "home_of", "narrow", "unite_rows"]

#: Query sets of one combination; SQLite takes no more, and to write thousands takes seconds on every engine.
_MOST_PARTS: Final = 500

Operator: TypeAlias = Literal["union", "union all", "intersect", "except"]

#: What the method of an operator is called, for messages.
SHOWN: Final[Mapping[str, str]] = {
    "union": "union()",
    "union all": "union()",
    "intersect": "intersection()",
    "except": "difference()",
}


def unite_rows(operator: Operator, left: Described, others: Sequence[Described]) -> tuple[d.Query, tuple[object, ...]]:
    """Give the description of the rows of several query sets, with its values.

    Args:
        operator: How they are put together.
        left: The query set that says what comes of the rows.
        others: At least one more.

    Raises:
        FieldError: One of them locks its rows, is in another database, or has rows of another kind.
    """
    # Each part finds its values from a place on, so that it stays the description that it was.
    values = list(left.params)
    is_chain = _goes_on(left.query, operator)
    parts = left.query.combined.parts if is_chain and left.query.combined is not None else (d.Part(left.query, 0),)
    for one in (left, *others):
        _check(operator, left, one)
    for one in others:
        parts = (*parts, d.Part(one.query, len(values)))
        values.extend(one.params)
    if len(parts) > _MOST_PARTS:
        raise FieldError(
            f"{SHOWN[operator]} puts at most {_MOST_PARTS} query sets together, and here are {len(parts)}; join their "
            "conditions with Q and |, or read them in portions"
        )
    query = d.Query(left.query.model, mode=left.query.mode, order=(), combined=d.Combination(operator, parts))
    return query, tuple(values)


def home_of(shown: str, left: Described, others: Sequence[Described]) -> str | None:
    """Give the database that the rows of several query sets are read from together; None leaves it to the routers.

    Args:
        shown: What puts them together, for the message.
        left: The first query set.
        others: The others.

    Raises:
        FieldError: They are of different databases.
    """
    own: str | None = left.query.model._meta.database
    alias = left.db_alias
    for one in others:
        their: str | None = one.query.model._meta.database
        try:
            alias = common_alias(alias or own, one.db_alias or their)
        except LookupError as error:
            raise FieldError(
                f"{shown} takes query sets of one database, not of {error}; read one and combine the lists"
            ) from None
    return alias


def narrow(query: d.Query, mode: d.Mode, names: tuple[str, ...] | None) -> d.Query:
    """Give a description of combined rows as plain ones.

    The queries that give instances give these columns instead, so that rows are told apart by them alone.

    Args:
        query: The description.
        mode: What comes of the rows.
        names: Of the columns; None means all.
    """
    if query.mode != "rows" or query.combined is None:
        return query._replace(mode=mode, columns=names)
    parts = tuple(part._replace(query=_plain(part.query, names)) for part in query.combined.parts)
    return query._replace(mode=mode, columns=None, combined=query.combined._replace(parts=parts))


def _plain(query: d.Query, names: tuple[str, ...] | None) -> d.Query:
    if query.combined is not None:
        return narrow(query, "tuples", names)
    return query._replace(mode="tuples", columns=names, deferred=(), related=())


def _goes_on(query: d.Query, operator: Operator) -> bool:
    """Tell whether what is added to combined rows may stand beside their parts, which keeps the statement flat."""
    # EXCEPT as well: the chain is its left side, and engines go from left to right.
    combined = query.combined
    is_whole = query.limit is None and query.offset is None and query.columns is None
    return combined is not None and is_whole and combined.operator == operator


def _check(operator: Operator, left: Described, one: Described) -> None:
    shown = SHOWN[operator]
    if one.query.lock is not None:
        raise FieldError(f"{shown} locks no rows; leave select_for_update() out")
    if "rows" not in (left.query.mode, one.query.mode):
        return
    tables = [side.query.model._meta for side in (left, one)]
    if left.query.mode != one.query.mode or tables[0].table != tables[1].table:
        raise FieldError(
            f"{shown} of instances takes query sets of instances of {tables[0].label}; for others name the columns on "
            "both sides with values() or values_list()"
        )
