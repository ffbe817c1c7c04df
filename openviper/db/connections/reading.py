"""What the text of a statement tells of it, on a database that is for reading only.

What begins in a way that reads is let through, and nothing else: a list of what writes would never be whole. Where
engines read a text in several ways, it is refused.
"""

import re
from functools import lru_cache
from typing import Final

from openviper.db.connections.database import is_write

__all__ = ["COMPUTING", "changes_session", "only_looks"]

_BEFORE_BRACKETS: Final = """
ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE END EXCEPT EXISTS FILTER FROM GROUP HAVING ILIKE IN INTERSECT IS JOIN
LATERAL LIKE LIMIT MATERIALIZED NOT OFFSET ON OR OVER PARTITION SELECT SOME THEN UNION USING VALUES WHEN WHERE
ARRAY CHAR DECIMAL NUMERIC ROW VARCHAR
"""
_FUNCTIONS: Final = """
ABS ARRAY_AGG AVG BOOL_AND BOOL_OR CAST CEIL CEILING COALESCE CONCAT COUNT CUME_DIST CURRENT_TIMESTAMP DATE DATETIME
DATE_PART DATE_TRUNC DENSE_RANK EXP EXTRACT FIRST_VALUE FLOOR GREATEST GROUP_CONCAT IFNULL INSTR JSON_EXTRACT JULIANDAY
LAG LAST_VALUE LEAD LEAST LEFT LENGTH LN LOG LOWER LPAD LTRIM MAX MD5 MIN MOD NOW NTH_VALUE NTILE NULLIF PERCENT_RANK
POSITION POWER RANDOM RANK REPLACE REVERSE RIGHT ROUND ROW_NUMBER RPAD RTRIM SIGN SQRT STRFTIME STRING_AGG SUBSTR
SUBSTRING SUM TIME TOTAL TO_CHAR TO_DATE TRIM TRUNC TYPEOF UNNEST UPPER
"""
#: Words that may stand before a bracket: functions that every engine has, or that only compute, and what is none.
COMPUTING: Final = frozenset((_BEFORE_BRACKETS + _FUNCTIONS).split())

# Comments within comments are one to PostgreSQL and two to others, so a text that begins with such is none that reads.
_BEGINNING: Final = re.compile(
    r"(?:[\s(]|--[^\n]*(?:\n|$)|/\*(?:(?!/\*).)*?\*/)*"
    r"(DESC|DESCRIBE|EXPLAIN|PRAGMA|SELECT|SHOW|TABLE|VALUES|WITH)\b",
    re.IGNORECASE | re.DOTALL,
)
#: Comments that MariaDB and MySQL carry out.
_CARRIED_OUT: Final = re.compile(r"/\*M?!", re.IGNORECASE)
#: A file that a server of MariaDB or MySQL writes.
_FILE: Final = re.compile(r"\bINTO\b.*\b(?:DUMP|OUT)FILE\b", re.IGNORECASE | re.DOTALL)
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
#: What engines take for quotes and comments in several ways, so that a text may end elsewhere than it seems.
_MARKS: Final = re.compile(r"[\\$#`]|--|/\*")
#: A function by a name in quotes or of a schema, and what may stand between a name and its bracket.
_HIDDEN: Final = re.compile(r"[\\#]|--|/\*|['`\"]\s*\(|\.\s*\w+\s*\(")
_CALL: Final = re.compile(r"([^\W\d]\w*)\s*\(")


@lru_cache(maxsize=1000)
def only_looks(sql: str) -> bool:
    """Tell whether a statement is one that reads, by its text; what a function in it does is not looked at.

    Args:
        sql: The statement.
    """
    begins = _BEGINNING.match(sql)
    if begins is None or _CARRIED_OUT.search(sql) or _FILE.search(sql) or not _is_alone(sql):
        return False
    return begins[1].upper() not in ("EXPLAIN", "WITH") or not is_write(sql)


@lru_cache(maxsize=1000)
def changes_session(sql: str) -> bool:
    """Tell whether a statement may change what its session may do, since it calls what is not known to compute.

    Args:
        sql: The statement, one that reads.
    """
    return _HIDDEN.search(sql) is not None or any(word.upper() not in COMPUTING for word in _CALL.findall(sql))


def _is_alone(sql: str) -> bool:
    """Tell whether a text is one statement."""
    text = sql.rstrip().removesuffix(";")
    return ";" not in text or (_MARKS.search(text) is None and ";" not in _QUOTED.sub("", text))
