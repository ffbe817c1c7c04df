"""What a response tells a test."""

import pytest

from openviper.http.headers import Headers
from openviper.testing import TestResponse


def response(content: bytes = b"", status_code: int = 200, **headers: str) -> TestResponse:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return TestResponse("GET", "http://testserver/", status_code, Headers(raw), content)


def test_headers_are_found_in_any_case() -> None:
    """Names of header fields have no case, and repeated fields are all there."""
    fields = TestResponse("GET", "/", 200, Headers([(b"vary", b"Origin"), (b"vary", b"Cookie")])).headers
    assert (fields["Vary"], fields.getlist("VARY"), fields.get("Missing")) == ("Origin", ["Origin", "Cookie"], None)


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("text/plain; charset=latin-1", "é".encode("latin-1")),
        ('text/plain; format=flowed; Charset="ISO-8859-1"', "é".encode("latin-1")),
        ("text/plain", "é".encode()),
    ],
)
def test_text_follows_the_charset(content_type: str, content: bytes) -> None:
    """Text is decoded as the content type says, as UTF-8 when it says nothing."""
    assert response(content, content_type=content_type).text == "é"


@pytest.mark.parametrize("charset", ["nope", "base64", "a\0b", "", "idna"])
def test_unknown_charset_counts_as_utf8(charset: str) -> None:
    """A charset that is none does not keep a test from showing the text."""
    assert response("é".encode(), content_type=f"text/plain; charset={charset}").text == "é"


def test_undecodable_text_is_shown_anyway() -> None:
    """A wrong byte does not keep a test from showing the rest."""
    assert response(b"a\xff").text == "a\ufffd"


def test_json_is_decoded() -> None:
    """JSON is decoded whatever the content type; what is no JSON is a ValueError."""
    assert response(b'{"a": [1]}').json() == {"a": [1]}
    with pytest.raises(ValueError):
        response(b"<html>").json()


@pytest.mark.parametrize(("status_code", "is_success"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_every_status_of_200(status_code: int, is_success: bool) -> None:
    """Success reaches from 200 to 299."""
    assert response(status_code=status_code).is_success is is_success


def test_redirect_needs_a_location() -> None:
    """304 and a redirect without an address lead nowhere."""
    assert response(status_code=302, location="/").is_redirect
    assert not response(status_code=302).is_redirect
    assert not response(status_code=304, location="/").is_redirect


def test_cookies_are_read_by_name() -> None:
    """The cookies that the response sets are there by name; what is no cookie is left out."""
    raw = [(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"broken"), (b"set-cookie", b'b="x y"')]
    assert TestResponse("GET", "/", 200, Headers(raw)).cookies == {"a": "1", "b": "x y"}
