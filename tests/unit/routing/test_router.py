"""Router: routes below prefixes."""

import pytest

from openviper.routing.exceptions import DuplicateRouteError, RouteError
from openviper.routing.router import Router


async def _handler() -> None: ...


async def _app(*_: object) -> None: ...


def test_decorators_register_their_method_and_give_the_function_back() -> None:
    """Each decorator stands for its method (C-310)."""
    router = Router()
    for method in ("get", "post", "put", "patch", "delete", "options"):
        assert getattr(router, method)("/x", name=method)(_handler) is _handler
    router.any("/every")(_handler)
    assert [sorted(route.methods) for route in router.routes[:6]] == [
        ["GET"],
        ["POST"],
        ["PUT"],
        ["PATCH"],
        ["DELETE"],
        ["OPTIONS"],
    ]
    assert len(router.routes[6].methods) == 7


def test_included_routers_stand_below_their_prefixes_and_grow() -> None:
    """Prefixes and namespaces add up, and a route that comes later is seen."""
    root, shop, books = Router(), Router("/shop", namespace="shop"), Router(namespace="books")
    shop.include_router(books, "/books/")
    root.include_router(shop, "/eu", namespace="eu")
    assert root.resolve("GET", "/eu/shop/books/7") is None

    books.get("/{book_id:int}", name="detail")(_handler)
    books.get("", name="list")(_handler)

    found = root.resolve("get", "/eu/shop/books/7")
    assert found is not None
    assert (found[0].name, found[1]) == ("eu:shop:books:detail", {"book_id": 7})
    assert root.url_for("eu:shop:books:detail", book_id=8) == "/eu/shop/books/8"
    assert root.url_for("eu:shop:books:list") == "/eu/shop/books"
    assert books.url_for("books:detail", book_id=8) == "/8"


def test_parameter_of_a_prefix_reaches_the_route() -> None:
    """A prefix may hold parameters, which must not collide with those of the path."""
    root, child = Router(), Router()
    root.include_router(child, "/{tenant:slug}")
    child.get("/{book_id:int}")(_handler)
    found = root.resolve("GET", "/acme/3")
    assert found is not None
    assert found[1] == {"tenant": "acme", "book_id": 3}
    child.get("/x/{tenant}")(_handler)
    with pytest.raises(RouteError, match="twice"):
        _ = root.routes


def test_router_cannot_contain_itself() -> None:
    """Neither directly nor through another one."""
    first, second = Router(), Router()
    first.include_router(second)
    for router in (first, second):
        with pytest.raises(RouteError, match="itself"):
            second.include_router(first) if router is second else first.include_router(first)


def test_names_without_a_route_are_key_errors() -> None:
    """A link to nothing is found out where it is made."""
    router = Router()
    with pytest.raises(KeyError, match="no route is named 'absent'"):
        router.url_for("absent")


@pytest.mark.parametrize("prefix", ["shop", "x/"])
def test_prefix_must_be_a_path(prefix: str) -> None:
    """A prefix without its slash would glue to what stands before it."""
    with pytest.raises(RouteError, match="must start with '/'"):
        Router(prefix)
    with pytest.raises(RouteError, match="must start with '/'"):
        Router().include_router(Router(), prefix)
    with pytest.raises(RouteError, match="must start with '/'"):
        Router().get(prefix)(_handler)


def test_mounts_are_listed_with_their_whole_path() -> None:
    """A mount of an included router stands below the prefix."""
    root, child = Router(), Router("/c")
    child.mount("/old/", _app)
    root.include_router(child, "/r")
    assert [(mount.path, mount.app) for mount in root.mounts] == [("/r/c/old", _app)]
    found = root.matcher.find_mount("/r/c/old/page")
    assert found is not None
    assert found.app is _app


def test_mount_that_cannot_work_is_refused() -> None:
    """A mount needs a literal path and something to call."""
    with pytest.raises(RouteError, match="literal path"):
        Router().mount("/{x}", _app)
    with pytest.raises(RouteError, match="no ASGI application"):
        Router().mount("/x", "not an app")  # type: ignore[arg-type]  # the point of the test


def test_table_is_made_once_and_anew_after_a_change() -> None:
    """Requests share one table until a route is added anywhere below."""
    root, child = Router(), Router()
    root.include_router(child)
    table = root.matcher
    assert root.matcher is table
    child.get("/new")(_handler)
    assert root.matcher is not table
    child.get("/new")(_handler)
    with pytest.raises(DuplicateRouteError, match="GET /new is answered by"):
        _ = root.matcher
