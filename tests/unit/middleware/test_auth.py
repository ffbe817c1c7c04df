"""AuthenticationMiddleware: who is asking, and for how long that is remembered."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.core.anonymous import AnonymousUser
from openviper.core.authentication import Identity
from openviper.core.context import User, current_user
from openviper.exceptions import AuthenticationFailed, ImproperlyConfigured
from openviper.http.request import Request
from openviper.middleware.auth import AuthenticationMiddleware
from openviper.middleware.stack import build_middleware_stack, load_middleware
from openviper.testing import TestClient
from openviper.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Member:
    """A user that a backend may find."""

    username: str
    is_authenticated: bool = True


class HeaderBackend:
    """Believes a header, as no real backend may."""

    async def authenticate(self, scope: Scope) -> Identity | None:
        name = dict(scope["headers"]).get(b"x-user")
        return None if name is None else (Member(name.decode()), {"type": "header"})


class RefusingBackend:
    """Refuses every request, with the error that it was made with."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def authenticate(self, scope: Scope) -> Identity | None:
        raise self._error


class FixedBackend:
    """Knows one user and believes that everybody is that one."""

    def __init__(self, username: str) -> None:
        self._username = username

    async def authenticate(self, scope: Scope) -> Identity | None:
        return Member(self._username), {"type": "fixed"}


class Recorder:
    """An app that keeps what it sees of the user."""

    def __init__(self) -> None:
        self.users: list[User | None] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        self.users.append(current_user.get())
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})


@pytest.fixture
def inner() -> Recorder:
    return Recorder()


async def no_message() -> Message:
    return {}


async def no_send(message: Message) -> None:
    pass


def request_scope(kind: str = "http", **headers: str) -> Scope:
    return {
        "type": kind,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }


def test_class_has_both_promised_paths() -> None:
    """The name in the default MIDDLEWARE and the documented one are the same class (C-008, A-64)."""
    paths = ["openviper.middleware.auth.AuthenticationMiddleware", "openviper.auth.middleware.AuthenticationMiddleware"]
    assert load_middleware(paths) == [AuthenticationMiddleware, AuthenticationMiddleware]


async def test_without_backends_the_visitor_is_anonymous(inner: Recorder) -> None:
    """With the framework's defaults every visitor is anonymous, and the scope says so (C-005, C-009)."""
    await TestClient(AuthenticationMiddleware(inner)).get("/")
    scope = inner.scopes[0]
    assert (scope["user"], scope["auth"], inner.users) == (AnonymousUser(), {"type": "none"}, [AnonymousUser()])
    assert (scope["user"].is_authenticated, scope["user"].username) == (False, "")


async def test_user_of_a_backend_reaches_scope_request_and_context(inner: Recorder) -> None:
    """The user is in scope, request and current_user, with both promised attributes (C-005, C-009, C-112)."""
    app = AuthenticationMiddleware(inner, backends=[HeaderBackend])
    await TestClient(app).get("/", headers={"x-user": "ann"})
    request = Request(inner.scopes[0], no_message)
    assert inner.users == [Member("ann")]
    assert (request.user, request.auth) == (Member("ann"), {"type": "header"})
    assert request.user is not None
    assert (request.user.is_authenticated, request.user.username) == (True, "ann")


async def test_first_backend_that_knows_the_user_counts(inner: Recorder) -> None:
    """Backends are asked in order; those after the first that knows the user are not asked."""
    backends = [HeaderBackend(), FixedBackend("bob"), RefusingBackend(AssertionError("was asked"))]
    client = TestClient(AuthenticationMiddleware(inner, backends=backends))
    await client.get("/")
    await client.get("/", headers={"x-user": "ann"})
    assert inner.users == [Member("bob"), Member("ann")]


async def test_backends_come_from_the_settings(
    inner: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH_BACKENDS names classes by dotted path; each is built once, with the middleware."""
    (tmp_path / "counting_backends.py").write_text(
        "from types import SimpleNamespace\n"
        "made = []\n"
        "class Counting:\n"
        "    def __init__(self):\n"
        "        made.append(self)\n"
        "    async def authenticate(self, scope):\n"
        "        return SimpleNamespace(username=f'number {len(made)}', is_authenticated=True), {'type': 'counting'}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with settings.overridden(AUTH_BACKENDS=("counting_backends.Counting",)):
            client = TestClient(AuthenticationMiddleware(inner))
    finally:
        sys.modules.pop("counting_backends", None)
    await client.get("/")
    await client.get("/")
    assert [user.username for user in inner.users if user is not None] == ["number 1", "number 1"]


async def test_manager_is_asked_in_place_of_the_backends(inner: Recorder) -> None:
    """An object given as manager decides alone; the setting is not looked at."""
    with settings.overridden(AUTH_BACKENDS=("nowhere.Backend",)):
        stack = build_middleware_stack(inner, [(AuthenticationMiddleware, {"manager": FixedBackend("eve")})])
    await TestClient(stack).get("/")
    assert inner.users == [Member("eve")]


async def test_variable_is_reset_after_the_request(inner: Recorder) -> None:
    """Outside a request nobody is the current user, also in the very task that ran one (C-005, C-007)."""
    app = AuthenticationMiddleware(inner, backends=[FixedBackend("ann")])
    await app(request_scope(), no_message, no_send)
    assert (inner.users, current_user.get()) == ([Member("ann")], None)


async def test_next_request_of_the_same_task_starts_afresh(inner: Recorder) -> None:
    """Two requests on one connection, one after the other: the second does not see the first one's user (C-007)."""
    app = AuthenticationMiddleware(inner, backends=[HeaderBackend])
    await app(request_scope(x_user="ann"), no_message, no_send)
    await app(request_scope(), no_message, no_send)
    assert inner.users == [Member("ann"), AnonymousUser()]


@pytest.mark.parametrize("error", [RuntimeError("handler"), asyncio.CancelledError()])
async def test_variable_is_reset_after_an_error(error: BaseException) -> None:
    """An error or a cancellation inside leaves no user behind, and passes on (C-007)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    with pytest.raises(type(error)):
        await AuthenticationMiddleware(app, backends=[FixedBackend("ann")])(request_scope(), no_message, no_send)
    assert current_user.get() is None


async def test_child_task_inherits_the_user_and_keeps_its_own_changes() -> None:
    """A task started by a handler sees the user; what it sets does not come back (C-007)."""
    seen: list[User | None] = []

    async def child() -> None:
        seen.append(current_user.get())
        current_user.set(Member("eve"))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child())
        seen.append(current_user.get())

    await AuthenticationMiddleware(app, backends=[FixedBackend("ann")])(request_scope(), no_message, no_send)
    assert seen == [Member("ann"), Member("ann")]


async def test_requests_at_the_same_time_do_not_mix() -> None:
    """Each of many concurrent requests sees its own user from begin to end (C-007)."""
    wrong: list[str] = []
    together = asyncio.Barrier(20)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await together.wait()
        user = current_user.get()
        name = dict(scope["headers"])[b"x-user"].decode()
        if user is None or user.username != name:
            wrong.append(name)

    protected = AuthenticationMiddleware(app, backends=[HeaderBackend])
    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(protected(request_scope(x_user=f"user{number}"), no_message, no_send))
    assert wrong == []


async def test_websocket_is_authenticated_too(inner: Recorder) -> None:
    """A websocket has a user like a request."""
    app = AuthenticationMiddleware(inner, backends=[HeaderBackend])
    await app(request_scope("websocket", x_user="ann"), no_message, no_send)
    assert (inner.users, inner.scopes[0]["user"]) == ([Member("ann")], Member("ann"))


@pytest.mark.parametrize("kind", ["lifespan", "of the future"])
async def test_other_scopes_pass(inner: Recorder, kind: str) -> None:
    """A scope of another type has no user and reaches the application as it is (C-111)."""
    scope: Scope = {"type": kind}
    await AuthenticationMiddleware(inner, backends=[FixedBackend("ann")])(scope, no_message, no_send)
    assert (scope, inner.users) == ({"type": kind}, [None])


@pytest.mark.parametrize("error", [AuthenticationFailed(), LookupError("no database")])
async def test_error_of_a_backend_ends_the_request(inner: Recorder, error: Exception) -> None:
    """A backend that refuses, or breaks, keeps the application from being called; its error passes on."""
    app = AuthenticationMiddleware(inner, backends=[RefusingBackend(error)])
    with pytest.raises(type(error)):
        await app(request_scope(), no_message, no_send)
    assert (inner.users, current_user.get()) == ([], None)


@pytest.mark.parametrize(
    ("backend", "complaint"),
    [
        ("nowhere.Backend", "AUTH_BACKENDS entry 'nowhere.Backend' cannot be imported"),
        ("openviper.middleware.auth.Missing", "has no attribute 'Missing'"),
        ("openviper.core.context.current_user", "has no method authenticate"),
        (object(), "has no method authenticate"),
    ],
)
def test_wrong_backend_is_refused_when_the_stack_is_built(inner: Recorder, backend: object, complaint: str) -> None:
    """A backend that cannot be had is an error at the start that names the setting."""
    with pytest.raises(ImproperlyConfigured, match=complaint):
        AuthenticationMiddleware(inner, backends=[backend])


async def test_info_of_an_anonymous_visitor_belongs_to_the_request(inner: Recorder) -> None:
    """What one request writes into its auth information is not seen by the next."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)
        scope["auth"]["note"] = "mine"

    client = TestClient(AuthenticationMiddleware(app))
    await client.get("/")
    await client.get("/")
    assert [sorted(scope["auth"]) for scope in inner.scopes] == [["note", "type"], ["note", "type"]]
    assert inner.scopes[0]["auth"] is not inner.scopes[1]["auth"]


async def test_stack_builds_it_from_the_setting() -> None:
    """The default MIDDLEWARE can be built with nothing but the application (C-109)."""
    called: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(type(current_user.get()).__name__)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    stack: ASGIApp = build_middleware_stack(app, load_middleware(settings.MIDDLEWARE))
    response = await TestClient(stack, "http://localhost").get("/")
    assert (response.status_code, called) == (204, ["AnonymousUser"])


async def test_user_that_an_outer_layer_knows_is_kept(inner: Recorder) -> None:
    """A proxy's middleware, or the application that this one is mounted in, has told who is asking."""
    ada = Member("ada")
    scope = {**request_scope(), "user": ada, "auth": {"type": "proxy"}}
    await AuthenticationMiddleware(inner, backends=[HeaderBackend()])(scope, no_message, no_send)
    assert (inner.users, scope["user"], scope["auth"]) == ([ada], ada, {"type": "proxy"})

    scope = {**request_scope(x_user="bob"), "user": ada, "auth": {"type": "proxy"}}
    await AuthenticationMiddleware(inner, backends=[HeaderBackend()])(scope, no_message, no_send)
    assert inner.users[-1] == Member("bob")
