"""Functions, before anything is made of them."""

import pytest

from openviper.db import F, Value, fields, functions
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query.functions import FUNCTIONS, Cast, Coalesce, Concat, Extract, Function, Lower, Now, Round, Substr


def test_a_text_is_a_field() -> None:
    """Texts that are meant as such are written as Value."""
    made = Concat("first", Value(" "), F("last"))
    assert repr(made) == "Concat(F('first'), Value(<str>), F('last'))"
    assert repr(Coalesce("a", 0)) == "Coalesce(F('a'), <int>)"


def test_numbers_of_arguments_are_checked() -> None:
    """Too few and too many are refused with the number that is wanted."""
    with pytest.raises(FieldError, match="Lower takes 1 arguments, not 2"):
        Lower("a", "b")
    with pytest.raises(FieldError, match="Coalesce takes 2 to 100 arguments, not 1"):
        Coalesce("a")
    with pytest.raises(FieldError, match="Round takes 1 to 2 arguments, not 3"):
        Round("a", 1, 2)
    assert Now().arguments == ()


def test_numbers_that_engines_read_differently_are_refused() -> None:
    """Negative places, and positions before the first character; expressions are left to the engine."""
    for places in (-1, Value(-1)):
        with pytest.raises(FieldError, match="Round takes places of 0 or more, not -1"):
            Round("a", places)
    for position in (0, Value(-3)):
        with pytest.raises(FieldError, match="Substr takes a position of 1 or more"):
            Substr("a", position)
    with pytest.raises(FieldError, match="Substr takes a number of characters of 0 or more, not -1"):
        Substr("a", 1, -1)
    assert len(Substr("a", F("b") - 5, 0).arguments) == 3
    assert len(Round("a", 0).arguments) == 2


def test_extract_knows_the_parts() -> None:
    """Other words are refused, and all parts are named."""
    assert Extract("created", "year").name == "year"
    with pytest.raises(FieldError, match="no part 'decade'; there are year, month, day"):
        Extract("created", "decade")


def test_cast_takes_a_field() -> None:
    """The field says how the value is stored."""
    made = Cast("a", fields.DecimalField(max_digits=6, decimal_places=2))
    assert made.storage is not None
    assert (made.storage.kind, made.storage.digits) == (FieldKind.DECIMAL, (6, 2))
    with pytest.raises(TypeError, match="Cast takes a field"):
        Cast("a", int)  # type: ignore[arg-type]  # what a user may do


def test_every_function_is_in_the_table() -> None:
    """The compiler writes SQL for the names of the table."""
    classes = [kind for kind in vars(functions).values() if isinstance(kind, type) and issubclass(kind, Function)]
    assert {kind.function for kind in classes if kind is not Function} <= set(FUNCTIONS)
