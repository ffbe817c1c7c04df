"""The functions that every connection of SQLite is given."""

import sqlite3
from collections.abc import Iterator

import pytest

from openviper.db.backends.base import BackendOptions
from openviper.db.backends.sqlite.connection import SQLiteConnection
from openviper.db.backends.sqlite.functions import FUNCTIONS, add_functions, failure_of
from openviper.db.exceptions import QueryError

MORNING = "2026-01-31 12:30:00.000000+00:00"


@pytest.fixture
def raw() -> Iterator[sqlite3.Connection]:
    """A connection with the functions."""
    connection = sqlite3.connect(":memory:")
    add_functions(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("unicode_lower('ÄÖ ẞ Ж')", "äö ß ж"),
        ("unicode_upper('äö ж 5')", "ÄÖ Ж 5"),
        ("unicode_lower(5)", "5"),
        ("'a1' REGEXP '^[a-z][0-9]$'", 1),
        ("'Ära' REGEXP 'ä'", 0),
        ("iregexp('ÄRA', 'die ära')", 1),
        ("12 REGEXP '^1'", 1),
        ("power(2, 10)", 1024.0),
        ("modulo(7, 3)", 1),
        ("modulo(-7, 3)", -1),
        ("modulo(7, -3)", 1),
        ("modulo(7, 0)", None),
        ("from_hex('00ff')", b"\x00\xff"),
        ("float_of('1e400') > 1e308", 1),
        ("length(now_text())", len(MORNING)),
        (f"local_time('{MORNING}', 'Europe/Berlin')", "2026-01-31 13:30:00.000000"),
        ("local_time('2026-07-01 23:30:00.000001+00:00', 'Europe/Berlin')", "2026-07-02 01:30:00.000001"),
        (f"shift_time('{MORNING}', 1)", "2026-01-31 12:30:00.000001+00:00"),
        ("shift_time('2026-01-31 12:30:00.000000', -86400000000)", "2026-01-30 12:30:00.000000"),
        (f"time_between('{MORNING}', '2026-01-31 12:30:00.000001+00:00')", -1),
    ],
)
def test_result(raw: sqlite3.Connection, call: str, result: object) -> None:
    """Each gives what PostgreSQL would give."""
    assert raw.execute(f"SELECT {call}").fetchone()[0] == result


@pytest.mark.parametrize("name", sorted(name for name, (count, _) in FUNCTIONS.items() if count))
def test_nothing_of_nothing(raw: sqlite3.Connection, name: str) -> None:
    """Of NULL each gives NULL."""
    count = FUNCTIONS[name][0]
    assert raw.execute(f"SELECT {name}({', '.join(['NULL'] * count)})").fetchone()[0] is None


def test_now_is_one_instant_of_a_statement(raw: sqlite3.Connection) -> None:
    """All rows of a statement have the same now."""
    rows = raw.execute("WITH n(i) AS (VALUES (1), (2), (3)) SELECT now_text() FROM n").fetchall()
    assert len(set(rows)) == 1


def test_index_may_use_them(raw: sqlite3.Connection) -> None:
    """A unique index over a function is one that tells letters beyond ASCII."""
    raw.execute("CREATE TABLE a (name TEXT)")
    raw.execute("CREATE UNIQUE INDEX a_name ON a (unicode_lower(name))")
    raw.execute("INSERT INTO a VALUES ('Ä')")
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("INSERT INTO a VALUES ('ä')")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("'a' REGEXP '('", "no regular expression"),
        ("'a' REGEXP ?", "at most 1000 characters"),
        ("? REGEXP 'a.*b'", "100000 characters"),
        ("shift_time('9999-12-31 00:00:00.000000', 86400000000)", "shift_time"),
        (f"local_time('{MORNING}', 'Nowhere/Else')", "Nowhere/Else"),
        ("power(-1, 0.5)", "power"),
    ],
)
async def test_refusal_is_told(call: str, words: str) -> None:
    """What a function refuses reaches the caller in its own words, not in SQLite's."""
    connection = SQLiteConnection(BackendOptions(alias="default", scheme="sqlite", address=":memory:"), writes=True)
    await connection.open()
    with pytest.raises(QueryError, match=words):
        await connection.fetch(f"SELECT {call}", ("x" * 100_001,) if "?" in call else ())
    with pytest.raises(QueryError, match="nothing"):
        await connection.fetch("SELECT nothing")
    await connection.close()


def test_failure_belongs_to_one_error(raw: sqlite3.Connection) -> None:
    """What was noted is forgotten with the error that it is behind."""
    with pytest.raises(sqlite3.OperationalError) as caught:
        raw.execute("SELECT 'a' REGEXP '('").fetchone()
    assert failure_of(caught.value) is not None
    assert failure_of(caught.value) is None
