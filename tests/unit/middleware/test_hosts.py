"""AllowedHosts: which Host headers are accepted."""

import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.exceptions import SettingsValidationError
from openviper.middleware.hosts import AllowedHosts
from openviper.middleware.security import SecurityMiddleware
from openviper.testing import override_settings
from openviper.types import RawHeaders, Receive, Scope, Send


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
        (None, "ALLOWED_HOSTS: None is no text"),
        (b"shop.example", "b'shop.example' is no text"),
    ],
)
def test_wrong_entry_is_named(entry: Any, complaint: str) -> None:
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


@pytest.mark.parametrize("wrong", [None, 5])
def test_what_is_no_list_is_refused(wrong: Any) -> None:
    """The setting is named, also where the middleware takes its value as it is."""
    with pytest.raises(SettingsValidationError, match=f"ALLOWED_HOSTS is {wrong}; write a tuple"):
        AllowedHosts(wrong)
    with (
        override_settings(ALLOWED_HOSTS=wrong),
        pytest.raises(SettingsValidationError, match=f"ALLOWED_HOSTS is {wrong}; write a tuple"),
    ):
        SecurityMiddleware(_nothing)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None: ...


def test_made_up_spellings_do_not_fill_the_memory() -> None:
    """What has been examined is remembered, up to a bound; whatever comes later is examined again."""
    hosts = AllowedHosts([".shop.example"])
    names = [b"a%d.shop.example:%d" % (number, number + 1) for number in range(1000)]
    tracemalloc.start()
    found = [hosts.find([(b"host", name)]) for name in names * 2]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [name.partition(b":")[0] for name in names * 2]
    assert hosts.find([(b"host", b"evil.example:1")]) is None
    del found
    assert held < 400_000


def test_name_that_no_domain_can_have_is_malformed() -> None:
    """A name of 253 letters is the longest, also where any host or any sub-domain is allowed."""
    for hosts in (AllowedHosts(["*"]), AllowedHosts([".example"])):
        longest = b"a" * 245 + b".example"
        assert hosts.find([(b"host", longest)]) == hosts.find([(b"host", longest + b".:80")]) == longest
        assert hosts.find([(b"host", b"a" + longest)]) is None
