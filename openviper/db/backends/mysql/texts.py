"""What the text of a statement tells before it is sent."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from openviper.db.backends.base import Args
from openviper.db.backends.mysql.literals import written

__all__ = ["COLUMNS", "PLAIN", "batches", "counts_rows", "storing", "unlimited"]

#: How the statements of models begin, so that nothing else need be looked at.
PLAIN: Final = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")
#: Gives the columns of a key of a table.
COLUMNS: Final = (
    "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = %s "
    "AND index_name = %s ORDER BY seq_in_index"
)

#: Bytes of statements that are sent together.
_MOST_BYTES: Final = 500_000
_COUNTED: Final = re.compile(r"(?i)\s*(?:INSERT|DELETE|REPLACE)\b")
_READ: Final = re.compile(r"(?i)[\s(]*(?:SELECT|WITH)\b")
_STORING: Final = re.compile(
    r"(?i)\s*(?:ALTER|CREATE(?!\s+(?:OR\s+REPLACE\s+)?TEMPORARY)|DROP(?!\s+TEMPORARY)|RENAME|TRUNCATE|LOCK\s+TABLES)\b"
)


def storing(sql: str) -> str | None:
    """Give the word of a statement that stores what was done before, whether a transaction is open or not."""
    match = _STORING.match(sql)
    return match[0].strip().upper() if match else None


def counts_rows(sql: str) -> bool:
    """Tell whether the rows that a statement gives are those that it has touched."""
    return _COUNTED.match(sql) is not None


def unlimited(sql: str) -> str:
    """Write a statement of MariaDB whose rows may be read for as long as it takes."""
    return f"SET STATEMENT max_statement_time=0 FOR {sql}" if _READ.match(sql) else sql


def batches(sql: str, rows: Iterable[Args], escape: Callable[[object], str]) -> Iterator[bytes]:
    """Write a statement once a row, several of them as one text.

    Args:
        sql: The statement.
        rows: Its values, a row at a time.
        escape: See ``written``.

    Raises:
        QueryError: See ``written``.
    """
    texts: list[bytes] = []
    size = 0
    statement = sql.rstrip().rstrip(";")
    for row in rows:
        text = written(statement, row, escape)
        if texts and size + len(text) > _MOST_BYTES:
            yield b"\n;".join(texts)
            texts, size = [], 0
        texts.append(text)
        size += len(text)
    if texts:
        yield b"\n;".join(texts)
