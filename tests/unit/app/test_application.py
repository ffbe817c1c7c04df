"""The application as a server sees it."""

import asyncio
import sys
from collections.abc import Callable

import pytest

from openviper.app import OpenViper
from openviper.core.context import current_user, ignore_permissions_ctx
from openviper.exceptions import ImproperlyConfigured
from openviper.http.request import Request
from openviper.routing.router import Router
from openviper.testing import TestClient
from openviper.types import ASGIApp, Message, Receive, Scope, Send
from tests.unit.app.layers import Ada, Note


class Raises(Note):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raise RuntimeError("this middleware is broken")
        await self.app(scope, receive, send)


async def _ask(app: ASGIApp, path: str = "/") -> int:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_middleware_sees_every_scope_and_reaches_the_handler(configure: Callable[..., None]) -> None:
    """The stack runs for lifespan and http alike (C-111); what it puts into the scope reaches the handler (C-112)."""
    Note.seen.clear()
    configure(MIDDLEWARE=("tests.unit.app.layers.Note",))
    app = OpenViper(routes=[])

    @app.get("/")
    async def home(request: Request) -> object:
        return request.scope["my_plugin_client"]

    async with TestClient(app) as client:
        assert (await client.get("/")).text == "client"
    assert Note.seen == ["lifespan", "http"]


async def test_constructor_middleware_stands_outside_that_of_the_setting(configure: Callable[..., None]) -> None:
    """What the code adds is outermost."""
    order: list[str] = []

    def named(name: str) -> Callable[[ASGIApp], ASGIApp]:
        def build(app: ASGIApp) -> ASGIApp:
            async def layer(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["type"] == "http":
                    order.append(name)
                await app(scope, receive, send)

            return layer

        return build

    setattr(sys.modules[__name__], "from_setting", named("setting"))  # noqa: B010 - found by its dotted path
    configure(MIDDLEWARE=(f"{__name__}.from_setting",))
    app = OpenViper(routes=[], middleware=[named("code"), (named("code two"), {})])
    async with TestClient(app) as client:
        await client.get("/")
    assert order == ["code", "code two", "setting"]


async def test_middleware_that_raises_gives_500(configure: Callable[..., None]) -> None:
    """The client gets an answer instead of a dropped connection (C-119a)."""
    configure(MIDDLEWARE=(f"{__name__}.Raises",))
    async with TestClient(OpenViper()) as client:
        assert (await client.get("/")).status_code == 500


async def test_state_made_in_ready_is_seen_by_middleware(
    configure: Callable[..., None], write: Callable[..., None]
) -> None:
    """A plugin connects in ready() and serves from its middleware (C-113)."""
    write(
        {
            "plugged.__init__": "_client = None\nasync def ready():\n    global _client\n    _client = 'connected'\n"
            "def get_client():\n    return _client\n",
            "plugged.middleware": "from openviper.middleware.base import BaseMiddleware\n"
            "from plugged import get_client\n"
            "class PluginMiddleware(BaseMiddleware):\n"
            "    async def __call__(self, scope, receive, send):\n"
            "        if scope['type'] == 'http':\n            scope['client_of_plugin'] = get_client()\n"
            "        await self.app(scope, receive, send)\n",
        }
    )
    configure(INSTALLED_APPS=("plugged",), MIDDLEWARE=("plugged.middleware.PluginMiddleware",))
    app = OpenViper(routes=[])
    app.get("/")(lambda request: request.scope["client_of_plugin"])
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "connected"


async def test_user_and_bypass_live_for_one_request(configure: Callable[..., None]) -> None:
    """Child tasks inherit both variables; nothing of them is left for the next request in the same context (C-007)."""
    configure()
    app = OpenViper(routes=[])
    seen: list[tuple[object, bool]] = []

    async def look() -> None:
        seen.append((current_user.get(), ignore_permissions_ctx.get()))

    @app.get("/set")
    async def become_ada() -> None:
        current_user.set(Ada())
        ignore_permissions_ctx.set(True)
        await asyncio.create_task(look())

    app.get("/look")(look)
    outer = current_user.set(Ada())
    try:
        await _ask(app, "/set")
        await _ask(app, "/look")
        assert isinstance(seen[0][0], Ada)
        assert seen[0][1] is True
        assert seen[1] == (None, False)
        assert isinstance(current_user.get(), Ada)  # the caller's own value is back
        assert ignore_permissions_ctx.get() is False
    finally:
        current_user.reset(outer)


async def test_routes_of_the_project_are_found(write: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """`route_paths` beside the settings are served; routes given to the constructor take their place."""
    write(
        {
            "shopsite.settings": "MIDDLEWARE = ()\nDEBUG = False\n",
            "shopsite.routes": "from openviper import Router\nrouter = Router()\n"
            "@router.get('/hello')\nasync def hello():\n    return 'hello'\nroute_paths = [('/shop', router)]\n",
        }
    )
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shopsite.settings")
    async with TestClient(OpenViper()) as client:
        assert (await client.get("/shop/hello")).text == "hello"
    async with TestClient(OpenViper(routes=[])) as client:
        assert (await client.get("/shop/hello")).status_code == 404


async def test_exception_handlers_and_coercion_are_at_hand(configure: Callable[..., None]) -> None:
    """A handler is registered by class; anything that is no exception class is refused."""
    configure()
    app = OpenViper(routes=[])

    @app.exception_handler(LookupError)
    async def missing(request: Request, error: LookupError) -> tuple[str, int]:
        return str(error), 410

    @app.get("/")
    async def home() -> None:
        raise IndexError("gone")

    async with TestClient(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text) == (410, "gone")
    assert app.coerce_response(None).status_code == 204
    with pytest.raises(TypeError, match="class of exceptions"):
        app.exception_handler(int)  # type: ignore[type-var]  # the point of the test


async def test_stack_is_rebuilt_on_request(configure: Callable[..., None]) -> None:
    """After a change of its middleware the next request sees the new stack."""
    Note.seen.clear()
    configure()
    app = OpenViper(routes=[])
    async with TestClient(app) as client:
        app._middleware.append(Note)
        await client.get("/")
        assert Note.seen == []
        app.invalidate_middleware_cache()
        await client.get("/")
    assert Note.seen == ["http"]


async def test_unknown_scope_is_refused_as_asgi_asks(configure: Callable[..., None]) -> None:
    """The application raises, so that the server knows."""
    configure()

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None: ...

    with pytest.raises(ValueError, match="'telepathy'"):
        await OpenViper(routes=[])({"type": "telepathy"}, receive, send)


def test_client_and_names_come_from_the_application(configure: Callable[..., None]) -> None:
    """`test_client` gives the client; title and version fall back to the settings."""
    configure(PROJECT_NAME="Shop", VERSION="2.1")
    app = OpenViper(routes=[])
    assert isinstance(app.test_client(), TestClient)
    assert (app.title, app.version, app.debug) == ("Shop", "2.1", False)
    assert OpenViper(title="X", version="3", debug=True).debug is True


def test_routes_with_a_wrong_prefix_are_refused(configure: Callable[..., None]) -> None:
    """The mistake is found when the application is made."""
    configure()
    with pytest.raises(ImproperlyConfigured, match="must start with '/'"):
        OpenViper(routes=[("shop", Router())])


def test_run_hands_the_application_to_the_server(
    configure: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that cannot be is one line on stderr and exit code 1, before anything is served."""
    configure()
    assert OpenViper(routes=[]).run(port=70000) == 1
    assert "70000" in capsys.readouterr().err


def test_routes_that_are_no_pairs_are_refused(configure: Callable[..., None]) -> None:
    """The message says what an entry is."""
    configure()
    with pytest.raises(ImproperlyConfigured, match=r"routes holds .*each entry is a pair"):
        OpenViper(routes=[Router()])  # type: ignore[list-item]  # the point of the test
