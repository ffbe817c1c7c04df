"""One statement with the values of several rows, and what the server puts into variables for each of them."""

from collections.abc import Sequence
from typing import Any, Final

from openviper.db.backends.base import Row
from openviper.db.backends.oracle.driver import Driver, RawConnection, RawCursor
from openviper.db.backends.oracle.texts import places_in

__all__ = ["run_whole"]

_MANY: Final = "openviper_many"


async def run_whole(
    raw: RawConnection, sql: str, rows: Sequence[Sequence[object]], *, driver: Driver, in_block: bool
) -> tuple[RawCursor, Sequence[Row]]:
    """Run a statement for all rows or for none, and give what it returns.

    Args:
        raw: The session.
        sql: The statement.
        rows: A value for each mark that is not filled by the server, at least one row.
        driver: python-oracledb.
        in_block: Whether a transaction is open, which stays so.
    """
    places = places_in(sql)
    # One row is whole by itself.
    is_one = len(rows) == 1
    owns = not (in_block or is_one)
    cursor = raw.cursor()
    variables = [cursor.var(int, arraysize=len(rows)) for _ in range(places.returned)]
    if variables and not is_one:
        cursor.setinputsizes(*[None] * len(places.order), *variables)
    if owns:
        raw.autocommit = False
    elif not is_one:
        await raw.cursor().execute(f"SAVEPOINT {_MANY}")
    try:
        if is_one:
            await cursor.execute(sql, [*rows[0], *variables])
        else:
            await cursor.executemany(sql, rows)
        if owns:
            await raw.commit()
    except driver.Error:
        if owns:
            await raw.rollback()
        elif not is_one:
            await raw.cursor().execute(f"ROLLBACK TO SAVEPOINT {_MANY}")
        raise
    finally:
        if owns:
            raw.autocommit = True
    return cursor, [_returned(variables, place) for place in range(len(rows))] if variables else ()


def _returned(variables: Sequence[Any], place: int) -> Row:
    """Give what the server has put into variables for one row, which is a list of what it did to it."""
    values = [one.getvalue(place) for one in variables]
    return tuple(value[0] if isinstance(value, list) and value else None for value in values)
