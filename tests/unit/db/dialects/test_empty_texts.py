"""Searches for nothing on SQLite, whose functions for letters are calls of Python."""

import sqlite3
from contextlib import closing

import pytest

from openviper.db import Model, fields
from openviper.db.compiler.planning import plan_of
from openviper.db.dialects.engines import get_dialect

NAMES = ["Ann", "straße", "", "*", None] * 20


@pytest.mark.parametrize("lookup", ["icontains", "istartswith", "iendswith"])
@pytest.mark.parametrize(("text", "found", "most_calls"), [("", 80, 1), ("*", 20, 200), ("ANN", 20, 200)])
def test_nothing_is_found_without_calls(lookup: str, text: str, found: int, most_calls: int) -> None:
    """The empty text is in every text and in no NULL, which no row has to be changed for."""

    class Guest(Model):
        name = fields.CharField(max_length=10, null=True)

        class Meta:
            table_name = "guests"

    calls: list[str] = []

    def upper(value: str | None) -> str | None:
        calls.append("upper")
        return None if value is None else value.upper()

    rows = Guest.objects.filter(**{f"name__{lookup}": text}).order_by("id")
    plan = plan_of(rows.query, get_dialect("sqlite"))
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.create_function("unicode_upper", 1, upper, deterministic=True)
        raw.execute("CREATE TABLE guests (id INTEGER PRIMARY KEY, name TEXT)")
        raw.executemany("INSERT INTO guests (name) VALUES (?)", [(name,) for name in NAMES])
        answer = raw.execute(plan.sql, plan.bind(rows.params)).fetchall()
    assert len(answer) == found
    assert len(calls) <= most_calls
