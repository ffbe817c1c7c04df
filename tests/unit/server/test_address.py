"""Taking an address before anything else happens."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from openviper.server.address import bind_socket, format_url
from openviper.server.exceptions import AddressError, ServerError


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_port_zero_takes_a_free_port() -> None:
    """Port 0 gives a socket with a port of its own, and the URL names that one."""
    with closing(bind_socket("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert port > 0
        assert format_url(listener) == f"http://127.0.0.1:{port}"


def test_connections_are_refused_until_the_server_listens() -> None:
    """A bound address is ours and answers nobody yet."""
    with closing(bind_socket("127.0.0.1", 0)) as listener, closing(socket.socket()) as visitor:
        assert visitor.connect_ex(listener.getsockname()) != 0


def test_taken_port_is_named_with_a_way_out(taken_port: int) -> None:
    """A port in use is one error that says so; it is a ServerError and an OSError."""
    with pytest.raises(AddressError) as caught:
        bind_socket("127.0.0.1", taken_port)

    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1 port {taken_port}: another program listens there; stop it, or choose another port"
    )
    assert isinstance(caught.value, ServerError)
    assert isinstance(caught.value, OSError)
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", taken_port)


@pytest.mark.parametrize("port", [-1, 65536, 700000])
def test_port_out_of_range_is_refused(port: int) -> None:
    """A number that is no port is named with the range."""
    with pytest.raises(AddressError, match=rf"port {port}: a port is a number from 0 to 65535"):
        bind_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a..b", "x" * 300])
def test_unknown_host_is_refused(host: str) -> None:
    """A name that cannot be found, or cannot be a name, is the same error."""
    with pytest.raises(AddressError, match="no such host"):
        bind_socket(host, 0)


def test_address_of_another_machine_is_refused() -> None:
    """An address of the documentation network (RFC 5737) is none of this machine's."""
    with pytest.raises(AddressError, match="no address of this machine"):
        bind_socket("192.0.2.1", 0)


def test_name_with_both_kinds_of_address_gives_ipv4() -> None:
    """``localhost`` is 127.0.0.1, whatever order the resolver gives."""
    with closing(bind_socket("localhost", 0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_ipv6_address_stands_in_brackets() -> None:
    """A URL with an IPv6 address has it in brackets (RFC 3986, 3.2.2)."""
    try:
        listener = bind_socket("::1", 0)
    except AddressError:
        pytest.skip("this machine has no IPv6 loopback")
    with closing(listener):
        assert format_url(listener) == f"http://[::1]:{listener.getsockname()[1]}"
