"""The responses."""

from typing import Any

import pytest

from openviper import OpenViper, Router
from openviper.http.cookies import parse_cookies
from openviper.http.response import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from openviper.testing import TestClient
from openviper.types import Message


async def _send(response: Response, method: str = "GET") -> tuple[Message, bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("a response does not read")

    await response({"type": "http", "method": method}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0], sent[1]["body"]


@pytest.mark.parametrize(
    ("response", "content_type", "body"),
    [
        (PlainTextResponse("hé"), b"text/plain; charset=utf-8", "hé".encode()),
        (HTMLResponse("<p>"), b"text/html; charset=utf-8", b"<p>"),
        (JSONResponse({"a": 1}), b"application/json", b'{"a":1}'),
        (JSONResponse({"a": 1}, indent=True), b"application/json", b'{\n  "a": 1\n}'),
        (Response(b"raw", media_type="image/png"), b"image/png", b"raw"),
        (Response("x", headers={"Content-Type": "text/css"}), b"text/css", b"x"),
        (JSONResponse({}, headers={"content-type": "application/problem+json"}), b"application/problem+json", b"{}"),
    ],
)
async def test_content_goes_with_its_type_and_length(response: Response, content_type: bytes, body: bytes) -> None:
    """Type and length are sent once each."""
    start, sent = await _send(response)
    assert sent == body
    assert [v for k, v in start["headers"] if k == b"content-type"] == [content_type]
    assert [v for k, v in start["headers"] if k == b"content-length"] == [b"%d" % len(body)]


async def test_head_has_the_fields_of_the_content_and_not_the_content() -> None:
    """RFC 9110 9.3.2: the length is that of the content that GET would send."""
    start, body = await _send(PlainTextResponse("hello"), "HEAD")
    assert body == b""
    assert (b"content-length", b"5") in start["headers"]


@pytest.mark.parametrize("status", [99, 100, 199, 600, 1000])
@pytest.mark.parametrize("kind", [Response, JSONResponse, PlainTextResponse])
def test_status_that_no_server_sends_is_refused(status: int, kind: type[Response]) -> None:
    """The mistake is found where the response is made, not when the connection drops."""
    with pytest.raises(ValueError, match=f"{status} is no status"):
        kind("", status)


@pytest.mark.parametrize("status", [204, 304])
async def test_status_without_content_has_neither_type_nor_length(status: int) -> None:
    """RFC 9110 15.3.5 and 15.4.5: nothing follows, so nothing describes it."""
    start, body = await _send(PlainTextResponse("x", status))
    assert body == b""
    assert start["headers"] == []


async def test_headers_can_be_changed_until_they_are_sent() -> None:
    """The headers object and what is sent are the same thing."""
    response = JSONResponse({}, 201, {"X-A": "1"})
    response.headers["X-B"] = "2"
    response.set_cookie("id", "1", httponly=True)
    response.delete_cookie("__Host-old", secure=True)
    start, _ = await _send(response)
    assert start["status"] == 201
    fields = dict(start["headers"])
    assert (fields[b"x-a"], fields[b"x-b"]) == (b"1", b"2")
    cookies = [v for k, v in start["headers"] if k == b"set-cookie"]
    assert parse_cookies([cookies[0].partition(b";")[0]]) == {"id": "1"}
    assert b"Max-Age=0" in cookies[1]
    assert b"Secure" in cookies[1]


def test_two_responses_share_no_headers() -> None:
    """A header set on one does not appear on the next."""
    first, second = JSONResponse({}), JSONResponse({})
    first.headers["x-only"] = "1"
    assert "x-only" not in second.headers


def test_content_of_another_kind_is_refused() -> None:
    """The error names the class and the type."""
    with pytest.raises(TypeError, match="PlainTextResponse carries text or bytes, not dict"):
        PlainTextResponse({"a": 1})
    with pytest.raises(TypeError, match="complex"):
        JSONResponse({"a": 1j})


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/next?page=2#top", "/next?page=2#top"),
        ("next", "next"),
        ("https://example.org/x", "https://example.org/x"),
        ("/grün/ä b", "/gr%C3%BCn/%C3%A4%20b"),
        ("/already%20encoded", "/already%20encoded"),
    ],
)
def test_redirect_encodes_what_must_be_and_keeps_the_rest(url: str, location: str) -> None:
    """The location is ASCII and means the same."""
    response = RedirectResponse(url)
    assert response.status_code == 307
    assert response.headers["location"] == location


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil",
        "https://user@evil.example",
        "/a\r\nb: c",
        "\t/x",
        "/a/../b",
        "http://é.example",
        "///x",
    ],
)
def test_redirect_that_could_mislead_is_refused(url: str) -> None:
    """What browsers read as another host, another scheme or another header never leaves."""
    with pytest.raises(ValueError, match="redirect"):
        RedirectResponse(url)


def test_redirect_status_is_checked() -> None:
    """200 with a location would be ignored by clients."""
    with pytest.raises(ValueError, match="200 is no redirect"):
        RedirectResponse("/", 200)


def test_response_says_what_it_is() -> None:
    """The repr holds status and size, not the content."""
    assert repr(JSONResponse({"secret": 1}, 201)) == "<JSONResponse 201, 12 bytes>"


class _Css(Response):
    media_type = "text/css"


async def test_subclass_with_a_type_of_its_own_sends_it() -> None:
    """The media type of a class is what its responses are sent with."""
    start, _ = await _send(_Css("a{}"))
    assert dict[Any, Any](start["headers"])[b"content-type"] == b"text/css; charset=utf-8"


async def test_redirect_by_the_name_of_a_route() -> None:
    """The name becomes the path in the application that answers, its mount in front; parameters fill it."""
    shop = OpenViper()

    async def detail(item: int) -> str:
        return f"item {item}"

    async def by_name() -> RedirectResponse:
        return RedirectResponse("shop:detail", 303, item=7)

    async def unknown() -> RedirectResponse:
        return RedirectResponse.to_route("shop:missing")

    async def index() -> RedirectResponse:
        return RedirectResponse.to_route("shop:index", 302, {"x-mark": "1"})

    router = Router(namespace="shop")
    router.get("/items/{item:int}", name="detail")(detail)
    shop.include_router(router)
    shop.get("/by-name")(by_name)
    shop.get("/unknown")(unknown)
    router.get("/index", name="index")(index)
    site = OpenViper()
    site.mount("/shop", shop)
    async with TestClient(site) as client:
        answer = await client.get("/shop/by-name")
        assert (answer.status_code, answer.headers["location"]) == (303, "/shop/items/7")
        assert (await client.get("/shop/by-name", follow_redirects=True)).text == "item 7"
        assert (await client.get("/shop/unknown")).status_code == 500
        answer = await client.get("/shop/index")
        assert (answer.status_code, answer.headers["location"], answer.headers["x-mark"]) == (302, "/shop/index", "1")


@pytest.mark.parametrize("url", ["javascript:alert", "data:x", "JavaScript:a", "mailto:eve", "a:b", "shop:detail"])
def test_scheme_is_never_taken_for_a_namespace(url: str) -> None:
    """An address that somebody else chose does not become the name of a route."""
    with pytest.raises(ValueError, match="is not http or https"):
        RedirectResponse(url)
