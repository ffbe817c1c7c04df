"""Where a write goes, whether it may, and what its failure is called."""

from typing import Final

import pytest

from openviper.db import fields
from openviper.db.backends.base import BackendOptions
from openviper.db.exceptions import DatabaseReadOnlyError, TableNotFound
from openviper.db.models import Model
from openviper.db.permissions import Action, bypass_permissions, set_checker
from openviper.db.persistence.target import allow, named, target_of
from openviper.db.registry import AnyModel

HERE: Final = BackendOptions(alias="default", scheme="sqlite", address=":memory:")


class Refusing:
    """A checker that refuses everything, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def check(self, model: AnyModel, action: Action) -> None:
        self.asked.append((model.__name__, action))
        raise PermissionError(action)


def test_model_for_reading_only_has_no_target() -> None:
    """It is refused before a database is looked for."""

    class View(Model):
        name = fields.CharField()

        class Meta:
            read_only = True

    with pytest.raises(DatabaseReadOnlyError, match="View is read only"):
        target_of(View._meta, "no_such_alias")


def test_missing_table_is_named_after_its_model() -> None:
    """The error of an engine knows the table, and the model is what a reader knows."""

    class Book(Model):
        title = fields.CharField()

        class Meta:
            table_name = "shelf"

    with pytest.raises(TableNotFound, match="Book") as caught, named(Book._meta, HERE):
        raise TableNotFound(None, "shelf")
    assert isinstance(caught.value.__cause__, TableNotFound)
    with pytest.raises(ValueError, match="other"), named(Book._meta, HERE):
        raise ValueError("other")


async def test_who_may_is_asked_once_a_write() -> None:
    """The checker decides, unless the code around it says that nobody is asked."""

    class Book(Model):
        title = fields.CharField()

    checker = Refusing()
    before = set_checker(checker)
    try:
        with pytest.raises(PermissionError, match="update"):
            await allow(Book._meta, "update")
        with bypass_permissions():
            await allow(Book._meta, "create")
    finally:
        set_checker(before)
    assert checker.asked == [("Book", "update")]
