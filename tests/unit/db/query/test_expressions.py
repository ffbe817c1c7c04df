"""Expressions: what users write, before anything is made of it."""

from collections.abc import Callable
from functools import reduce
from operator import ge, gt, le, lt, or_
from typing import Any

import pytest

from openviper.db import Case, Exists, F, Model, OuterRef, Q, Subquery, Value, When, fields
from openviper.db.exceptions import FieldError
from openviper.db.query.expressions import Combined, Sort


def test_operators_make_expressions() -> None:
    """Either side of an operator may be a plain value."""
    assert repr(F("a") + 1) == "(F('a') + <int>)"
    assert repr(1 - F("a") * F("b")) == "(<int> - (F('a') * F('b')))"
    assert repr(2 / F("a") % 3) == "((<int> / F('a')) % <int>)"
    assert repr(-F("a")) == "(F('a') * <int>)"
    assert isinstance(2 * F("a") / 3 + (5 % F("a")), Combined)
    assert isinstance(1 + F("a") - 1, Combined)


def test_an_expression_has_no_truth() -> None:
    """What only the database can tell is no condition of Python."""
    with pytest.raises(TypeError, match="in the database only"):
        bool(F("a"))


def test_an_expression_is_not_compared_to_values() -> None:
    """F("a") == 1 would be False and mean nothing, so it is refused."""
    with pytest.raises(TypeError, match="names of lookups"):
        _ = F("a") == 1
    same = F("a")
    assert same in [F("a"), same]
    assert same != F("a")


@pytest.mark.parametrize("compare", [lt, le, gt, ge])
@pytest.mark.parametrize("other", [3, F("b")], ids=["value", "expression"])
def test_an_expression_is_in_no_order(compare: Callable[[object, object], object], other: object) -> None:
    """F("a") > 1 says how it is written, from either side."""
    with pytest.raises(TypeError, match=r"filter\(price__gt=F\('cost'\)\)"):
        compare(F("a"), other)
    with pytest.raises(TypeError, match=r"filter\(price__gt=F\('cost'\)\)"):
        compare(other, F("a"))


def test_sorting_says_where_nulls_come() -> None:
    """Both ends can be asked for, one at a time."""
    assert F("a").desc(nulls_last=True).nulls == "last"
    assert F("a").asc(nulls_first=True).nulls == "first"
    assert F("a").asc().nulls is None
    assert repr(F("a").desc()) == "F('a').desc()"
    with pytest.raises(FieldError, match="first or last, not both"):
        F("a").asc(nulls_first=True, nulls_last=True)
    assert isinstance(Value(1).desc(), Sort)


@pytest.mark.parametrize("kind", [F, OuterRef])
def test_a_name_is_a_text(kind: type) -> None:
    """A value where a name belongs is an error that says so."""
    with pytest.raises(TypeError, match="takes the name of a field, not int"):
        kind(5)


def test_values_are_not_shown() -> None:
    """The text of an expression goes into logs, and a value may be a secret."""
    shown = repr(Q(token="hunter2") & ~Q(Q(a=1), b=Value("hunter2")) | Q(F("c")))
    assert "hunter2" not in shown
    assert "token=<str>" in shown
    assert "hunter2" not in repr(Case(When(a="hunter2", then="hunter2"))) + repr(F("a") + "hunter2")


def test_q_combines() -> None:
    """An empty Q says nothing, on either side; ~ twice is the same again."""
    one, other = Q(a=1), Q(b=2)
    assert (one & other).connector == "and"
    assert (one | other).connector == "or"
    assert (one | Q()) is one
    assert (Q() | one) is one
    assert (Q() & one) is one
    assert (~one).is_negated
    assert not (~~one).is_negated
    assert not one.is_negated


def test_q_takes_conditions_only() -> None:
    """A plain value is no condition."""
    with pytest.raises(TypeError, match="lookups are keywords"):
        Q("name")  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(TypeError, match="not with int"):
        _ = Q(a=1) & 5  # type: ignore[operator]  # what a user may do
    with pytest.raises(TypeError, match="not with dict"):
        _ = Q(a=1) | {"b": 1}  # type: ignore[operator]  # what a user may do


def test_case_needs_branches() -> None:
    """A case without a branch, or a branch without a condition, is refused."""
    with pytest.raises(FieldError, match="at least one When"):
        Case()
    with pytest.raises(FieldError, match="needs a condition"):
        When(then=1)
    with pytest.raises(TypeError, match=r"takes When\(\.\.\.\) objects, not Q"):
        Case(Q(a=1))  # type: ignore[arg-type]  # what a user may do


def test_subqueries_take_query_sets() -> None:
    """A manager is no query set, and the message says how to get one."""

    class Post(Model):
        title = fields.CharField()

    manager: Any = Post.objects
    for kind in (Subquery, Exists):
        with pytest.raises(TypeError, match=r"for a manager write \.all\(\)"):
            kind(manager)
    assert repr(Exists(Post.objects.all())) == f"Exists({Post.objects.all()!r})"
    assert repr(Subquery(Post.objects.all())).startswith("Subquery(<QuerySet of ")


def test_exists_combines_like_q() -> None:
    """It is a condition, so it may be negated and combined."""

    class Post(Model):
        title = fields.CharField()

    found = Exists(Post.objects.all())
    assert (~found).is_negated
    assert (found & Q(a=1)).connector == "and"
    assert (found | ~found).connector == "or"
    assert (Q() | found).parts == (found,)


def test_conditions_of_a_loop_stay_flat() -> None:
    """What says the same side by side is not nested, so a thousand conditions are one of a thousand parts."""
    many = reduce(or_, (Q(id=number) for number in range(1000)))
    assert len(many.parts) == 1000
    assert (Q(a=1, b=2) & Q(c=3) & Q(Q(d=4) | Q(e=5))).depth <= 3
    assert (~(Q(a=1) | Q(b=2)) | Q(c=3)).parts[1] == ("c", 3)


def test_deep_nesting_is_refused() -> None:
    """Python's own limit would end it later, and with a text that helps nobody."""
    with pytest.raises(FieldError, match="nested deeper than 80 levels"):
        reduce(lambda one, number: ~(one & Q(a=number)) | Q(b=number), range(200), Q(c=1))
    with pytest.raises(FieldError, match="nested deeper than 80 levels"):
        reduce(lambda one, number: one + number, range(200), F("a") + 1)
