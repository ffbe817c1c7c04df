"""Which statements that somebody has written only read, as far as their text proves it.

A word in a text can be a function that writes, so words are not looked for that change something: the words that are
known to change nothing are, and in doubt a statement writes.
"""

import re
from functools import lru_cache
from typing import Final

from openviper.db.connections.reading import COMPUTING

__all__ = ["only_reads"]

_BEGINNINGS: Final = frozenset({"SELECT", "VALUES", "WITH"})
_CHANGING: Final = """
ALTER ANALYZE ATTACH CALL COPY CREATE DELETE DO DROP DUMPFILE EXEC EXECUTE EXPLAIN GRANT INSERT INTO LOCK MERGE OUTFILE
PRAGMA REPLACE REVOKE SHARE TRUNCATE UPDATE VACUUM
"""
# UPDATE and SHARE are those of FOR UPDATE too: what is locked is about to be written.
_WRITES: Final = frozenset(_CHANGING.split())
_QUOTED: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|--\s[^\n]*|/\*[^!*+](?:(?!/\*).)*?\*/", re.DOTALL
)
# What engines read in several ways, so that more of the text may be a statement than it seems; a second statement; and
# a function by a name in quotes or of a schema.
_UNCLEAR: Final = re.compile(r"[\\#$;]|--|/\*|['`\"]\s*\(|\.\s*\w+\s*\(")
_WORD: Final = re.compile(r"([^\W\d]\w*)(\s*\()?")


@lru_cache(maxsize=500)
def only_reads(sql: str) -> bool:
    """Tell whether a statement is known to change nothing; False says nothing of the others.

    Args:
        sql: The statement, for any engine.
    """
    if "\\" in sql:
        return False
    # An end is no second statement, and what was a text is left as an empty one, which a bracket may not follow.
    text = _QUOTED.sub(_blank, sql).rstrip().removesuffix(";")
    if _UNCLEAR.search(text):
        return False
    words = [(found[1].upper(), found[2] is not None) for found in _WORD.finditer(text)]
    if not words or words[0][0] not in _BEGINNINGS:
        return False
    return all(word in COMPUTING if calls else word not in _WRITES for word, calls in words)


def _blank(found: re.Match[str]) -> str:
    first = found[0][0]
    return " " if first in "-/" else first * 2
