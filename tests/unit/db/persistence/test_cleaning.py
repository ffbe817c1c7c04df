"""Cleaning many instances."""

from typing import Any

import pytest

from openviper.db import fields
from openviper.db.exceptions import ModelValidationError
from openviper.db.models import Model
from openviper.db.persistence.cleaning import Faults, clean_all


def clean(model: type[Model], items: list[Any]) -> None:
    faults = Faults()
    clean_all(model, items, range(1, len(items) + 1), [], faults)
    faults.refuse()


def test_faults_of_fields_are_named_by_position() -> None:
    """Clean values are put in place, and every instance that is refused is named."""

    class Item(Model):
        size = fields.IntegerField()

    items = [Item(size="1"), Item(size="x"), Item(size=None)]
    with pytest.raises(ModelValidationError) as caught:
        clean(Item, items)
    assert [message.partition(":")[0] for message in caught.value.errors["size"]] == ["Item 2", "Item 3"]
    clean(Item, items[:1])
    assert items[0].size == 1


def test_checks_of_the_model_are_called_when_all_fields_are_clean() -> None:
    """clean() of a model meets values of their types only."""

    class Item(Model):
        size = fields.IntegerField()

        def clean(self) -> None:
            if self.size > 5:
                raise ModelValidationError({"size": ["too large"]})

    with pytest.raises(ModelValidationError) as caught:
        clean(Item, [Item(size=1), Item(size="9"), Item(size=7)])
    assert caught.value.errors == {"size": ["Item 2: too large", "Item 3: too large"]}


def test_ways_of_cleaning_of_ones_own_are_kept() -> None:
    """A model that overrides full_clean() is cleaned by it."""

    class Item(Model):
        size = fields.IntegerField()

        def full_clean(self, exclude: object = ()) -> None:
            self.size = 3

    items = [Item(size="x")]
    clean(Item, items)
    assert items[0].size == 3


def test_no_more_than_twenty_faults_are_told() -> None:
    """A list of a million has a message that somebody can read."""

    class Item(Model):
        size = fields.IntegerField()

        def clean(self) -> None:
            raise ModelValidationError("no")

    with pytest.raises(ModelValidationError) as caught:
        clean(Item, [Item(size=1) for _ in range(50)])
    assert len(caught.value.errors["__all__"]) == 20
