"""What proxies say about the client, read from the right: the last entry is that of the proxy next to us.

Each proxy appends what it knows of whoever asked it. Read from the right, every entry is vouched for by the one before,
for as long as these are trusted; what stands further left was sent by a client and may be anything, a quote that is
never closed included. So nothing here reads from the left, and nothing further left spoils what stands to the right.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

from openviper.types import RawHeaders

__all__ = ["Address", "iter_elements", "iter_entries", "join_lines", "parse_address", "parse_node", "replace_port"]

Address: TypeAlias = IPv4Address | IPv6Address

# No chain of proxies is that long; together they bound the work that a header can ask for.
_MOST_ENTRIES: Final = 64
_LONGEST: Final = 4096
# How many commas a quoted text of an element may hold; addresses and hosts have none.
_MOST_COMMAS: Final = 16

# Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
_WITH_PORT: Final = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")

# RFC 7239, 4. An address with a port has to stand in quotes, and often does not. No part gives back what it has taken,
# so the time is that of the length.
_PAIR: Final = re.compile(
    r"""[ \t]*+
    (?:(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]++)=
       (?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>[!#$%&'*+.^_`|~0-9A-Za-z:\[\]/-]++)))?
    [ \t]*+(?P<end>;|\Z)""",
    re.VERBOSE,
)

# RFC 3986, 3.2.2; underscores are no part of it and common in networks of containers.
_AUTHORITY: Final = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|(?=[^:]{1,253}(?::|\Z))[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+\.?)(?::[0-9]{1,5})?"
)
_DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def join_lines(headers: RawHeaders, name: bytes) -> bytes:
    """Give all lines of a header as the one that they mean (RFC 9110, 5.3); empty when there is none."""
    return b",".join([value for key, value in headers if key == name])


def iter_entries(header: bytes) -> Iterator[str]:
    """Give the entries of a list from the right, without the blanks around them."""
    for entry in reversed(header.rsplit(b",", _MOST_ENTRIES)):
        yield entry.strip().decode("latin-1")


def iter_elements(header: bytes) -> Iterator[dict[str, str]]:
    """Give the elements of ``Forwarded`` (RFC 7239) from the right, up to one that is malformed.

    Args:
        header: All lines, joined by commas.

    Yields:
        The parameters of an element, names in lower case; an empty element is passed over.
    """
    text = header.decode("latin-1")[-_LONGEST:]
    end = len(text)
    for _ in range(_MOST_ENTRIES):
        start, members = end, None
        for _ in range(_MOST_COMMAS):
            start = text.rfind(",", 0, start)
            # The shortest text that is an element is it: no end of a quoted text looks like one, since the quote
            # that closes it has no partner there.
            members = _parse_element(text[start + 1 : end])
            if members is not None or start < 0:
                break
        if members is None:
            return
        if members:
            yield members
        if start < 0:
            return
        end = start


def parse_node(text: str) -> Address | None:
    """Read who asked: an address, perhaps with a port; None for ``unknown``, a made-up name and anything else."""
    found = _WITH_PORT.fullmatch(text)
    return parse_address(text if found is None else found["v4"] or found["v6"])


def parse_address(text: str) -> Address | None:
    """Read an address; one of IPv4 inside IPv6 becomes the former, which is what networks are given in."""
    # A zone may hold any text (RFC 4007) and means nothing outside the machine that wrote it.
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def replace_port(authority: str, port: int | None, *, scheme: str) -> str | None:
    """Give a host with another port; the usual one of the scheme is left out.

    Args:
        authority: Host, perhaps with a port.
        port: The port; None keeps what is there.
        scheme: Of the connection, as in an ASGI scope.

    Returns:
        None when that is no host.
    """
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return None
    if port is None:
        return authority
    return found["host"] if _DEFAULT_PORTS.get(scheme) == port else f"{found['host']}:{port}"


def _parse_element(text: str) -> dict[str, str] | None:
    members: dict[str, str] = {}
    position = 0
    while (found := _PAIR.match(text, position)) is not None:
        if found["name"] is not None:
            name = found["name"].lower()
            if name in members:
                return None  # RFC 7239, 4: each parameter once
            quoted = found["quoted"]
            members[name] = found["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if not found["end"]:
            return members
        position = found.end()
    return None
