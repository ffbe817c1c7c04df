"""Aggregates, before anything is made of them."""

import pytest

from openviper.db import Avg, Count, F, Max, Min, Q, Sum
from openviper.db.exceptions import FieldError


def test_names_are_made_of_the_field() -> None:
    """aggregate() without names uses these."""
    assert Sum("price").default_name == "price__sum"
    assert [kind("a").default_name for kind in (Avg, Min, Max)] == ["a__avg", "a__min", "a__max"]
    assert Count().default_name == "count"
    assert Count("author__name", distinct=True).default_name == "author__name__count"
    with pytest.raises(FieldError, match="needs a name"):
        _ = Sum(F("a") * F("b")).default_name


def test_count_of_rows_has_no_argument() -> None:
    """Count() and Count("*") count rows, which cannot be distinct."""
    assert Count().argument is None
    assert Count("*").argument is None
    assert isinstance(Count(F("a")).argument, F)
    with pytest.raises(FieldError, match="no values to compare"):
        Count("*", distinct=True)


def test_what_is_no_field_is_refused() -> None:
    """A value, an aggregate of an aggregate, and a filter that is no Q."""
    with pytest.raises(TypeError, match="Sum takes the name of a field or an expression, not int"):
        Sum(5)  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(FieldError, match="Sum stands around Count"):
        Sum(Count("a"))
    with pytest.raises(TypeError, match="takes a Q, not dict"):
        Sum("a", filter={"b": 1})  # type: ignore[arg-type]  # what a user may do


def test_repr_names_the_field() -> None:
    """The text says what is computed."""
    assert repr(Sum("a", filter=Q(b=1))) == "Sum(F('a'))"
    assert repr(Count()) == "Count(*)"
