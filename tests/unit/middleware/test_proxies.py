"""Whose word about the client counts, and which part of it."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper import OpenViper, Request
from openviper.exceptions import SettingsValidationError
from openviper.middleware.proxies import ProxyHeadersMiddleware, TrustedProxies
from openviper.testing import TestClient, override_settings
from openviper.types import RawHeaders, Receive, Scope, Send

OURS = ("10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48")


async def told(
    *headers: tuple[str, str],
    peer: tuple[str, int] | None = ("10.0.0.1", 4711),
    kind: str = "http",
    trusted: tuple[str, ...] = OURS,
) -> tuple[object, object]:
    """Client and scheme that an application sees."""
    seen: list[tuple[object, object]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["client"], scope["scheme"]))

    async def receive() -> Scope:
        raise AssertionError("nothing is asked for")

    async def send(message: Scope) -> None:
        raise AssertionError("nothing is sent")

    raw: RawHeaders = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "client": peer, "scheme": "ws" if kind == "websocket" else "http", "headers": raw}
    await ProxyHeadersMiddleware(app, trusted=trusted)(scope, receive, send)
    return seen[0]


async def client(value: str, peer: tuple[str, int] = ("10.0.0.1", 4711)) -> object:
    """The host that the application sees for one ``X-Forwarded-For``; None for the peer's own."""
    found = (await told(("x-forwarded-for", value), peer=peer))[0]
    assert isinstance(found, tuple)
    return None if found == ("10.0.0.1", 4711) else found[0]


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9, 10.1.1.1, 10.2.2.2", "203.0.113.9"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0::7, 2001:db8:1::2", "2001:db8::7"),
        ("::ffff:203.0.113.9, ::ffff:10.1.1.1", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
    ],
)
async def test_client_is_the_first_untrusted_address_from_the_right(value: str, host: str) -> None:
    """Entries of trusted proxies are passed over; what stands left of the client is the client's own invention."""
    assert await client(value) == host


@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        "203.0.113.9,",
        "unknown",
        "203.0.113.9, unknown",
        "localhost",
        "203.0.113.999",
        "203.0.113.9 10.1.1.1",
        "0x7f.1",
        "1",
        "010.0.0.1",
        "fe80::1%eth0",
        "fe80::1%<script>",
        "203.0.113.9:port",
        "[203.0.113.9",
        "[::1]x",
        "::1:4711:",
        "\x00",
        "\uff11.2.3.4".encode().decode("latin-1"),  # digits of another script
        "<script>alert(1)</script>",
        "9" * 10_000,
        ", " * 5_000,
    ],
)
async def test_entry_that_is_no_address_is_not_believed(value: str) -> None:
    """Where the nearest entry is no address, the client is the proxy that has sent it."""
    assert await client(value) is None


async def test_entry_that_is_no_address_ends_the_search() -> None:
    """Left of it nobody vouches for anything, so the last proxy that is known counts."""
    assert await client("203.0.113.9, unknown, 10.3.3.3") == "10.3.3.3"


async def test_several_lines_are_one_list() -> None:
    """A client cannot hide the line of the proxy behind one of its own (RFC 9110, 5.3)."""
    seen = await told(("x-forwarded-for", "6.6.6.6"), ("accept", "*/*"), ("x-forwarded-for", "203.0.113.9"))

    assert seen[0] == ("203.0.113.9", 0)


@pytest.mark.parametrize("peer", [("203.0.113.9", 1), ("2001:db8:2::1", 1), ("", 0), ("testclient", 1), None])
async def test_stranger_is_not_believed(peer: tuple[str, int] | None) -> None:
    """From any other peer both headers mean nothing."""
    headers = (("x-forwarded-for", "6.6.6.6"), ("x-forwarded-proto", "https"))

    assert await told(*headers, peer=peer) == (peer, "http")


@pytest.mark.parametrize("host", ["::ffff:10.0.0.1", "2001:db8:1::9", "127.0.0.1"])
async def test_proxy_is_known_in_every_spelling(host: str) -> None:
    """A socket for both families reports IPv4 peers inside IPv6."""
    assert await client("203.0.113.9", peer=(host, 1)) == "203.0.113.9"


async def test_link_local_proxy_is_known_with_its_interface() -> None:
    """The name of an interface belongs to the peer's address, and to no network."""
    seen = await told(("x-forwarded-for", "203.0.113.9"), peer=("fe80::1%eth0", 1), trusted=("fe80::/10",))

    assert seen[0] == ("203.0.113.9", 0)


@pytest.mark.parametrize(("trusted", "host"), [(("unix",), "203.0.113.9"), (OURS, None)])
async def test_peer_of_a_unix_socket_counts_when_it_is_said(trusted: tuple[str, ...], host: str | None) -> None:
    """A peer without an address is trusted by the entry ``unix`` only."""
    seen = await told(("x-forwarded-for", "203.0.113.9"), peer=None, trusted=trusted)

    assert seen[0] == (None if host is None else (host, 0))


@pytest.mark.parametrize(
    ("kind", "value", "scheme"),
    [
        ("http", "https", "https"),
        ("http", "HTTPS", "https"),
        ("http", "wss", "https"),
        ("http", "http, https", "https"),
        ("http", "https, http", "http"),
        ("http", "https, ", "http"),
        ("http", "javascript", "http"),
        ("http", "https\x00", "http"),
        ("websocket", "https", "wss"),
        ("websocket", "wss", "wss"),
        ("websocket", "http", "ws"),
    ],
)
async def test_scheme_is_the_last_word_of_the_proxy(kind: str, value: str, scheme: str) -> None:
    """Only the two schemes of the web are taken, in the form of the protocol that is spoken."""
    assert (await told(("x-forwarded-proto", value), kind=kind))[1] == scheme


async def test_lifespan_passes_untouched() -> None:
    """What is neither a request nor a websocket has no client."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def nothing(*_: object) -> Scope:
        raise AssertionError

    await ProxyHeadersMiddleware(app, trusted=OURS)({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]  # neither is called

    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize("entry", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "*", "", "10.0.0.1-10.0.0.9"])
def test_wrong_entry_is_named(entry: str) -> None:
    """An entry that would trust nobody, or not whom it seems to, is refused at the start."""
    with pytest.raises(SettingsValidationError, match="is no address, no network"):
        TrustedProxies([entry])


def test_any_number_of_addresses_may_be_asked_for() -> None:
    """What has been found out about the last thousand or so is kept, and no more."""
    trusted = TrustedProxies(["10.0.0.0/8"])
    for number in range(3000):
        text = str(ip_address(0x0A000000 + number))
        assert trusted.judge(text) == trusted.judge(text) == (text, True)
    assert trusted.judge("203.0.113.9:80") == ("203.0.113.9", False)
    assert trusted.judge("x" * 60) is trusted.judge("unknown") is None


@pytest.mark.parametrize(("entries", "is_any"), [((), False), (("unix",), True), (("10.0.0.1",), True)])
def test_whether_anybody_is_trusted(entries: tuple[str, ...], is_any: bool) -> None:
    """Where nobody is, no request needs to be looked at."""
    assert bool(TrustedProxies(entries)) is is_any


def test_text_in_place_of_a_list_is_refused() -> None:
    """Read letter by letter it would be nonsense."""
    with pytest.raises(SettingsValidationError, match="write a tuple"):
        TrustedProxies("10.0.0.1")
    with pytest.raises(SettingsValidationError, match="write a tuple"):
        ProxyHeadersMiddleware(_nothing, trusted=OURS, headers="forwarded")


@pytest.mark.parametrize(
    ("headers", "message"),
    [(("x-real-ip",), "'x-real-ip' is no header of a proxy"), (("forwarded", "x-forwarded-for"), "beside others")],
)
def test_headers_that_cannot_work_are_refused(headers: tuple[str, ...], message: str) -> None:
    """A proxy sets one kind and passes the other on as it came, so both would let clients lie."""
    with pytest.raises(SettingsValidationError, match=message):
        ProxyHeadersMiddleware(_nothing, trusted=OURS, headers=headers)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None: ...


ALL = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix")


def _applied(
    *headers: tuple[str, str],
    use: tuple[str, ...] = ALL,
    host: str | None = "inner:8000",
    kind: str = "http",
    **more: object,
) -> Scope:
    raw: RawHeaders = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if host is not None:
        raw.append((b"host", host.encode()))
    scope: Scope = {"type": kind, "client": ("10.0.0.1", 4711), "scheme": "ws" if kind == "websocket" else "http"}
    scope.update(path="/books", raw_path=b"/books", root_path="", headers=raw, **more)
    ProxyHeadersMiddleware(_nothing, trusted=OURS, headers=use).on_request(scope)
    return scope


def _host(scope: Scope) -> str:
    (found,) = (value for name, value in scope["headers"] if name == b"host")
    text: str = found.decode()
    return text


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"host": "shop.example"}, "shop.example"),
        ({"host": "shop.example:8443"}, "shop.example:8443"),
        ({"host": "evil.example, shop.example"}, "shop.example"),
        ({"host": "shop.example", "port": "8443"}, "shop.example:8443"),
        ({"host": "shop.example:1", "port": "80"}, "shop.example"),
        ({"host": "shop.example", "port": "443", "proto": "https"}, "shop.example"),
        ({"host": "[2001:db8::1]", "port": "81"}, "[2001:db8::1]:81"),
        ({"port": "8443"}, "inner:8443"),
        ({"port": "80"}, "inner"),
        ({"host": "a b"}, "inner:8000"),
        ({"host": "a/b"}, "inner:8000"),
        ({"host": "user@shop.example"}, "inner:8000"),
        ({"host": "shop.example\r\nx: y"}, "inner:8000"),
        ({"host": "x" * 300}, "inner:8000"),
        ({"host": "shop.example,"}, "inner:8000"),
        ({"port": "0"}, "inner:8000"),
        ({"port": "99999"}, "inner:8000"),
        ({"port": "\uff11".encode().decode("latin-1")}, "inner:8000"),
    ],
)
def test_host_is_the_last_word_of_the_proxy(headers: dict[str, str], told: str) -> None:
    """Name and port become the Host of the request; what is no host leaves it as it was."""
    assert _host(_applied(*((f"x-forwarded-{name}", value) for name, value in headers.items()))) == told


def test_port_without_any_host_is_left_alone() -> None:
    """There is nothing that it could belong to."""
    assert _applied(("x-forwarded-port", "81"), host=None)["headers"] == [(b"x-forwarded-port", b"81")]


@pytest.mark.parametrize("name", ["host", "port", "prefix"])
def test_header_that_was_not_named_is_not_believed(name: str) -> None:
    """Many proxies set two headers only, and pass the others on as the client wrote them."""
    scope = _applied((f"x-forwarded-{name}", {"host": "evil", "port": "1", "prefix": "/evil"}[name]), use=ALL[:2])
    assert (_host(scope), scope["root_path"], scope["path"]) == ("inner:8000", "", "/books")


def test_prefix_that_the_proxy_took_off_is_where_the_application_stands() -> None:
    """Addresses that are built begin with it; routes are found below it."""
    scope = _applied(("x-forwarded-prefix", "/shop/v1/"))
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/shop/v1", "/shop/v1/books", b"/shop/v1/books")


@pytest.mark.parametrize(
    "prefix", ["/", "shop", "//evil", "/..", "/a/../b", "/a%2fb", "/a b", "/" + "a" * 300, "/a//b", "/a?b", "/.a", ""]
)
def test_odd_prefix_is_not_believed(prefix: str) -> None:
    """What could lead somewhere else is no prefix."""
    scope = _applied(("x-forwarded-prefix", prefix))
    assert (scope["root_path"], scope["path"]) == ("", "/books")


async def test_route_below_a_prefix_is_found_and_named() -> None:
    """The whole way: default headers from the settings, a mounted path from the proxy."""
    app = OpenViper(routes=[])

    @app.get("/books")
    async def books(request: Request) -> dict[str, object]:
        return {"url": str(request.url), "client": request.client}

    headers = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "localhost",
        "x-forwarded-prefix": "/shop",
    }
    with override_settings(
        TRUSTED_PROXIES=("127.0.0.1",),
        TRUSTED_PROXY_HEADERS=ALL,
        MIDDLEWARE=("openviper.middleware.proxies.ProxyHeadersMiddleware",),
    ):
        async with TestClient(app) as client:
            response = await client.get("/books", headers=headers)
    assert response.status_code == 200
    assert response.json() == {"url": "https://localhost/shop/books", "client": ["203.0.113.9", 0]}


@pytest.mark.parametrize(
    ("value", "client", "scheme", "host"),
    [
        ("for=203.0.113.9;proto=https;host=shop.example", "203.0.113.9", "https", "shop.example"),
        ('For="[2001:db8:cafe::17]:4711";Proto=HTTPS', "2001:db8:cafe::17", "https", "inner:8000"),
        ("for=203.0.113.9:47011", "203.0.113.9", "http", "inner:8000"),
        ("for=6.6.6.6;host=evil, for=203.0.113.9;host=shop.example", "203.0.113.9", "http", "shop.example"),
        ("for=203.0.113.9;proto=https;host=a, for=10.1.1.1;proto=http;host=b", "203.0.113.9", "https", "a"),
        ("for=203.0.113.9, for=10.1.1.1;proto=https;host=b", "203.0.113.9", "https", "b"),
        ("for=unknown;proto=https", None, "https", "inner:8000"),
        ("for=_hidden, for=10.1.1.1", "10.1.1.1", "http", "inner:8000"),
        ('for="6.6.6.6, for=203.0.113.9', "203.0.113.9", "http", "inner:8000"),
        ('for="a, b", for=203.0.113.9 ; by=_x;, ', "203.0.113.9", "http", "inner:8000"),
        ('for=10.1.1.1;ext="x, for=6.6.6.6"', "10.1.1.1", "http", "inner:8000"),
        (r'for=10.1.1.1;ext="x, for=\"6.6.6.6"', "10.1.1.1", "http", "inner:8000"),
        ("for=203.0.113.9;for=6.6.6.6", None, "http", "inner:8000"),
        ("for=203.0.113.9;proto=javascript;host=a/b", "203.0.113.9", "http", "inner:8000"),
        ("", None, "http", "inner:8000"),
        (";;;", None, "http", "inner:8000"),
        ("for", None, "http", "inner:8000"),
        ("for=", None, "http", "inner:8000"),
    ],
)
def test_forwarded_is_read_from_the_right(value: str, client: str | None, scheme: str, host: str) -> None:
    """RFC 7239: the outermost trusted proxy tells client, scheme and host; what stands left of it is invented."""
    scope = _applied(("forwarded", value), ("x-forwarded-for", "6.6.6.6"), use=("forwarded",))
    assert scope["client"] == (("10.0.0.1", 4711) if client is None else (client, 0))
    assert (scope["scheme"], _host(scope)) == (scheme, host)


def test_lines_of_forwarded_are_one_list() -> None:
    """A client cannot hide the line of the proxy behind one of its own."""
    scope = _applied(("forwarded", 'for="6.6.6.6'), ("forwarded", "for=203.0.113.9"), use=("forwarded",))
    assert scope["client"] == ("203.0.113.9", 0)


def test_headers_are_applied_once() -> None:
    """A second layer, or the server before it, would take the client for a proxy and double the prefix."""
    scope = _applied(("x-forwarded-for", "6.6.6.6, 10.5.5.5"), ("x-forwarded-prefix", "/shop"))
    scope["client"] = ("10.0.0.1", 4711)
    ProxyHeadersMiddleware(_nothing, trusted=OURS, headers=ALL).on_request(scope)
    assert (scope["client"], scope["root_path"]) == (("10.0.0.1", 4711), "/shop")


def test_websocket_is_told_alike() -> None:
    """Its scheme is that of websockets."""
    scope = _applied(("forwarded", "for=203.0.113.9;proto=https"), use=("forwarded",), kind="websocket")
    assert (scope["client"], scope["scheme"]) == (("203.0.113.9", 0), "wss")


def test_nobody_is_trusted_by_default() -> None:
    """The settings name no proxy, so every header is ignored; the hooks are called without a layer in between."""
    layer = ProxyHeadersMiddleware(_nothing)
    scope: Scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", b"6.6.6.6")]}
    layer.on_request(scope)
    assert scope["client"] == ("127.0.0.1", 1)
    assert layer.is_fusible()


_ODD = st.text(alphabet='for=192.0.1:;,"\\ []%unkow_hidepr\t\x00\xff', max_size=120)


@given(_ODD, st.sampled_from(["for=203.0.113.9", 'for="203.0.113.9:1"', "for=203.0.113.9;proto=https"]))
def test_nothing_that_a_client_sends_hides_what_the_proxy_adds(sent: str, added: str) -> None:
    """Whatever stands to the left, the entry of the proxy counts."""
    scope = _applied(("forwarded", f"{sent}, {added}"), use=("forwarded",))
    assert scope["client"] == ("203.0.113.9", 0)
    scope = _applied(("x-forwarded-for", f"{sent}, 203.0.113.9"))
    assert scope["client"] == ("203.0.113.9", 0)


@given(_ODD, st.sampled_from(["forwarded", *ALL]))
def test_client_is_an_address_and_host_a_host_whatever_is_sent(value: str, name: str) -> None:
    """Even the last entry may be anything, where a proxy adds none."""
    scope = _applied((name, value), use=("forwarded",) if name == "forwarded" else ALL)
    assert str(ip_address(scope["client"][0])) == scope["client"][0]
    assert scope["scheme"] in ("http", "https")
    assert not set(_host(scope)) & set('\r\n, "\\@/\x00')
    assert scope["path"].endswith("/books")
