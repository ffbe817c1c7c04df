"""The routes of an application, those first that a wrong address may have meant."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from openviper.routing.path import PathPattern
from openviper.routing.route import Route
from openviper.routing.router import Router

__all__ = ["Candidate", "nearest_routes"]

# The comparison takes the product of both lengths, for each route.
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """One route as it is listed: methods, pattern, and the name of the handler, or of what is mounted there."""

    methods: str
    pattern: str
    handler: str


def nearest_routes(router: Router, method: str, path: str) -> list[Candidate]:
    """Give every route, the nearest to a request first; those of the same distance stay in their order.

    Args:
        router: The application or router.
        method: Of the request; decides between routes of the same distance.
        path: Of the request, below the mount of the application.
    """
    path = path[:_MOST_CHARACTERS]
    found = [(_likeness(route.pattern, path), method in route.methods, _candidate(route)) for route in router.routes]
    found += [(_ratio(mount.path, path), True, Candidate("mount", mount.path or "/", "")) for mount in router.mounts]
    return [candidate for *_, candidate in sorted(found, key=lambda entry: (-entry[0], not entry[1]))]


def _candidate(route: Route) -> Candidate:
    shown = sorted(route.methods - {"HEAD"} if "GET" in route.methods else route.methods)
    return Candidate(", ".join(shown), route.path, route.signature.name)


def _likeness(pattern: PathPattern, path: str) -> float:
    """Compare a path with what the pattern would be if its parameters were those of the path."""
    given = path[1:].split("/")
    filled: list[str] = []
    for place, segment in enumerate(pattern.segments):
        if segment.parameter is None:
            filled.append(segment.prefix)
        elif segment.parameter.converter.spans_segments:
            filled += given[place:]
        else:
            # An empty segment is no value: "/books/" is nearer to "/books" than to "/books/{book_id}".
            filled.append((given[place] if place < len(given) else "") or f"{{{segment.parameter.name}}}")
    return _ratio("/" + "/".join(filled), path)


def _ratio(text: str, path: str) -> float:
    return SequenceMatcher(None, text[:_MOST_CHARACTERS], path, autojunk=False).ratio()
