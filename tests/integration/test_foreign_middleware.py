"""Middleware of other frameworks, and plain functions, at every place between ours."""

import gzip
from collections.abc import AsyncIterator

import pytest
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse

from openviper import OpenViper, Request
from openviper.exceptions import PermissionDenied
from openviper.http.response import StreamingResponse
from openviper.middleware.body_limit import BodyLimitMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.request_id import RequestIDMiddleware
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import MiddlewareEntry
from openviper.testing import TestClient
from openviper.types import ASGIApp, Message, Receive, Scope, Send

ORIGIN = "https://shop.example"
LONG = "All work and no play. " * 100

OURS: list[MiddlewareEntry] = [
    RequestIDMiddleware,
    (SecurityMiddleware, {"allowed_hosts": ["testserver"]}),
    (CORSMiddleware, {"allowed_origins": [ORIGIN]}),
    (BodyLimitMiddleware, {"max_bytes": 1000}),
]


def stamping(app: ASGIApp) -> ASGIApp:
    """Make a layer as a function, the least that ASGI knows."""

    async def stamped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-stamp", b"1")]}
            await send(message)

        scope = {**scope, "stamped": True} if scope["type"] == "http" else scope
        await app(scope, receive, send_stamped)

    return stamped


class Dispatching(BaseHTTPMiddleware):
    """A layer that turns every answer into an object and back."""

    async def dispatch(self, request: StarletteRequest, call_next: RequestResponseEndpoint) -> StarletteResponse:
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response


class Refusing:
    """A layer that raises instead of calling on."""

    def __init__(self, app: ASGIApp, error: Exception) -> None:
        self.app = app
        self.error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/refused":
            raise self.error
        await self.app(scope, receive, send)


def build(foreign: MiddlewareEntry, place: int) -> OpenViper:
    app = OpenViper(routes=[], debug=False, middleware=[*OURS[:place], foreign, *OURS[place:]])

    @app.get("/text")
    async def text(request: Request) -> str:
        return LONG

    @app.get("/rows")
    async def rows() -> StreamingResponse:
        async def make() -> AsyncIterator[str]:
            for number in range(3):
                yield f"row {number}\n"

        return StreamingResponse(make(), media_type="text/plain")

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.get("/torn")
    async def torn() -> None:
        raise RuntimeError("torn")

    return app


PLACES = range(len(OURS) + 1)
FOREIGN: dict[str, MiddlewareEntry] = {"a function": stamping, "a dispatching class": Dispatching}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", FOREIGN)
async def test_foreign_layer_works_at_every_place(kind: str, place: int) -> None:
    """Text, streams, bodies and errors pass it, and have the headers of every layer of ours once (C-108)."""
    async with TestClient(build(FOREIGN[kind], place)) as client:
        answers = [
            await client.get("/text", headers={"origin": ORIGIN}),
            await client.get("/rows", headers={"origin": ORIGIN}),
            await client.post("/echo", content=b"body", headers={"origin": ORIGIN}),
            await client.get("/nowhere", headers={"origin": ORIGIN}),
            await client.get("/torn", headers={"origin": ORIGIN}),
            await client.post("/echo", content=b"x" * 1001, headers={"origin": ORIGIN}),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 500, 413]
    assert [answers[0].text, answers[1].text, answers[2].text] == [LONG, "row 0\nrow 1\nrow 2\n", "body"]
    for answer in answers:
        for name in ("x-request-id", "x-content-type-options", "access-control-allow-origin"):
            assert len(answer.headers.getlist(name)) == 1
    # The body limit is the innermost of ours, so what stands inside it is not reached by what it refuses.
    assert all(answer.headers.get("x-stamp") == "1" for answer in answers[:-1])


@pytest.mark.parametrize("place", PLACES)
async def test_compression_of_another_framework_works_at_every_place(place: int) -> None:
    """It sees whole messages, whether or not ours are called directly inside it."""
    async with TestClient(build(GZipMiddleware, place)) as client:
        packed = await client.get("/text", headers={"accept-encoding": "gzip"})
        plain = await client.get("/text", headers={"accept-encoding": "identity"})
    assert gzip.decompress(packed.content).decode() == plain.text == LONG
    assert packed.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("place", range(3, len(OURS) + 1))
@pytest.mark.parametrize(("error", "status"), [(PermissionDenied("closed"), 403), (RuntimeError("torn"), 500)])
async def test_error_of_a_foreign_layer_can_be_read_by_a_page(error: Exception, status: int, place: int) -> None:
    """Its answer passes the layers of ours around it, expected or not (C-119a)."""
    async with TestClient(build((Refusing, {"error": error}), place)) as client:
        response = await client.get("/refused", headers={"origin": ORIGIN})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["x-content-type-options"] == "nosniff"
    assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize("place", PLACES)
async def test_other_scopes_pass_every_layer(place: int) -> None:
    """The lifespan has run, and a scope that nobody knows is refused by the application, not by a layer (C-111)."""
    seen: list[str] = []

    def noting(app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["type"])
            await app(scope, receive, send)

        return noted

    app = build(noting, place)

    async def unused(*_: object) -> Message:
        raise AssertionError

    async with TestClient(app):
        with pytest.raises(ValueError, match="scope type 'smoke'"):
            await app({"type": "smoke", "headers": []}, unused, unused)  # type: ignore[arg-type]  # neither is called
    assert seen == ["lifespan", "smoke"]
