"""What a proxy in front says about the client, believed only where the proxy is one of ours.

The layer of middleware and our own server are the same class, so that a site reads the same whoever applies it.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from openviper.exceptions import SettingsValidationError
from openviper.http.forwarded import iter_elements, iter_entries, join_lines, parse_node, replace_port
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["DEFAULT_HEADERS", "UNIX", "ProxyHeadersMiddleware", "TrustedProxies"]

#: The entry that trusts whoever may open the unix socket, where a peer has no address.
UNIX: Final = "unix"

#: The headers that every proxy sets; see ``TRUSTED_PROXY_HEADERS``.
DEFAULT_HEADERS: Final = ("x-forwarded-for", "x-forwarded-proto")

_FORWARDED: Final = "forwarded"
_HEADERS: Final = (*DEFAULT_HEADERS, "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", _FORWARDED)
_IS_SECURE: Final = {"https": True, "wss": True, "http": False, "ws": False}
# IPv4 inside IPv6 with all digits written out, in brackets and with a port.
_LONGEST_NODE: Final = 53
_MOST_JUDGED: Final = 1024
_PORT: Final = re.compile(r"[0-9]{1,5}")
# Segments of a path without escapes, none of which begins with a dot.
_PREFIX: Final = re.compile(r"(?=.{1,255}\Z)(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*+)+")
# Set once the headers have been applied: a second time would take the client for a proxy, and double the prefix.
_APPLIED: Final = "openviper.forwarded"


class TrustedProxies:
    """The addresses whose word about the client counts.

    Args:
        entries: Addresses, networks (``10.0.0.0/8``) and ``UNIX``.

    Raises:
        SettingsValidationError: Entries are none of these; all of them are named (a ValueError). A single text in
            place of a list is one of them.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        if isinstance(entries, str):
            raise SettingsValidationError([f"TRUSTED_PROXIES is the text {entries!r}; write a tuple: ({entries!r},)"])
        self._networks: list[IPv4Network | IPv6Network] = []
        self._is_unix_trusted = False
        errors = []
        for entry in entries:
            if entry == UNIX:
                self._is_unix_trusted = True
                continue
            try:
                self._networks.append(ip_network(entry))
            except ValueError as error:
                errors.append(
                    f"the trusted proxy {entry!r} is no address, no network such as 10.0.0.0/8, and not {UNIX!r}: "
                    f"{error}"
                )
        if errors:
            raise SettingsValidationError(errors)
        # The same few addresses come with every request, and to read one takes longer (3 us) than all the rest.
        self._judged: dict[str, tuple[str, bool] | None] = {}

    def __bool__(self) -> bool:
        """Tell whether anybody is trusted."""
        return self._is_unix_trusted or bool(self._networks)

    def judge(self, node: str) -> tuple[str, bool] | None:
        """Give the address of a node, as text in its usual form, and whether it is trusted; None for no address.

        Args:
            node: An address, perhaps with a port.
        """
        if node in self._judged:
            return self._judged[node]
        if len(node) > _LONGEST_NODE:
            return None
        address = parse_node(node)
        found = None if address is None else (str(address), any(address in network for network in self._networks))
        if len(self._judged) >= _MOST_JUDGED:
            self._judged.clear()  # clients can send any number of different ones
        self._judged[node] = found
        return found

    def has_peer(self, client: object) -> bool:
        """Tell whether the peer of a connection is trusted.

        Args:
            client: ``client`` of an ASGI scope: host and port, or None for a peer without an address.
        """
        if not isinstance(client, tuple | list) or not client or not client[0]:
            return self._is_unix_trusted
        # A link-local peer carries the name of the interface (fe80::1%eth0), which no network holds.
        found = self.judge(str(client[0]).partition("%")[0])
        return found is not None and found[1]


class ProxyHeadersMiddleware(HookedMiddleware):
    """Sets client, scheme, host and prefix of a request to what a trusted proxy says they were.

    Headers of anybody else are left alone and mean nothing, and so is what a client has put left of the entry of the
    outermost trusted proxy. The scope is changed in place, since servers write their access log from it. Where our own
    server, or another layer of this class, has done it, nothing is done again.

    Args:
        app: The next application inwards.
        trusted: Addresses, networks (``10.0.0.0/8``) and ``unix``, or what was made of them; not given means the
            setting ``TRUSTED_PROXIES``. Nobody is trusted by default.
        headers: The headers that the proxies set themselves, whatever a client sends; not given means the setting
            ``TRUSTED_PROXY_HEADERS``.

    Raises:
        SettingsValidationError: An entry is malformed, or the headers are not known or contradict each other (a
            ValueError).
    """

    fuses = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        trusted: Iterable[str] | TrustedProxies | Unset = UNSET,
        headers: Iterable[str] | Unset = UNSET,
    ) -> None:
        super().__init__(app)
        if not isinstance(trusted, TrustedProxies):
            trusted = TrustedProxies(given_or_setting(trusted, "TRUSTED_PROXIES"))
        self._trusted = trusted
        self._is_active = bool(self._trusted)
        self._headers = _checked_headers(given_or_setting(headers, "TRUSTED_PROXY_HEADERS"))

    def on_request(self, scope: Scope) -> None:
        """Apply the headers, if the peer is trusted and nobody has applied them."""
        if self._is_active and _APPLIED not in scope and self._trusted.has_peer(scope.get("client")):
            scope[_APPLIED] = True
            if _FORWARDED in self._headers:
                self._apply_forwarded(scope)
            else:
                self._apply_x_forwarded(scope)

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Apply the headers of a websocket as well."""
        self.on_request(scope)
        await self.app(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a scope on; nothing is to be done about its messages."""
        if scope["type"] in ("http", "websocket"):
            self.on_request(scope)
        await self.app(scope, receive, send)

    def _apply_forwarded(self, scope: Scope) -> None:
        origin = ""
        protocol = host = ""
        for members in iter_elements(join_lines(scope["headers"], b"forwarded")):
            # Further left is further out, and the outermost trusted proxy is who the client spoke to.
            protocol, host = members.get("proto", protocol), members.get("host", host)
            found = self._trusted.judge(members.get("for", ""))
            if found is None:
                break
            origin, is_trusted = found
            if not is_trusted:
                break
        _set_client(scope, origin)
        _set_scheme(scope, protocol)
        _set_host(scope, host, None)

    def _apply_x_forwarded(self, scope: Scope) -> None:
        origin = ""
        for entry in iter_entries(self._value(scope, "x-forwarded-for")):
            found = self._trusted.judge(entry)
            if found is None:
                break  # a proxy that could not say who asked it is as far as we know
            origin, is_trusted = found
            if not is_trusted:
                break
        _set_client(scope, origin)
        _set_scheme(scope, self._last(scope, "x-forwarded-proto"))
        port = self._last(scope, "x-forwarded-port")
        is_port = _PORT.fullmatch(port) is not None and 0 < int(port) < 65536
        _set_host(scope, self._last(scope, "x-forwarded-host"), int(port) if is_port else None)
        _set_prefix(scope, self._last(scope, "x-forwarded-prefix").rstrip("/"))

    def _last(self, scope: Scope, name: str) -> str:
        """Give the last entry: the word of the peer itself; others it may only have passed on."""
        return next(iter_entries(self._value(scope, name))) if name in self._headers else ""

    def _value(self, scope: Scope, name: str) -> bytes:
        return join_lines(scope["headers"], name.encode()) if name in self._headers else b""


def _checked_headers(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise SettingsValidationError([f"TRUSTED_PROXY_HEADERS is the text {names!r}; write a tuple: ({names!r},)"])
    chosen = frozenset(name.lower() for name in names)
    errors = [
        f"TRUSTED_PROXY_HEADERS: {name!r} is no header of a proxy; choose from {', '.join(_HEADERS)}"
        for name in sorted(chosen.difference(_HEADERS))
    ]
    if _FORWARDED in chosen and len(chosen) > 1:
        errors.append(
            "TRUSTED_PROXY_HEADERS holds 'forwarded' beside others: a proxy that sets one kind passes the other on as "
            "the client wrote it; name the kind that yours sets"
        )
    if errors:
        raise SettingsValidationError(errors)
    return chosen


def _set_client(scope: Scope, origin: str) -> None:
    if origin:
        scope["client"] = (origin, 0)


def _set_scheme(scope: Scope, protocol: str) -> None:
    is_secure = _IS_SECURE.get(protocol.lower())
    if is_secure is not None:
        scope["scheme"] = ("ws" if scope["type"] == "websocket" else "http") + ("s" if is_secure else "")


def _set_host(scope: Scope, given: str, port: int | None) -> None:
    if not given and port is None:
        return
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if not given and len(lines) != 1:
        return  # nothing that a port could belong to
    authority = replace_port(given or lines[0], port, scheme=scope.get("scheme", "http"))
    if authority is not None:
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope["headers"] = [(b"host", authority.encode("ascii")), *others]


def _set_prefix(scope: Scope, prefix: str) -> None:
    if not _PREFIX.fullmatch(prefix):
        return
    # ASGI: the path begins with the root path, which the proxy has taken off.
    scope["root_path"] = prefix + scope.get("root_path", "")
    scope["path"] = prefix + scope["path"]
    if scope.get("raw_path"):
        scope["raw_path"] = prefix.encode("ascii") + scope["raw_path"]
