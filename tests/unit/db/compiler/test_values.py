"""Binders: how the values of a query become the arguments of a driver."""

from dataclasses import replace
from decimal import Decimal

import pytest

from openviper.db import fields
from openviper.db.compiler.values import HUGE, Parameters, sizes_of
from openviper.db.compiler.ways import way_to
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError, FieldValueError, ModelValidationError
from openviper.db.fields.base import FieldKind

SQLITE = get_dialect("sqlite")
POSTGRES = get_dialect("postgresql")
INTEGER = Storage(kind=FieldKind.INTEGER)


def test_arguments_come_in_the_order_of_the_statement() -> None:
    """The same value may stand twice, and values may be left out."""
    parameters = Parameters(SQLITE)
    first = parameters.add(2, INTEGER, "limit").key
    second = parameters.add(0, INTEGER, "offset").key

    assert parameters.binder([second, first, second])((7, "unused", 8)) == (7, 8, 7)


def test_value_that_is_not_sent_is_checked() -> None:
    """A wrong value is an error even where the statement has no use for it."""
    parameters = Parameters(SQLITE)
    parameters.add(0, INTEGER, "age")

    with pytest.raises(FieldError, match="age: 'x' is no whole number"):
        parameters.binder([])(("x",))


def test_value_that_is_refused_once_only() -> None:
    """What is taken when it is looked at again is still told, by what was said of it."""
    answers = [FieldValueError("it is late")]

    def take(value: object) -> object:
        if answers:
            raise answers.pop()
        return value

    parameters = Parameters(SQLITE)
    made = parameters.whole(0, replace(way_to(INTEGER, SQLITE, label="n", field=None), slow=take, test=None))
    with pytest.raises(FieldError, match="it is late"):
        parameters.binder([made.key])(((1,),))


def test_list_goes_in_one_parameter() -> None:
    """Where the driver takes lists, each value is brought into form."""
    parameters = Parameters(POSTGRES)
    made = parameters.whole(
        0, way_to(Storage(kind=FieldKind.DECIMAL, max_digits=4, decimal_places=1), POSTGRES, label="n")
    )

    assert parameters.binder([made.key])(((1, "2.5"),)) == ([Decimal("1.0"), Decimal("2.5")],)
    assert parameters.lists == ()


def test_list_is_filled_up_with_its_last_value() -> None:
    """Statements are made for a few sizes only, so the rest of the places say the same again."""
    parameters = Parameters(SQLITE, {0: 4})
    made = parameters.items(0, way_to(INTEGER, SQLITE, label="n"))

    assert made is not None
    assert parameters.lists == (0,)
    assert parameters.binder([one.key for one in made])(((1, "2", 3),)) == (1, 2, 3, 3)


@pytest.mark.parametrize(("count", "size"), [(0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (128, 128), (129, HUGE)])
def test_size_of_a_list_is_a_power_of_two(count: int, size: int) -> None:
    """A list that is too long for parameters is one of its own kind."""
    assert sizes_of(((), tuple(range(count))), (1,)) == {1: size}


def test_wrong_value_in_a_list_is_named() -> None:
    """The message says which value of the list it was, and that a list is wanted."""
    parameters = Parameters(POSTGRES)
    made = parameters.whole(0, way_to(INTEGER, POSTGRES, label="age__in"))
    run = parameters.binder([made.key])

    with pytest.raises(FieldError, match="age__in: 'x' is no whole number"):
        run(((1, "x"),))
    with pytest.raises(FieldError, match="age__in: 5 is no list"):
        run((5,))


def test_more_parameters_than_the_engine_takes_are_refused() -> None:
    """The error says how many there are, before anything is sent."""
    parameters = Parameters(SQLITE)
    name = parameters.add(0, INTEGER, "n").key

    with pytest.raises(FieldError, match="has 40000 values"):
        parameters.binder([name] * 40_000)


def test_assigned_values_are_validated_together() -> None:
    """What fields refuse is one error for all of them, as on save."""
    age, name = fields.IntegerField(), fields.CharField(max_length=2)
    age.attach("age", owner="a.A")
    name.attach("name", owner="a.A")
    parameters = Parameters(SQLITE)
    names = [parameters.assign(0, age).key, parameters.assign(1, name).key]

    with pytest.raises(ModelValidationError) as caught:
        parameters.binder(names)(("x", "long"))
    assert set(caught.value.errors) == {"age", "name"}
    assert parameters.binder(names)((1, "ab")) == (1, "ab")


def test_null_is_assigned_as_null() -> None:
    """None passes where the field takes it."""
    field = fields.DecimalField(null=True)
    field.attach("price", owner="a.A")
    parameters = Parameters(SQLITE)

    assert parameters.binder([parameters.assign(0, field).key])((None,)) == (None,)
