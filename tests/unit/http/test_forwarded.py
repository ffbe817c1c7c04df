"""The lists that proxies write, read from the right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.forwarded import (
    iter_elements,
    iter_entries,
    join_lines,
    parse_address,
    parse_node,
    replace_port,
)


def test_lines_of_a_header_are_joined() -> None:
    """Those of other headers are not part of it."""
    assert join_lines([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")], b"a") == b"1,3"
    assert join_lines([(b"b", b"2")], b"a") == b""


def test_entries_come_from_the_right() -> None:
    """Without blanks; an empty header has one empty entry."""
    assert list(iter_entries(b"a,  b ,c")) == ["c", "b", "a"]
    assert list(iter_entries(b"")) == [""]
    assert len(list(iter_entries(b"," * 10_000))) == 65


@pytest.mark.parametrize(
    ("header", "elements"),
    [
        (b"for=a;proto=http;by=b", [{"for": "a", "proto": "http", "by": "b"}]),
        (b"for=a, for=b", [{"for": "b"}, {"for": "a"}]),
        (b'for="a, b";host="c\\"d", , for=e', [{"for": "e"}, {"for": "a, b", "host": 'c"d'}]),
        (b"FOR=a ; Proto=b", [{"for": "a", "proto": "b"}]),
        (b"nonsense, for=a", [{"for": "a"}]),
        (b"for=a, nonsense", []),
        (b"for=a;for=b", []),
        (b'for="a', []),
        (b"", []),
        (b",,", []),
    ],
)
def test_elements_come_from_the_right(header: bytes, elements: list[dict[str, str]]) -> None:
    """Up to one that is malformed, which hides what stands left of it and nothing else."""
    assert list(iter_elements(header)) == elements


@pytest.mark.parametrize(
    "header",
    [b"," * 60_000, b" " * 60_000, b";" * 60_000, b'"' * 60_000, b'for="' + b"\\" * 60_000],
)
def test_long_nonsense_comes_to_an_end(header: bytes) -> None:
    """However a header is made, only its last 4096 characters are read, each a few times."""
    assert list(iter_elements(header)) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", None),
        ("[fe80::1%eth0]:80", None),
        ("unknown", None),
        ("_hidden", None),
        ("192.0.2.1:", None),
        ("", None),
    ],
)
def test_node_is_an_address_or_nothing(text: str, address: str | None) -> None:
    """Ports are left out, and IPv4 in IPv6 becomes what networks are written in."""
    found = parse_node(text)
    assert (None if found is None else str(found)) == address


@pytest.mark.parametrize(
    ("authority", "port", "scheme", "expected"),
    [
        ("shop.example", None, "http", "shop.example"),
        ("shop.example:81", None, "http", "shop.example:81"),
        ("shop.example:81", 80, "http", "shop.example"),
        ("shop.example", 80, "https", "shop.example:80"),
        ("[::1]:81", 443, "wss", "[::1]"),
        ("my_host", 8000, "ws", "my_host:8000"),
        ("a..b", None, "http", None),
        ("", None, "http", None),
        ("shop.example:", None, "http", None),
        ("a@b", 80, "http", None),
    ],
)
def test_port_of_a_host_is_replaced(authority: str, port: int | None, scheme: str, expected: str | None) -> None:
    """The usual port of the scheme is left out; what is no host gives nothing."""
    assert replace_port(authority, port, scheme=scheme) == expected


@given(st.text(max_size=40))
def test_anything_may_be_asked_for_an_address(text: str) -> None:
    """What is none gives None."""
    assert parse_address(text) is None or parse_address(str(parse_address(text))) == parse_address(text)
    assert replace_port(text, None, scheme="http") in (None, text)


_VALUES = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=3)


@given(st.lists(st.dictionaries(st.sampled_from(["for", "proto", "host", "by"]), _VALUES, min_size=1), max_size=5))
def test_elements_come_back_as_they_were_written(elements: list[dict[str, str]]) -> None:
    """Quoted texts may hold commas, quotes and backslashes."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(";".join(f"{name}={quoted(value)}" for name, value in members.items()) for members in elements)
    assert list(iter_elements(header.encode()))[::-1] == elements
