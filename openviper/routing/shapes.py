"""The usual patterns, found by their literal segments.

Patterns of as many segments whose literals stand in the same places have one shape: ``/users/{id}/posts/{n}`` and
``/shops/{id}/goods/{n}``. A path is compared with a shape by one look-up of the segments in these places, whatever the
number of routes. Few shapes share a length, and they are tried in the order in which the tree of the matcher would
come to them. What cannot be told apart that way (text around a parameter, two kinds of parameter in one place, a rest
of the path that would come first) is left to the tree.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeAlias

from openviper.routing.converters import Converter, find_parser, is_whole_number
from openviper.routing.path import PathPattern, Segment
from openviper.routing.route import Route

__all__ = ["Place", "Shape", "Table", "find_shapes"]

# Each shape of a length costs a path that has another one 0.1 us, a step down the tree 0.15.
_MOST_SHAPES: Final = 4

# For each segment of a pattern: 0 for text, 1 for a parameter. Text comes first, so the order of these is that of the
# search.
_Order: TypeAlias = tuple[int, ...]

#: Routes by method.
Table: TypeAlias = Mapping[str, Route]


@dataclass(frozen=True, slots=True)
class Place:
    """What one pattern says, or several that differ by the names of their parameters alone.

    Args:
        routes: The routes by method.
        readers: For each parameter its place among the segments of a path, and what reads it; None reads the digits of
            a whole number.
    """

    routes: Table
    readers: tuple[tuple[int, Callable[[str], object] | None], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Patterns whose literals stand in the same places.

    Args:
        pick: Gives what a path has in these places.
        places: What such a pattern says, by what it has there.
    """

    pick: Callable[[Sequence[str]], object]
    places: Mapping[object, Place]


def find_shapes(tables: Iterable[tuple[PathPattern, Table]]) -> dict[int, tuple[Shape, ...]]:
    """Give the shapes by the number of segments of a path, the empty one in front of the first slash included.

    Args:
        tables: Patterns with parameters, and the routes of each by method.

    Returns:
        Only the lengths of which every pattern can be found by its shape.
    """
    by_length: dict[int, list[tuple[PathPattern, Table]]] = {}
    tails: list[PathPattern] = []
    for pattern, routes in tables:
        last = pattern.segments[-1].parameter
        if last is not None and last.converter.spans_segments:
            tails.append(pattern)
        else:
            by_length.setdefault(len(pattern.segments) + 1, []).append((pattern, routes))
    found = {length: _shape(group) for length, group in by_length.items() if not _is_behind(group, tails)}
    return {length: shapes for length, shapes in found.items() if shapes}


def _shape(group: Iterable[tuple[PathPattern, Table]]) -> tuple[Shape, ...]:
    """Sort patterns of one length into shapes; none where a path could not be told apart by them."""
    tables: dict[_Order, dict[object, Place]] = {}
    converters: dict[tuple[_Order, object], list[Converter]] = {}
    for pattern, routes in group:
        if any(segment.parameter and (segment.prefix or segment.suffix) for segment in pattern.segments):
            return ()
        order = _order(pattern.segments)
        key = _pick(order)(["", *(segment.prefix for segment in pattern.segments)])
        own = [segment.parameter.converter for segment in pattern.segments if segment.parameter]
        if converters.setdefault((order, key), own) != own:
            return ()
        positions = [position for position, is_varying in enumerate(order, 1) if is_varying]
        readers = tuple(
            (position, None if is_whole_number(converter) else find_parser(converter))
            for position, converter in zip(positions, own, strict=True)
        )
        tables.setdefault(order, {})[key] = Place(routes, readers)
    if len(tables) > _MOST_SHAPES or (len(tables) > 1 and _differ(converters)):
        return ()
    return tuple(Shape(_pick(order), tables[order]) for order in sorted(tables))


def _differ(converters: Mapping[tuple[_Order, object], Sequence[Converter]]) -> bool:
    """Tell whether two kinds of parameter stand in one place; the tree asks the stricter one first."""
    kinds: dict[int, Converter] = {}
    for (order, _), own in converters.items():
        positions = [position for position, is_varying in enumerate(order) if is_varying]
        if any(kinds.setdefault(position, one) != one for position, one in zip(positions, own, strict=True)):
            return True
    return False


def _is_behind(group: Iterable[tuple[PathPattern, Table]], tails: Iterable[PathPattern]) -> bool:
    """Tell whether a rest of the path could come before one of the patterns."""
    return any(
        _may_be_one(pattern.segments, tail.segments[:-1]) and _comes_first(tail.segments[:-1], pattern.segments)
        for pattern, _ in group
        for tail in tails
    )


def _comes_first(some: Sequence[Segment], others: Sequence[Segment]) -> bool:
    """Tell whether the tree may come to ``some`` before it comes to ``others``; it may where kinds differ."""
    for one, other in zip(some, others, strict=False):
        if one.parameter is None or other.parameter is None:
            if (one.parameter is None) != (other.parameter is None):
                return one.parameter is None
        elif (one.prefix, one.parameter.converter, one.suffix) != (
            other.prefix,
            other.parameter.converter,
            other.suffix,
        ):
            return True
    return False


def _may_be_one(some: Sequence[Segment], others: Sequence[Segment]) -> bool:
    """Tell whether a path may begin as both do."""
    return all(
        one.parameter is not None or other.parameter is not None or one.prefix == other.prefix
        for one, other in zip(some, others, strict=False)
    )


def _order(segments: Sequence[Segment]) -> _Order:
    return tuple(int(segment.parameter is not None) for segment in segments)


def _pick(order: _Order) -> Callable[[Sequence[str]], object]:
    positions = [position for position, is_varying in enumerate(order, 1) if not is_varying]
    return itemgetter(*positions) if positions else _nothing


def _nothing(segments: Sequence[str]) -> object:
    return ()
