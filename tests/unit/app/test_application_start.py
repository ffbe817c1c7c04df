"""How the application starts, and what keeps it from starting."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from openviper.app import OpenViper
from openviper.http.response import StreamingResponse
from openviper.testing import TestClient
from openviper.testing.exceptions import LifespanFailedError
from openviper.types import ASGIApp, Message, Receive, Scope, Send
from tests.unit.app.layers import Note

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


class DropsLifespan(Note):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.app(scope, receive, send)


class BreaksOnLifespan(Note):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["tenant"] = scope["headers"]  # a lifespan has none
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


async def test_middleware_that_cannot_be_imported_fails_the_start(configure: Callable[..., None]) -> None:
    """The entry is named (C-119a)."""
    configure(MIDDLEWARE=("no.such.Middleware",))
    with pytest.raises(LifespanFailedError, match=r"'no\.such\.Middleware'"):
        await TestClient(OpenViper()).__aenter__()


def test_broken_app_fails_where_the_application_is_made(
    configure: Callable[..., None], write: Callable[..., None]
) -> None:
    """An app that is there but cannot be imported names itself and the cause (A-04)."""
    write({"broken.__init__": "import not_installed_at_all\n"})
    configure(INSTALLED_APPS=("broken",))
    with pytest.raises(RuntimeError, match=r"'broken'.*not_installed_at_all"):
        OpenViper()


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


async def test_pool_has_the_threads_of_the_setting_whatever_comes_first(configure: Callable[..., None]) -> None:
    """A stream that is made by a plain generator, too, finds a pool of THREAD_POOL_SIZE threads."""
    configure(THREAD_POOL_SIZE=1)
    app = OpenViper()

    def names() -> Iterator[str]:
        for _ in range(3):
            yield threading.current_thread().name + "\n"

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(names)

    async with TestClient(app) as client:
        answers = await asyncio.gather(*(client.get("/") for _ in range(4)))

    assert len({name for answer in answers for name in answer.text.split()}) == 1


PRODUCTION: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": "h4Tq9Zk1_vB7nM2xC5sD8fG0jL3pW6eR-yU1iO4aQ7zX2cV5bN8",
    "ALLOWED_HOSTS": ("shop.example",),
    "SECURE_COOKIES": True,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "OPENAPI_ENABLED": False,
    "CORS_ALLOWED_HEADERS": ("content-type",),
}


async def test_request_during_the_stop_is_turned_away(configure: Callable[..., None]) -> None:
    """Nothing would stop what such a request started, so it gets 503."""
    configure()
    app = OpenViper(routes=[], debug=False)
    app.get("/")(lambda: "up")
    starts: list[str] = []
    answers: list[int] = []
    app.on_startup(lambda: starts.append("up"))

    @app.on_shutdown
    async def ask() -> None:
        answers.append((await TestClient(app).get("/")).status_code)

    async with TestClient(app) as client:
        answers.append((await client.get("/")).status_code)
    assert (answers, starts) == ([200, 503], ["up"])


async def test_debug_argument_keeps_production_from_starting(
    configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument shows source code to visitors as the setting does."""
    monkeypatch.setenv("OPENVIPER_ENV", "production")
    configure(**PRODUCTION)
    with pytest.raises(LifespanFailedError, match=r"OpenViper\(debug=True\)"):
        await TestClient(OpenViper(debug=True, routes=[])).__aenter__()
    async with TestClient(OpenViper(routes=[]), base_url="https://shop.example"):
        pass
