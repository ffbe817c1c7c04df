"""Router: routes below prefixes."""

import gc
import sys
import weakref
from collections.abc import Callable

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
    with pytest.raises(RouteError, match="twice"):
        child.get("/x/{tenant}")(_handler)


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
    with pytest.raises(RouteError, match="literal path"):
        Router("/{tenant}").mount("/s", _app)
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
    assert root.resolve("GET", "/new") is not None


def test_two_routes_for_one_address_are_found_with_the_first_table() -> None:
    """Before it, a router may still be incomplete."""
    router = Router()
    router.get("/new")(_handler)
    router.get("/new")(_handler)
    with pytest.raises(DuplicateRouteError, match="GET /new is answered by"):
        _ = router.matcher


def _add_duplicate(root: Router, child: Router) -> None:
    child.get("/old")(_handler)


def _include_duplicate(root: Router, child: Router) -> None:
    other = Router()
    other.get("/old")(_handler)
    root.include_router(other, "/c")


def _mount_below_parameter(root: Router, child: Router) -> None:
    other = Router()
    other.mount("/s", _app)
    root.include_router(other, "/{tenant}")


@pytest.mark.parametrize("change", [_add_duplicate, _include_duplicate, _mount_below_parameter])
def test_change_that_cannot_work_is_refused_once_there_is_a_table(change: Callable[[Router, Router], None]) -> None:
    """Whoever registers it gets the error, and what was served goes on being served."""
    root, child = Router(), Router()
    root.include_router(child, "/c")
    child.get("/old")(_handler)
    table = root.matcher

    with pytest.raises(RouteError):
        change(root, child)

    assert root.matcher is table
    assert [route.path for route in root.routes] == ["/c/old"]
    child.get("/new")(_handler)
    assert root.resolve("GET", "/c/new") is not None


def test_decorator_without_a_path_is_refused() -> None:
    """A forgotten pair of parentheses says how the decorator is written."""
    router = Router()
    for decorator in (router.get, router.route):
        with pytest.raises(RouteError, match=r'_handler stands where a path is due; write @router\.get\("/path"\)'):
            decorator(_handler)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(RouteError, match="3 stands where a path is due"):
        router.add(3, _handler)  # type: ignore[arg-type]  # the point of the test


def test_prefix_must_be_a_pattern() -> None:
    """A brace that is never closed is found where it is written."""
    for make in (Router, lambda prefix: Router().include_router(Router(), prefix)):
        with pytest.raises(RouteError, match=r"'/\{x'"):
            make("/{x")


def test_application_that_includes_a_router_can_go_before_it() -> None:
    """A router that many applications share keeps none of them alive."""
    shared, root = Router(), Router()
    root.include_router(shared)
    alive = weakref.ref(root)
    del root
    gc.collect()
    assert alive() is None
    shared.get("/new")(_handler)


def test_tables_of_earlier_times_are_let_go() -> None:
    """A router that grows while it serves keeps one table."""
    router = Router()
    tables = []
    for number in range(5):
        router.get(f"/{number}")(_handler)
        tables.append(weakref.ref(router.matcher))
    gc.collect()
    assert [table() is not None for table in tables] == [False, False, False, False, True]


def _calls(work: Callable[[], object]) -> int:
    count = 0

    def watch(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_cost_of_a_link_does_not_grow_with_the_number_of_routes() -> None:
    """A link among five hundred included routes takes as many calls as among five."""
    counts = []
    for size in (5, 500):
        root, child = Router(), Router()
        root.include_router(child, "/c", namespace="c")
        for number in range(size):
            child.get(f"/{number}/{{key:int}}", name=f"n{number}")(_handler)
        name = f"c:n{size - 1}"
        assert root.url_for(name, key=7) == f"/c/{size - 1}/7"
        counts.append(_calls(lambda root=root, name=name: root.url_for(name, key=7)))  # type: ignore[misc]  # mypy cannot infer it
    assert counts[0] == counts[1] <= 20


def test_name_that_comes_later_or_twice() -> None:
    """The first route of a name counts, and a link to a new one can be made at once."""
    root, child = Router(), Router()
    root.include_router(child, "/c")
    child.get("/first", name="same")(_handler)
    assert root.url_for("same") == "/c/first"
    child.get("/second", name="same")(_handler)
    child.get("/third", name="other")(_handler)
    assert root.url_for("same") == "/c/first"
    assert root.url_for("other") == "/c/third"
