"""Class-based views."""

import functools
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from openviper.app import OpenViper
from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings
from openviper.exceptions import ImproperlyConfigured, MethodNotAllowed
from openviper.http.permissions import AllowAny
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.http.views import View, action
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Depends
from openviper.routing.router import Router
from openviper.testing import TestClient
from openviper.types import Message


@pytest.fixture(autouse=True)
def configure() -> Iterator[Callable[..., None]]:
    """Settings of a test, without middleware."""

    def configure(**fields: Any) -> None:
        settings.reset()
        settings.configure(**{"DEBUG": False, "MIDDLEWARE": ()} | fields)

    configure()
    reset_setup()
    yield configure
    settings.reset()
    reset_setup()


def _client(*views: type[View], path: str = "/books") -> TestClient:
    router = Router()
    for view in views:
        view.register(router, path)
    return TestClient(OpenViper(routes=[("/", router)]))


class Books(View):
    """Answers what most views do."""

    async def get(self, request: Request, page: int = 1) -> dict[str, object]:
        return {"page": page, "action": self.action, "same": self.request.scope is request.scope}

    async def post(self, request: Request) -> tuple[object, int]:
        return await request.json(), 201

    async def put(self, request: Request, book_id: int, *, dry: bool = False) -> dict[str, object]:
        return {"book_id": book_id, "kwargs": dict(self.kwargs), "dry": dry}

    def delete(self, request: Request, book_id: int) -> str:
        return f"{book_id} {threading.current_thread() is threading.main_thread()}"

    @action()
    async def recent_books(self, request: Request, year: int) -> int:
        return year

    @action(methods=["POST", "get"], detail=True, url_path="lend/out", name="lend")
    async def lend(self, book_id: int, days: int) -> list[int]:
        return [book_id, days]

    @action(detail=True, url_path="", name="detail")
    async def detail(self, request: Request, book_id: int) -> int:
        return book_id


def test_methods_and_actions_become_routes() -> None:
    """Arguments after the request are segments of the path, and one name leads to all methods."""
    router = Router("/api", namespace="shop")
    Books.register(router, "/books", name="books")
    assert [(sorted(route.methods), route.path, route.name) for route in router.routes] == [
        (["GET"], "/api/books", "shop:books"),
        (["POST"], "/api/books", "shop:books"),
        (["PUT"], "/api/books/{book_id:int}", "shop:books"),
        (["DELETE"], "/api/books/{book_id:int}", "shop:books"),
        (["GET"], "/api/books/recent_books/{year:int}", "shop:books-recent-books"),
        (["GET", "POST"], "/api/books/{book_id:int}/lend/out/{days:int}", "shop:lend"),
        (["GET"], "/api/books/{book_id:int}", "shop:detail"),
    ]
    assert router.url_for("shop:books") == "/api/books"
    assert router.url_for("shop:books", book_id=7) == "/api/books/7"


async def test_every_method_is_a_handler_with_arguments_of_its_own() -> None:
    """Path and query are read as for functions; plain methods run in a thread."""
    async with _client(Books) as client:
        listed = await client.get("/books?page=2")
        made = await client.post("/books", json={"title": "Momo"})
        put = await client.put("/books/7?dry=true")
        deleted = await client.delete("/books/7")
        recent = await client.get("/books/recent_books/2026")
        lent = await client.get("/books/7/lend/out/14")
        wrong = await client.get("/books?page=two")
    assert listed.json() == {"page": 2, "action": "get", "same": True}
    assert (made.status_code, made.json()) == (201, {"title": "Momo"})
    assert put.json() == {"book_id": 7, "kwargs": {"book_id": 7}, "dry": True}
    assert deleted.text == "7 False"
    assert (recent.json(), lent.json(), wrong.status_code) == (2026, [7, 14], 422)


@dataclass
class _Book:
    title: str
    pages: int = 1


async def _prefix(word: str = "") -> str:
    return word.upper()


class _Typed(View):
    """Takes what any handler may."""

    async def post(self, book: _Book, prefix: Annotated[str, Depends(_prefix)]) -> dict[str, object]:
        return {"title": prefix + book.title, "pages": book.pages}

    def put(self, request: Request, key: int, book: _Book, prefix: str = Depends(_prefix)) -> list[object]:
        return [key, book.title, prefix, request.method, self.action]


async def test_bodies_and_dependencies_are_arguments_of_methods_too() -> None:
    """Each method has a plan of its own; one fault after the other is reported as for functions."""
    async with _client(_Typed) as client:
        made = await client.post("/books?word=a", json={"title": "Momo"})
        wrong = await client.post("/books", json={"title": 5, "pages": "x"})
        put = await client.put("/books/7?word=b", json={"title": "Emil"})
    assert made.json() == {"title": "AMomo", "pages": 1}
    assert wrong.status_code == 422
    assert put.json() == [7, "Emil", "B", "PUT", "put"]


async def test_router_gives_views_what_it_shares() -> None:
    """Status, tags and middleware of the routes are those of any other route."""
    seen: list[str] = []

    async def watch(request: Request, call_next: Callable[[Request], Any]) -> Any:
        seen.append(request.path)
        return await call_next(request)

    router = Router(tags=["shop"])
    Books.register(router, "/books", middlewares=[watch], tags=["books"], status_code=203)
    assert {route.tags for route in router.routes} == {("shop", "books")}
    async with TestClient(OpenViper(routes=[("/", router)])) as client:
        assert (await client.get("/books")).status_code == 203
    assert seen == ["/books"]


async def test_method_that_is_missing_is_405() -> None:
    """Allow lists what the address answers; HEAD and OPTIONS are implied."""
    async with _client(Books) as client:
        missing = await client.patch("/books")
        options = await client.options("/books/7")
        head = await client.head("/books")
    assert (missing.status_code, missing.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert (options.status_code, options.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PUT")
    assert (head.status_code, head.content) == (200, b"")


class _Narrow(Books):
    """Answers less than its parent."""

    http_method_names = ("get",)


async def test_names_of_methods_narrow_a_view() -> None:
    """What is not among them is not registered; actions stay."""
    async with _client(_Narrow) as client:
        assert (await client.post("/books")).status_code == 405
        assert (await client.get("/books/7")).json() == 7


class _Segments(View):
    """Arguments of every kind."""

    async def get(self, a, b: str, c: float, d: uuid.UUID, e: int = 1, *, f: int) -> None:  # type: ignore[no-untyped-def]  # the point
        """Takes no request."""

    async def post(self, req: Request, g: "int", h: "uuid.UUID", i: int | None) -> None: ...

    async def put(self, other: Request, tenant: str, key: int) -> None: ...


def test_plain_arguments_without_default_are_segments() -> None:
    """Others come from elsewhere, and what the path or a prefix names already is not added."""
    router = Router("/{tenant}")
    _Segments.register(router, "/s/{key:int}/")
    assert [route.path for route in router.routes] == [
        "/{tenant}/s/{key:int}/{a}/{b}/{c:float}/{d:uuid}/",
        "/{tenant}/s/{key:int}/{g:int}/{h:uuid}/",
        "/{tenant}/s/{key:int}/",
    ]


class _Root(View):
    """Stands at the root of its router."""

    async def get(self, request: Request) -> None: ...

    async def put(self, request: Request, key: int) -> None: ...


@pytest.mark.parametrize(
    ("path", "expected"), [("/", ["/", "/{key:int}"]), ("", ["/", "/{key:int}"]), ("/a/", ["/a/", "/a/{key:int}/"])]
)
def test_slash_at_the_end_stays_at_the_end(path: str, expected: list[str]) -> None:
    """Except at the root, where there is no other."""
    router = Router()
    _Root.register(router, path)
    assert [route.path for route in router.routes] == expected


async def test_as_view_stands_where_a_function_does() -> None:
    """The path stays as it is written, each method answers there, and attributes may differ by address."""

    class Greeting(View):
        word = "Hello"

        async def get(self, request: Request, name: str) -> str:
            return f"{self.word} {name}"

        async def post(self, name: str) -> str:
            return f"{self.word}, new {name}"

    router = Router()
    router.add("/hello/{name}", Greeting)
    router.add("/bye/{name}", Greeting.as_view(word="Bye"), methods=["get"], name="bye")
    router.add("/search", Greeting.as_view(word="Found"), "GET")

    async with TestClient(OpenViper(routes=[("/", router)])) as client:
        answers = [
            (await client.get("/hello/Momo")).text,
            (await client.post("/hello/Momo")).text,
            (await client.get("/bye/Momo")).text,
            (await client.get("/search?name=Momo")).text,
        ]
        assert (await client.post("/bye/Momo")).status_code == 405

    assert answers == ["Hello Momo", "Hello, new Momo", "Bye Momo", "Found Momo"]
    assert [route.name for route in router.routes] == ["Greeting", "Greeting", "bye", "Greeting"]


@pytest.mark.parametrize("initkwargs", [{"wrod": 1}, {"get": 1}, {"dispatch": 1}, {"_policy": 1}])
def test_as_view_takes_attributes_of_the_class_alone(initkwargs: dict[str, object]) -> None:
    """A misspelt one would otherwise have no effect."""
    with pytest.raises(TypeError, match=r"as_view\(\)"):
        Books.as_view(**initkwargs)


async def test_view_can_be_called_by_itself() -> None:
    """As behind a decorator: checks, the method, and the answer made a response."""
    handler = Books.as_view()

    def request(method: str, path_params: dict[str, object] | None = None) -> Request:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"[1]"}

        return Request({"type": "http", "method": method, "headers": [], "path_params": path_params or {}}, receive)

    assert (await handler(request("POST"))).status_code == 201
    assert (await handler(request("HEAD"))).status_code == 200
    assert (await handler(request("PUT", {"book_id": 7}))).body.startswith(b'{"book_id":7')
    assert (await handler(request("OPTIONS"))).headers["allow"] == "DELETE, GET, HEAD, OPTIONS, POST, PUT"
    with pytest.raises(MethodNotAllowed, match="405"):
        await handler(request("PATCH"))
    assert repr(handler) == "<tests.unit.http.test_views.Books.as_view()>"


async def test_decorated_view_has_the_arguments_of_its_methods() -> None:
    """They are read as without the decorator, which is called with them; so are checks, once."""
    seen: list[tuple[object, ...]] = []

    def traced(handler: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        @functools.wraps(handler)
        async def around(request: Request, *args: object, **kwargs: object) -> Response:
            seen.append((request.method, args, kwargs))
            return await handler(request, *args, **kwargs)

        return around

    class Loan(View):
        permission_classes = (AllowAny,)

        async def initial(self, request: Request) -> None:
            seen.append(("initial",))

        async def get(self, book_id: int, /, page: int = 1, *, size: int = 2) -> list[object]:
            return [book_id, page, size]

        async def post(self, request: Request, body: dict[str, int], book_id: int) -> list[object]:
            return [body, book_id]

    router = Router()
    router.route("/books/{book_id}")(traced(Loan.as_view()))
    async with TestClient(OpenViper(routes=[("/", router)])) as client:
        assert (await client.get("/books/7?page=3")).json() == [7, 3, 2]
        assert (await client.post("/books/7", json={"a": 1})).json() == [{"a": 1}, 7]
        assert (await client.post("/books/7", json=[1])).status_code == 422
        assert (await client.delete("/books/7")).status_code == 405
    assert seen == [
        ("GET", (7, 3), {"size": 2}),
        ("initial",),
        ("POST", ({"a": 1}, 7), {}),
        ("initial",),
    ]


async def test_settings_are_asked_once_for_a_view_behind_a_decorator(configure: Callable[..., None]) -> None:
    """As for one that is registered by itself."""
    handler = Books.as_view()
    app = OpenViper(routes=[])
    policy = handler.policy_for(app)
    configure(DEFAULT_PERMISSION_CLASSES=("openviper.http.permissions.IsAdmin",))
    assert handler.policy_for(app) is policy
    assert (policy.permissions, len(handler.policy_for(None).permissions)) == ((), 1)


async def test_plain_method_runs_in_the_pool_of_handlers() -> None:
    """As a function does, so that THREAD_POOL_SIZE holds for it, and no file waits for forty of them."""

    class Where(View):
        def get(self) -> str:
            return threading.current_thread().name

    async with _client(Where) as client:
        assert (await client.get("/books")).text.startswith("openviper-handler")


async def test_method_is_switched_off_by_none() -> None:
    """A subclass need not answer all that its parent answers."""

    class Fewer(Books):
        post = None  # type: ignore[assignment]  # what the test is about

    async with _client(Fewer) as client:
        answer = await client.post("/books")
    assert (answer.status_code, "POST" in answer.headers["allow"]) == (405, False)
    assert "POST" not in Fewer().allowed_methods


@pytest.mark.parametrize("name", ["action", "request", "kwargs", "dispatch", "as_view", "permission_classes"])
def test_action_takes_no_name_of_the_view(name: str) -> None:
    """It would stand in the place of what a view is made of."""

    async def method(self: View) -> None: ...

    with pytest.raises(ImproperlyConfigured, match=rf"Own\.{name} is an action.*url_path='{name}'"):
        type("Own", (View,), {name: action()(method)})


async def test_every_request_has_an_instance_of_its_own() -> None:
    """What one leaves on itself, another does not see."""

    class Counter(View):
        seen = 0

        async def get(self) -> int:
            self.seen += 1
            return self.seen

    async with _client(Counter) as client:
        assert [(await client.get("/books")).json() for _ in range(2)] == [1, 1]


async def test_dispatch_stands_around_every_method() -> None:
    """A subclass may do something before and after, with the arguments read."""

    class Traced(Books):
        async def dispatch(self, request: Request, *args: object, **kwargs: object) -> object:
            return {"args": list(args), "result": await super().dispatch(request, *args, **kwargs)}

    async with _client(Traced) as client:
        answer = await client.get("/books/recent_books/2026")
    assert answer.json() == {"args": [2026], "result": 2026}


async def test_method_may_be_a_generator() -> None:
    """What it yields is streamed, whether it is async or plain."""

    class Rows(View):
        async def get(self) -> AsyncIterator[str]:
            yield "a"
            yield "b"

        def post(self) -> Iterator[str]:
            yield self.action
            yield "d"

    async with _client(Rows) as client:
        assert ((await client.get("/books")).text, (await client.post("/books")).text) == ("ab", "postd")


class _Empty(View):
    """Has no methods."""


class _Lost(View):
    """An action for an object that nothing names."""

    @action(detail=True)
    async def lend(self, request: Request) -> None: ...


class _Clash(View):
    """An action in place of a method."""

    @action()
    async def get(self, request: Request) -> None: ...


class _NoSelf(View):
    """A method without the instance."""

    async def get() -> None: ...  # type: ignore[misc]  # the point of the test


class _WrongPermission(Books):
    """A list with something else in it."""

    permission_classes = (dict,)


class _LostThrottle(Books):
    """A path that leads nowhere."""

    throttle_classes = ("openviper.http.throttles.Absent",)


class _WrongBackend(Books):
    """A backend that cannot authenticate."""

    authentication_classes = (dict,)


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (_Empty, "_Empty at '/books' has no method"),
        (_Lost, "'lend' is for one object"),
        (_Clash, "_Clash.get is an action and the method for GET"),
        (_NoSelf, "'get' of a view takes no self"),
        (_WrongPermission, "_WrongPermission.permission_classes entry .*dict.* is no permission"),
        (_LostThrottle, "_LostThrottle.throttle_classes entry .* cannot be imported"),
        (_WrongBackend, "has no method authenticate"),
    ],
)
def test_view_that_cannot_work_is_refused_when_it_is_registered(view: type[View], why: str) -> None:
    """The message names the view and the mend."""
    with pytest.raises(ImproperlyConfigured, match=why):
        view.register(Router(), "/books")


def test_methods_that_a_view_lacks_cannot_be_asked_for() -> None:
    """A route that answers nothing helps nobody."""
    with pytest.raises(ImproperlyConfigured, match="has no method"):
        Router().add("/x", Books.as_view(), ["PATCH"])


def test_action_is_written_with_parentheses() -> None:
    """Without them it would take the function for its methods."""
    with pytest.raises(TypeError, match=r"write @action\(\)"):
        action(test_action_is_written_with_parentheses)  # type: ignore[arg-type]  # the point of the test


def test_argument_of_no_known_type_is_refused_as_for_functions() -> None:
    """The message names class, method and argument."""

    class Wrong(View):
        async def get(self, request: Request, thing: threading.Thread) -> None: ...

    with pytest.raises(RouteError, match=r"Wrong\.get.*'thing'"):
        Wrong.register(Router(), "/x")
