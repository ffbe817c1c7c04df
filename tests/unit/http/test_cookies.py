"""Cookies in both directions."""

import datetime as dt
import sys
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.cookies import SameSite, decode_cookie_value, format_cookie, parse_cookies


def test_one_malformed_pair_does_not_cost_the_others() -> None:
    """Pairs without a name or an equals sign are passed over; the first of a name counts."""
    cookies = parse_cookies([b"a=1; garbage; =x; b=two; a=3", b'c="quo\\"ted"'])
    assert cookies == {"a": "1", "b": "two", "c": 'quo"ted'}


@given(st.text(st.characters(codec="latin-1"), max_size=40))
def test_value_comes_back_as_it_was_set(value: str) -> None:
    """Whatever can be set is read back by the same rules; the rest is refused."""
    try:
        header = format_cookie("key", value)
    except ValueError:
        return
    pair = header.partition("; ")[0] if '"' not in header else header[: header.rindex('"') + 1]
    assert parse_cookies([pair.encode("latin-1")]) == {"key": value}


def test_attributes_are_written_as_browsers_read_them() -> None:
    """Each attribute appears once, under its name of RFC 6265."""
    header = format_cookie(
        "id",
        "1",
        max_age=60,
        expires=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        path="/shop",
        domain="example.org",
        secure=True,
        httponly=True,
        samesite="none",
    )
    morsel = SimpleCookie(header)["id"]
    assert morsel["max-age"] == "60"
    assert morsel["expires"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert (morsel["path"], morsel["domain"]) == ("/shop", "example.org")
    assert morsel["secure"] is True
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "None"


def test_defaults_are_the_careful_ones() -> None:
    """Without options a cookie is for the whole site and stays at home."""
    assert format_cookie("id", "1") == "id=1; Path=/; SameSite=Lax"


@pytest.mark.parametrize("key", ["", "a b", "a;b", "a=b", "ü"])
def test_name_that_is_no_token_is_refused(key: str) -> None:
    """The name could not be read back."""
    with pytest.raises(ValueError, match="no cookie name"):
        format_cookie(key, "1")


def test_attribute_that_would_end_it_is_refused() -> None:
    """A path or domain cannot smuggle in an attribute."""
    with pytest.raises(ValueError, match="path"):
        format_cookie("a", "1", path="/; Domain=evil.example")
    with pytest.raises(ValueError, match="domain"):
        format_cookie("a", "1", domain="x\r\n")


@pytest.mark.parametrize("samesite", ["none", "maybe"])
def test_samesite_that_clients_drop_is_refused(samesite: SameSite) -> None:
    """`none` needs an encrypted connection; other words mean nothing."""
    with pytest.raises(ValueError, match="samesite"):
        format_cookie("a", "1", samesite=samesite)


def test_naive_expiry_is_refused() -> None:
    """A moment without a zone would be another one on every server."""
    with pytest.raises(ValueError, match="time zone"):
        format_cookie("a", "1", expires=dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_value_outside_latin_1_is_refused_by_name() -> None:
    """It could not be sent, and the error says what to do instead."""
    with pytest.raises(ValueError, match=r"'a'.*encode it"):
        format_cookie("a", "€")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("plain", "plain"),
        ('"quoted"', "quoted"),
        (r'"a\"b\\c"', 'a"b\\c'),
        (r'"\073\344"', ";ä"),
        ('"', '"'),
        ('"half', '"half'),
        (r'"\9"', "9"),
    ],
)
def test_quoting_is_undone_where_it_is_there(raw: str, value: str) -> None:
    """Octal and plain escapes are read as the standard library writes them."""
    assert decode_cookie_value(raw) == value


def test_hostile_value_is_read_in_one_pass() -> None:
    """A header full of backslashes takes no more steps than it has characters."""
    steps = 0

    def watch(_frame: object, event: str, _arg: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    sys.setprofile(watch)
    try:
        value = decode_cookie_value('"' + "\\" * 20_000 + '"')
    finally:
        sys.setprofile(None)
    assert value == "\\" * 10_000
    assert steps < 40_000


@pytest.mark.parametrize(
    ("path", "domain"),
    [("/\x7f", None), ("/\u20ac", None), ("/\xe9", None), ("/", "x y"), ("/", "\xe9.example"), ("/", "a.example/b")],
)
def test_attribute_of_characters_that_no_client_matches_is_refused(path: str, domain: str | None) -> None:
    """A path is percent-encoded, a domain in its ASCII form."""
    with pytest.raises(ValueError, match="cannot carry"):
        format_cookie("a", path=path, domain=domain)


def test_expiry_beyond_all_dates_is_refused() -> None:
    """A number of seconds that no date can hold is an error of the caller like any other."""
    for expires in (10**12, -(10**12), 10**30, dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-1)))):
        with pytest.raises(ValueError, match="out of range"):
            format_cookie("a", expires=expires)


def test_prefix_of_a_name_is_kept_as_a_promise() -> None:
    """Clients drop a cookie whose prefix promises what it is not, so that it never was set."""
    assert format_cookie("__Host-a", secure=True) == '__Host-a=""; Path=/; SameSite=Lax; Secure'
    assert "Domain=a.example" in format_cookie("__Secure-a", secure=True, domain="a.example")
    for name in ("__Secure-a", "__Host-a", "__host-a"):
        with pytest.raises(ValueError, match="needs secure=True"):
            format_cookie(name)
    with pytest.raises(ValueError, match="needs path='/' and no domain"):
        format_cookie("__Host-a", secure=True, path="/a")
    with pytest.raises(ValueError, match="needs path='/' and no domain"):
        format_cookie("__Host-a", secure=True, domain="a.example")
