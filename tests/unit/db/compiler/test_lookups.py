"""Lookups: which there are for which kind of field, and what their values become."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.compiler.lookups import comparison_class, make_dress, read_rest, screen_pattern
from openviper.db.compiler.scope import Found
from openviper.db.compiler.terms import Typed
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage, storage_of
from openviper.db.exceptions import FieldError, FieldValueError
from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.models import Model


def read(field: AnyField, *names: str, target: type[Any] | None = None) -> tuple[tuple[str, ...], str]:
    """Read what stands behind a field."""
    # Nothing is asked of the column itself.
    from sqlalchemy import null

    dialect = get_dialect("postgresql")
    typed = Typed(null(), storage_of(field), dialect.form_of(field), name="it")
    found = read_rest(Found(typed, target, names), "it__" + "__".join(names))
    return found.parts, found.lookup


def dressed(style: str, text: str) -> object:
    """Give the pattern that a text becomes."""
    dress = make_dress(style)
    assert dress is not None
    return eval(dress.write("text"), dict(dress.names), {"text": text})


@pytest.mark.parametrize(
    ("field", "names", "expected"),
    [
        (fields.IntegerField(), (), ((), "exact")),
        (fields.IntegerField(), ("range",), ((), "range")),
        (fields.CharField(), ("iregex",), ((), "iregex")),
        (fields.DateTimeField(), ("year",), (("year",), "exact")),
        (fields.DateTimeField(), ("year", "gte"), (("year",), "gte")),
        (fields.DateTimeField(), ("date", "month", "in"), (("date", "month"), "in")),
        (fields.DateTimeField(), ("time", "hour"), (("time", "hour"), "exact")),
        (fields.TimeField(), ("minute", "isnull"), (("minute",), "isnull")),
        (fields.JSONField(), ("exact",), ((), "exact")),
    ],
)
def test_end_of_a_path_is_parts_and_a_lookup(field: AnyField, names: tuple[str, ...], expected: object) -> None:
    """Parts of a moment come first, and a path without a lookup means equality."""
    assert read(field, *names) == expected


@pytest.mark.parametrize(
    ("field", "names", "listed"),
    [
        (fields.IntegerField(), ("contains",), "exact, in, isnull, gt, gte, lt, lte, range$"),
        (fields.BooleanField(), ("year",), "exact, in, isnull"),
        (fields.JSONField(), ("gt",), "exact, in, isnull$"),
        (fields.GenericIPAddressField(), ("gt",), "exact, in, isnull, iexact, contains"),
        (fields.DateField(), ("hour",), "range, year, month, day, week, week_day, quarter$"),
        (fields.TimeField(), ("date",), "range, hour, minute, second$"),
        (fields.CharField(), ("exact", "in"), "exact, in"),
        (fields.DateTimeField(), ("year", "contains"), "exact, in, isnull, gt"),
    ],
)
def test_lookup_that_is_none_is_refused_with_those_that_are(
    field: AnyField, names: tuple[str, ...], listed: str
) -> None:
    """The message lists what there is for such a field."""
    with pytest.raises(FieldError, match=f"which is neither a field nor a lookup there; lookups of it are .*{listed}"):
        read(field, *names)


def test_relation_lists_the_fields_behind_it_too() -> None:
    """A wrong name behind a relation was more likely meant for a field."""

    class Author(Model):
        name = fields.CharField()

    with pytest.raises(FieldError, match=r"fields of compiler.Author are id, name, pk; lookups of it"):
        read(fields.BigIntegerField(), "nam", target=Author)


@pytest.mark.parametrize(
    ("style", "text", "pattern"),
    [
        ("like:within", "50%_\\", r"%50\%\_\\%"),
        ("like:prefix", "a", "a%"),
        ("like:suffix", "a", "%a"),
        ("glob:prefix", "a*?[b]", "a[*][?][[]b]*"),
        ("glob:suffix", "x", "*x"),
    ],
)
def test_text_becomes_a_pattern_that_means_itself(style: str, text: str, pattern: str) -> None:
    """Every sign that would be a wildcard is escaped."""
    assert dressed(style, text) == pattern


def test_text_that_needs_no_pattern_stays() -> None:
    """Where the engine looks for the text itself there is nothing to do."""
    assert make_dress("") is None


def test_pattern_longer_than_sqlite_takes_is_refused() -> None:
    """SQLite would end the query with an error of its own."""
    with pytest.raises(FieldValueError, match="at most 4000"):
        dressed("glob:prefix", "a" * 4001)


@given(st.text(max_size=20))
def test_escaped_text_matches_itself_only(text: str) -> None:
    """GLOB finds the text by its pattern, whatever signs are in it."""
    text = text.replace("\0", "").encode("utf-8", "ignore").decode()
    with closing(sqlite3.connect(":memory:")) as raw:
        sql = "SELECT ? GLOB ?, ? GLOB ?"
        pattern = dressed("glob:prefix", text)
        assert raw.execute(sql, (text + "rest", pattern, "\x01" + text, pattern)).fetchone() == (1, int(text == ""))


@pytest.mark.parametrize("pattern", ["(", "(a+)+$", "[", "a" * 1001])
def test_pattern_that_cannot_work_is_refused(pattern: str) -> None:
    """What is no regular expression, or takes exponentially long, never reaches a database."""
    with pytest.raises(FieldValueError):
        screen_pattern(pattern)


def test_kinds_of_one_class_compare() -> None:
    """Numbers compare with numbers and texts with texts; all else with its own kind only."""
    kinds = {kind: comparison_class(Storage(kind=kind)) for kind in FieldKind}
    assert kinds[FieldKind.SMALLINT] == kinds[FieldKind.DECIMAL] == kinds[FieldKind.FLOAT] == "number"
    assert kinds[FieldKind.CHAR] == kinds[FieldKind.TEXT] == kinds[FieldKind.IP] == "text"
    assert len(set(kinds.values())) == len(kinds) - 4 - 2
