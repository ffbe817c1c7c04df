"""What a statement must not exceed, which is found before it is written."""

import pytest

from openviper.db.compiler.bounds import check_bounds
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import FieldError
from openviper.db.fields import IntegerField
from openviper.db.models import Model
from openviper.db.query.expressions import Exists, F, OuterRef, Q
from openviper.db.query.functions import Coalesce, Concat, Greatest

SQLITE = get_dialect("sqlite")


@pytest.fixture
def page() -> type[Model]:
    """A model with a number."""

    class Page(Model):
        size = IntegerField()

    return Page


def test_values_are_counted_before_the_statement_is_written(page: type[Model]) -> None:
    """An engine takes so many in one statement, whatever stands around them; lists are another matter."""
    most = SQLITE.features.max_parameters
    condition = Q(*(Q(size=number) for number in range(most - 1)), id__gt=0, size__in=range(most))
    check_bounds(page.objects.filter(condition).query, SQLITE)
    with pytest.raises(FieldError, match=f"has {most + 1} values, and sqlite takes {most}"):
        check_bounds(page.objects.filter(condition).filter(size=1).query, SQLITE)


def test_annotations_do_not_grow_without_end(page: type[Model]) -> None:
    """Each that uses another one has its text again, so that twenty steps of doubling would be a million parts."""
    rows = page.objects.annotate(a0=F("size"))
    for number in range(9):
        rows = rows.annotate(**{f"a{number + 1}": F(f"a{number}") + F(f"a{number}")})
    check_bounds(rows.query, SQLITE)
    check_bounds(rows.filter(a9__gt=1, a8__gt=1, a5=F("a6")).query, SQLITE)
    with pytest.raises(FieldError, match=r"'a9' has .* parts"):
        check_bounds(rows.filter(*(Q(a9__gt=number) for number in range(10))).query, SQLITE)
    for number in range(9, 14):
        rows = rows.annotate(**{f"a{number + 1}": F(f"a{number}") + F(f"a{number}")})
    with pytest.raises(FieldError, match=r"'a1\d' has .* parts .* at most 10000"):
        check_bounds(rows.query, SQLITE)


def test_annotations_are_not_nested_without_end(page: type[Model]) -> None:
    """A chain of annotations is as deep as it is long, and parsers have an end."""
    rows = page.objects.annotate(a0=F("size"))
    for number in range(80):
        rows = rows.annotate(**{f"a{number + 1}": F(f"a{number}") + 1})
    check_bounds(rows.query, SQLITE)
    with pytest.raises(FieldError, match=r"'last' has 81 levels .* at most 80"):
        check_bounds(rows.annotate(last=F("a80") + 1).query, SQLITE)


def test_queries_stand_within_each_other_ten_times(page: type[Model]) -> None:
    """The parser of SQLite has an end there too."""
    listed = found = page.objects.all()
    for _ in range(10):
        listed = page.objects.filter(id__in=listed.values("id"))
        found = page.objects.filter(Exists(found.filter(id=OuterRef("id"))))
    for rows in (listed, found):
        check_bounds(rows.query, SQLITE)
        with pytest.raises(FieldError, match="11 queries"):
            check_bounds(page.objects.filter(id__in=rows).query, SQLITE)


@pytest.mark.parametrize("function", [Coalesce, Concat, Greatest], ids=["coalesce", "concat", "greatest"])
def test_functions_take_a_hundred_arguments(function: "type[Coalesce | Concat | Greatest]") -> None:
    """No engine takes many more."""
    assert len(function(*["size"] * 100).arguments) == 100
    with pytest.raises(FieldError, match="2 to 100 arguments, not 101"):
        function(*["size"] * 101)
