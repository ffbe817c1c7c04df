"""How many Python calls a request costs: a figure without a clock, the same on every machine.

Counted are the calls from the application's own to the two of ``send``, both included. A call is about 0.05 us of a
request that a bare ASGI function answers in 14 us on uvicorn, so a dozen of them is what "close to the bare server"
allows.
"""

import sys
from types import FrameType

import msgspec
import pytest

from openviper import OpenViper
from openviper.testing import TestClient, override_settings
from openviper.types import Message, Scope

ORIGIN = "https://shop.example"
STACK = (
    "openviper.middleware.security.SecurityMiddleware",
    "openviper.middleware.cors.CORSMiddleware",
    "openviper.middleware.auth.AuthenticationMiddleware",
)


class Order(msgspec.Struct):
    """A typed body."""

    id: int
    note: str


class _Ada:
    is_authenticated, username = True, "ada"


class KnowsAda:
    """A backend without a database."""

    async def authenticate(self, scope: Scope) -> tuple[_Ada, dict[str, object]] | None:
        wanted = (b"authorization", b"Bearer token123")
        return (_Ada(), {"type": "token"}) if wanted in scope["headers"] else None


def build(*, many: bool = False) -> OpenViper:
    app = OpenViper(routes=[], debug=False)

    @app.get("/json")
    async def answer() -> dict[str, object]:
        return {"message": "Hello, World!", "id": 1, "ok": True}

    @app.get("/plaintext")
    async def plaintext() -> str:
        return "Hello, World!"

    @app.get("/users/{user_id:int}/posts/{post_id:int}")
    async def posts(user_id: int, post_id: int, page: int, size: int, q: str) -> dict[str, object]:
        return {"user": user_id, "post": post_id, "page": page, "size": size, "q": q}

    @app.post("/order")
    async def order(order: Order) -> Order:
        return order

    for number in range(500 if many else 0):

        @app.get(f"/res{number}/{{item_id:int}}/detail")
        async def detail(item_id: int) -> dict[str, int]:
            return {"id": item_id}

    return app


async def count(app: OpenViper, path: str, *, method: str = "GET", body: bytes = b"") -> int:
    """Answer one request and count the calls of Python functions, once everything has been made that is kept."""
    path, _, query = path.partition("?")
    headers = [
        (b"host", b"127.0.0.1:8000"), (b"origin", ORIGIN.encode()), (b"authorization", b"Bearer token123"),
        (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)),
    ]  # fmt: skip
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    statuses: list[int] = []
    calls = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    async with TestClient(app):
        await app(dict(scope), receive, send)
        before = sys.getprofile()
        sys.setprofile(note)
        await app(dict(scope), receive, send)
        sys.setprofile(before)
    assert statuses == [200, 200]
    return calls


@pytest.mark.parametrize(
    ("path", "most"),
    [("/json", 11), ("/plaintext", 13), ("/users/7/posts/42?page=2&size=20&q=abc", 17)],
)
async def test_calls_of_a_request(path: str, most: int) -> None:
    """A request without middleware is a dozen calls."""
    with override_settings(MIDDLEWARE=()):
        assert await count(build(), path) <= most


async def test_calls_of_a_typed_body() -> None:
    """Reading, decoding and encoding a typed body adds a handful of calls."""
    with override_settings(MIDDLEWARE=()):
        assert await count(build(), "/order", method="POST", body=b'{"id":1,"note":"ring twice"}') <= 15


async def test_calls_do_not_grow_with_the_routes() -> None:
    """The last of 500 routes costs as many calls as the only one."""
    with override_settings(MIDDLEWARE=()):
        assert await count(build(many=True), "/res499/42/detail") <= 13


async def test_calls_of_a_request_through_the_stack() -> None:
    """Security, CORS and authentication add one call for each thing they do, and no layer."""
    with override_settings(
        MIDDLEWARE=STACK,
        ALLOWED_HOSTS=("127.0.0.1",),
        CORS_ALLOWED_ORIGINS=(ORIGIN,),
        AUTH_BACKENDS=(f"{__name__}.KnowsAda",),
    ):
        assert await count(build(), "/json") <= 19
