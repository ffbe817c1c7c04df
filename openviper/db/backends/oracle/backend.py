"""The connections of one Oracle database, and what each session is told at its start."""

import asyncio
import math
from typing import Final

from openviper.db.backends.address import Address, read_address
from openviper.db.backends.base import BackendOptions
from openviper.db.backends.oracle.connection import OracleConnection
from openviper.db.backends.oracle.driver import Driver, RawConnection
from openviper.db.backends.oracle.handlers import input_handler, output_handler
from openviper.db.backends.pooled import PooledBackend
from openviper.db.exceptions import ConnectionLostError
from openviper.primitives.imports import require

__all__ = ["OracleBackend"]

_OPTIONS: Final = ("sid", "protocol", "wallet-location", "wallet-password")
#: The most that DDL_LOCK_TIMEOUT takes.
_MOST_SECONDS: Final = 1_000_000


class OracleBackend(PooledBackend[OracleConnection]):
    """One Oracle database in the running event loop.

    Args:
        options: What the settings say about it.

    Raises:
        DatabaseConfigurationError: Its URL cannot be read.
        MissingDependencyError: oracledb is not installed.
    """

    dialect_name = "oracle"

    def __init__(self, options: BackendOptions) -> None:
        self._driver: Driver = require("oracledb", extra="oracle", needed_by=f"database {options.alias!r}")
        address = read_address(options, port=1521, known=_OPTIONS)
        self._arguments = _connect_arguments(address, options)
        self._greeting = _session_start(options)
        super().__init__(options)

    async def _open(self) -> OracleConnection:
        raw = await self._connect()
        raw.autocommit = True
        # Milliseconds, and 0 means no limit to the driver, so a very short one must not become it.
        limit = self.options.statement_timeout
        raw.call_timeout = 0 if limit is None else max(1, round(limit * 1000))
        raw.inputtypehandler = input_handler(self._driver)
        raw.outputtypehandler = output_handler(self._driver)
        made = OracleConnection(raw, self.options, self._driver, start=self._greeting)
        return await self._start(made, made.start())

    async def _connect(self) -> RawConnection:
        seconds = self.options.connect_timeout
        try:
            async with asyncio.timeout(seconds):
                raw: RawConnection = await self._driver.connect_async(**self._arguments, tcp_connect_timeout=seconds)
        except (self._driver.Error, OSError) as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise ConnectionLostError(f"database {self.options.alias!r} cannot be reached: {reason}") from error
        return raw


def _connect_arguments(address: Address, options: BackendOptions) -> dict[str, object]:
    query = address.query
    said: dict[str, object] = {
        "user": address.user,
        "password": address.password,
        "host": address.host,
        "port": address.port,
        "stmtcachesize": options.statement_cache,
    }
    said |= {"sid": query["sid"]} if "sid" in query else {"service_name": address.name}
    for option, name in (("protocol", "protocol"), ("wallet-location", "wallet_location")):
        if option in query:
            said[name] = query[option]
    if "wallet-password" in query:
        said["wallet_password"] = query["wallet-password"]
    return said


def _session_start(options: BackendOptions) -> str:
    """Write what a session is told: clocks in UTC, texts compared by code point, one way to write a moment."""
    settings = {
        "TIME_ZONE": "'+00:00'",
        "NLS_DATE_FORMAT": "'YYYY-MM-DD HH24:MI:SS'",
        "NLS_TIMESTAMP_FORMAT": "'YYYY-MM-DD HH24:MI:SS.FF6'",
        "NLS_NUMERIC_CHARACTERS": "'.,'",
        "NLS_SORT": "BINARY",
        "NLS_COMP": "BINARY",
    }
    if options.lock_timeout is not None:
        settings["DDL_LOCK_TIMEOUT"] = str(min(_MOST_SECONDS, math.ceil(options.lock_timeout)))
    return "ALTER SESSION SET " + " ".join(f"{name} = {value}" for name, value in settings.items())
