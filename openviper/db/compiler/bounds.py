"""What a statement must not exceed: found in the description, before any of it is written.

Engines would refuse such a statement too, but only after it has taken seconds, or gigabytes, to write.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, cast

from openviper.db.compiler.plan import Maker, Reader
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import shorten
from openviper.db.query import description as d

__all__ = ["check_bounds", "only_where_told"]

#: Parts of all annotations of a query, where each that uses another one has that one's parts again.
_MOST_PARTS: Final = 10_000
#: Levels of an expression, those of the annotations that it uses included; see ``query.expressions``.
_MOST_LEVELS: Final = 80
#: Queries within each other; the parser of SQLite takes 11.
_MOST_QUERIES: Final = 10


class _Size(NamedTuple):
    """How large something is.

    Args:
        parts: How many there are.
        levels: How deep they are nested.
    """

    parts: int
    levels: int


def check_bounds(query: d.Query, dialect: Dialect, *others: object) -> None:
    """Refuse a query that is too large for an engine, or for this process.

    Args:
        query: The description.
        dialect: Of the engine.
        others: What else stands in the statement, such as assignments.

    Raises:
        FieldError: It has too many values, annotations that grow too fast, or too many queries within each other.
    """
    count = sum(_count_values(node) for node in _nodes((query, *others)))
    most = dialect.features.max_parameters
    if count > most:
        raise FieldError(f"this query has {count} values, and {dialect.name} takes {most} in one statement")
    levels = _query_levels((query, *others))
    if levels > _MOST_QUERIES:
        raise FieldError(f"{levels} queries stand within each other, at most {_MOST_QUERIES} may; ask in steps")
    for node in _nodes(query):
        if isinstance(node, d.Query) and node.annotations:
            _check_annotations(node)


def only_where_told(make: Maker, *nodes: object) -> Maker:
    """Let a plan run only on the database that its parts were told to ask; no engine looks into another one.

    Args:
        make: What makes the reader of its rows, which every plan is asked for once a database.
        nodes: All of the description.
    """
    told = {node.using for node in _nodes(nodes) if isinstance(node, d.Query)} - {None}
    if not told:
        return make

    def check(alias: str) -> Reader:
        if told != {alias}:
            names = ", ".join(sorted(repr(one) for one in told))
            raise FieldError(
                f"this query runs on database {alias!r}, and a query set within it is told to ask {names}; "
                "read its values first, and give them as a list"
            )
        return make(alias)

    return check


def _check_annotations(query: d.Query) -> None:
    """Refuse annotations that use each other so often that their text would fill the memory."""
    known: dict[str, _Size] = {}
    for name, expression in query.annotations:
        known[name] = size = _size_of(expression, known)
        if size.parts > _MOST_PARTS or size.levels > _MOST_LEVELS:
            raise _refuse(name, size)
    used = 0
    for node in _nodes((query.annotations, query.where, query.order)):
        name = _name_in(node)
        used += known[name].parts if name in known else 0
        if used > _MOST_PARTS:
            raise _refuse(name, _Size(used, 0))


def _refuse(name: str, size: _Size) -> FieldError:
    what = f"{size.parts} parts" if size.parts > _MOST_PARTS else f"{size.levels} levels"
    most = _MOST_PARTS if size.parts > _MOST_PARTS else _MOST_LEVELS
    return FieldError(
        f"annotation {shorten(name)} has {what} with the annotations that it uses, each of which is written again; "
        f"at most {most} may be"
    )


def _size_of(node: object, known: Mapping[str, _Size]) -> _Size:
    if not isinstance(node, tuple):
        return _Size(0, 0)
    own = known.get(_name_in(node), _Size(1, 0))
    sizes = [_size_of(part, known) for part in cast("tuple[object, ...]", node)]
    inner = max((one.levels for one in sizes), default=0)
    is_level = isinstance(node, d.Operation | d.Call | d.Case | d.Aggregate | d.Window)
    return _Size(own.parts + sum(one.parts for one in sizes), max(own.levels, inner + is_level))


def _name_in(node: object) -> str:
    """Give the first name of a path, which may be that of an annotation."""
    return node.path.partition("__")[0] if isinstance(node, d.Column | d.OuterColumn | d.Lookup) else ""


def _count_values(node: object) -> bool:
    return isinstance(node, d.Param) or (isinstance(node, d.Lookup) and isinstance(node.operand, int))


def _query_levels(node: object) -> int:
    if not isinstance(node, tuple):
        return 0
    inner = max(map(_query_levels, cast("tuple[object, ...]", node)), default=0)
    return inner + isinstance(node, d.Subquery | d.Exists | d.Part)


def _nodes(node: object) -> Iterator[tuple[object, ...]]:
    if isinstance(node, tuple):
        yield node
        for part in cast("tuple[object, ...]", node):
            yield from _nodes(part)
