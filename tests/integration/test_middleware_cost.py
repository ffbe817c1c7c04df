"""What each middleware adds to a request, in Python calls: a figure without a clock, so that a test can hold it."""

import sys
from types import FrameType

import pytest

from openviper import OpenViper
from openviper.middleware.auth import AuthenticationMiddleware
from openviper.middleware.body_limit import BodyLimitMiddleware
from openviper.middleware.compression import CompressionMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.proxies import ProxyHeadersMiddleware
from openviper.middleware.request_id import RequestIDMiddleware
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import MiddlewareEntry
from openviper.testing import TestClient, override_settings
from openviper.types import Message, Scope


async def count_calls(*layers: MiddlewareEntry) -> int:
    """Python calls of one small request, once everything has been worked out."""
    with override_settings(MIDDLEWARE=()):
        app = OpenViper(routes=[], debug=False, middleware=layers)

        @app.get("/")
        async def home() -> dict[str, str]:
            return {"hello": "world"}

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None: ...

        def scope() -> Scope:
            headers = [
                (b"host", b"testserver"),
                (b"accept-encoding", b"gzip, br"),
                (b"x-forwarded-for", b"203.0.113.9"),
            ]
            base: Scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b""}
            return {**base, "headers": headers, "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1)}

        calls = 0

        def profile(frame: FrameType, event: str, arg: object) -> None:
            nonlocal calls
            calls += event == "call"

        async with TestClient(app) as client:
            await client.get("/")
            for _ in range(2):  # the first one fills what is kept from then on
                calls, asked = 0, scope()
                sys.setprofile(profile)
                try:
                    await app(asked, receive, send)
                finally:
                    sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("layer", "most"),
    [
        (SecurityMiddleware, 4),
        ((CORSMiddleware, {"allowed_origins": ["https://shop.example"]}), 4),
        (AuthenticationMiddleware, 4),
        (RequestIDMiddleware, 4),
        (ProxyHeadersMiddleware, 2),
        ((ProxyHeadersMiddleware, {"trusted": ["127.0.0.1"]}), 32),
        (BodyLimitMiddleware, 5),
        (CompressionMiddleware, 14),
    ],
    ids=["security", "cors", "auth", "request id", "no proxy", "trusted proxy", "body limit", "compression"],
)
async def test_middleware_adds_a_few_calls(layer: MiddlewareEntry, most: int) -> None:
    """Those of the default list at most four each, and one that has nothing to do less."""
    assert await count_calls(layer) - await count_calls() <= most
