"""What must hold before a method of a view runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from openviper.app import OpenViper
from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings
from openviper.core.context import User, current_user
from openviper.exceptions import NotFound
from openviper.http.permissions import BasePermission, IsAdmin, IsAuthenticated
from openviper.http.policy import default_entries
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.http.throttles import BaseThrottle
from openviper.http.views import View
from openviper.routing.router import Router
from openviper.testing import TestClient
from openviper.types import Message, Scope


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


class _Member:
    """A user of the tests."""

    is_authenticated = True
    is_superuser = False

    def __init__(self, username: str, *, is_staff: bool = False) -> None:
        self.username = username
        self.is_staff = is_staff


class _ByHeader:
    """Believes the header ``x-user``."""

    async def authenticate(self, scope: Scope) -> tuple[User, Mapping[str, object]] | None:
        for name, value in scope["headers"]:
            if name == b"x-user":
                return _Member(value.decode(), is_staff=value == b"boss"), {"type": "header"}
        return None


def _client(*views: type[View], path: str = "/books") -> TestClient:
    router = Router()
    for view in views:
        view.register(router, path)
    return TestClient(OpenViper(routes=[("/", router)]))


class _Hooked(View):
    """Overrides what comes before and after."""

    authentication_classes = (_ByHeader,)

    async def initial(self, request: Request) -> None:
        await super().initial(request)
        if self.kwargs.get("key") == 404:
            raise NotFound

    async def get(self, request: Request, key: int) -> str:
        user, running = request.user, current_user.get()
        return f"{user.username if user else None} {running.username if running else None} {request.auth}"

    async def finalize_response(self, request: Request, response: Response) -> Response:
        response.headers["x-action"] = self.action
        return response


async def test_hooks_run_before_and_after_the_method() -> None:
    """With the parameters of the path known, and one instance for all of them."""
    async with _client(_Hooked) as client:
        found = await client.get("/books/7", headers={"x-user": "momo"})
        anonymous = await client.get("/books/7")
        missing = await client.get("/books/404")
    assert (found.text, found.headers["x-action"]) == ("momo momo {'type': 'header'}", "get")
    assert anonymous.text == "  {'type': 'none'}"
    assert missing.status_code == 404


class _Published(BasePermission):
    """A rule on objects."""

    message = "Not published yet."

    async def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        return obj == "published"


class _Guarded(View):
    """Asks who it is, what they may, and how often."""

    authentication_classes = ("tests.unit.http.test_views_checks._ByHeader",)
    permission_classes = (IsAuthenticated, _Published)
    throttle_classes: Sequence[object] | None = ()

    async def get(self, request: Request, state: str) -> str:
        await self.check_object_permissions(request, state)
        return state

    async def post(self, request: Request) -> object:
        return await request.json()


async def test_permissions_are_asked_before_the_body_is_read() -> None:
    """Anonymous visitors get 401 however wrong their body is, users go on to it."""
    async with _client(_Guarded) as client:
        refused = await client.post("/books", content=b"{", headers={"content-type": "application/json"})
        wrong = await client.post(
            "/books", content=b"{", headers={"content-type": "application/json", "x-user": "momo"}
        )
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert wrong.status_code == 400


async def test_object_is_refused_to_a_user_with_the_message_of_the_permission() -> None:
    """The view asks once it has found the object."""
    async with _client(_Guarded) as client:
        seen = await client.get("/books/published", headers={"x-user": "momo"})
        refused = await client.get("/books/draft", headers={"x-user": "momo"})
    assert seen.text == "published"
    assert (refused.status_code, refused.json()) == (403, {"detail": "Not published yet."})


_counts: dict[str, int] = {}


class _Twice(BaseThrottle):
    """Lets everyone ask twice."""

    async def allow_request(self, request: Request, view: object) -> bool:
        key = str(request.header(b"x-user"))
        _counts[key] = _counts.get(key, 0) + 1
        return _counts[key] <= 2

    def wait(self) -> float:
        return 6.2


async def test_throttle_refuses_with_the_time_to_wait() -> None:
    """After the permissions, so that what they refuse does not count."""
    _counts.clear()

    class Throttled(_Guarded):
        throttle_classes = (_Twice,)

    async with _client(Throttled) as client:
        assert (await client.get("/books/published")).status_code == 401
        statuses = [(await client.get("/books/published", headers={"x-user": "momo"})).status_code for _ in range(3)]
        refused = await client.get("/books/published", headers={"x-user": "momo"})
    assert statuses == [200, 200, 429]
    assert refused.headers["retry-after"] == "7"


async def test_defaults_of_the_settings_hold_where_a_view_names_none(configure: Callable[..., None]) -> None:
    """An empty list asks for nothing; the settings are read when an application first serves the view."""

    class Default(View):
        async def get(self) -> str:
            return "seen"

    class Open(Default):
        permission_classes = ()
        throttle_classes = ()

    router = Router()
    Default.register(router, "/default")
    Open.register(router, "/open")

    async def statuses() -> list[int]:
        async with TestClient(OpenViper(routes=[("/", router)])) as client:
            return [(await client.get(path)).status_code for path in ("/default", "/open")]

    configure(DEFAULT_PERMISSION_CLASSES=("openviper.http.permissions.IsAuthenticated",))
    assert default_entries("DEFAULT_PERMISSION_CLASSES") == ("openviper.http.permissions.IsAuthenticated",)
    assert await statuses() == [401, 200]
    _counts.clear()
    _counts["None"] = 2
    configure(DEFAULT_THROTTLE_CLASSES=(f"{__name__}._Twice",))
    assert await statuses() == [429, 200]
    configure()
    assert await statuses() == [200, 200]


async def test_permissions_may_be_chosen_by_action() -> None:
    """A method of the view gives them then."""

    class Mixed(View):
        authentication_classes = (_ByHeader,)

        def get_permissions(self) -> Sequence[BasePermission]:
            return [IsAdmin()] if self.action == "delete" else []

        async def get(self) -> str:
            return "read"

        async def delete(self) -> str:
            return "gone"

    async with _client(Mixed) as client:
        statuses = [
            (await client.get("/books")).status_code,
            (await client.delete("/books", headers={"x-user": "momo"})).status_code,
            (await client.delete("/books", headers={"x-user": "boss"})).status_code,
        ]
    assert statuses == [200, 403, 200]


async def test_view_that_believes_nobody_has_anonymous_visitors() -> None:
    """An empty list of backends is not the default."""

    class Login(View):
        authentication_classes = ()

        async def get(self, request: Request) -> bool:
            return request.user is not None and request.user.is_authenticated

    async def known(request: Request, call_next: Callable[[Request], Any]) -> Any:
        request.scope["user"] = _Member("momo")
        return await call_next(request)

    router = Router(middlewares=[known])
    Login.register(router, "/login")
    async with TestClient(OpenViper(routes=[("/", router)])) as client:
        assert (await client.get("/login")).json() is False


async def test_user_of_a_view_is_forgotten_with_the_request() -> None:
    """Whom a view has recognised is nobody's user afterwards, in the context of the caller too."""
    app = OpenViper(routes=[], debug=False)
    _Hooked.register(app, "/books")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"testserver"), (b"x-user", b"ada")]
    async with TestClient(app):
        await app({"type": "http", "method": "GET", "path": "/books/1", "headers": headers}, receive, send)
    assert sent[1]["body"].startswith(b"ada ada")
    assert current_user.get() is None
