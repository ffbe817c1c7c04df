"""From method and path to a route.

A path without parameters is one dictionary look-up. The others form a tree with one step for each segment: a
dictionary of literal segments, then the parameters that may stand there, the strictest kind first. The cost is that
of the segments of one path, whatever the number of routes. Where both a literal and a parameter fit, the literal is
tried first and the search returns to the parameter if it leads nowhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from openviper.routing.converters import MAX_DIGITS, find_parser
from openviper.routing.exceptions import DuplicateRouteError
from openviper.routing.path import Parameter, PathPattern, Segment
from openviper.routing.route import Mount, Route
from openviper.routing.shapes import Place, find_shapes

__all__ = ["Matcher"]


@dataclass(slots=True)
class _Edge:
    """A parameter at one place of the tree, and the node behind it."""

    rank: int
    segment: Segment
    parse: Callable[[str], object]
    node: "_Node"
    key: tuple[str, str, str]
    is_bare: bool = True

    def read(self, text: str) -> object:
        """Convert a segment; a ValueError means that it does not fit."""
        return self.parse(text if self.is_bare else self.segment.cut(text))


@dataclass(slots=True)
class _Node:
    """A place in the tree: what may come next, and the routes that end here by method."""

    literals: "dict[str, _Node]" = field(default_factory=dict)
    edges: list[_Edge] = field(default_factory=list)
    tail: _Edge | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Matcher:
    """An immutable table of routes and mounts.

    Args:
        routes: Every route with its whole path.
        mounts: Applications below literal prefixes; they get what no route answers, the longest prefix first.

    Raises:
        DuplicateRouteError: Two routes answer the same method and path.
    """

    def __init__(self, routes: Iterable[Route], mounts: Iterable[Mount] = ()) -> None:
        self._literal: dict[str, dict[str, Route]] = {}
        self._root = _Node()
        varying: list[tuple[PathPattern, dict[str, Route]]] = []
        for route in routes:
            pattern = route.pattern
            table = self._literal.setdefault(pattern.text, {}) if pattern.is_literal else self._grow(pattern).routes
            _enter(table, route)
            if not pattern.is_literal:
                varying.append((pattern, table))
        self._shapes = find_shapes(varying)
        for table in self._tables():
            if "GET" in table:
                # RFC 9110 9.3.2: HEAD is GET without the content, so every GET route answers it.
                table.setdefault("HEAD", table["GET"])
        self._methods = frozenset(method for table in self._tables() for method in table)
        self._mounts = sorted(mounts, key=lambda mount: -len(mount.path))

    def find(self, method: str, path: str) -> tuple[Route, tuple[object, ...] | list[object]] | None:
        """Give the route for a method and a decoded path, and the values of its parameters in their order."""
        table = self._literal.get(path)
        if table is not None:
            route = table.get(method)
            if route is not None:
                return route, ()
        segments = path.split("/")
        # A server may hand on "*" or a whole URL as it came (RFC 9112, 3.2); neither is the path of a route.
        if segments[0]:
            return None
        for shape in self._shapes.get(len(segments), ()):
            place = shape.places.get(shape.pick(segments))
            if place is not None and method in place.routes:
                found = _read(place, segments)
                if found is not None:
                    return place.routes[method], found
        values: list[object] = []
        route = _walk(self._root, segments, 1, method, values)
        return None if route is None else (route, values)

    def allowed_methods(self, path: str) -> set[str]:
        """Give the methods that some route answers at this path; empty when there is no such path."""
        return {method for method in self._methods if self.find(method, path) is not None}

    def find_mount(self, path: str) -> Mount | None:
        """Give the mounted application that a path lies below; None when there is none."""
        for mount in self._mounts:
            prefix = mount.path
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/" or not prefix):
                return mount
        return None

    def _grow(self, pattern: PathPattern) -> _Node:
        node = self._root
        for segment in pattern.segments:
            if segment.parameter is None:
                node = node.literals.setdefault(segment.prefix, _Node())
            else:
                node = _branch(node, segment, segment.parameter)
        return node

    def _tables(self) -> Iterable[dict[str, Route]]:
        yield from self._literal.values()
        for node in self._nodes():
            yield node.routes

    def _nodes(self) -> Iterable[_Node]:
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.literals.values()
            waiting += [edge.node for edge in node.edges]
            if node.tail is not None:
                waiting.append(node.tail.node)


def _branch(node: _Node, segment: Segment, parameter: Parameter) -> _Node:
    converter = parameter.converter
    key = (segment.prefix, converter.name, segment.suffix)
    if converter.spans_segments:
        if node.tail is None:
            node.tail = _Edge(converter.rank, segment, find_parser(converter), _Node(), key)
        elif node.tail.key != key:
            raise DuplicateRouteError(f"two kinds of parameter take the rest of one path: {node.tail.key[1]}, {key[1]}")
        return node.tail.node
    for edge in node.edges:
        if edge.key == key:
            return edge.node
    is_bare = not segment.prefix and not segment.suffix
    edge = _Edge(converter.rank, segment, find_parser(converter), _Node(), key, is_bare)
    node.edges.append(edge)
    # Text around a parameter is stricter than its kind: /{name}.json comes before /{name}.
    node.edges.sort(key=lambda one: (-len(one.segment.prefix) - len(one.segment.suffix), one.rank))
    return edge.node


def _enter(table: dict[str, Route], route: Route) -> None:
    for method in route.methods:
        other = table.setdefault(method, route)
        if other is not route:
            raise DuplicateRouteError(
                f"{method} {route.path} is answered by {other.signature.name} ({other.path}) and by "
                f"{route.signature.name}; remove one of them or change its path"
            )


def _read(place: Place, segments: list[str]) -> list[object] | None:
    """Read the parameters of a path; None if one of them does not fit."""
    values: list[object] = []
    for position, parse in place.readers:
        text = segments[position]
        if parse is None:
            # What the converter does, without a call: most parameters are numbers.
            if len(text) > MAX_DIGITS or not text.isdigit() or not text.isascii():
                return None
            values.append(int(text))
        else:
            try:
                values.append(parse(text))
            except ValueError:
                return None
    return values


def _walk(node: _Node, segments: list[str], start: int, method: str, values: list[object]) -> Route | None:
    """Follow the segments from a node; values of the way that led to the route are left in ``values``."""
    for index in range(start, len(segments)):
        literal = node.literals.get(segments[index])
        if node.edges or node.tail is not None:
            return _choose(node, literal, segments, index, method, values)
        if literal is None:
            return None
        node = literal
    return node.routes.get(method)


def _choose(
    node: _Node, literal: _Node | None, segments: list[str], index: int, method: str, values: list[object]
) -> Route | None:
    """Try every way on from a node where several fit, and forget the values of those that lead nowhere."""
    mark = len(values)
    if literal is not None:
        route = _walk(literal, segments, index + 1, method, values)
        if route is not None:
            return route
        del values[mark:]
    for edge in node.edges:
        try:
            values.append(edge.read(segments[index]))
        except ValueError:
            continue
        route = _walk(edge.node, segments, index + 1, method, values)
        if route is not None:
            return route
        del values[mark:]
    tail = node.tail
    if tail is None:
        return None
    try:
        values.append(tail.parse("/".join(segments[index:])))
    except ValueError:
        return None
    return tail.node.routes.get(method)
