"""From the URL of a database to the text that an ODBC driver is called with."""

import re
from collections.abc import Sequence
from typing import Final

from openviper.db.backends.address import read_address, unusable
from openviper.db.backends.base import BackendOptions

__all__ = ["connection_text"]

_OPTIONS: Final = ("driver", "encrypt", "trust-server-certificate", "trusted-connection", "multi-subnet-failover")
_WORDS: Final = {
    "encrypt": "Encrypt",
    "trust-server-certificate": "TrustServerCertificate",
    "trusted-connection": "Trusted_Connection",
    "multi-subnet-failover": "MultiSubnetFailover",
}
_OWN: Final = re.compile(r"ODBC Driver (\d+) for SQL Server")


def connection_text(options: BackendOptions, drivers: Sequence[str]) -> str:
    """Write what the driver is called with; without ``?driver=`` the newest of Microsoft's is taken.

    Args:
        options: What the settings say about the database.
        drivers: Names of those that are installed.

    Raises:
        DatabaseConfigurationError: The URL cannot be read, or no driver is installed.
    """
    address = read_address(options, port=1433, known=_OPTIONS)
    query = dict(address.query)
    driver = query.pop("driver", None) or _newest(drivers)
    if driver is None:
        raise unusable(options, "no ODBC driver for SQL Server is installed on this machine, and it names none")
    said = {"Driver": driver, "Server": f"{address.host},{address.port}"}
    if address.name:
        said["Database"] = address.name
    if address.user:
        said |= {"UID": address.user, "PWD": address.password}
    said |= {_WORDS[name]: value for name, value in query.items()}
    if options.read_only:
        said["ApplicationIntent"] = "ReadOnly"
    said["APP"] = "openviper"
    return ";".join(f"{name}={_braced(value)}" for name, value in said.items())


def _newest(drivers: Sequence[str]) -> str | None:
    found = [(int(match[1]), name) for name in drivers if (match := _OWN.fullmatch(name))]
    return max(found)[1] if found else None


def _braced(value: str) -> str:
    """Give a value that ends where it should, whatever is in it."""
    return "{" + value.replace("}", "}}") + "}"
