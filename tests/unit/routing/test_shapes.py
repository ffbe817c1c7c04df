"""Shapes: patterns that are found by their literal segments, in the order of the tree."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.routing.exceptions import DuplicateRouteError
from openviper.routing.matcher import Matcher
from openviper.routing.route import Route
from openviper.routing.shapes import find_shapes


def _route(path: str, method: str = "GET") -> Route:
    async def handler() -> None: ...

    return Route.build(path, handler, methods=(method,), name=path)


def lengths(*paths: str) -> list[int]:
    """The lengths, in segments of a path, of which every pattern is found by its shape."""
    return sorted(find_shapes((route.pattern, {"GET": route}) for route in map(_route, paths)))


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["/users/{id:int}/posts/{n:int}", "/shops/{id:int}/goods/{n:int}"], [5]),
        (["/a/{x}", "/{y}/b", "/{y}/{x}"], [3]),
        (["/a/{x}.json"], []),  # text around a parameter
        (["/a/{x}", "/b/{x}.json"], []),
        (["/a/{x:int}", "/a/{x}"], []),  # two kinds in one place
        (["/files/{rest:path}", "/users/{id}"], [3]),
        (["/a/{rest:path}", "/{x}/b"], []),  # the rest of the path comes first
        (["/{rest:path}", "/{x}/b"], [3]),  # and here last
        (["/{x:int}/{rest:path}", "/{y}/b"], []),  # first again: a number is stricter
        (["/{a:int}/{b}/x", "/{a}/c/{d}"], []),  # likewise
        (["/users/{id:int}", "/shops/{name}"], [3]),
        (["/a/b/{x}/d/e", "/a/{x}/c/d/e", "/{x}/b/c/d/e", "/a/b/c/{x}/e", "/a/b/c/d/{x}"], []),  # too many shapes
    ],
)
def test_lengths_whose_patterns_can_be_told_apart(paths: list[str], found: list[int]) -> None:
    """A length is left to the tree where one look-up could give another route than the tree does."""
    assert lengths(*paths) == found


def test_one_address_may_name_its_parameters_in_two_ways() -> None:
    """Methods of one address are found together, whatever their handlers call the parameter."""
    table = Matcher([_route("/users/{id:int}"), _route("/users/{user:int}", "POST")])
    found = [table.find(method, "/users/7") for method in ("GET", "POST", "HEAD", "PUT")]
    assert [one and (one[0].path, list(one[1])) for one in found] == [
        ("/users/{id:int}", [7]), ("/users/{user:int}", [7]), ("/users/{id:int}", [7]), None
    ]  # fmt: skip


_SEGMENTS = st.sampled_from(["a", "b", "{%s}", "{%s:int}", "x{%s}", "{%s:slug}"])
_PATTERNS = st.lists(_SEGMENTS, min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(part % f"p{i}" if "%" in part else part for i, part in enumerate(parts))
)
_ENDS = st.sampled_from(["", "", "", "/{rest:path}"])
_METHODS = st.sampled_from(["GET", "POST"])


@given(st.lists(st.tuples(_PATTERNS, _ENDS, _METHODS), min_size=1, max_size=7))
def test_shapes_and_tree_find_the_same(given_routes: list[tuple[str, str, str]]) -> None:
    """Whatever the routes are, a path leads to the one that the tree alone would have found, with the same values."""
    routes: list[Route] = []
    for path, end, method in given_routes:
        route = _route(path + end, method)
        try:
            Matcher([*routes, route])
        except DuplicateRouteError:
            continue
        routes.append(route)
    table, tree = Matcher(routes), Matcher(routes)
    tree._shapes = {}
    for length in range(1, 5):
        for parts in itertools.product(("a", "b", "7", "xy"), repeat=length):
            for method in ("GET", "POST"):
                path = "/" + "/".join(parts)
                one, other = table.find(method, path), tree.find(method, path)
                assert (one and (one[0], list(one[1]))) == (other and (other[0], list(other[1]))), path


def test_number_is_read_as_its_converter_reads_it() -> None:
    """Digits of other scripts, signs and more than 18 digits are no number of a path."""
    table = Matcher([_route("/n/{n:int}")])
    texts = ["7", "007", "9" * 18, "9" * 19, "-1", "+1", "٣", "1_0", "", "1.0", " 1"]
    found = [table.find("GET", f"/n/{text}") for text in texts]
    assert [one and list(one[1]) for one in found] == [[7], [7], [int("9" * 18)], *[None] * 8]
