"""Query sets of instances: what is read of them, and along with them."""

from typing import Any

import pytest

from openviper.db import Prefetch
from openviper.db.exceptions import FieldError


def test_only_and_defer_say_what_is_read(book: Any) -> None:
    """only() replaces what it said before, defer() adds to it."""
    rows = book.objects.only("title").only("price").defer("genre").defer("title", "genre")
    assert rows.query.columns == ("price",)
    assert rows.query.deferred == ("genre", "title")
    assert rows.only().query.columns is None


def test_select_related_adds_up(book: Any) -> None:
    """Without names it means all that is there; None takes it back."""
    rows = book.objects.select_related("author").select_related("author__city", "author")
    assert rows.query.related == ("author", "author__city")
    assert book.objects.select_related().query.related == ("*",)
    assert rows.select_related(None).query.related == ()


def test_prefetch_related_adds_up(book: Any) -> None:
    """Names and Prefetch objects keep their order; None takes them back."""
    wanted = Prefetch("reviews", to_attr="all_reviews")
    rows = book.objects.prefetch_related("author").prefetch_related(wanted)
    assert rows.prefetches == ("author", wanted)
    assert rows.filter(price=1).prefetches == ("author", wanted)
    assert rows.prefetch_related(None).prefetches == ()
    with pytest.raises(TypeError, match="takes names and Prefetch objects, not int"):
        book.objects.prefetch_related(5)


def test_locks_are_of_one_kind(book: Any) -> None:
    """A row that others hold is waited for, refused or left out."""
    assert book.objects.select_for_update().query.lock == "wait"
    assert book.objects.select_for_update(nowait=True).query.lock == "nowait"
    assert book.objects.select_for_update(skip_locked=True).query.lock == "skip_locked"
    with pytest.raises(FieldError, match="give one of nowait and skip_locked"):
        book.objects.select_for_update(nowait=True, skip_locked=True)


@pytest.mark.parametrize("method", ["only", "defer", "select_related", "values", "values_list"])
def test_names_are_texts(book: Any, method: str) -> None:
    """The message names the method."""
    with pytest.raises(TypeError, match=f"{method} takes names of fields, not int"):
        getattr(book.objects, method)(5)


async def test_in_bulk_goes_by_unique_fields(book: Any) -> None:
    """Two rows could have one key otherwise; no keys ask nothing."""
    assert await book.objects.in_bulk([]) == {}
    with pytest.raises(FieldError, match="goes by a unique field, not 'title'; there are id"):
        await book.objects.in_bulk(["x"], field_name="title")
    with pytest.raises(FieldError, match="goes by a unique field, not 'nope'"):
        await book.objects.in_bulk(["x"], field_name="nope")
