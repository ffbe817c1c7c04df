"""From the URL of a database to what asyncmy is called with."""

import ssl
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from openviper.db.backends.base import BackendOptions
from openviper.db.exceptions import DatabaseConfigurationError

__all__ = ["connect_arguments"]

_OPTIONS: Final = ("ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "unix-socket")
_MODES: Final = ("disabled", "required", "verify_ca", "verify_identity")


def connect_arguments(options: BackendOptions) -> dict[str, object]:
    """Read the URL of a database.

    ``?ssl-mode=`` is ``disabled``, ``required`` (encrypted, the server is not checked), ``verify_ca`` or
    ``verify_identity``; a certificate alone (``ssl-ca``) means ``verify_identity``. ``unix-socket`` is a path.

    Args:
        options: What the settings say about it.

    Raises:
        DatabaseConfigurationError: It cannot be read; the message holds nothing of it.
    """
    try:
        parts = urlsplit(options.address)
        port = parts.port or 3306
        query = (
            {name.replace("_", "-").lower(): value for name, value in parse_qsl(parts.query, strict_parsing=True)}
            if (parts.query)
            else {}
        )
    except ValueError as error:
        raise _unusable(options, type(error).__name__) from None  # its text may quote a part of the password
    if unknown := [name for name in query if name not in _OPTIONS]:
        raise _unusable(options, f"it has no option {unknown[0]!r}, there are {', '.join(_OPTIONS)}")
    return {
        "host": unquote(parts.hostname or "127.0.0.1"),
        "port": port,
        "user": unquote(parts.username or "root"),
        # As bytes: the driver would write a text in Latin 1.
        "password": unquote(parts.password or "").encode(),
        "database": unquote(parts.path.lstrip("/")) or None,
        "unix_socket": query.get("unix-socket"),
        "ssl": _make_context(query, options),
    }


def _make_context(query: dict[str, str], options: BackendOptions) -> ssl.SSLContext | None:
    ca = query.get("ssl-ca")
    mode = query.get("ssl-mode", "verify_identity" if ca else "disabled").lower()
    if mode not in _MODES:
        raise _unusable(options, f"ssl-mode is one of {', '.join(_MODES)}")
    if mode == "disabled":
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
        context.check_hostname = mode == "verify_identity"
        context.verify_mode = ssl.CERT_NONE if mode == "required" else ssl.CERT_REQUIRED
        if cert := query.get("ssl-cert"):
            context.load_cert_chain(cert, query.get("ssl-key"))
    except OSError as error:
        raise _unusable(options, f"a certificate cannot be read ({error.strerror or type(error).__name__})") from None
    return context


def _unusable(options: BackendOptions, reason: str) -> DatabaseConfigurationError:
    return DatabaseConfigurationError(
        f"the URL of database {options.alias!r} cannot be used: {reason}; "
        f"write it as {options.scheme}://user:password@host:port/name"
    )
