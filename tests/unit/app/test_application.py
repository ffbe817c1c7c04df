"""The application as a server sees it."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from openviper.app import OpenViper
from openviper.core.context import current_user, ignore_permissions_ctx
from openviper.exceptions import ImproperlyConfigured
from openviper.http.request import Request
from openviper.routing.exceptions import RouteError
from openviper.routing.router import Router
from openviper.testing import TestClient
from openviper.testing.exceptions import LifespanFailedError
from openviper.types import ASGIApp, Message, Receive, Scope, Send

LOG = """
import builtins
log = builtins.__dict__.setdefault("_openviper_test_log", [])
"""


@pytest.fixture
def log() -> Any:
    """What the hooks of the test's apps have noted, in order."""
    import builtins

    found: list[str] = []
    builtins.__dict__["_openviper_test_log"] = found
    yield found
    del builtins.__dict__["_openviper_test_log"]


class _User:
    is_authenticated = True
    username = "ada"


class Note:
    """Middleware that notes every scope and puts something into it."""

    seen: ClassVar[list[str]] = []

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        Note.seen.append(scope["type"])
        scope["my_plugin_client"] = "client"
        await self.app(scope, receive, send)


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


async def test_application_starts_in_the_promised_order(
    configure: Callable[..., None], write: Callable[..., None], log: list[str]
) -> None:
    """The synchronous ready() runs when the application is made; at start come package ready(), startup() and handlers.

    The lifespan runs the hooks without further code (C-412), ready() of a package comes before on_startup handlers
    (C-102), and shutdown is the mirror image (C-406).
    """
    write(
        {
            "first.lifecycle": LOG + "def ready(): log.append('first.ready')\n"
            "async def startup(): log.append('first.startup')\nasync def shutdown(): log.append('first.shutdown')\n",
            "second.apps": LOG + "async def ready(): log.append('second.package_ready')\n",
            "second.lifecycle": LOG + "async def startup(): log.append('second.startup')\n"
            "async def shutdown(): log.append('second.shutdown')\n",
        }
    )
    configure(INSTALLED_APPS=("first", "second"))
    app = OpenViper()
    assert log == ["first.ready"]
    app.on_startup(lambda: log.append("handler"))
    app.on_shutdown(lambda: log.append("handler.shutdown"))

    async with TestClient(app):
        assert log[1:] == ["second.package_ready", "first.startup", "second.startup", "handler"]
    assert log[5:] == ["handler.shutdown", "second.shutdown", "first.shutdown"]

    async with TestClient(app):  # a second lifespan runs all but the synchronous ready() again (C-119)
        assert log[8:] == ["second.package_ready", "first.startup", "second.startup", "handler"]


async def test_failing_ready_stops_the_start_with_the_promised_words(
    configure: Callable[..., None], write: Callable[..., None], log: list[str]
) -> None:
    """The server is told, and no request is accepted (C-106)."""
    write(
        {
            "fine.lifecycle": LOG + "async def startup(): log.append('never')\n",
            "plug.apps": "async def ready(): raise ValueError('no broker')\n",
        }
    )
    configure(INSTALLED_APPS=("fine", "plug"))
    with pytest.raises(LifespanFailedError) as caught:
        await TestClient(OpenViper()).__aenter__()
    assert caught.value.message.startswith("ready() for installed app 'plug' raised an error: no broker")
    assert log == []


async def test_app_that_cannot_be_found_is_skipped(
    configure: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """A warning names it, and the server starts (C-107)."""
    configure(INSTALLED_APPS=("not_there_at_all",))
    app = OpenViper(routes=[])
    app.get("/")(lambda: "up")
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "up"
    assert "not_there_at_all" in caplog.text


async def test_middleware_sees_every_scope_and_reaches_the_handler(configure: Callable[..., None]) -> None:
    """The stack runs for lifespan and http alike (C-111); what it puts into the scope reaches the handler (C-112)."""
    Note.seen.clear()
    configure(MIDDLEWARE=(f"{__name__}.Note",))
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


async def test_middleware_that_cannot_be_imported_fails_the_start(configure: Callable[..., None]) -> None:
    """The entry is named (C-119a)."""
    configure(MIDDLEWARE=("no.such.Middleware",))
    with pytest.raises(LifespanFailedError, match=r"'no\.such\.Middleware'"):
        await TestClient(OpenViper()).__aenter__()


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


async def test_middleware_is_built_before_ready(
    configure: Callable[..., None], write: Callable[..., None], log: list[str]
) -> None:
    """A constructor runs before any ready(), and the lifespan already goes through the instance (A-43)."""
    write(
        {
            "early.__init__": LOG + "async def ready(): log.append('ready')\n",
            "early.middleware": LOG + "from openviper.middleware.base import BaseMiddleware\n"
            "class Early(BaseMiddleware):\n"
            "    def __init__(self, app):\n        super().__init__(app)\n        log.append('built')\n"
            "    async def __call__(self, scope, receive, send):\n"
            "        log.append(scope['type'])\n        await self.app(scope, receive, send)\n",
        }
    )
    configure(INSTALLED_APPS=("early",), MIDDLEWARE=("early.middleware.Early",))
    async with TestClient(OpenViper(routes=[])):
        assert log == ["built", "lifespan", "ready"]


async def test_request_without_a_lifespan_starts_the_application_once(
    configure: Callable[..., None], write: Callable[..., None], log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A host that sends no lifespan gets the hooks before the first request, with one warning (A-02)."""
    write({"late.lifecycle": LOG + "async def startup(): log.append('startup')\n"})
    configure(INSTALLED_APPS=("late",))
    app = OpenViper(routes=[])
    app.get("/")(lambda: "up")
    assert await asyncio.gather(*(_ask(app) for _ in range(5))) == [200] * 5
    assert await _ask(app) == 200
    assert log == ["startup"]
    assert caplog.text.count("no lifespan event") == 1


async def test_start_that_fails_without_a_lifespan_is_500_and_tried_again(configure: Callable[..., None]) -> None:
    """Each request gets an answer, and the next one tries to start anew."""
    configure()
    app = OpenViper(routes=[])
    app.get("/")(lambda: "up")
    tries: list[int] = []

    @app.on_startup
    async def flaky() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("not yet")

    assert [await _ask(app), await _ask(app), await _ask(app)] == [500, 200, 200]
    assert len(tries) == 2


async def test_user_and_bypass_live_for_one_request(configure: Callable[..., None]) -> None:
    """Child tasks inherit both variables; nothing of them is left for the next request in the same context (C-007)."""
    configure()
    app = OpenViper(routes=[])
    seen: list[tuple[object, bool]] = []

    async def look() -> None:
        seen.append((current_user.get(), ignore_permissions_ctx.get()))

    @app.get("/set")
    async def become_ada() -> None:
        current_user.set(_User())
        ignore_permissions_ctx.set(True)
        await asyncio.create_task(look())

    app.get("/look")(look)
    outer = current_user.set(_User())
    try:
        await _ask(app, "/set")
        await _ask(app, "/look")
        assert isinstance(seen[0][0], _User)
        assert seen[0][1] is True
        assert seen[1] == (None, False)
        assert isinstance(current_user.get(), _User)  # the caller's own value is back
        assert ignore_permissions_ctx.get() is False
    finally:
        current_user.reset(outer)


async def test_application_within_an_application_keeps_the_user(configure: Callable[..., None]) -> None:
    """A mounted application of ours sees who the outer one has recognised, and its hooks run."""
    configure()
    inner, outer = OpenViper(routes=[]), OpenViper(routes=[])
    started: list[str] = []
    inner.on_startup(lambda: started.append("inner"))
    inner.get("/who")(lambda: current_user.get() is not None)

    class Recognise(Note):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            current_user.set(_User())
            await self.app(scope, receive, send)

    outer._middleware.append(Recognise)
    outer.mount("/in", inner)
    async with TestClient(outer) as client:
        assert (await client.get("/in/who")).json() is True
    assert started == ["inner"]


async def test_foreign_application_gets_its_lifespan(configure: Callable[..., None]) -> None:
    """A mounted application of another framework runs its own hooks."""
    starlette = pytest.importorskip("starlette.applications")
    events: list[str] = []

    import contextlib
    from collections.abc import AsyncIterator

    @contextlib.asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[dict[str, str]]:
        events.append("up")
        yield {"pool": "open"}
        events.append("down")

    configure()
    app = OpenViper(routes=[])
    app.mount("/old", starlette.Starlette(lifespan=lifespan))
    async with TestClient(app) as client:
        assert events == ["up"]
        assert (await client.get("/old/x")).status_code == 404
    assert events == ["up", "down"]


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


async def test_two_routes_for_one_address_fail_the_start(configure: Callable[..., None]) -> None:
    """The mistake is reported to the author, not to a visitor."""
    configure()
    app = OpenViper(routes=[])
    app.get("/a")(lambda: 1)
    app.get("/a")(lambda: 2)
    with pytest.raises(LifespanFailedError, match="GET /a is answered by"):
        await TestClient(app).__aenter__()


async def test_production_settings_are_checked_before_anything_starts(
    configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All problems are reported at once, and no hook has run."""
    monkeypatch.setenv("OPENVIPER_ENV", "production")
    configure(SECRET_KEY="short")
    app = OpenViper(routes=[])
    started: list[int] = []
    app.on_startup(lambda: started.append(1))
    with pytest.raises(LifespanFailedError) as caught:
        await TestClient(app).__aenter__()
    assert "SECRET_KEY" in caught.value.message
    assert "SECURE_HSTS_SECONDS" in caught.value.message
    assert started == []


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
        app.exception_handler(int)  # type: ignore[arg-type]  # the point of the test


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


def test_broken_app_fails_where_the_application_is_made(
    configure: Callable[..., None], write: Callable[..., None]
) -> None:
    """An app that is there but cannot be imported names itself and the cause (A-04)."""
    write({"broken.__init__": "import not_installed_at_all\n"})
    configure(INSTALLED_APPS=("broken",))
    with pytest.raises(RuntimeError, match=r"'broken'.*not_installed_at_all"):
        OpenViper()


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


class DropsLifespan(Note):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.app(scope, receive, send)


class BreaksOnLifespan(Note):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["tenant"] = scope["headers"]  # a lifespan has none
        await self.app(scope, receive, send)


@pytest.mark.parametrize(
    ("name", "why"), [("DropsLifespan", "did not pass the lifespan"), ("BreaksOnLifespan", "headers")]
)
async def test_middleware_that_keeps_the_lifespan_fails_the_start(
    name: str, why: str, configure: Callable[..., None]
) -> None:
    """An application whose hooks cannot run does not serve (C-111, C-119a)."""
    configure(MIDDLEWARE=(f"{__name__}.{name}",))
    with pytest.raises(LifespanFailedError, match=why):
        await TestClient(OpenViper(routes=[])).__aenter__()


async def test_application_serves_as_long_as_one_lifespan_holds_it(configure: Callable[..., None]) -> None:
    """Two clients share one start; the end of the first does not stop what the other one uses."""
    configure()
    app = OpenViper(routes=[])
    log: list[str] = []
    app.on_startup(lambda: log.append("up"))
    app.on_shutdown(lambda: log.append("down"))
    app.get("/")(lambda: log[-1])
    async with TestClient(app) as outer:
        async with TestClient(app) as inner:
            assert (await inner.get("/")).text == "up"
        assert (await outer.get("/")).text == "up"
    assert log == ["up", "down"]
    assert (await TestClient(app).get("/")).text == "up"  # without a lifespan again: a late start


async def test_application_cannot_be_mounted_in_itself(configure: Callable[..., None]) -> None:
    """It would wait for its own start."""
    configure()
    app = OpenViper(routes=[])
    with pytest.raises(RouteError, match="in itself"):
        app.mount("/x", app)


async def test_mount_after_the_start_is_served_and_told(
    configure: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """Its lifespan does not run any more, which a warning says."""
    configure()
    app = OpenViper(routes=[])

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with TestClient(app) as client:
        app.mount("/late", late)
        assert (await client.get("/late/x")).status_code == 204
    assert "mounted at '/late' after the start" in caplog.text


async def test_mounted_application_is_its_own_in_the_scope(configure: Callable[..., None]) -> None:
    """What a handler finds as the application is the one whose routes it belongs to."""
    configure()
    inner, outer = OpenViper(routes=[], title="inner"), OpenViper(routes=[], title="outer")
    for app in (inner, outer):
        app.get("/who")(lambda request: request.scope["app"].title)
    outer.mount("/in", inner)
    async with TestClient(outer) as client:
        assert (await client.get("/in/who")).text == "inner"
        assert (await client.get("/who")).text == "outer"


def test_routes_that_are_no_pairs_are_refused(configure: Callable[..., None]) -> None:
    """The message says what an entry is."""
    configure()
    with pytest.raises(ImproperlyConfigured, match=r"routes holds .*each entry is a pair"):
        OpenViper(routes=[Router()])  # type: ignore[list-item]  # the point of the test
