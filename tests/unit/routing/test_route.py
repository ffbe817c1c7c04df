"""One route."""

import functools

import pytest

from openviper.routing.exceptions import RouteError
from openviper.routing.route import Route


async def detail(book_id: int) -> None: ...


def test_route_knows_what_its_handler_takes() -> None:
    """Name, methods and converters come from the function and its annotations."""
    route = Route.build("/b/{book_id}", detail, methods=("get", "POST"), name=None)
    assert (route.name, sorted(route.methods)) == ("detail", ["GET", "POST"])
    assert route.pattern.parameters[0].converter.name == "int"


def test_route_below_a_prefix_keeps_its_handler() -> None:
    """Prefix and namespace stand in front; the route itself stays as it was."""
    route = Route.build("/b", functools.partial(detail, 1), methods=("GET",), name=None)
    below = route.below("/{shop:slug}", "shop")
    assert (below.path, below.name, below.handler) == ("/{shop:slug}/b", "shop:partial", route.handler)
    assert route.path == "/b"
    assert route.below("", None) is route


def test_empty_path_is_the_prefix_itself() -> None:
    """Alone it is the root."""
    route = Route.build("", detail, methods=("GET",), name=None)
    assert route.below("/b", None).path == "/b"
    assert route.below("", None).path == "/"


@pytest.mark.parametrize("methods", [(), ("GET POST",), ("",), ("ГЕТ",)])
def test_method_must_be_one(methods: tuple[str, ...]) -> None:
    """No method, or no method's name, is refused with the path."""
    with pytest.raises(RouteError, match="route '/b'"):
        Route.build("/b", detail, methods=methods, name=None)
