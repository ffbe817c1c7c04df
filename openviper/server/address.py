"""Where a server listens: a bound socket, taken before anything of the application is imported."""

import errno
import os
import socket
from typing import Final

from openviper.server.exceptions import AddressError

__all__ = ["bind_socket", "format_url"]

_REASONS: Final = {
    errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
    errno.EACCES: "this user may not use that port; choose one from 1024 up",
    errno.EADDRNOTAVAIL: "that is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all of its addresses",
}


def bind_socket(host: str, port: int) -> socket.socket:
    """Take an address; connections are refused until the server listens on the socket.

    Args:
        host: Name or address of this machine, IPv4 or IPv6. A name with both gives IPv4.
        port: 0 to 65535; 0 takes a free one.

    Raises:
        AddressError: The port is out of range or taken, or the host is not known or not of this machine.
    """
    if not 0 <= port <= 65535:
        raise AddressError(host, port, "a port is a number from 0 to 65535")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise AddressError(host, port, "no such host; give a name or an address of this machine") from error
    # False sorts first: IPv4 wins where a name has both kinds.
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        # Connections of the last run may linger for minutes; on Windows the option would allow a second server instead.
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise AddressError(host, port, _REASONS.get(error.errno or 0, error.strerror or str(error))) from error
    return listener


def format_url(listener: socket.socket) -> str:
    """Write the address of a socket for people: with the port that it really has, or ``unix:`` and a path."""
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
