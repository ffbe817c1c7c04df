"""The hosts that an application answers for."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from openviper.exceptions import SettingsValidationError
from openviper.types import RawHeaders

__all__ = ["AllowedHosts"]

# RFC 3986, 3.2.2, in lower case; underscores are no part of it and common in networks of containers.
_AUTHORITY: Final = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::([0-9]{1,5}))?")
# RFC 1035, 2.3.4: 255 octets, of which two are no letters. What is longer is nobody's, and not remembered either.
_LONGEST: Final = 253
_MOST_KNOWN: Final = 256


class AllowedHosts:
    """Tells whether the ``Host`` of a request is one of those that were listed.

    Args:
        entries: ``example.com`` (any port), ``example.com:8443`` (this port only), ``.example.com`` (the domain
            and everything below it), ``[::1]``, or ``*`` for every well-formed host. None at all refuses everything.

    Raises:
        SettingsValidationError: Entries are of another form; all of them are named (a ValueError). A single text, or
            what is no list at all, is one of them.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        if isinstance(entries, str):
            raise SettingsValidationError([f"ALLOWED_HOSTS is the text {entries!r}; write a tuple: ({entries!r},)"])
        if not isinstance(entries, Iterable):
            raise SettingsValidationError([f"ALLOWED_HOSTS is {entries!r}; write a tuple of hosts, () for none"])
        self._any = False
        self._suffixes: tuple[bytes, ...] = ()
        # From what stands in the header to the host without its port, so that the usual case is one lookup.
        self._exact: dict[bytes, bytes] = {}
        self._known: dict[bytes, bytes] = {}
        errors = [error for entry in entries if (error := self._add(entry)) is not None]
        if errors:
            raise SettingsValidationError(errors)

    def find(self, headers: RawHeaders) -> bytes | None:
        """Give the host that a request is for, without its port.

        Returns:
            None when it is missing, given twice, malformed or not allowed.
        """
        given: bytes | None = None
        for name, value in headers:
            if name == b"host":
                if given is not None:
                    return None
                given = value
        if given is None:
            return None
        return self._exact.get(given) or self._known.get(given) or self._examine_once(given)

    def _examine_once(self, given: bytes) -> bytes | None:
        """Examine a host with a port, a sub-domain or another spelling, and remember it if it is allowed."""
        host = self._examine(given.lower())
        # A client can make up as many spellings and sub-domains as it likes, so not all can be remembered.
        if host is not None and len(self._known) < _MOST_KNOWN:
            self._known[given] = host
        return host

    def _examine(self, given: bytes) -> bytes | None:
        parsed = _parse(given)
        if parsed is None:
            return None
        host, port = parsed
        if self._any or host in self._exact or b"%b:%b" % (host, port) in self._exact:
            return host
        return host if self._suffixes and host.endswith(self._suffixes) else None

    def _add(self, entry: object) -> str | None:
        """Take one entry over, or say what is wrong with it."""
        if not isinstance(entry, str):
            return f"ALLOWED_HOSTS: {entry!r} is no text; write a name or an address in quotes"
        entry = entry.strip().lower()
        if entry == "*":
            self._any = True
            return None
        if entry.startswith("*."):
            return f"ALLOWED_HOSTS: {entry!r} is written {entry[1:]!r} here; that allows {entry[2:]!r} itself as well"
        parsed = _parse(_bracketed(entry.removeprefix(".")).encode("ascii", "replace"))
        if parsed is None:
            return f"ALLOWED_HOSTS: {entry!r} is no host; write a name or an address, without scheme and path"
        host, port = parsed
        if not entry.startswith("."):
            self._exact[b"%b:%b" % (host, port) if port else host] = host
        elif port or host.startswith(b"["):
            return f"ALLOWED_HOSTS: {entry!r} cannot be; a leading dot goes with a domain and without a port"
        else:
            self._exact[host] = host
            self._suffixes += (b".%b" % host,)
        return None


def _parse(authority: bytes) -> tuple[bytes, bytes] | None:
    """Take host and port apart; the port is empty when there is none, the result None when it is malformed."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None or len(match[1].removesuffix(b".")) > _LONGEST:
        return None
    host, port = match[1], match[2] or b""
    if port and int(port) > 65535:
        return None
    if host.startswith(b"["):
        try:
            # The same address can be written in many ways.
            host = b"[%b]" % ipaddress.IPv6Address(host[1:-1].decode()).compressed.encode()
        except ValueError:
            return None
    # The dot at the end names the root of the domain names: another spelling of the same host.
    return host.removesuffix(b"."), port


def _bracketed(entry: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(entry).compressed}]"
    except ValueError:
        return entry
