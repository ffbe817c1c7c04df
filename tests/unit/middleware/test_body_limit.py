"""How much a request may send."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from openviper import OpenViper, Request, Response
from openviper.exceptions import PayloadTooLarge, SettingsValidationError
from openviper.middleware.base import BaseMiddleware, HookedMiddleware
from openviper.middleware.body_limit import BodyLimitMiddleware
from openviper.middleware.errors import ErrorResponder
from openviper.middleware.stack import build_middleware_stack
from openviper.testing import TestClient, override_settings
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send


class Foreign(BaseMiddleware):
    """A layer without hooks, which keeps those around it from being called directly."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _app(*, max_bytes: int = 10, max_upload_bytes: int = 200, is_fused: bool = True) -> OpenViper:
    layer = (BodyLimitMiddleware, {"max_bytes": max_bytes, "max_upload_bytes": max_upload_bytes})
    app = OpenViper(routes=[], debug=False, middleware=[layer] if is_fused else [layer, Foreign])

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.post("/unread")
    async def unread() -> str:
        return "unread"

    @app.post("/deaf")
    async def deaf(request: Request) -> str:
        try:
            return str(len(await request.body()))
        except PayloadTooLarge:
            return "never mind"

    async def theirs(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def begun(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()

    app.mount("/theirs", Starlette(routes=[Route("/body", theirs, methods=["POST"])]))
    app.mount("/begun", begun)
    return app


async def _pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


@pytest.mark.parametrize("is_fused", [True, False])
@pytest.mark.parametrize("path", ["/echo", "/unread", "/deaf", "/nowhere", "/theirs/body", "/theirs/nowhere"])
async def test_announced_body_is_refused_unread(path: str, is_fused: bool) -> None:
    """The length is enough, whoever would have answered; the connection ends with the answer."""
    async with TestClient(_app(is_fused=is_fused)) as client:
        response = await client.post(path, content=b"x" * 11)
    assert response.status_code == 413
    assert response.json() == {"detail": "The request body is larger than 10 bytes."}
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize("is_fused", [True, False])
@pytest.mark.parametrize("path", ["/echo", "/deaf", "/theirs/body"])
async def test_streamed_body_is_refused_where_it_passes_the_limit(path: str, is_fused: bool) -> None:
    """A body without a length is counted; what a mounted application makes of the error is replaced."""
    async with TestClient(_app(is_fused=is_fused)) as client:
        response = await client.post(path, content=_pieces(b"12345", b"67890", b"1", b"more"))
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert response.json() == {"detail": "The request body is larger than 10 bytes."}


@pytest.mark.parametrize("is_fused", [True, False])
@pytest.mark.parametrize("path", ["/echo", "/theirs/body"])
async def test_body_up_to_the_limit_passes(path: str, is_fused: bool) -> None:
    """Announced or not, and so does a request without one."""
    async with TestClient(_app(is_fused=is_fused)) as client:
        whole = await client.post(path, content=b"1234567890")
        pieces = await client.post(path, content=_pieces(b"12345", b"", b"67890"))
        empty = await client.post(path)
        unread = await client.post("/unread", content=_pieces(b"x" * 50))
    assert [response.status_code for response in (whole, pieces, empty, unread)] == [200] * 4
    assert whole.text == pieces.text == ("1234567890" if path == "/echo" else "10")


async def test_form_with_files_has_a_limit_of_its_own() -> None:
    """It is larger, as uploads are, and holds for nothing else that says it is a form."""
    form = {"content-type": "Multipart/Form-Data; boundary=x"}
    async with TestClient(_app()) as client:
        allowed = await client.post("/unread", content=b"x" * 200, headers=form)
        refused = await client.post("/unread", content=b"x" * 201, headers=form)
        others = [
            await client.post("/unread", content=b"x" * 50, headers={"content-type": kind})
            for kind in ("multipart/mixed", "multipart/form-data-not")
        ]
    assert [response.status_code for response in (allowed, refused, *others)] == [200, 413, 413, 413]
    assert "200 bytes" in refused.text


@pytest.mark.parametrize("is_fused", [True, False])
async def test_connection_ends_with_the_answer_to_a_body_nobody_has_read(is_fused: bool) -> None:
    """Its length is not known, and the server would take in whatever comes; one that was read has an end."""
    app = _app(is_fused=is_fused)

    @app.post("/closing")
    async def closing() -> Response:
        return Response(headers={"connection": "Close"})

    async with TestClient(app) as client:
        unread = await client.post("/unread", content=_pieces(b"x"))
        read = await client.post("/echo", content=_pieces(b"x"))
        announced = await client.post("/unread", content=b"x")
        own = await client.post("/closing", content=_pieces(b"x"))
        absent = await client.post("/nowhere", content=_pieces(b"x"))
        theirs = await client.post("/theirs/nowhere", content=_pieces(b"x"))
    closed = [response.headers.getlist("connection") for response in (unread, read, announced, own, absent, theirs)]
    assert closed == [["close"], [], [], ["Close"], ["close"], ["close"]]


@pytest.mark.parametrize("is_fused", [True, False])
async def test_answer_of_a_project_to_the_error_is_the_one_that_is_sent(is_fused: bool) -> None:
    """It is asked for once, and keeps the headers that layers further in have added."""
    asked: list[object] = []

    class Marking(HookedMiddleware):
        def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
            headers.append((b"x-inside", b"1"))

    limit = (BodyLimitMiddleware, {"max_bytes": 10})
    app = OpenViper(routes=[], debug=False, middleware=[limit, Marking] if is_fused else [limit, Marking, Foreign])

    @app.exception_handler(PayloadTooLarge)
    async def answer(request: Request, error: PayloadTooLarge) -> tuple[str, int]:
        asked.append(error)
        return "ours", 413

    @app.post("/")
    async def echo(request: Request) -> bytes:
        return await request.body()

    async with TestClient(app) as client:
        response = await client.post("/", content=_pieces(b"x" * 11))
    assert (response.status_code, response.text, len(asked)) == (413, "ours", 1)
    assert response.headers["x-inside"] == "1"
    assert response.headers["connection"] == "close"


async def test_answer_that_has_begun_is_not_replaced() -> None:
    """The status has been sent; the error ends the answer in the middle."""
    client = TestClient(_app())
    async with client:
        with pytest.raises(PayloadTooLarge):
            await client.post("/begun", content=_pieces(b"x" * 11))


async def _status(*headers: tuple[bytes, bytes], version: str = "1.1", body: bytes = b"") -> list[Message]:
    """What a stack without an application of ours sends."""
    sent: list[Message] = []

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    raw: RawHeaders = list(headers)
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "http_version": version, "headers": raw}
    stack: ASGIApp = build_middleware_stack(
        reads, [(BodyLimitMiddleware, {"max_bytes": 10})], responder=ErrorResponder({}, debug=False)
    )
    await stack(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"10", 200),
        (b"0", 200),
        (b"0000000010", 200),
        (b"11", 413),
        (b"9" * 20_000, 413),
        (b"-1", 400),
        (b"+5", 400),
        (b"5, 5", 400),
        (b"", 400),
        (b"1e3", 400),
        ("\u0663".encode(), 400),
    ],
)
async def test_length_that_is_no_number_is_400(value: bytes, status: int) -> None:
    """However many digits there are, the answer is the right one."""
    assert (await _status((b"content-length", value)))[0]["status"] == status


async def test_http_2_is_not_told_about_the_connection() -> None:
    """It has no such header, and bodies without a length; they are counted."""
    start = (await _status(version="2", body=b"x" * 11))[0]
    assert start["status"] == 413
    assert b"connection" not in dict(start["headers"])


async def test_length_that_comes_twice_is_the_larger() -> None:
    """No header hides another one."""
    sent = await _status((b"content-length", b"5"), (b"content-length", b"11"))
    assert sent[0]["status"] == 413


async def test_stack_without_an_application_answers_in_text() -> None:
    """Between foreign applications the status is what counts."""
    sent: list[Message] = []

    async def theirs(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await receive()
        except PayloadTooLarge:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"oops"})
            raise

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 11, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "headers": [(b"transfer-encoding", b"chunked")]}
    await BodyLimitMiddleware(theirs, max_bytes=10)(scope, receive, send)
    assert [message.get("status") for message in sent] == [413, None]
    assert sent[1]["body"] == b"The request body is larger than 10 bytes."


async def test_error_of_the_same_kind_that_is_not_ours_goes_on() -> None:
    """A handler may have a smaller limit of its own, and what answers it stands further out."""

    async def theirs(scope: Scope, receive: Receive, send: Send) -> None:
        raise PayloadTooLarge(5)

    async def unused(*_: object) -> Message:
        raise AssertionError

    with pytest.raises(PayloadTooLarge):
        await BodyLimitMiddleware(theirs)({"type": "http", "headers": []}, unused, unused)  # type: ignore[arg-type]  # neither is called


def test_limits_are_those_of_the_settings() -> None:
    """A limit that is no number of bytes keeps the application from starting."""
    with override_settings(MAX_BODY_SIZE=5):
        assert BodyLimitMiddleware(_nothing).is_fusible()
        with pytest.raises(PayloadTooLarge, match="5 bytes"):
            BodyLimitMiddleware(_nothing).on_request({"headers": [(b"content-length", b"6")]})
    for wrong in (-1, None, 1.5, True):
        with pytest.raises(SettingsValidationError, match="MAX_BODY_SIZE is"):
            BodyLimitMiddleware(_nothing, max_bytes=wrong)  # type: ignore[arg-type]  # the point of the test


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None: ...
