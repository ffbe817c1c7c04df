"""Statements by hand before they are sent, and the text of queries; engines are in the contract suite."""

from typing import Any

import pytest

from openviper.db.exceptions import FieldError
from openviper.db.queryset.raw import raw, sql_of
from openviper.testing import override_settings


@pytest.mark.parametrize(("url", "mark"), [("sqlite:///:memory:", "?"), ("postgresql://u@localhost/x", "$1")])
def test_text_of_a_query_without_a_loop(book: Any, url: str, mark: str) -> None:
    """Writing a text needs no connection and no event loop."""
    with override_settings(DATABASES={"default": {"OPTIONS": {"URL": url}}}):
        text = sql_of(book.objects.filter(title="secret"))

    assert mark in text
    assert "secret" not in text


def test_statement_is_a_text(book: Any) -> None:
    """Anything else is refused at once."""
    with pytest.raises(FieldError, match="raw"):
        _ = raw(book, 5, {})  # type: ignore[arg-type]  # what is tested


def test_nothing_is_sent_before_it_is_awaited(book: Any) -> None:
    """Rows that nobody reads are asked of nobody."""
    assert "not read yet" in repr(raw(book, "SELECT 1", {}))
