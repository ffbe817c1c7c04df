"""An id for every request."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper import OpenViper, Request
from openviper.core.context import RequestIdFilter, request_id
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.request_id import RequestIDMiddleware
from openviper.testing import TestClient, override_settings
from openviper.types import Message, RawHeaders, Receive, Scope, Send


def _app(*, trust: bool = False) -> OpenViper:
    app = OpenViper(routes=[], debug=False)

    @app.get("/seen")
    async def seen(request: Request) -> dict[str, object]:
        return {"scope": request.scope["request_id"], "variable": request_id.get()}

    @app.get("/torn")
    async def torn() -> None:
        logging.getLogger("shop").warning("about to fail")
        raise RuntimeError("torn")

    outer = OpenViper(routes=[], debug=False, middleware=[(RequestIDMiddleware, {"trust_incoming": trust})])
    outer.mount("/inner", app)
    outer.include_router(app)
    return outer


async def test_handler_log_and_client_see_one_id() -> None:
    """Each request has one of its own, 32 hexadecimal digits, and the caller's context is left as it was."""
    async with TestClient(_app()) as client:
        first, second = await client.get("/seen"), await client.get("/seen")
    for response in (first, second):
        told = response.headers["x-request-id"]
        assert response.json() == {"scope": told, "variable": told}
        assert len(told) == 32
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert request_id.get() is None


async def test_id_is_forgotten_when_the_request_is_over() -> None:
    """Servers use one context for the requests of a connection, and another application may give no ids."""
    plain = OpenViper(routes=[], debug=False)

    @plain.get("/seen")
    async def seen() -> dict[str, object]:
        return {"variable": request_id.get()}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    bodies: list[bytes] = []

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    giving = _app()
    async with TestClient(giving), TestClient(plain):
        for app in (giving, plain):
            scope: Scope = {"type": "http", "method": "GET", "path": "/seen", "query_string": b""}
            await app({**scope, "headers": [(b"host", b"testserver")]}, receive, send)
            assert request_id.get() is None
    assert bodies[-1] == b'{"variable":null}'


async def test_every_answer_has_the_id() -> None:
    """A 404 and an unforeseen error too, once each; what is mounted inside knows the same id."""
    async with TestClient(_app()) as client:
        for path, status in (("/nowhere", 404), ("/torn", 500), ("/inner/torn", 500), ("/inner/seen", 200)):
            response = await client.get(path)
            assert response.status_code == status
            assert len(response.headers.getlist("x-request-id")) == 1
            if status != 404:
                assert response.headers["x-request-id"] in response.text


async def test_lines_of_the_log_name_the_request(caplog: pytest.LogCaptureFixture) -> None:
    """Those of the project and the one about the error have the id that the client is told."""
    caplog.handler.addFilter(RequestIdFilter())
    async with TestClient(_app()) as client:
        response = await client.get("/torn")
    ours = [record for record in caplog.records if record.name in ("shop", "openviper.request")]
    assert [vars(record)["request_id"] for record in ours] == [response.headers["x-request-id"]] * 2


@pytest.mark.parametrize(
    "given_id", ["7f3a", "b6c8e4e2-0f5a-4d0e-9b0a-1c2d3e4f5a6b", "Root=1-67891233-abcdef", "a" * 128]
)
async def test_id_of_a_proxy_is_taken_over_where_it_is_trusted(given_id: str) -> None:
    """By default it is not, and a new one is made."""
    async with TestClient(_app(trust=True)) as client:
        trusted = await client.get("/seen", headers={"x-request-id": given_id})
    async with TestClient(_app()) as client:
        ignored = await client.get("/seen", headers={"x-request-id": given_id})
    assert (trusted.json()["scope"], trusted.headers["x-request-id"]) == (given_id, given_id)
    assert len(ignored.headers["x-request-id"]) == 32
    assert ignored.headers["x-request-id"] != given_id


async def _told(*values: bytes, scope_id: object = None) -> bytes:
    """The id that a client is told for these headers, as a layer between foreign applications."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    headers: RawHeaders = [(b"x-request-id", value) for value in values]
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    if scope_id is not None:
        scope["request_id"] = scope_id
    await RequestIDMiddleware(app, trust_incoming=True)(scope, receive, send)
    assert request_id.get() is None
    ((name, value),) = sent[0]["headers"]
    assert name == b"x-request-id"
    told: bytes = value
    return told


@pytest.mark.parametrize("value", [b"", b"a b", b"a" * 129, b"<b>", b'"a"', b"a\r\nb", b"\xff", b"a\x00"])
async def test_unfit_id_is_replaced(value: bytes) -> None:
    """What could break a log line or a page, or is too long, is not repeated."""
    assert len(await _told(value)) == 32


async def test_id_that_comes_twice_is_replaced() -> None:
    """Nobody can tell which of the two the proxy has set."""
    assert len(await _told(b"a", b"b")) == 32


async def test_id_of_an_outer_layer_stays() -> None:
    """It wins over the header; one that cannot be a header is replaced."""
    assert await _told(b"7f", scope_id="outer") == b"outer"
    assert len(await _told(scope_id="outer\r\nx: y")) == 32


@given(st.binary(max_size=140))
async def test_no_header_ends_up_unchecked(value: bytes) -> None:
    """Whatever comes in, what goes out is short and made of harmless characters."""
    told = await _told(value)
    assert told == value or len(told) == 32
    assert 0 < len(told) <= 128
    assert told.isascii()
    assert told.decode().isprintable()
    assert b" " not in told


async def test_answer_that_has_an_id_keeps_it() -> None:
    """A handler that passes on what another service said is not contradicted."""
    headers: RawHeaders = [(b"x-request-id", b"theirs")]
    RequestIDMiddleware(_nothing, trust_incoming=False).on_response({"request_id": "ours"}, 200, headers)
    assert headers == [(b"x-request-id", b"theirs")]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    scope["seen"] = request_id.get()


async def test_websocket_has_an_id_too() -> None:
    """Its lines in the log are told apart; afterwards the variable is as it was."""

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    scope: Scope = {"type": "websocket", "headers": []}
    await RequestIDMiddleware(_nothing, trust_incoming=False)(scope, receive, send)
    assert scope["seen"] == scope["request_id"]
    assert request_id.get() is None


def test_setting_decides_what_is_trusted() -> None:
    """The argument wins over it; the hooks are called without a layer in between."""
    with override_settings(TRUST_REQUEST_ID=True):
        scope: Scope = {"headers": [(b"x-request-id", b"7f")]}
        RequestIDMiddleware(_nothing).on_request(scope)
    request_id.set(None)
    assert scope["request_id"] == "7f"
    assert issubclass(RequestIDMiddleware, HookedMiddleware)
    assert RequestIDMiddleware.is_fusible()
