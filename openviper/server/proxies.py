"""What a proxy in front says about the client, believed only where the proxy is one of ours.

Each proxy appends the address that it was asked from to ``X-Forwarded-For``. Read from the right, every entry is
vouched for by the one before it, for as long as these are trusted; the first that is not is the client. What stands
further left was sent by that client and proves nothing.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from openviper.server.exceptions import ServerError
from openviper.types import ASGIApp, RawHeaders, Receive, Scope, Send

__all__ = ["UNIX", "ForwardedHeaders", "TrustedProxies"]

#: The entry that trusts whoever may open the unix socket, where a peer has no address.
UNIX: Final = "unix"

# Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
_WITH_PORT: Final = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")

_IS_SECURE: Final = {b"https": True, b"wss": True, b"http": False, b"ws": False}


class TrustedProxies:
    """The addresses whose word about the client counts.

    Args:
        entries: Addresses, networks (``10.0.0.0/8``) and ``UNIX``.

    Raises:
        ServerError: An entry is none of these.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._is_unix_trusted = False
        for entry in entries:
            if entry == UNIX:
                self._is_unix_trusted = True
                continue
            try:
                self._networks.append(ip_network(entry))
            except ValueError as error:
                raise ServerError(
                    f"the trusted proxy {entry!r} is no address, no network such as 10.0.0.0/8, and not {UNIX!r}: "
                    f"{error}"
                ) from error

    def __bool__(self) -> bool:
        """Tell whether anybody is trusted."""
        return self._is_unix_trusted or bool(self._networks)

    def __contains__(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)

    def has_peer(self, client: object) -> bool:
        """Tell whether the peer of a connection is trusted.

        Args:
            client: ``client`` of an ASGI scope: host and port, or None for a peer without an address.
        """
        if not isinstance(client, tuple | list) or not client or not client[0]:
            return self._is_unix_trusted
        # A link-local peer carries the name of the interface (fe80::1%eth0), which no network holds.
        address = _parse_address(str(client[0]).partition("%")[0])
        return address is not None and address in self


class ForwardedHeaders:
    """Sets ``client`` and ``scheme`` of a scope from ``X-Forwarded-For`` and ``X-Forwarded-Proto``.

    Args:
        app: The application.
        trusted: Whose headers count.
    """

    def __init__(self, app: ASGIApp, trusted: TrustedProxies) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a scope on, changed in place: the server writes its access log from it."""
        if scope["type"] in ("http", "websocket") and self._trusted.has_peer(scope.get("client")):
            self._apply(scope)
        await self._app(scope, receive, send)

    def _apply(self, scope: Scope) -> None:
        origin = self._find_origin(_join(scope["headers"], b"x-forwarded-for"))
        if origin is not None:
            scope["client"] = (origin, 0)
        # The last is the word of the peer itself; others it may only have passed on.
        protocol = _join(scope["headers"], b"x-forwarded-proto").rpartition(b",")[2].strip().lower()
        is_secure = _IS_SECURE.get(protocol)
        if is_secure is not None:
            scope["scheme"] = ("ws" if scope["type"] == "websocket" else "http") + ("s" if is_secure else "")

    def _find_origin(self, forwarded: bytes) -> str | None:
        origin = None
        for entry in reversed(forwarded.split(b",")):
            address = _parse_entry(entry.strip())
            if address is None:
                break  # a proxy that could not say who asked it is as far as we know
            origin = address
            if address not in self._trusted:
                break
        return None if origin is None else str(origin)


def _join(headers: RawHeaders, name: bytes) -> bytes:
    """Give all lines of a header as the one that they mean (RFC 9110, 5.3)."""
    return b",".join(value for key, value in headers if key == name)


def _parse_entry(entry: bytes) -> IPv4Address | IPv6Address | None:
    text = entry.decode("latin-1")
    found = _WITH_PORT.fullmatch(text)
    return _parse_address(text if found is None else found["v4"] or found["v6"])


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; one of IPv4 inside IPv6 becomes the former, which is what networks are given in."""
    # A zone may hold any text (RFC 4007) and means nothing outside the machine that wrote it.
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
