"""What is written to the rows of a query, as data; values stand beside it as they do beside a query."""

from typing import Literal, NamedTuple

from openviper.db.query.description import Expression, Query

__all__ = ["Delete", "Update", "rows_of"]


class Update(NamedTuple):
    """Rows that get other values.

    Args:
        query: Which rows, as ``rows_of()`` gives them.
        assignments: What fields are set to, by attribute; their places count from the same first value.
    """

    query: Query
    assignments: tuple[tuple[str, Expression], ...]
    kind: Literal["update"] = "update"


class Delete(NamedTuple):
    """Rows that are deleted.

    Args:
        query: Which rows, as ``rows_of()`` gives them.
    """

    query: Query
    kind: Literal["delete"] = "delete"


def rows_of(query: Query) -> Query:
    """Give the query for the keys of the rows that a query is about.

    Their order matters only where it decides which of them there are.

    Args:
        query: As a query set has it.
    """
    is_cut = query.limit is not None or query.offset is not None
    return query._replace(
        mode="flat", columns=("pk",), related=(), deferred=(), lock=None, order=query.order if is_cut else ()
    )
