"""Query sets of plain objects."""

from typing import Any

import pytest

from openviper.db import F, Prefetch
from openviper.db.exceptions import FieldError
from openviper.db.query.functions import Lower
from openviper.db.queryset import DictQuerySet, FlatQuerySet, TupleQuerySet


def test_modes_and_columns(book: Any) -> None:
    """Each kind says what comes of the rows, and of which columns."""
    rows = book.objects.filter(price=1)
    dicts, tuples = rows.values("title", "genre"), rows.values_list()
    flat = rows.values_list("title", flat=True)
    assert (type(dicts), dicts.query.mode, dicts.query.columns) == (DictQuerySet, "dicts", ("title", "genre"))
    assert (type(tuples), tuples.query.mode, tuples.query.columns) == (TupleQuerySet, "tuples", None)
    assert (type(flat), flat.query.mode, flat.query.columns) == (FlatQuerySet, "flat", ("title",))
    assert dicts.params == (1,)
    assert type(dicts.filter(title="x")) is DictQuerySet


def test_expressions_become_columns(book: Any) -> None:
    """They are annotations that are read."""
    rows = book.objects.values("title", low=Lower("title"), next=F("price") + 1)
    assert rows.query.columns == ("title", "low", "next")
    assert [name for name, _ in rows.query.annotations] == ["low", "next"]
    assert book.objects.values(low=Lower("title")).query.columns == ("low",)
    assert book.objects.values_list(low=Lower("title"), flat=True).query.columns == ("low",)


def test_flat_is_of_one_field(book: Any) -> None:
    """Several values could not be told apart, and none is no value."""
    for names in ((), ("title", "genre")):
        with pytest.raises(FieldError, match="takes one field"):
            book.objects.values_list(*names, flat=True)


def test_what_concerns_instances_is_dropped(book: Any) -> None:
    """There are none that could leave fields out or refer to others; what was to be prefetched is refused later."""
    rows = book.objects.only("title").defer("price").select_related("author").values("genre")
    assert (rows.query.columns, rows.query.deferred, rows.query.related) == (("genre",), (), ())
    wanted = Prefetch("reviews")
    assert book.objects.prefetch_related(wanted).values().prefetches == (wanted,)


def test_values_of_values(book: Any) -> None:
    """The last call decides."""
    rows = book.objects.values("title").values_list("genre")
    assert (type(rows), rows.query.columns) == (TupleQuerySet, ("genre",))
