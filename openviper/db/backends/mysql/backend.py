"""The connections of one MariaDB or MySQL database, and what each session is told at its start."""

import asyncio
import math
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.mysql.address import connect_arguments
from openviper.db.backends.mysql.connection import MySQLConnection
from openviper.db.backends.mysql.driver import FOUND_ROWS, Driver, RawConnection
from openviper.db.backends.pooled import PooledBackend
from openviper.db.exceptions import ConnectionLostError, DatabaseConfigurationError
from openviper.primitives.imports import require

__all__ = ["MySQLBackend"]

# Standard SQL as far as the engine knows it: what is wrong is refused and not bent, a backslash is a backslash.
_MODE: Final = (
    "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION"
)
# In ``SET a = b, b = a`` both are the values from before.
_MORE_MODES: Final = {"mariadb": ",SIMULTANEOUS_ASSIGNMENT", "mysql": ""}
#: Texts are the same where each character is; what is no column has no collation of its own.
_COLLATIONS: Final = {"mariadb": "utf8mb4_nopad_bin", "mysql": "utf8mb4_0900_bin"}
#: Seconds for which a reader of a stream may think about a row.
_PAUSE_SECONDS: Final = 3600
#: Seconds in a year, which is as good as no limit and the most that the engine takes.
_NO_LIMIT: Final = 31_536_000


class MySQLBackend(PooledBackend[MySQLConnection]):
    """One MariaDB or MySQL database in the running event loop.

    Args:
        options: What the settings say about it.

    Raises:
        DatabaseConfigurationError: Its URL cannot be read.
        MissingDependencyError: asyncmy is not installed.
    """

    def __init__(self, options: BackendOptions) -> None:
        self.dialect_name = options.scheme
        #: Whether keys are what an INSERT is said to have counted up; MariaDB gives rows.
        self.counts_keys = options.scheme == "mysql"
        self._driver: Driver = require("asyncmy", extra="mysql", needed_by=f"database {options.alias!r}")
        self._arguments = connect_arguments(options)
        self._greeting = _session_start(options)
        super().__init__(options)

    async def _open(self) -> MySQLConnection:
        raw = await self._connect()
        self._check_kind(raw)
        made = MySQLConnection(
            raw, self.options, self._driver, start=self._greeting, kill=self._stop, counts_keys=self.counts_keys
        )
        return await self._start(made, made.execute(self._greeting))

    async def _connect(self) -> RawConnection:
        seconds = self.options.connect_timeout
        try:
            async with asyncio.timeout(seconds):
                raw: RawConnection = await self._driver.connect(
                    **self._arguments,
                    charset="utf8mb4",
                    client_flag=FOUND_ROWS,
                    connect_timeout=min(seconds, _NO_LIMIT),
                    program_name="openviper",
                    # The session is told by us, in one message.
                    autocommit=None,
                )
        except (self._driver.errors.MySQLError, OSError) as error:
            reason = str(error.args[-1] if error.args else error) or type(error).__name__
            raise ConnectionLostError(f"database {self.options.alias!r} cannot be reached: {reason}") from error
        return raw

    def _check_kind(self, raw: RawConnection) -> None:
        kind = "mariadb" if "MariaDB" in raw.server_version else "mysql"
        if kind != self.options.scheme:
            raw.close()
            raise DatabaseConfigurationError(
                f"the server of database {self.options.alias!r} is {kind} {raw.server_version}, which differs from "
                f"{self.options.scheme}; begin its URL with {kind}://"
            )

    async def _stop(self, number: int) -> None:
        """Have the server stop the statement of a session, over a connection of its own."""
        raw = await self._connect()
        try:
            await raw.query(f"KILL QUERY {number}".encode())
        finally:
            raw.close()


def _session_start(options: BackendOptions) -> str:
    """Write what a session is told."""
    settings = {
        "autocommit": "1",
        "sql_mode": f"'{_MODE}{_MORE_MODES[options.scheme]}'",
        "time_zone": "'+00:00'",
        # Quotients and averages of decimals have so many digits more than what is divided.
        "div_precision_increment": "20",
        "net_write_timeout": str(_PAUSE_SECONDS),
        **_time_outs(options),
    }
    told = ", ".join(f"{name} = {value}" for name, value in settings.items())
    # PostgreSQL's level, and that of most programs: what others have stored meanwhile is seen.
    level = "READ COMMITTED, READ ONLY" if options.read_only else "READ COMMITTED"
    names = f"SET NAMES utf8mb4 COLLATE {_COLLATIONS[options.scheme]}"
    return f"{names}, {told}; SET SESSION TRANSACTION ISOLATION LEVEL {level}"


def _time_outs(options: BackendOptions) -> dict[str, str]:
    limit, lock = options.statement_timeout, options.lock_timeout
    # Locks are waited for in whole seconds, at least one.
    seconds = str(_NO_LIMIT if lock is None else max(1, math.ceil(lock)))
    waits = {"innodb_lock_wait_timeout": seconds, "lock_wait_timeout": seconds}
    if options.scheme == "mariadb":
        # 0 means no limit to the server, so a very short one must not become it.
        return {"max_statement_time": f"{0 if limit is None else max(0.001, limit):.6f}", **waits}
    # Milliseconds, and for reading alone.
    return {"max_execution_time": str(0 if limit is None else max(1, round(limit * 1000))), **waits}
