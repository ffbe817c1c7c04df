"""The applications that ``benchmarks.serving`` compares, and the process that serves one of them.

``python -m benchmarks.served SIDE VARIANT FOLDER`` prints the port and serves until it is ended. The folder holds the
file that is sent. ``GET /cpu`` tells the processor time of the process.
"""

import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import orjson
import uvicorn

from benchmarks.scenarios import BOUNDARY, HELLO, OBJECT, ORIGIN, ROUTES, ROWS, TOKEN, Order
from openviper import OpenViper
from openviper.conf import settings
from openviper.http.request import Request
from openviper.http.response import FileResponse
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

Work: TypeAlias = Callable[[Scope, Receive], Awaitable[tuple[bytes, bytes]]]

_JSON: Final = b"application/json"
_TEXT: Final = b"text/plain; charset=utf-8"


class Backend:
    """Knows one user by a token."""

    async def authenticate(self, scope: Scope) -> tuple[object, object] | None:
        found = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        return (User(), "bearer") if found == b"Bearer " + TOKEN.encode() else None


class User:
    is_authenticated = True
    username = "ada"


def openviper(variant: str, folder: Path) -> ASGIApp:
    """The framework as its manual uses it."""
    middleware = ("security.SecurityMiddleware", "cors.CORSMiddleware", "auth.AuthenticationMiddleware")
    settings.configure(
        DEBUG=False,
        SECRET_KEY="benchmark" * 8,
        MIDDLEWARE=tuple(f"openviper.middleware.{name}" for name in middleware) if variant == "stack" else (),
        ALLOWED_HOSTS=("127.0.0.1",),
        CORS_ALLOWED_ORIGINS=(ORIGIN,),
        AUTH_BACKENDS=(f"{__name__}.Backend",),
        AUTH_SESSION_ENABLED=False,
    )
    app = OpenViper(debug=False)
    for number in range(ROUTES if variant == "many" else 0):
        _add_numbered(app, number)

    @app.get("/cpu")
    async def cpu() -> str:
        return repr(time.process_time())

    @app.get("/plaintext")
    async def plaintext() -> str:
        return HELLO

    @app.get("/json")
    async def one_object() -> dict[str, object]:
        return OBJECT

    @app.get("/rows")
    async def rows() -> list[dict[str, object]]:
        return ROWS

    @app.get("/users/{user_id:int}/posts/{post_id:int}")
    async def post_of_user(user_id: int, post_id: int, page: int, size: int, q: str) -> dict[str, object]:
        return {"user": user_id, "post": post_id, "page": page, "size": size, "q": q}

    @app.post("/order")
    async def order(order: Order) -> Order:
        return order

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, int]:
        file = (await request.files())["file"]
        return {"size": len(await file.read())}

    @app.get("/static/{name:path}")
    async def static(name: str) -> FileResponse:
        return FileResponse(folder / name, allowed_dir=folder)

    return app


def _add_numbered(app: OpenViper, number: int) -> None:
    @app.get(f"/resource{number}/{{item_id:int}}/detail")
    async def detail(item_id: int) -> dict[str, int]:
        return {"route": number, "id": item_id}


def bare(variant: str, folder: Path) -> ASGIApp:
    """The same answers by hand: a table of functions, and no more work than each of them needs."""
    table = _handwritten(folder)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        name = scope["path"].split("/", 2)[1]
        kind, body = await table[name.rstrip("0123456789")](scope, receive)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return _secured(_shared(_authenticated(app))) if variant == "stack" else app


def _secured(app: ASGIApp) -> ASGIApp:
    """Security headers, as a plain ASGI middleware has them."""
    extra = [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]

    async def secured(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, _adding(extra, send))

    return secured


def _shared(app: ASGIApp) -> ASGIApp:
    """CORS for one origin."""
    origin = ORIGIN.encode()
    extra = [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]

    async def shared(scope: Scope, receive: Receive, send: Send) -> None:
        is_known = next((value for name, value in scope["headers"] if name == b"origin"), None) == origin
        await app(scope, receive, _adding(extra, send) if is_known else send)

    return shared


def _authenticated(app: ASGIApp) -> ASGIApp:
    """One user, known by a token, in the scope and in a context variable."""
    word = b"Bearer " + TOKEN.encode()

    async def authenticated(scope: Scope, receive: Receive, send: Send) -> None:
        is_known = next((value for name, value in scope["headers"] if name == b"authorization"), None) == word
        scope["user"] = user = User() if is_known else None
        token = _user.set(user)
        try:
            await app(scope, receive, send)
        finally:
            _user.reset(token)

    return authenticated


def _adding(extra: RawHeaders, send: Send) -> Send:
    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *extra]
        await send(message)

    return adding


_user: Final[ContextVar[User | None]] = ContextVar("_user", default=None)


def _handwritten(folder: Path) -> dict[str, Work]:
    decoder, encoder = msgspec.json.Decoder(Order), msgspec.json.Encoder()

    async def cpu(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        return _TEXT, repr(time.process_time()).encode()

    async def plaintext(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        return _TEXT, HELLO.encode()

    async def one_object(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        return _JSON, orjson.dumps(OBJECT)

    async def rows(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        return _JSON, orjson.dumps(ROWS)

    async def users(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        _, _, user, _, post = scope["path"].split("/")
        query = dict(pair.split(b"=") for pair in scope["query_string"].split(b"&"))
        size, page, words = int(query[b"size"]), int(query[b"page"]), query[b"q"].decode()
        return _JSON, orjson.dumps({"user": int(user), "post": int(post), "page": page, "size": size, "q": words})

    async def resource(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        _, name, item, _ = scope["path"].split("/")
        return _JSON, orjson.dumps({"route": int(name[len("resource") :]), "id": int(item)})

    async def order(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        return _JSON, encoder.encode(decoder.decode(await _read(receive)))

    async def upload(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        body = await _read(receive)
        start = body.index(b"\r\n\r\n") + 4
        return _JSON, orjson.dumps({"size": body.index(f"\r\n--{BOUNDARY}".encode(), start) - start})

    async def static(scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        # On the loop, as the shortest code would.
        return b"application/octet-stream", (folder / scope["path"][8:]).read_bytes()

    return {
        "cpu": cpu, "plaintext": plaintext, "json": one_object, "rows": rows, "users": users, "resource": resource,
        "order": order, "upload": upload, "static": static,
    }  # fmt: skip


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _live(receive: Receive, send: Send) -> None:
    message: Message = {"type": ""}
    while message["type"] != "lifespan.shutdown":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})


def main() -> None:
    """Serve one application on a free port."""
    side, variant, folder = sys.argv[1:]
    app = {"bare": bare, "openviper": openviper}[side](variant, Path(folder))
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
