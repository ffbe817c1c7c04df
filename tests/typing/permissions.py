"""What a type checker sees of the permissions of models; checkers read this file, nothing runs it."""

from typing import assert_type

from openviper.db import Model, fields
from openviper.db.exceptions import ModelPermissionError
from openviper.db.permissions import Action, PermissionChecker, bypass_permissions, set_checker
from openviper.db.registry import AnyModel
from openviper.exceptions import PermissionDenied
from openviper.testing import PermissionWatch, watch_permissions


class Shelf(Model):
    name = fields.CharField(max_length=50)


class Saying:
    """Says yes or no."""

    async def check(self, model: AnyModel, action: Action) -> bool:
        """Say so."""
        return action == "read"


class Raising:
    """Says nothing, or raises an error."""

    async def check(self, model: AnyModel, action: Action) -> None:
        """Do so."""


def checkers() -> None:
    assert_type(set_checker(Saying()), PermissionChecker | None)
    assert_type(set_checker(Raising()), PermissionChecker | None)
    set_checker(None)


async def blocks(shelf: Shelf) -> None:
    async with bypass_permissions(reason="a report") as outer:
        assert_type(outer, bypass_permissions)
    with watch_permissions("typing.Shelf") as watch:
        assert_type(watch, PermissionWatch)
        assert_type(watch.asked, list[str])
    assert_type(await Shelf.objects.bulk_create([shelf], ignore_permissions=True), list[Shelf])
    assert_type(await Shelf.objects.bulk_update([shelf], ["name"], ignore_permissions=True), int)
    assert_type(await Shelf.objects.all().delete(ignore_permissions=True), int)


def refusal(error: ModelPermissionError) -> tuple[str, str, PermissionDenied, PermissionError]:
    return error.model, error.action, error, error
