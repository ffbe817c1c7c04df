"""Smaller answers for clients that can unpack them."""

import gzip
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse as StarletteText
from starlette.routing import Route

from openviper import OpenViper, Request, Response
from openviper.exceptions import SettingsValidationError
from openviper.http.compressors import Encoding, new_compressor
from openviper.http.response import FileResponse, StreamingResponse
from openviper.middleware.base import BaseMiddleware
from openviper.middleware.compression import CompressionMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.stack import MiddlewareEntry
from openviper.testing import TestClient, override_settings
from openviper.types import Message, Receive, Scope, Send

TEXT = "All work and no play. " * 100
GZIP = {"accept-encoding": "gzip"}


class Foreign(BaseMiddleware):
    """A layer without hooks, which keeps those around it from being called directly."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(params=["fused", "as a layer"])
def build(request: pytest.FixtureRequest) -> Callable[..., OpenViper]:
    """Makes an application with the middleware, called directly or between others."""

    def make(**options: object) -> OpenViper:
        layers = [(CompressionMiddleware, options)]
        if request.param == "fused":
            return OpenViper(routes=[], debug=False, middleware=layers)
        return OpenViper(routes=[], debug=False, middleware=[*layers, Foreign])

    return make


def unpacked(encoding: str, data: bytes) -> bytes:
    """The content of an answer, by the packages themselves."""
    if encoding == "gzip":
        return gzip.decompress(data)
    if encoding == "br":
        brotli = pytest.importorskip("brotli")
        content: bytes = brotli.decompress(data)
    else:
        zstandard = pytest.importorskip("zstandard")
        content = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return content


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("gzip;q=0.5, br", "br"),
        ("gzip, br, zstd", "zstd"),
        ("br;q=0, gzip", "gzip"),
        ("*", "zstd"),
    ],
)
async def test_answer_is_compressed_with_what_the_client_likes_best(
    build: Callable[..., OpenViper], accepted: str, encoding: str
) -> None:
    """The body unpacks to what the handler returned, the length is its own, and caches keep the forms apart."""
    app = build()

    @app.get("/")
    async def text() -> str:
        return TEXT

    async with TestClient(app) as client:
        response = await client.get("/", headers={"accept-encoding": accepted})
    assert response.headers["content-encoding"] == encoding
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-length"] == str(len(response.content))
    assert len(response.content) < len(TEXT) / 5
    assert unpacked(encoding, response.content).decode() == TEXT


@pytest.mark.parametrize("accepted", [None, "", "identity", "gzip;q=0", "deflate", "gzip;q=high"])
async def test_client_that_takes_none_gets_the_answer_as_it_is(
    build: Callable[..., OpenViper], accepted: str | None
) -> None:
    """Caches are told that others may get another form."""
    app = build()

    @app.get("/")
    async def text() -> str:
        return TEXT

    async with TestClient(app) as client:
        response = await client.get("/", headers={} if accepted is None else {"accept-encoding": accepted})
    assert (response.text, response.headers.get("content-encoding")) == (TEXT, None)
    assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"content-type": "image/png"}, TEXT),
        (200, {}, TEXT),
        (200, {"content-type": "text/plain", "content-encoding": "br"}, TEXT),
        (200, {"content-type": "text/plain", "cache-control": "private, No-Transform"}, TEXT),
        (200, {"content-type": "text/event-stream; charset=utf-8"}, TEXT),
        (206, {"content-type": "text/plain", "content-range": "bytes 0-1/9"}, TEXT),
        (200, {"content-type": "text/plain"}, TEXT[:499]),
        (204, {}, ""),
    ],
)
async def test_answer_that_is_not_worth_it_stays_as_it_is(
    build: Callable[..., OpenViper], status: int, headers: Mapping[str, str], body: str
) -> None:
    """Packed already, a part, an event stream, small, or marked as not to be changed."""
    app = build()

    @app.get("/")
    async def answer() -> Response:
        return Response(body, status, headers)

    async with TestClient(app) as client:
        response = await client.get("/", headers=GZIP)
    assert response.content == body.encode()
    assert response.headers.get("content-encoding") == headers.get("content-encoding")


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
async def test_stream_is_compressed_as_it_is_made(build: Callable[..., OpenViper], encoding: Encoding) -> None:
    """What has been given can be unpacked before the next piece is made."""
    try:
        new_compressor(encoding)
    except ImportError:
        pytest.skip(f"{encoding} is not installed")
    app = build()

    @app.get("/")
    async def rows() -> StreamingResponse:
        async def make() -> AsyncIterator[str]:
            for number in range(3):
                yield f"row {number} " * 100

        return StreamingResponse(make(), media_type="text/plain")

    async with TestClient(app) as client:
        response = await client.get("/", headers={"accept-encoding": encoding})
    assert (response.headers["content-encoding"], response.headers.get("content-length")) == (encoding, None)
    assert unpacked(encoding, response.content).startswith(b"row 0 row 0")
    assert len(unpacked(encoding, response.content)) == 3 * 600


async def test_stream_of_events_is_sent_as_it_is(build: Callable[..., OpenViper]) -> None:
    """It lasts for hours, and a compressor for each client would take more than it saves."""
    app = build(minimum_size=0)

    @app.get("/")
    async def events() -> StreamingResponse:
        return StreamingResponse([b"data: 1\n\n", b"data: 2\n\n"], media_type="text/event-stream")

    async with TestClient(app) as client:
        response = await client.get("/", headers=GZIP)
    assert response.content == b"data: 1\n\ndata: 2\n\n"
    assert "content-encoding" not in response.headers


async def test_tag_becomes_weak_and_is_recognised(build: Callable[..., OpenViper], tmp_path: Path) -> None:
    """Other bytes are sent under it; the client that sends it back gets 304 under the name that it knows."""
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    app = build()

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(path)

    async with TestClient(app) as client:
        plain = await client.get("/")
        packed = await client.get("/", headers=GZIP)
        again = await client.get("/", headers={**GZIP, "if-none-match": packed.headers["etag"]})
    assert gzip.decompress(packed.content).decode() == plain.text == TEXT
    assert packed.headers["etag"] == f"W/{plain.headers['etag']}".replace("W/W/", "W/")
    assert (plain.headers.get("accept-ranges"), packed.headers.get("accept-ranges")) == ("bytes", None)
    assert (again.status_code, again.headers["etag"], again.content) == (304, packed.headers["etag"], b"")
    assert "Accept-Encoding" in again.headers["vary"]


async def test_head_has_the_fields_of_a_get(build: Callable[..., OpenViper]) -> None:
    """Without a body."""
    app = build()

    @app.get("/")
    async def text() -> str:
        return TEXT

    async with TestClient(app) as client:
        response = await client.head("/", headers=GZIP)
        small = await client.head("/nowhere", headers=GZIP)
    assert (response.headers["content-encoding"], response.content) == ("gzip", b"")
    assert "content-length" not in response.headers
    assert (small.headers.get("content-encoding"), small.headers["content-length"]) == (None, "23")


async def test_errors_and_mounted_applications_are_compressed_too(build: Callable[..., OpenViper]) -> None:
    """Whoever makes the answer."""
    app = build(minimum_size=0)

    async def theirs(request: object) -> StarletteText:
        return StarletteText(TEXT)

    app.mount("/theirs", Starlette(routes=[Route("/", theirs)]))
    async with TestClient(app) as client:
        error = await client.get("/nowhere", headers=GZIP)
        mounted = await client.get("/theirs/", headers=GZIP)
    assert gzip.decompress(error.content) == b'{"detail":"Not found."}'
    assert gzip.decompress(mounted.content).decode() == TEXT


async def test_large_body_comes_whole(build: Callable[..., OpenViper]) -> None:
    """It is compressed in a thread, since the loop would stand still for it."""
    app = build(encodings=["gzip"])
    large = os.urandom(2**20).hex()

    @app.get("/")
    async def text() -> str:
        return large

    async with TestClient(app) as client:
        response = await client.get("/", headers=GZIP)
    assert gzip.decompress(response.content).decode() == large


async def test_other_headers_that_vary_stay(build: Callable[..., OpenViper]) -> None:
    """One line names them all."""
    app = build()

    @app.get("/")
    async def text(request: Request) -> Response:
        return Response(TEXT, 200, {"vary": "Cookie"}, "text/plain")

    async with TestClient(app) as client:
        response = await client.get("/", headers=GZIP)
    assert response.headers.getlist("vary") == ["Cookie, Accept-Encoding"]


async def test_headers_of_other_middleware_are_there_as_well() -> None:
    """Bodies are packed before the heads are completed."""
    origin = "https://shop.example"
    layers: list[MiddlewareEntry] = [(CORSMiddleware, {"allowed_origins": [origin]}), CompressionMiddleware]
    app = OpenViper(routes=[], debug=False, middleware=layers)

    @app.get("/")
    async def text() -> str:
        return TEXT

    async with TestClient(app) as client:
        response = await client.get("/", headers={**GZIP, "origin": origin})
    assert response.headers["access-control-allow-origin"] == origin
    assert gzip.decompress(response.content).decode() == TEXT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encodings": ["deflate"]}, "'deflate' is no encoding"),
        ({"levels": {"lzma": 5}}, "'lzma' is no encoding"),
        ({"levels": {"gzip": 10}}, "level 10 of 'gzip': it must be 0 to 9"),
        ({"levels": {"zstd": 0}}, "level 0 of 'zstd': it must be 1 to 22"),
        ({"minimum_size": -1}, "COMPRESSION_MIN_SIZE is -1"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], message: str) -> None:
    """At the start, not at the first answer."""
    with pytest.raises(SettingsValidationError, match=message):
        CompressionMiddleware(_nothing, **options)  # type: ignore[arg-type]  # the point of the test


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None: ...


async def test_size_is_that_of_the_settings() -> None:
    """The argument wins over it; the hooks are called without a layer in between."""
    scope: Scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
    with override_settings(COMPRESSION_MIN_SIZE=5):
        layer = CompressionMiddleware(_nothing)
    body = await layer.on_body(scope, 200, [(b"content-type", b"text/plain")], b"a" * 5)
    assert gzip.decompress(body) == b"a" * 5
    assert layer.is_fusible()


async def test_level_is_the_one_that_was_given() -> None:
    """Level 0 of gzip packs nothing, and 9 more than 1."""
    scope: Scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
    sizes = []
    for level in (0, 1, 9):
        layer = CompressionMiddleware(_nothing, levels={"gzip": level})
        data = bytes(range(64)) * 10 + TEXT.encode()
        sizes.append(len(await layer.on_body(scope, 200, [(b"content-type", b"text/plain")], data)))
    assert sizes[0] > len(TEXT) > sizes[1] >= sizes[2]


async def test_message_of_another_kind_passes() -> None:
    """A file that the server sends itself is not read for it."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
    wrapped = CompressionMiddleware(_nothing).wrap_send(scope, send)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"4000")]
    await wrapped({"type": "http.response.start", "status": 200, "headers": headers})
    await wrapped({"type": "http.response.pathsend", "path": "/x"})
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.pathsend"]
    assert (b"content-length", b"4000") in sent[0]["headers"]


async def test_kept_answers_and_parts_depend_on_the_encoding_too(
    build: Callable[..., OpenViper], tmp_path: Path
) -> None:
    """A cache that stores their fields must not give a compressed form to a client that takes none."""
    text, image = tmp_path / "a.txt", tmp_path / "a.png"
    for path in (text, image):
        path.write_text(TEXT)
    app = build()

    @app.get("/text")
    async def send_text() -> Response:
        return FileResponse(text)

    @app.get("/image")
    async def send_image() -> Response:
        return FileResponse(image)

    async with TestClient(app) as client:
        whole = await client.get("/text")
        kept = await client.get("/text", headers={"if-none-match": whole.headers["etag"]})
        part = await client.get("/text", headers={**GZIP, "range": "bytes=0-1"})
        parts = await client.get("/text", headers={"range": "bytes=0-1,5-6"})
        refused = await client.get("/text", headers={**GZIP, "if-match": '"x"'})
        other = await client.get("/image", headers={"range": "bytes=0-1"})
    answers = (whole, kept, part, parts, refused, other)
    assert [response.status_code for response in answers] == [200, 304, 206, 206, 412, 206]
    assert [response.headers.get("vary") for response in answers] == ["Accept-Encoding"] * 5 + [None]


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_error_before_the_first_byte_is_answered_with_all_headers(accepted: str) -> None:
    """The hooks of one application see the answer, and the client's encodings do not decide which one it is."""
    app = OpenViper(
        routes=[], debug=False, middleware=[CompressionMiddleware, (CORSMiddleware, {"allowed_origins": ["*"]})]
    )
    app.mount("/failing", _failing)

    @app.exception_handler(LookupError)
    async def answer(request: Request, error: LookupError) -> Response:
        return Response(status_code=302, headers={"location": "/login"})

    async with TestClient(app) as client:
        response = await client.get("/failing/", headers={"accept-encoding": accepted, "origin": "https://a.example"})
    assert (response.status_code, response.headers["location"]) == (302, "/login")
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_layers_of_asgi_agree_that_an_answer_has_begun(accepted: str) -> None:
    """The layers further in have completed its head, so it is the one that is sent, and the error ends it."""
    layers: list[MiddlewareEntry] = [CompressionMiddleware, (CORSMiddleware, {"allowed_origins": ["*"]}), Foreign]
    app = OpenViper(routes=[], debug=False, middleware=layers)
    app.mount("/failing", _failing)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"testserver"), (b"accept-encoding", accepted.encode()), (b"origin", b"https://a.example")]
    scope: Scope = {"type": "http", "method": "GET", "path": "/failing/", "query_string": b"", "headers": headers}
    async with TestClient(app):
        with pytest.raises(LookupError):
            await app(scope, receive, send)
    assert [message.get("status") for message in sent] == [200, None]
    assert (b"access-control-allow-origin", b"*") in sent[0]["headers"]


async def _failing(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        raise LookupError
