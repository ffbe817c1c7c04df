"""Queries on the page of an error."""

from pathlib import Path

from openviper.conf import settings
from openviper.core.queries import QUERIES, QueryLog, QueryRecord
from openviper.middleware.debug.page import error_page
from openviper.middleware.debug.queries import queries_of
from openviper.types import Scope


def request(*records: QueryRecord, most: int = 200) -> Scope:
    """Make a request that has sent statements."""
    log = QueryLog(most=most)
    for record in records:
        log.add(record)
    return {"type": "http", "method": "GET", "path": "/", "headers": [], QUERIES: log}


def record(sql: str = "SELECT 1", **others: object) -> QueryRecord:
    values = {"alias": "default", "parameters": (), "seconds": 0.0015, "caller": "/srv/shop/views.py:7", **others}
    return QueryRecord(sql=sql, **values)  # type: ignore[arg-type]  # the names are those of the record


def test_nothing_is_shown_of_nothing() -> None:
    """A request that sent nothing, or whose queries nobody noted, has no such table."""
    assert queries_of(request()) is None
    assert queries_of({"type": "http"}) is None
    assert queries_of({"type": "http", QUERIES: "something else"}) is None
    assert "Queries" not in error_page(request(), KeyError(), text="").body.decode()


def test_statements_in_their_order() -> None:
    """Each has its text, what its parameters were of, its time and the line; repeated texts are counted."""
    shown = queries_of(
        request(
            record("SELECT a WHERE b = ?", parameters=("str(5)",), caller=f"{Path.cwd()}/shop/views.py:7"),
            record("SELECT a WHERE b = ?", parameters=("str(7)",)),
            record("UPDATE a", alias="archive", failed="IntegrityError", seconds=1.5),
        )
    )
    assert shown is not None
    assert shown.summary == "3 in 1,503.0 ms; 1 of them with a text that had been sent before"
    first, second, third = shown.statements
    assert (first.sql, first.parameters, first.duration) == ("SELECT a WHERE b = ?", "str(5)", "1.5 ms")
    assert [one.caller for one in (first, second)] == ["shop/views.py:7", "/srv/shop/views.py:7"]
    assert third.parameters == "database archive; failed with IntegrityError"


def test_page_is_bounded() -> None:
    """Long texts and many parameters are cut, and what was not kept is named."""
    shown = queries_of(request(*[record("x" * 5000, parameters=("int",) * 100)] * 5, most=2))
    assert shown is not None
    assert len(shown.statements) == 2
    assert "5 in 3.0 ms; 1 of them with a text that had been sent before; the first 2 are shown" in shown.summary
    assert len(shown.statements[0].sql) == 2001
    assert shown.statements[0].parameters.endswith("int, 70 more")


def test_text_is_masked_and_escaped() -> None:
    """A secret of the settings that stands in a statement is hidden, and markup is text."""
    settings.configure(SECRET_KEY="a-secret-that-is-long-enough-to-be-one-0123456789")
    page = error_page(
        request(record(f"SELECT '<b>', '{settings.SECRET_KEY}' AS \"password\"")), KeyError(), text=""
    ).body.decode()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert settings.SECRET_KEY not in page
    assert "Queries <small>1 in 1.5 ms</small>" in page
