"""Applications within the application."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from openviper.app import OpenViper
from openviper.core.context import current_user, ignore_permissions_ctx, request_id
from openviper.http.request import Request
from openviper.http.uploads import UploadFile
from openviper.routing.exceptions import RouteError
from openviper.testing import TestClient
from openviper.types import Receive, Scope, Send
from tests.unit.app.layers import Ada, Note


async def test_application_within_an_application_keeps_the_user(configure: Callable[..., None]) -> None:
    """A mounted application of ours sees who the outer one has recognised, and its hooks run."""
    configure()
    inner, outer = OpenViper(routes=[]), OpenViper(routes=[])
    started: list[str] = []
    inner.on_startup(lambda: started.append("inner"))
    inner.get("/who")(lambda: current_user.get() is not None)

    class Recognise(Note):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            current_user.set(Ada())
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


@pytest.mark.parametrize("is_within_starlette", [False, True])
async def test_context_goes_through_a_mount_of_another_framework(
    configure: Callable[..., None], is_within_starlette: bool
) -> None:
    """User, bypass and id of the outer application hold within, also where a foreign one stands in between."""
    configure()
    inner, outer = OpenViper(routes=[]), OpenViper(routes=[])

    @inner.get("/who")
    async def who() -> dict[str, object]:
        user = current_user.get()
        return {
            "user": user and user.username,
            "bypass": ignore_permissions_ctx.get(),
            "id": request_id.get(),
        }

    class Recognise(Note):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            current_user.set(Ada())
            ignore_permissions_ctx.set(True)
            request_id.set("abc")
            await self.app(scope, receive, send)

    outer._middleware.append(Recognise)
    outer.mount("/in", Starlette(routes=[Mount("/", inner)]) if is_within_starlette else inner)
    async with TestClient(outer) as client:
        answer = (await client.get("/in/who")).json()
    assert answer == {"user": "ada", "bypass": True, "id": "abc"}
    assert (current_user.get(), ignore_permissions_ctx.get(), request_id.get()) == (None, False, None)


@pytest.mark.parametrize("is_layered", [False, True])
async def test_uploads_of_a_mounted_application_are_closed(configure: Callable[..., None], is_layered: bool) -> None:
    """What a request has opened is closed at its end, whichever application opened it."""
    configure(MIDDLEWARE=(f"{Note.__module__}.Note",) if is_layered else ())
    inner, outer = OpenViper(routes=[]), OpenViper(routes=[])
    kept: list[UploadFile] = []

    @inner.post("/up")
    async def up(request: Request) -> str:
        kept.extend((await request.files()).values())
        return str(kept[0].closed)

    outer.mount("/in", inner)
    async with TestClient(outer) as client:
        response = await client.post("/in/up", files={"file": ("a.txt", b"hello")})
    assert (response.text, kept[0].closed) == ("False", True)
