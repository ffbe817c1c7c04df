"""Addresses and queries."""

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.exceptions import BadRequest
from openviper.http.url import URL, QueryParams


def _scope(**changes: object) -> dict[str, object]:
    return {
        "scheme": "http",
        "path": "/a b",
        "query_string": b"q=1",
        "headers": [(b"host", b"shop.example:81")],
    } | changes


def test_url_is_what_the_client_asked_for() -> None:
    """Scheme, host, encoded path and query come from the scope; the raw path wins over the decoded one."""
    url = URL.from_scope(_scope())
    assert str(url) == "http://shop.example:81/a%20b?q=1"
    assert (url.scheme, url.netloc, url.hostname, url.port) == ("http", "shop.example:81", "shop.example", 81)
    assert (url.path, url.query, url.is_secure) == ("/a%20b", "q=1", False)
    assert str(URL.from_scope(_scope(raw_path=b"/a%2Fb", query_string=b""))) == "http://shop.example:81/a%2Fb"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (("10.0.0.1", 8000), "http://10.0.0.1:8000/"),
        (("10.0.0.1", 80), "http://10.0.0.1/"),
        (None, "http://localhost/"),
    ],
)
def test_without_a_host_header_the_servers_address_counts(server: object, expected: str) -> None:
    """The port is left out where it is the usual one of the scheme."""
    assert URL.from_scope(_scope(headers=[], path="/", query_string=b"", server=server)) == expected


@pytest.mark.parametrize("target", ["@evil.example/", ".evil.example", ":1@evil.example", "http://evil.example/", "*"])
def test_target_without_a_slash_is_no_part_of_the_host(target: str) -> None:
    """A server may pass on whatever stands in the first line; links are made of the host that was checked."""
    for raw_path in (target.encode(), None):
        url = URL.from_scope(_scope(path=target, raw_path=raw_path))
        assert (url.hostname, url.port) == ("shop.example", 81)


@pytest.mark.parametrize(
    "host", ["x/admin?", "a#b", "a@b", "a\\b", "[::1", "a]", "a b", "a:99999", "a:b", "a:1:2", "[x]", ":80", "a\t"]
)
def test_host_that_is_none_is_refused(host: str) -> None:
    """It would become the path, the query or another part of the address, or could not be read at all."""
    with pytest.raises(BadRequest, match="Host"):
        URL.from_scope(_scope(headers=[(b"host", host.encode("latin-1"))]))


@pytest.mark.parametrize("host", ["a.example", "a_b:8000", "a:", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.example"])
def test_host_is_kept_as_it_was_written(host: str) -> None:
    """Names, addresses of both kinds, with a port and without."""
    assert URL.from_scope(_scope(headers=[(b"host", host.encode())])).netloc == host


def test_url_compares_by_its_text() -> None:
    """Two of the same text are one key of a dictionary."""
    assert {URL("http://a/"): 1}[URL("http://a/")] == 1
    assert URL("http://a/") != URL("http://b/")
    assert URL("http://a/") != 3
    assert repr(URL("http://a/")) == "URL('http://a/')"


def test_last_value_of_a_name_counts_and_all_are_kept() -> None:
    """As a mapping a query gives the last value, getlist gives every one."""
    query = QueryParams(b"a=1&b=&a=2&flag&c=x%20y+z")
    assert dict(query) == {"a": "2", "b": "", "flag": "", "c": "x y z"}
    assert query.getlist("a") == ["1", "2"]
    assert query.getlist("none") == []
    assert query.get("none") is None
    assert query.get("none", "-") == "-"
    assert "flag" in query
    assert len(query) == 4
    assert repr(query).startswith("QueryParams(")


def test_empty_query_is_empty() -> None:
    """No query is not one empty name."""
    assert dict(QueryParams(b"")) == {}
    assert dict(QueryParams(b"&&")) == {}


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_every_encoded_query_is_read_back(pairs: list[tuple[str, str]]) -> None:
    """The quick way and the full one agree with the standard library's reading."""
    encoded = urlencode(pairs)
    query = QueryParams(encoded.encode())
    assert {name: query.getlist(name) for name in query} == parse_qs(encoded, keep_blank_values=True)
