"""The request and its body."""

from collections.abc import Sequence
from typing import Any

import pytest

from openviper.exceptions import BadRequest, PayloadTooLarge
from openviper.http.exceptions import ClientDisconnectedError
from openviper.http.request import Request
from openviper.types import Message, Receive, Scope


def _scope(**changes: Any) -> Scope:
    return {
        "type": "http",
        "method": "GET",
        "path": "/books",
        "query_string": b"page=2",
        "headers": [(b"host", b"testserver"), (b"cookie", b"a=1"), (b"cookie", b"b=2")],
        "client": ("127.0.0.1", 5000),
    } | changes


def _receive(*messages: Message) -> Receive:
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    return receive


def _chunks(chunks: Sequence[bytes]) -> Receive:
    last = len(chunks) - 1
    return _receive(*({"type": "http.request", "body": c, "more_body": i < last} for i, c in enumerate(chunks)))


def test_parts_are_read_from_the_scope() -> None:
    """Every part of the start line and the fields is at hand, each made once."""
    request = Request(_scope(root_path="/mounted"), _receive())

    assert (request.method, request.path, request.root_path) == ("GET", "/books", "/mounted")
    assert request.query_string == b"page=2"
    assert request.query_params["page"] == "2"
    assert request.query_params is request.query_params
    assert request.cookies == {"a": "1", "b": "2"}
    assert request.headers["Host"] == "testserver"
    assert request.header(b"host") == b"testserver"
    assert request.header(b"absent") is None
    assert str(request.url) == "http://testserver/books?page=2"
    assert request.client == ("127.0.0.1", 5000)
    assert request.path_params == {}
    assert repr(request) == "<Request GET /books>"


def test_what_middleware_put_into_the_scope_is_reached() -> None:
    """The scope is shared, its state and user among it (C-112)."""
    scope = _scope(my_plugin_client="client", client=None)
    request = Request(scope, _receive())
    request.state["seen"] = 1

    assert request.scope["my_plugin_client"] == "client"
    assert scope["state"] == {"seen": 1}
    assert request.user is None
    assert request.auth is None
    assert request.client is None


def test_id_of_the_request_is_that_of_the_scope() -> None:
    """A middleware puts it there; without one there is none until an error asks for it."""
    assert Request(_scope(request_id="7f"), _receive()).request_id == "7f"
    assert Request(_scope(), _receive()).request_id is None


@pytest.mark.parametrize("chunks", [[b'{"a": 1}'], [b"", b'{"a"', b": 1}"], [b'{"a": 1}', b""]])
async def test_body_is_the_same_however_it_arrives(chunks: list[bytes]) -> None:
    """One message or many, the body is whole, and a second call gives it again."""
    request = Request(_scope(), _chunks(chunks))
    assert await request.json() == {"a": 1}
    assert await request.body() == b'{"a": 1}'
    assert await request.text() == '{"a": 1}'


async def test_body_over_the_limit_is_413_announced_or_not() -> None:
    """A length that is announced is refused unread; one that is not, once the limit is passed."""
    announced = Request(_scope(headers=[(b"content-length", b"11")]), _receive(), max_body_bytes=10)
    with pytest.raises(PayloadTooLarge, match="10 bytes"):
        await announced.body()
    endless = Request(_scope(headers=[(b"content-length", b"9" * 5000)]), _receive(), max_body_bytes=10)
    with pytest.raises(PayloadTooLarge):
        await endless.body()
    for chunks in ([b"x" * 11], [b"x" * 6, b"x" * 5]):
        with pytest.raises(PayloadTooLarge):
            await Request(_scope(), _chunks(chunks), max_body_bytes=10).body()
    assert await Request(_scope(), _chunks([b"x" * 5, b"x" * 5]), max_body_bytes=10).body() == b"x" * 10


async def test_client_that_leaves_is_an_error_of_its_own() -> None:
    """Half a body is never taken for a whole one."""
    receive = _receive({"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.disconnect"})
    with pytest.raises(ClientDisconnectedError) as caught:
        await Request(_scope(), receive).body()
    assert caught.value.received == 2
    assert isinstance(caught.value, ConnectionError)


async def test_malformed_json_is_400_with_line_and_column() -> None:
    """The client learns where its text stops being JSON; the text is not repeated."""
    with pytest.raises(BadRequest) as caught:
        await Request(_scope(), _chunks([b'{"a": 1,\n "password": x}'])).json()
    detail = caught.value.detail
    assert isinstance(detail, dict)
    assert (detail["line"], detail["column"]) == (2, 14)
    assert "password" not in str(detail)


@pytest.mark.parametrize("method", ["json", "text"])
async def test_body_that_is_not_utf_8_is_400(method: str) -> None:
    """Undecodable bytes are the client's fault."""
    request = Request(_scope(), _chunks([b'"\xff"']))
    with pytest.raises(BadRequest):
        await getattr(request, method)()


@pytest.mark.parametrize("host", [b"[::1", b"a:b", b"a:99999"])
def test_host_that_is_no_address_is_400(host: bytes) -> None:
    """What the client wrote is the client's fault."""
    with pytest.raises(BadRequest, match="Host header"):
        _ = Request(_scope(headers=[(b"host", host)]), _receive()).url


async def test_body_is_read_once_for_all_requests_of_a_scope() -> None:
    """Middleware, handler and error handler each have a request; the server delivers the body once."""
    scope, receive = _scope(), _chunks([b"once"])
    assert await Request(scope, receive).body() == b"once"
    assert await Request(scope, receive).body() == b"once"


async def test_body_that_could_not_be_read_stays_unread() -> None:
    """What is left after a failure is never taken for the whole."""
    scope, receive = _scope(), _chunks([b"x" * 11, b"rest"])
    for _ in range(2):
        with pytest.raises(PayloadTooLarge):
            await Request(scope, receive, max_body_bytes=10).body()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'"\xff"',
        b'"\\ud800"',
        b'"\0"',
        b"null\0",
        b"NaN",
        b"1e999",
        b"1" * 20_000,
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
async def test_hostile_json_is_a_bad_request(body: bytes) -> None:
    """Other charsets, halves of characters, endless numbers and bottomless nesting are 400 with the place."""
    with pytest.raises(BadRequest) as caught:
        await Request(_scope(), _chunks([body])).json()

    assert isinstance(caught.value.detail, dict)
    assert set(caught.value.detail) == {"message", "reason", "line", "column"}


async def test_limit_of_a_request_holds_for_its_stream() -> None:
    """A stream takes what body() takes, unless the caller says otherwise."""
    with pytest.raises(PayloadTooLarge):
        _ = [piece async for piece in Request(_scope(), _chunks([b"abc"]), max_body_bytes=2).stream()]

    assert [piece async for piece in Request(_scope(), _chunks([b"abc"]), 2).stream(max_bytes=3)] == [b"abc"]
    assert [piece async for piece in Request(_scope(), _chunks([b"abc"]), 2).stream(max_bytes=None)] == [b"abc"]


async def test_request_tells_whether_its_client_is_there() -> None:
    """The body comes first, then the news."""
    request = Request(_scope(), _receive({"type": "http.request"}, {"type": "http.disconnect"}))

    assert not await request.is_disconnected()
    assert await request.is_disconnected()
