"""AllowedHosts: which Host headers are accepted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.exceptions import SettingsValidationError
from openviper.middleware.hosts import AllowedHosts
from openviper.types import RawHeaders


@pytest.mark.parametrize(
    ("entry", "host", "found"),
    [
        ("shop.example", b"shop.example", b"shop.example"),
        ("shop.example", b"SHOP.example:8000", b"shop.example"),
        ("Shop.Example", b"shop.example.", b"shop.example"),
        ("shop.example", b"www.shop.example", None),
        ("shop.example", b"shop.example.evil.example", None),
        ("shop.example", b"evilshop.example", None),
        ("shop.example:8443", b"shop.example:8443", b"shop.example"),
        ("shop.example:8443", b"shop.example:80", None),
        ("shop.example:8443", b"shop.example", None),
        (".shop.example", b"shop.example", b"shop.example"),
        (".shop.example", b"a.b.shop.example:1", b"a.b.shop.example"),
        (".shop.example", b"evilshop.example", None),
        ("[::1]", b"[::1]:8000", b"[::1]"),
        ("::1", b"[0:0:0:0:0:0:0:1]", b"[::1]"),
        ("[::1]:8000", b"[::1]:8000", b"[::1]"),
        ("[::1]", b"[::2]", None),
        ("127.0.0.1", b"127.0.0.1:8000", b"127.0.0.1"),
        ("my_service", b"my_service:80", b"my_service"),
        ("*", b"anything.example:1", b"anything.example"),
    ],
)
def test_host_is_allowed_by_its_entry(entry: str, host: bytes, found: bytes | None) -> None:
    """A listed host is found with any port, unless the entry names one; the answer is without it."""
    assert AllowedHosts([entry]).find([(b"accept", b"*/*"), (b"host", host)]) == found


def test_nothing_is_allowed_without_an_entry() -> None:
    """An empty list allows no host at all."""
    assert AllowedHosts([]).find([(b"host", b"localhost")]) is None


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b" shop.example",
        b"shop.example/path",
        b"user@shop.example",
        b"shop.example:",
        b"shop.example:port",
        b"shop.example:65536",
        b"shop.example:123456",
        b"shop..example",
        b".shop.example",
        b"[::1",
        b"[::1]]",
        b"[1.2.3.4]",
        b"[::1%25eth0]",
        b"shop.example, other.example",
        b"sh\xf6p.example",
        b"shop.example\n",
        b"*",
    ],
)
def test_malformed_host_is_refused_even_where_all_are_allowed(host: bytes) -> None:
    """What is no host name or address is not served, whatever the entries say."""
    assert AllowedHosts(["*"]).find([(b"host", host)]) is None


@pytest.mark.parametrize("headers", [[], [(b"host", b"shop.example")] * 2, [(b"x-forwarded-host", b"shop.example")]])
def test_missing_or_repeated_host_is_refused(headers: RawHeaders) -> None:
    """A request says exactly once which host it is for (RFC 9112, 3.2), and no other header says it instead."""
    assert AllowedHosts(["*"]).find(headers) is None


@given(st.binary(max_size=60))
def test_any_header_is_a_plain_host_or_refused(value: bytes) -> None:
    """Whatever is sent, what comes out can stand in an address without changing its meaning."""
    found = AllowedHosts(["*"]).find([(b"host", value)])
    assert found is None or re.fullmatch(rb"[a-z0-9_.-]+|\[[0-9a-f:.]+\]", found)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("https://shop.example", "'https://shop.example' is no host"),
        ("shop.example/", "'shop.example/' is no host"),
        ("m\xfcnchen.example", "is no host"),
        ("", "'' is no host"),
        ("*.shop.example", "is written '.shop.example' here"),
        (".shop.example:80", "goes with a domain and without a port"),
        (".[::1]", "goes with a domain and without a port"),
    ],
)
def test_wrong_entry_is_named(entry: str, complaint: str) -> None:
    """An entry that could never match is an error that says how to write it."""
    with pytest.raises(SettingsValidationError, match=re.escape(complaint)):
        AllowedHosts([entry])


def test_all_wrong_entries_are_named_together() -> None:
    """One start is enough to see every malformed entry."""
    with pytest.raises(SettingsValidationError) as raised:
        AllowedHosts(["a/b", "shop.example", "*.c"])
    assert len(raised.value.errors) == 2


def test_text_in_place_of_a_list_is_refused() -> None:
    """A text is a sequence of letters, and none of them is meant as a host."""
    with pytest.raises(SettingsValidationError, match=r"write a tuple: \('localhost',\)"):
        AllowedHosts("localhost")
