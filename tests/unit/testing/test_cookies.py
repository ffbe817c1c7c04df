"""The cookies of the test client follow RFC 6265."""

import pytest

from openviper.http.cookies import format_cookie, parse_cookies
from openviper.testing.cookies import CookieJar, parse_set_cookie

HOME = "http://testserver/"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jar(clock: Clock) -> CookieJar:
    return CookieJar("testserver", clock)


def test_value_is_read_and_sent_back_as_it_was_written(jar: CookieJar) -> None:
    """Quotes and escapes go back unchanged, and the test reads the value that the application meant."""
    jar.receive([format_cookie("greeting", 'say "hi"; bye')], HOME)
    header = jar.header_for(HOME)
    assert jar["greeting"] == 'say "hi"; bye'
    assert header is not None
    assert parse_cookies([header.encode()]) == {"greeting": 'say "hi"; bye'}


def test_value_of_the_test_is_quoted_where_it_must_be(jar: CookieJar) -> None:
    """What a test sets arrives whole, whatever characters it has."""
    jar.set("note", "a; b")
    header = jar.header_for(HOME)
    assert header is not None
    assert parse_cookies([header.encode()]) == {"note": "a; b"}


def test_unknown_attribute_does_no_harm() -> None:
    """An attribute of a later standard leaves the cookie as it is."""
    cookie = parse_set_cookie("a=1; Partitioned; Priority=High; Path=/x")
    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.path) == ("a", "1", "/x")


@pytest.mark.parametrize("header", ["", "novalue", "=x", "; Path=/"])
def test_field_without_a_name_is_passed_over(jar: CookieJar, header: str) -> None:
    """A field that is no cookie sets none."""
    jar.receive([header], HOME)
    assert len(jar) == 0


def test_cookie_is_gone_at_its_age(jar: CookieJar, clock: Clock) -> None:
    """Max-Age counts from the response, wins over Expires, and is over at its last second."""
    jar.receive(["a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], HOME)
    clock.now += 9
    assert jar.header_for(HOME) == "a=1"
    clock.now += 1
    assert jar.header_for(HOME) is None
    assert "a" not in jar


@pytest.mark.parametrize("over", ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_cookie_that_is_over_removes_the_one_before(jar: CookieJar, over: str) -> None:
    """That is how an application deletes a cookie."""
    jar.receive(["a=1"], HOME)
    jar.receive([f"a=; {over}"], HOME)
    assert list(jar) == []


@pytest.mark.parametrize("age", ["9" * 30, "9" * 400, "-" + "9" * 400])
def test_age_beyond_all_numbers_is_as_far_as_can_be(jar: CookieJar, age: str) -> None:
    """The cookie stays, or goes, like one with a reasonable age."""
    jar.receive(["a=1; Max-Age=" + age], HOME)
    assert ("a" in jar) is not age.startswith("-")


@pytest.mark.parametrize(
    "attribute", ["Max-Age=soon", "Expires=tomorrow", "Expires=", "Expires=Thu, 01 Jan 2099 00:00:00 +" + "9" * 30]
)
def test_unreadable_expiry_counts_as_none(jar: CookieJar, attribute: str) -> None:
    """A cookie whose expiry cannot be read stays for the session."""
    jar.receive([f"a=1; {attribute}"], HOME)
    assert jar.get("a") == "1"


@pytest.mark.parametrize(
    ("cookie_path", "url", "sent"),
    [
        ("/shop", "/shop", True),
        ("/shop", "/shop/cart", True),
        ("/shop/", "/shop/cart", True),
        ("/shop", "/shopping", False),
        ("/shop", "/", False),
        ("/", "/anything", True),
    ],
)
def test_path_decides_where_a_cookie_goes(jar: CookieJar, cookie_path: str, url: str, sent: bool) -> None:
    """A cookie goes to its path and below, whole segments only."""
    jar.receive([f"a=1; Path={cookie_path}"], HOME)
    assert (jar.header_for(f"http://testserver{url}") is not None) is sent


def test_path_is_the_folder_of_the_address_without_the_attribute(jar: CookieJar) -> None:
    """Without a Path the cookie belongs to the folder of the page that set it (RFC 6265, 5.1.4)."""
    jar.receive(["a=1"], "http://testserver/shop/cart")
    assert jar.header_for("http://testserver/shop/pay") == "a=1"
    assert jar.header_for("http://testserver/other") is None


def test_longer_path_comes_first(jar: CookieJar) -> None:
    """Of two cookies with one name the one for the longer path is sent and read."""
    jar.receive(["a=root; Path=/", "a=shop; Path=/shop"], HOME)
    assert jar.header_for("http://testserver/shop") == "a=shop"
    assert jar["a"] == "shop"


def test_secure_cookie_goes_over_https_only(jar: CookieJar) -> None:
    """A secure cookie waits for a base_url with https."""
    jar.receive(["a=1; Secure"], "https://testserver/")
    assert jar.header_for("http://testserver/") is None
    assert jar.header_for("https://testserver/") == "a=1"


def test_cookie_stays_with_its_host(jar: CookieJar) -> None:
    """Without a Domain not even a sub-domain gets the cookie; with one, sub-domains do."""
    jar.receive(["own=1", "wide=1; Domain=.Example.com"], "http://example.com/")
    assert jar.header_for("http://api.example.com/") == "wide=1"
    assert jar.header_for("http://example.com/") == "own=1; wide=1"


@pytest.mark.parametrize("domain", ["other.example", "ple.com", "api.example.com"])
def test_cookie_for_a_foreign_domain_is_refused(jar: CookieJar, domain: str) -> None:
    """A host sets cookies for itself and the domains above it, nobody else's."""
    jar.receive([f"a=1; Domain={domain}"], "http://example.com/")
    assert list(jar) == []


def test_cookies_of_one_request_win_over_those_kept(jar: CookieJar) -> None:
    """A cookie given with a request is sent in place of the kept one, and is not kept."""
    jar.set("a", "kept")
    assert jar.header_for(HOME, {"a": "once"}) == "a=once"
    assert jar["a"] == "kept"


def test_jar_reads_like_a_mapping(jar: CookieJar) -> None:
    """A missing name is a KeyError, None or the default, as with a dictionary."""
    jar.set("a", "1")
    assert (jar["a"], jar.get("b"), jar.get("b", "x"), "a" in jar, len(jar)) == ("1", None, "x", True, 1)
    assert repr(jar) == "CookieJar(a)"
    with pytest.raises(KeyError):
        jar["b"]
    with pytest.raises(KeyError):
        jar.delete("b")
    jar.clear()
    assert len(jar) == 0
