"""From the arguments of a test to a scope and a body."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.testing.cookies import CookieJar
from openviper.testing.request import Fields, RequestOptions, build_request, build_scope
from openviper.types import Scope

# Half of a surrogate pair cannot be written as UTF-8.
ENCODABLE = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


def scope_of(url: str, options: RequestOptions | None = None, base_url: str = "http://testserver") -> Scope:
    request = build_request("get", url, base_url, {}, options or {})
    return build_scope(request, CookieJar("testserver"), {})


def body_of(options: RequestOptions) -> tuple[object, Mapping[bytes, bytes]]:
    request = build_request("post", "/", "http://testserver", {}, options)
    return request.body, dict(request.headers)


def test_scope_is_that_of_a_server() -> None:
    """The scope has every key of the ASGI specification, with the types that it asks for."""
    assert scope_of("/a%20b/é?q=1", base_url="https://shop.example:8443") == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/a b/é",
        "raw_path": b"/a%20b/%C3%A9",
        "query_string": b"q=1",
        "root_path": "",
        "headers": [
            (b"host", b"shop.example:8443"),
            (b"accept", b"*/*"),
            (b"user-agent", b"openviper-test-client"),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("shop.example", 8443),
        "state": {},
    }


@pytest.mark.parametrize(
    ("url", "raw_path", "path"),
    [
        ("/../etc/passwd", b"/../etc/passwd", "/../etc/passwd"),
        ("//evil.example/x", b"//evil.example/x", "//evil.example/x"),
        ("/%2e%2e%2f", b"/%2e%2e%2f", "/../"),
        ("/50%", b"/50%25", "/50%"),
        ("/a%00b", b"/a%00b", "/a\0b"),
        ("/%ff", b"/%ff", "/\ufffd"),
        ("", b"/", "/"),
        ("http://testserver", b"/", "/"),
    ],
)
def test_path_goes_out_as_it_is_written(url: str, raw_path: bytes, path: str) -> None:
    """Nothing is resolved or cleaned up, so that hostile paths can be tested."""
    scope = scope_of(url)
    assert (scope["raw_path"], scope["path"], scope["headers"][0]) == (raw_path, path, (b"host", b"testserver"))


def test_parameters_are_added_to_those_of_the_address() -> None:
    """Numbers, booleans, None and sequences become text; the query of the address stays in front."""
    params: Fields = {"page": 2, "tag": ["a", "b c"], "all": True, "none": None}
    assert scope_of("/?q=x&y#part", {"params": params})["query_string"] == b"q=x&y&page=2&tag=a&tag=b+c&all=true&none="


def test_pairs_keep_their_order() -> None:
    """Parameters given as pairs may repeat a name and keep their order."""
    assert scope_of("/", {"params": [("b", 1), ("a", 2), ("b", 3)]})["query_string"] == b"b=1&a=2&b=3"


@pytest.mark.parametrize("url", ["ftp://testserver/", "mailto:a@b.example", "http:///x", "http://ann:pw@testserver/"])
def test_address_of_another_kind_is_refused(url: str) -> None:
    """Only http and https addresses with a host can be asked."""
    with pytest.raises(ValueError, match="no http or https address"):
        scope_of(url)


def test_json_may_be_null() -> None:
    """A given None is sent as JSON; it is not the same as no body."""
    body, headers = body_of({"json": None})
    assert (body, headers[b"content-type"], headers[b"content-length"]) == (b"null", b"application/json", b"4")


def test_form_fields_are_url_encoded() -> None:
    """Form data is sent as a browser sends a simple form."""
    body, headers = body_of({"data": {"name": "Ann & Bob", "tag": ["a", "b"]}})
    assert body == b"name=Ann+%26+Bob&tag=a&tag=b"
    assert headers[b"content-type"] == b"application/x-www-form-urlencoded"


@pytest.mark.parametrize("value", [b"abc", bytearray(b"abc"), {"a": 1}, {1}, [["a"]], [b"a"], ({"a": 1},)])
def test_field_that_no_form_carries_is_refused(value: object) -> None:
    """Neither numbers of bytes nor Python code go out; the message says where such a value belongs."""
    with pytest.raises(TypeError, match=r"field 'x' .* files="):
        body_of({"data": {"x": value}})  # type: ignore[typeddict-item]  # the mistake that this test is about


def test_text_is_sent_as_utf8() -> None:
    """Text content is encoded, and its length counts bytes."""
    body, headers = body_of({"content": "é"})
    assert (body, headers[b"content-length"]) == ("é".encode(), b"2")
    assert headers[b"content-type"] == b"text/plain; charset=utf-8"


def test_bytes_have_no_type_of_their_own() -> None:
    """Bytes are sent as they are, with the content type that the test gives, or none."""
    assert b"content-type" not in body_of({"content": b"x"})[1]
    assert body_of({"content": b"x", "headers": {"Content-Type": "image/png"}})[1][b"content-type"] == b"image/png"


def test_post_without_a_body_says_so() -> None:
    """A method that expects content announces length 0 when there is none (RFC 9110, 8.6)."""
    assert body_of({})[1][b"content-length"] == b"0"


def test_two_bodies_are_refused() -> None:
    """A request has one body."""
    with pytest.raises(TypeError, match="json and data were given"):
        body_of({"json": {}, "data": {}})


def test_content_of_another_type_is_refused() -> None:
    """An object that is no body is named by its type."""
    with pytest.raises(TypeError, match="content is int"):
        body_of({"content": 5})  # type: ignore[typeddict-item]  # the mistake that this test is about


def test_header_that_smuggles_another_is_refused() -> None:
    """A line break in a header is an error of the test, not a second header."""
    with pytest.raises(ValueError, match="line break"):
        scope_of("/", {"headers": {"x-a": "1\r\nx-b: 2"}})


@given(ENCODABLE, ENCODABLE)
def test_any_text_survives_in_a_parameter(name: str, value: str) -> None:
    """Whatever is put into a parameter is read back the same by the usual decoding."""
    query = scope_of("/", {"params": {name: value}})["query_string"]
    assert parse_qsl(query.decode("ascii"), keep_blank_values=True) == [(name, value)]


@given(ENCODABLE)
def test_any_path_can_be_sent(path: str) -> None:
    """Every path becomes ASCII for the wire and UTF-8 text for the application."""
    scope = scope_of(f"/{path}".partition("?")[0])
    assert scope["raw_path"].isascii()
    assert b" " not in scope["raw_path"]
    assert isinstance(scope["path"], str)
