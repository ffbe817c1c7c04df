"""Router: routes below prefixes."""

import gc
import sys
import weakref
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus

import pytest

from openviper import routing
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.routing.exceptions import DuplicateRouteError, PathSecurityError, RouteError
from openviper.routing.route import HTTP_METHODS, Route, RouteOptions
from openviper.routing.router import Router, include


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


async def _layer(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


async def _other_layer(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


def test_what_routers_share_stands_around_what_a_route_has() -> None:
    """Middleware, tags and dependencies of routers come first, the outermost router's before the others."""
    root = Router(middlewares=[_layer], tags=["site"], dependencies=["session"])
    books = Router("/books", tags=["books", "shop"])
    root.include_router(books, "/shop", "shop", middlewares=[_other_layer], tags=["shop"], dependencies=["tenant"])
    books.get("/{book_id:int}", middlewares=[_layer], tags=("detail",), dependencies=["book"], status_code=202)(
        _handler
    )

    (route,) = root.routes

    assert route.middlewares == (_layer, _other_layer, _layer)
    assert route.tags == ("site", "shop", "books", "detail")
    assert route.dependencies == ("session", "tenant", "book")
    assert (route.path, route.name, route.status_code) == ("/shop/books/{book_id:int}", "shop:_handler", 202)
    assert books.routes[0].tags == ("books", "shop", "detail")


def test_route_that_shares_nothing_stays_as_it_is() -> None:
    """A router without a prefix or anything to share hands its routes on."""
    router = Router()
    route = router.add("/x", _handler)
    assert router.routes == [route]
    assert (route.tags, route.middlewares, route.dependencies, route.status_code) == ((), (), (), 200)


def test_status_of_a_route_may_be_one_of_the_standard_library() -> None:
    """``HTTPStatus.CREATED`` is the number 201."""
    router = Router()
    router.post("/x", status_code=HTTPStatus.CREATED)(_handler)
    assert [type(route.status_code) for route in router.routes] == [int]
    assert router.routes[0].status_code == 201


def test_add_takes_a_namespace_of_its_own() -> None:
    """It stands between that of the router and the name."""
    router = Router(namespace="shop")
    router.add("/x", _handler, ["POST"], "books", name="new")
    assert [(route.name, sorted(route.methods)) for route in router.routes] == [("shop:books:new", ["POST"])]


def test_include_gives_a_router_below_a_prefix() -> None:
    """For lists of routers that are written down in one place; the room offers both names."""
    assert (routing.Router, routing.include) == (Router, include)
    books = Router()
    entry = include(books, "/books", namespace="books")
    books.get("/new")(_handler)
    assert [(route.path, route.name) for route in entry.routes] == [("/books/new", "books:_handler")]


def test_one_name_may_lead_to_paths_with_different_parameters() -> None:
    """The parameters choose; where none fit, the first says what it needs."""
    router = Router()
    router.get("/books", name="books")(_handler)
    router.get("/books/{book_id:int}", name="books")(_handler)
    router.get("/{shop}/books/{book_id:int}", name="books")(_handler)
    assert router.url_for("books") == "/books"
    assert router.url_for("books", book_id=7) == "/books/7"
    assert router.url_for("books", book_id=7, shop="eu") == "/eu/books/7"
    with pytest.raises(KeyError, match="'/books' has no parameter page"):
        router.url_for("books", page=1)


class _ASGIMiddleware: ...


def _plain_layer(request: Request, call_next: object) -> Response:
    return Response()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"middlewares": [_ASGIMiddleware]}, "_ASGIMiddleware is a class; .* belongs into the MIDDLEWARE setting"),
        ({"middlewares": ["log"]}, "'log' is no middleware"),
        ({"middlewares": [_plain_layer]}, "_plain_layer is a plain function; write async def"),
        ({"tags": [1]}, "a tag is a text, not 1"),
    ],
)
def test_what_cannot_be_shared_is_refused(options: dict[str, list[object]], why: str) -> None:
    """Routes, routers and includes say which of them it was."""
    with pytest.raises(RouteError, match=f"route '/x': .*{why}"):
        Router().get("/x", **options)(_handler)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(RouteError, match=f"router '/r': .*{why}"):
        Router("/r", **options)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(RouteError, match=f"include of '/i': .*{why}"):
        Router().include_router(Router(), "/i", **options)  # type: ignore[arg-type]  # the point of the test


def test_single_tag_may_stand_alone() -> None:
    """A text is one tag, not a tag for each letter."""
    assert Router().add("/x", _handler, tags="books").tags == ("books",)


def test_option_that_does_not_exist_is_a_type_error() -> None:
    """A misspelt one would otherwise have no effect."""
    with pytest.raises(TypeError, match="no option tagz"):
        Router().get("/x", tagz=["a"])(_handler)  # type: ignore[call-arg]  # the point of the test


@pytest.mark.parametrize("status", [199, 600, "201", True, 201.0])
def test_status_of_data_must_be_one(status: object) -> None:
    """Informational and made-up numbers are no final answer (RFC 9110, 15)."""
    with pytest.raises(RouteError, match="status_code"):
        Router().add("/x", _handler, status_code=status)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("path", ["/a\0b", "/a/../b", "/..", "/./a", "/a/."])
def test_path_that_climbs_is_refused(path: str) -> None:
    """It is an attack and no address, so the answer is 400 and not 404."""
    router = Router()
    router.get("/{name}")(_handler)
    router.get("/a/{rest:path}")(_handler)
    with pytest.raises(PathSecurityError) as caught:
        router.resolve("GET", path)
    assert caught.value.status_code == 400


class _Several:
    """Registers itself, as a view does."""

    def add_routes(
        self, router: Router, path: str, methods: Iterable[str] | None, options: RouteOptions
    ) -> list[Route]:
        return [router.add(path, _handler, (method,), **options) for method in methods or HTTP_METHODS[:3]]

    def __call__(self) -> None: ...


class _View:
    """A class whose instances answer requests."""

    as_view = _Several


def test_view_registers_the_routes_of_its_methods() -> None:
    """A class or what ``as_view()`` gives may stand where a handler does."""
    router = Router(namespace="shop")
    router.route("/all", name="all")(_View)
    router.add("/one", _View.as_view(), ["PUT"], namespace="books", name="one")
    assert [(route.path, sorted(route.methods), route.name) for route in router.routes] == [
        ("/all", ["GET"], "shop:all"),
        ("/all", ["HEAD"], "shop:all"),
        ("/all", ["POST"], "shop:all"),
        ("/one", ["PUT"], "shop:books:one"),
    ]
