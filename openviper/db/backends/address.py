"""From the URL of a database on a server to its parts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from openviper.db.backends.base import BackendOptions
from openviper.db.exceptions import DatabaseConfigurationError

__all__ = ["Address", "read_address", "unusable"]


class Address(NamedTuple):
    """The parts of a URL, decoded; empty where it says nothing.

    Args:
        host: Name or number of the machine.
        port: Where the server listens.
        user: Who connects.
        password: Of the user.
        name: Of the database.
        query: Options by their names in small letters, with ``-`` between words.
    """

    host: str
    port: int
    user: str
    password: str
    name: str
    query: Mapping[str, str]


def read_address(options: BackendOptions, *, port: int, known: Sequence[str]) -> Address:
    """Read the URL of a database.

    Args:
        options: What the settings say about it.
        port: Where the server listens if the URL does not say.
        known: Names of the options that it may have.

    Raises:
        DatabaseConfigurationError: It cannot be read; the message holds nothing of it.
    """
    try:
        parts = urlsplit(options.address)
        pairs = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
        number = parts.port or port
    except ValueError as error:
        raise unusable(options, type(error).__name__) from None  # its text may quote a part of the password
    query = {name.replace("_", "-").lower(): value for name, value in pairs}
    if unknown := [name for name in query if name not in known]:
        raise unusable(options, f"it has no option {unknown[0]!r}, there are {', '.join(known)}")
    return Address(
        host=unquote(parts.hostname or "127.0.0.1"),
        port=number,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        name=unquote(parts.path.lstrip("/")),
        query=query,
    )


def unusable(options: BackendOptions, reason: str) -> DatabaseConfigurationError:
    """Make the error for a URL that says what cannot be.

    Args:
        options: Whose URL it is.
        reason: What is wrong, without any of its values.
    """
    return DatabaseConfigurationError(
        f"the URL of database {options.alias!r} cannot be used: {reason}; "
        f"write it as {options.scheme}://user:password@host:port/name"
    )
