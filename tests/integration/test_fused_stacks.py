"""Stacks drawn by lot: the hooks that an application runs itself do what the same layers of ASGI do.

Each draw builds three applications with the same middleware: one that runs all hooks, one with a foreign layer inside
of them, so that none is run directly, and one with foreign layers in between. The seeds are fixed; to look for more,
give ``SEEDS`` others for a while.
"""

import random
import re
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import chain

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse as StarletteText
from starlette.responses import StreamingResponse as StarletteStream
from starlette.routing import Route

from openviper import OpenViper, Request, Response
from openviper.exceptions import HTTPException, NotFound, PayloadTooLarge, PermissionDenied
from openviper.http.response import HTMLResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from openviper.middleware.auth import AuthenticationMiddleware
from openviper.middleware.base import BaseMiddleware, HookedMiddleware
from openviper.middleware.body_limit import BodyLimitMiddleware
from openviper.middleware.compression import CompressionMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.proxies import ProxyHeadersMiddleware
from openviper.middleware.request_id import RequestIDMiddleware
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import MiddlewareEntry
from openviper.testing import TestClient, override_settings
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

SEEDS = range(20)
REQUESTS_A_DRAW = 60

# Made anew for each request: ids of requests and nonces.
RANDOM = re.compile(rb"[0-9a-f]{32}")


class Foreign(BaseMiddleware):
    """A layer without hooks, which keeps those around it from being called directly."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Copying(BaseMiddleware):
    """A foreign layer that passes a copy of the scope on, as many do."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(dict(scope) if scope["type"] == "http" else scope, receive, send)


class Early(HookedMiddleware):
    """Answers, refuses or fails early, as a request asks for, and tells that it has seen the response."""

    def on_request(self, scope: Scope) -> ASGIApp | None:
        wish = dict(scope["headers"]).get(b"x-early")
        if wish == b"answer":
            return PlainTextResponse("early " * 200, 426)
        if wish == b"refuse":
            raise PermissionDenied("early")
        if wish == b"fail":
            raise RuntimeError("early")
        return None

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        headers.append((b"x-early-seen", b"%d" % status))


class Streaming(HookedMiddleware):
    """Has an asynchronous hook, which may answer with a stream."""

    async def on_request(self, scope: Scope) -> ASGIApp | None:
        return StreamingResponse(_pieces("a" * 600, "b"), media_type="text/plain") if _asks(scope, b"stream") else None


LAYERS: Sequence[MiddlewareEntry] = (
    (CompressionMiddleware, {"encodings": ["gzip"]}),
    (BodyLimitMiddleware, {"max_bytes": 1000, "max_upload_bytes": 2000}),
    (CORSMiddleware, {"allowed_origins": ["https://a.example", "https://*.b.example"], "allow_credentials": True}),
    (SecurityMiddleware, {"allowed_hosts": ["testserver"], "content_security_policy": "script-src 'self' 'nonce'"}),
    (RequestIDMiddleware, {"trust_incoming": True}),
    (ProxyHeadersMiddleware, {"trusted": ["127.0.0.1"], "headers": ["x-forwarded-for", "x-forwarded-proto"]}),
    (AuthenticationMiddleware, {"backends": []}),
    Early,
    Streaming,
)

# Headers of which some requests have one: names, values, and how many of ten.
FIELDS = (
    ("accept-encoding", ("gzip", "br, gzip", "zstd", "identity", "gzip;q=0"), 6),
    ("origin", ("https://a.example", "https://x.b.example", "https://evil.example", "null"), 3),
    ("access-control-request-method", ("GET", "BREW"), 2),
    ("accept", ("text/html", "application/problem+json", "*/*"), 3),
    ("x-early", ("answer", "refuse", "fail", "stream"), 1),
    ("x-forwarded-for", ("1.1.1.1, 2.2.2.2", "no address"), 2),
    ("x-request-id", ("abc", "no id"), 2),
)
GETS = (
    "/plain", "/large", "/tagged", "/kept", "/nothing", "/stream", "/torn-early", "/torn", "/events", "/broken", "/own",
    "/wrong", "/planned", "/bad-header", "/nowhere", "/plain/", "/theirs/text", "/theirs/broken", "/theirs/nowhere",
    "/half", "/late", "/ours/text", "/ours/broken",
)  # fmt: skip
POSTS = ("/echo", "/unread", "/deaf", "/theirs/body", "/theirs/stream", "/plain")


class PlannedError(Exception):
    """One that the application has an answer to."""


def _asks(scope: Scope, wish: bytes) -> bool:
    return (b"x-early", wish) in scope["headers"]


async def _pieces(*texts: str, error: Exception | None = None) -> AsyncIterator[str]:
    for text in texts:
        yield text
    if error is not None:
        raise error


def build(layers: Sequence[MiddlewareEntry]) -> OpenViper:
    """An application with an answer of each kind."""
    app = OpenViper(routes=[], debug=False, middleware=layers)
    _add_answers(app)
    _add_failures(app)
    _add_bodies(app)

    async def text(request: StarletteRequest) -> StarletteText:
        return StarletteText("theirs " * 100)

    async def broken(request: StarletteRequest) -> StarletteText:
        raise NotFound("raised in theirs")

    async def body(request: StarletteRequest) -> StarletteText:
        return StarletteText(str(len(await request.body())))

    async def stream(request: StarletteRequest) -> StarletteStream:
        return StarletteStream((b"got %d;" % len(piece) async for piece in request.stream()), media_type="text/plain")

    routes = [Route("/text", text), Route("/broken", broken)]
    routes += [Route("/body", body, methods=["POST"]), Route("/stream", stream, methods=["POST"])]
    app.mount("/theirs", Starlette(routes=routes))
    inner = OpenViper(routes=[], debug=False, middleware=[(CompressionMiddleware, {"encodings": ["gzip"]})])
    _add_answers(inner)
    app.mount("/ours", inner)
    return app


def _add_answers(app: OpenViper) -> None:
    @app.get("/plain")
    async def plain(request: Request) -> dict[str, object]:
        return {"client": request.client, "scheme": request.url.scheme, "nonce": bool(request.csp_nonce)}

    @app.get("/large")
    async def large() -> str:
        return "large " * 5000

    @app.get("/text")
    async def text() -> str:
        return "text " * 200

    @app.get("/tagged")
    async def tagged() -> Response:
        return PlainTextResponse("e" * 1000, headers={"etag": '"x"', "vary": "Cookie"})

    @app.get("/kept")
    async def kept() -> Response:
        return Response(None, 304, {"etag": '"x"'})

    @app.get("/nothing")
    async def nothing() -> Response:
        return Response(None, 204)

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(_pieces(*["piece " * 100] * 3), media_type="text/plain")

    @app.get("/events")
    async def events() -> Response:
        return StreamingResponse(_pieces("data: x\n\n"), media_type="text/event-stream")

    @app.get("/own")
    async def own() -> Response:
        headers = {
            "content-security-policy": "default-src 'none'",
            "access-control-allow-origin": "https://own.example",
        }
        return HTMLResponse("<p>own</p>" * 100, headers=headers)


def _add_failures(app: OpenViper) -> None:
    @app.exception_handler(PlannedError)
    async def answer(request: Request, error: PlannedError) -> Response:
        return RedirectResponse("/elsewhere")

    @app.get("/torn-early")
    async def torn_early() -> Response:
        return StreamingResponse(_pieces(error=PlannedError()), media_type="text/plain")

    @app.get("/torn")
    async def torn() -> Response:
        return StreamingResponse(_pieces("a" * 1000, error=PlannedError()), media_type="text/plain")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    @app.get("/wrong")
    async def wrong() -> None:
        raise HTTPException(418, {"why": "tea"}, {"x-tea": "green"})

    @app.get("/planned")
    async def planned() -> None:
        raise PlannedError

    @app.get("/bad-header")
    async def bad_header() -> None:
        raise HTTPException(400, "x", {"x-a": "a\r\nb: c"})

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise NotFound("half")

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"whole"})
        raise NotFound("late")

    app.mount("/half", half)
    app.mount("/late", late)


def _add_bodies(app: OpenViper) -> None:
    @app.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body(), media_type="text/plain")

    @app.post("/unread")
    async def unread() -> dict[str, int]:
        return {"unread": 1}

    @app.post("/deaf")
    async def deaf(request: Request) -> dict[str, int]:
        try:
            return {"read": len(await request.body())}
        except PayloadTooLarge:
            return {"read": -1}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: RawHeaders
    pieces: tuple[bytes, ...]


def draw_request(lot: random.Random) -> Asked:
    method = lot.choice(["GET"] * 6 + ["HEAD"] + ["POST"] * 3 + ["OPTIONS"])
    fields = [(name, lot.choice(values)) for name, values, tenths in FIELDS if lot.random() * 10 < tenths]
    headers = [(b"host", lot.choice([b"testserver"] * 9 + [b"evil.example"]))]
    headers += [(name.encode(), value.encode()) for name, value in fields]
    if method != "POST":
        return Asked(method, lot.choice(GETS), headers, ())
    body = b"x" * lot.choice([0, 10, 900, 1001, 5000])
    pieces = tuple(body[begin : begin + 300] for begin in range(0, len(body), 300))
    if lot.random() < 0.5:
        headers.append((b"content-length", b"%d" % len(body)))
    else:
        headers.append((b"transfer-encoding", b"chunked"))
    return Asked(method, lot.choice(POSTS), headers, pieces)


async def ask(app: ASGIApp, asked: Asked) -> tuple[list[Message], str]:
    """Give what the application sent, and the kind of error that came out of it."""
    sent: list[Message] = []
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in asked.pieces]
    left.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(asked.headers),
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - which one it was is compared
        return sent, type(error).__name__
    return sent, ""


def summarise(method: str, sent: Sequence[Message], error: str) -> dict[str, object]:
    """What a client would notice, without what is made anew for each request."""
    (head,) = [message for message in sent if message["type"] == "http.response.start"]
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    fields = dict(head["headers"])
    if b"content-length" in fields and method != "HEAD":
        assert fields[b"content-length"] == b"%d" % len(body)
    if b"content-encoding" in fields and method != "HEAD":
        body = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body)  # which may be torn off
    return {
        "status": head["status"],
        # The id of a request in a body changes how far it can be compressed.
        "headers": sorted(_settled(name, value) for name, value in head["headers"] if name != b"vary"),
        "vary": {word.strip() for name, value in head["headers"] if name == b"vary" for word in value.split(b",")},
        "body": RANDOM.sub(b"random", body),
        "is_whole": not sent[-1].get("more_body", sent[-1] is head),
        "error": error,
    }


def _settled(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    return name, b"checked" if name == b"content-length" else RANDOM.sub(b"random", value)


@pytest.mark.parametrize("seed", SEEDS)
async def test_fused_hooks_and_layers_of_asgi_are_the_same(seed: int) -> None:
    """Whatever is asked, a client cannot tell which of them it was; there is one head, and the length is right."""
    lot = random.Random(seed)
    layers = lot.sample(LAYERS, lot.randint(1, 6))
    mixed = list(chain.from_iterable([layer, *lot.choice([(), (Copying,)])] for layer in layers))
    with override_settings(MIDDLEWARE=()):
        stacks = [build(layers), build([*layers, Foreign]), build(mixed)]
        async with TestClient(stacks[0]), TestClient(stacks[1]), TestClient(stacks[2]):
            for _ in range(REQUESTS_A_DRAW):
                asked = draw_request(lot)
                fused, layered, between = [summarise(asked.method, *await ask(stack, asked)) for stack in stacks]
                assert layered == fused, (layers, asked)
                assert between == fused, (mixed, asked)
