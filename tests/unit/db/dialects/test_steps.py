"""How engines are asked what they would do, and how their answers are written; and what else was told by names."""

import pytest

from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError

ENGINES = ("sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql")


@pytest.mark.parametrize(
    ("name", "words"), [("sqlite", "EXPLAIN QUERY PLAN"), ("postgresql", "EXPLAIN (FORMAT TEXT)"), ("mysql", "EXPLAIN")]
)
def test_words(name: str, words: str) -> None:
    """Each engine is asked in its own words."""
    assert get_dialect(name).ask_steps(analyze=False, verbose=False, output="text") == words


def test_options() -> None:
    """An option is refused where the engine has none."""
    stated = get_dialect("postgresql").ask_steps(analyze=True, verbose=True, output="json")
    assert stated == "EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON)"
    with pytest.raises(DatabaseOperationNotSupportedError, match="no options on mariadb"):
        get_dialect("mariadb").ask_steps(analyze=False, verbose=False, output="json")


def test_columns_are_named() -> None:
    """An answer of several columns says which is which, and one of a single column is a text."""
    dialect = get_dialect("mariadb")
    rows = [(1, "SIMPLE", None), (1, "SIMPLE", "PRIMARY")]
    assert dialect.draw_steps(("id", "kind", "key"), rows) == "id: 1, kind: SIMPLE\nid: 1, kind: SIMPLE, key: PRIMARY"
    assert get_dialect("postgresql").draw_steps(("QUERY PLAN",), [("Scan",), ("  Filter",)]) == "Scan\n  Filter"


def test_steps_are_a_tree() -> None:
    """A step of SQLite stands below the one that it is a part of."""
    rows = [(2, 0, 0, "UNION"), (5, 2, 0, "LEFT"), (9, 5, 0, "SCAN a"), (12, 0, 0, "SCAN b")]
    drawn = get_dialect("sqlite").draw_steps(("id", "parent", "notused", "detail"), rows)
    assert drawn == "UNION\n  LEFT\n    SCAN a\nSCAN b"


def test_what_lends_its_connection() -> None:
    """It is a feature and no name that decides over the way of many statements."""
    assert [name for name in ENGINES if get_dialect(name).features.lends_connection] == ["sqlite"]
