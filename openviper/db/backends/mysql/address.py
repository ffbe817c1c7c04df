"""From the URL of a database to what asyncmy is called with."""

import ssl
from collections.abc import Mapping
from typing import Final

from openviper.db.backends.address import read_address, unusable
from openviper.db.backends.base import BackendOptions

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
    address = read_address(options, port=3306, known=_OPTIONS)
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user or "root",
        # As bytes: the driver would write a text in Latin 1.
        "password": address.password.encode(),
        "database": address.name or None,
        "unix_socket": address.query.get("unix-socket"),
        "ssl": _make_context(address.query, options),
    }


def _make_context(query: Mapping[str, str], options: BackendOptions) -> ssl.SSLContext | None:
    ca = query.get("ssl-ca")
    mode = query.get("ssl-mode", "verify_identity" if ca else "disabled").lower()
    if mode not in _MODES:
        raise unusable(options, f"ssl-mode is one of {', '.join(_MODES)}")
    if mode == "disabled":
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
        context.check_hostname = mode == "verify_identity"
        context.verify_mode = ssl.CERT_NONE if mode == "required" else ssl.CERT_REQUIRED
        if cert := query.get("ssl-cert"):
            context.load_cert_chain(cert, query.get("ssl-key"))
    except OSError as error:
        raise unusable(options, f"a certificate cannot be read ({error.strerror or type(error).__name__})") from None
    return context
