"""Whose word about the client counts, and which part of it."""

import pytest

from openviper.server.exceptions import ServerError
from openviper.server.proxies import ForwardedHeaders, TrustedProxies
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
    await ForwardedHeaders(app, TrustedProxies(trusted))(scope, receive, send)
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

    await ForwardedHeaders(app, TrustedProxies(OURS))({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]  # neither is called

    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize("entry", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "*", "", "10.0.0.1-10.0.0.9"])
def test_wrong_entry_is_named(entry: str) -> None:
    """An entry that would trust nobody, or not whom it seems to, is refused at the start."""
    with pytest.raises(ServerError, match="is no address, no network"):
        TrustedProxies([entry])


@pytest.mark.parametrize(("entries", "is_any"), [((), False), (("unix",), True), (("10.0.0.1",), True)])
def test_whether_anybody_is_trusted(entries: tuple[str, ...], is_any: bool) -> None:
    """Where nobody is, no request needs to be looked at."""
    assert bool(TrustedProxies(entries)) is is_any
