"""Which type of the engine a value is sent as, and which type of Python a column is read as."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from openviper.db.backends.oracle.driver import Driver, FetchInfo, RawCursor, RawVariable

__all__ = ["input_handler", "output_handler"]

InputHandler: TypeAlias = Callable[[RawCursor, object, int], RawVariable | None]
OutputHandler: TypeAlias = Callable[[RawCursor, FetchInfo], RawVariable | None]


def input_handler(driver: Driver) -> InputHandler:
    """Give what chooses the type of a parameter, where the driver's own choice would lose something.

    Args:
        driver: python-oracledb.
    """

    def choose(cursor: RawCursor, value: object, count: int) -> RawVariable | None:
        if isinstance(value, datetime):
            # A DATE has no fractions of a second.
            return cursor.var(driver.DB_TYPE_TIMESTAMP, arraysize=count)
        if isinstance(value, float):
            # A NUMBER has neither infinity nor all digits of a float.
            return cursor.var(driver.DB_TYPE_BINARY_DOUBLE, arraysize=count)
        return None

    return choose


def output_handler(driver: Driver) -> OutputHandler:
    """Give what chooses how a column is read.

    Numbers without a fraction are ints; those that may have one are decimals, while the driver would make floats of
    them. Long texts come with their rows and not by a question each.

    Args:
        driver: python-oracledb.
    """

    def choose(cursor: RawCursor, column: FetchInfo) -> RawVariable | None:
        kind, count = column.type_code, cursor.arraysize
        if kind == driver.DB_TYPE_CLOB:
            return cursor.var(driver.DB_TYPE_LONG, arraysize=count)
        if kind == driver.DB_TYPE_BLOB:
            return cursor.var(driver.DB_TYPE_LONG_RAW, arraysize=count)
        if kind == driver.DB_TYPE_NUMBER and not (column.precision and column.scale == 0):
            # What is computed says nothing of its places, so the value itself tells.
            return cursor.var(str, arraysize=count, outconverter=_read_number)
        return None

    return choose


def _read_number(text: str) -> int | Decimal:
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)
