"""Cleaners: the function that is written for a model does what a loop over its fields would do."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import settings
from openviper.db import Model, fields
from openviper.db.cleaning import Change
from openviper.db.exceptions import FieldValueError, ModelReferenceError, ModelValidationError
from openviper.db.registry import registry


class Maker(Model):
    name = fields.CharField(max_length=10)


class Part(Model):
    name = fields.CharField(max_length=5)
    size = fields.IntegerField(null=True)
    price = fields.DecimalField(max_digits=5, decimal_places=2)
    seen = fields.DateTimeField(auto_now=True)
    mail = fields.EmailField(null=True)
    facts = fields.JSONField(null=True)
    maker_id: int | None
    maker = fields.ForeignKey(Maker, null=True)


class Bolt(Model):
    maker_id: Any
    maker = fields.ForeignKey(Maker)


@pytest.fixture(autouse=True)
def instants() -> None:
    """Datetimes are instants."""
    settings.configure(SECRET_KEY="x" * 50, USE_TZ=True)


def slowly(record: Model) -> dict[str, list[str]]:
    """Clean as the documents say it, field by field."""
    errors: dict[str, list[str]] = {}
    for field in record._meta.fields:
        try:
            setattr(record, field.attname, field.clean(getattr(record, field.attname)))
        except FieldValueError as error:
            errors[field.name] = error.messages
    return errors


def errors_of(record: Model) -> dict[str, list[str]]:
    """Clean as instances do."""
    try:
        record.clean_fields()
    except ModelValidationError as error:
        return error.errors
    return {}


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=7),
    st.decimals(places=2, min_value=-2000, max_value=2000),
    st.datetimes() | st.datetimes(timezones=st.just(dt.UTC)),
    st.sampled_from(["5", "1.5", "ann@example.com", "2026-01-31T12:30", {}, [1, "a"], 2**40]),
)


@given(values=st.fixed_dictionaries({field.attname: VALUES for field in Part._meta.fields}))
def test_same_as_field_by_field(values: dict[str, Any]) -> None:
    """Whatever the values are, the same ones come out, and the same errors in the same order."""
    fast, slow = Part(**values), Part(**values)
    assert list(errors_of(fast).items()) == list(slowly(slow).items())
    assert repr(fast.to_dict()) == repr(slow.to_dict())


def test_excluded_fields_stay_as_they_are() -> None:
    """A field that is excluded is neither looked at nor changed."""
    part = Part(name=5, size="7", price="1.5")
    part.clean_fields(exclude=["name"])
    assert part.to_dict() == part.to_dict() | {"name": 5, "size": 7, "price": Decimal("1.50")}


def test_deferred_fields_are_left_out() -> None:
    """Fields that were not read are no fault; those that are there are cleaned."""
    part = Part(name="bolt", size="7")
    del vars(part)["price"]
    part.clean_fields()
    assert part.size == 7


def test_instance_saved_since() -> None:
    """The key of an instance that got it after it was assigned is taken; one without a key is refused."""
    maker = Maker(name="Ann")
    bolt = Bolt(maker=maker)
    assert "not saved yet" in errors_of(bolt)["maker"][0]
    maker.id = 3
    assert errors_of(bolt) == {}
    assert bolt.maker_id == 3


def test_instance_that_lost_its_key() -> None:
    """An instance whose row was deleted since cannot be referred to."""
    maker = Maker(id=3, name="Ann")
    bolt, part = Bolt(maker=maker), Part(name="bolt", price=1, maker=maker)
    assert errors_of(bolt) == {}
    maker.pk = None
    assert list(errors_of(bolt)) == list(errors_of(part)) == ["maker"]


def test_key_that_was_changed_since() -> None:
    """A key that was assigned after an instance counts."""
    bolt = Bolt(maker=Maker(id=3, name="Ann"))
    bolt.maker_id = "5"
    assert errors_of(bolt) == {}
    assert bolt.maker_id == 5


def test_reference_that_leads_nowhere() -> None:
    """A model that is not there is missed when a key is to be cleaned, and not before; once it is made, keys fit."""
    with registry.isolated():

        class Nut(Model):
            other_id: Any
            other: Any = fields.ForeignKey("nuts.Missing", null=True)

        Nut().clean_fields()
        with pytest.raises(ModelReferenceError, match="Missing"):
            Nut(other_id=5).clean_fields()

        type("Missing", (Model,), {"__module__": "nuts.models", "name": fields.CharField()})
        nut = Nut(other_id="5")
        nut.clean_fields()
        assert nut.other_id == 5


def test_field_that_cleans_none_itself() -> None:
    """A field of a project that overrides clean() is asked about None as well."""

    class Counted(fields.IntegerField[Any]):
        def clean(self, value: object) -> Any:
            return 0 if value is None else super().clean(value)

    with registry.isolated():

        class Shelf(Model):
            count = Counted(null=True)

        shelf = Shelf(count=None)
        shelf.clean_fields()
        assert shelf.count == 0


def test_changes_can_be_undone() -> None:
    """Cleaning notes each value that it puts in the place of another, with the one before, and no other value."""
    maker, changes = Maker(name="Ann"), list[Change]()
    part = Part(name="bolt", size=5, price="1.5", seen=None, facts={"a": 1}, maker=maker)
    maker.id = 3
    Part._cleaner.noting(changes)(part)
    assert (part.price, part.maker_id) == (Decimal("1.50"), 3)
    assert [change[1:] for change in changes] == [("price", "1.5", Decimal("1.50")), ("maker_id", None, 3)]
    assert all(change[0] is vars(part) for change in changes)


def test_some_fields_of_many() -> None:
    """Of many instances some fields can be cleaned and the others left as they are."""
    part = Part(name=5, size="7")
    Part._cleaner.noting([], [Part._meta.by_name["size"]])(part)
    assert part.to_dict() == part.to_dict() | {"name": 5, "size": 7}
