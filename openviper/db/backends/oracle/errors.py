"""What Oracle and python-oracledb raise, in our words, by the number that the server gives to each error."""

import re
from collections.abc import Callable
from typing import Final

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.oracle.driver import Driver
from openviper.db.backends.told import lock_held, lost, out_of_time, read_only, table_in, without_values
from openviper.db.exceptions import IntegrityError, ORMException, QueryError, SerializationError, TableNotFound

__all__ = ["translated"]

_UNIQUE: Final = frozenset({"ORA-00001"})
_NOT_NULL: Final = frozenset({"ORA-01400", "ORA-01407"})
_FOREIGN_KEY: Final = frozenset({"ORA-02291", "ORA-02292"})
_CHECK: Final = frozenset({"ORA-02290"})
# A deadlock, or a row that has changed since the transaction began.
_SERIALIZATION: Final = frozenset({"ORA-00060", "ORA-08177"})
_LOCK: Final = frozenset({"ORA-00054", "ORA-30006", "ORA-04021"})
_TIMEOUT: Final = frozenset({"ORA-01013", "DPY-4024"})
_NO_TABLE: Final = frozenset({"ORA-00942"})
_READ_ONLY: Final = frozenset({"ORA-01456", "ORA-16000"})
# Refused before anything was sent.
_UNSENT: Final = frozenset({"DPY-1001"})
# The session was ended, the server stops or the socket broke.
_LOST: Final = frozenset(
    {
        *("ORA-00028", "ORA-00031", "ORA-01012", "ORA-01033", "ORA-01034", "ORA-01089", "ORA-01090", "ORA-01092"),
        *("ORA-02396", "ORA-02399", "ORA-03113", "ORA-03114", "ORA-03135", "ORA-12153", "ORA-12537", "ORA-12547"),
        *("ORA-12570", "ORA-12571", "ORA-12583", "DPY-4011", "DPY-6003", "DPY-6005"),
    }
)


def translated(
    error: BaseException, options: BackendOptions, driver: Driver, *, sql: str = "", is_open: bool = True
) -> ORMException:
    """Return the error of ours that says what the driver's says.

    Args:
        error: What python-oracledb raised.
        options: Of the database.
        driver: python-oracledb.
        sql: The statement without its values.
        is_open: Whether the session is still there.
    """
    if not isinstance(error, driver.Error):
        return lost(options, was_sent=True)
    code, message = _told(error)
    if code in _UNSENT:
        return lost(options, was_sent=False)
    if code in _LOST or not is_open:
        return lost(options, was_sent=True)
    for codes, make in _MAKERS:
        if code in codes:
            return make(message, sql)
    return _limit(code, message, options) or QueryError(without_values(message, sql), sqlstate=code or None)


def _told(error: BaseException) -> tuple[str, str]:
    """Give the code of an error and its first line; those below have details, with values."""
    first = error.args[0] if error.args else error
    message = str(getattr(first, "message", first)).partition("\n")[0]
    code = str(getattr(first, "full_code", "") or message.partition(":")[0])
    return code, message.removeprefix(f"{code}: ")


def _limit(code: str, message: str, options: BackendOptions) -> ORMException | None:
    """Tell what a limit of ours, or another transaction, has ended; None if it is neither."""
    if code in _SERIALIZATION:
        return SerializationError(message, sqlstate=code)
    if code in _LOCK:
        return lock_held(options, code)
    if code in _TIMEOUT:
        return out_of_time(options, code)
    return read_only(options) if code in _READ_ONLY else None


def _name(text: str) -> str:
    """Give a name as it was written: without quotes the engine writes it in capitals."""
    bare = text.strip('" ').rpartition(".")[2].strip('"')
    return bare.lower() if bare.isupper() else bare


def _constraint(message: str) -> str | None:
    match = re.search(r"constraint \(([^)]+)\)", message)
    return _name(match[1]) if match else None


def _duplicate(message: str, sql: str) -> IntegrityError:
    name = _constraint(message)
    # From 23ai on: ... violated on table SHOP.NOTE columns (A, B)
    match = re.search(r"columns \(([^)]+)\)", message)
    columns = [_name(one) for one in match[1].split(",")] if match else []
    return IntegrityError(
        f"a row with the same value of the unique key {name!r} is there already",
        kind="unique",
        constraint=name,
        table=table_in(sql) or None,
        columns=columns,
    )


def _missing(message: str, sql: str) -> IntegrityError:
    # cannot insert NULL into ("SHOP"."NOTE"."NAME")
    match = re.search(r'"([^"]+)"\."([^"]+)"\."([^"]+)"', message)
    table, column = (_name(match[2]), _name(match[3])) if match else (table_in(sql) or None, "")
    return IntegrityError(f"column {column!r} must not be NULL", kind="not null", table=table, columns=[column])


def _unreferenced(message: str, sql: str) -> IntegrityError:
    name = _constraint(message)
    return IntegrityError(
        f"the foreign key {name!r} refuses the row", kind="foreign key", constraint=name, table=table_in(sql) or None
    )


def _unchecked(message: str, sql: str) -> IntegrityError:
    name = _constraint(message)
    return IntegrityError(
        f"the check {name!r} refuses the row", kind="check", constraint=name, table=table_in(sql) or None
    )


def _unknown_table(message: str, sql: str) -> TableNotFound:
    # From 23ai on it has a name: table or view "SHOP"."NOTE" does not exist
    match = re.search(r'"([^"]+)" does not exist', message)
    return TableNotFound(None, _name(match[1]) if match else table_in(sql))


_MAKERS: Final[tuple[tuple[frozenset[str], Callable[[str, str], ORMException]], ...]] = (
    (_UNIQUE, _duplicate),
    (_NOT_NULL, _missing),
    (_FOREIGN_KEY, _unreferenced),
    (_CHECK, _unchecked),
    (_NO_TABLE, _unknown_table),
)
