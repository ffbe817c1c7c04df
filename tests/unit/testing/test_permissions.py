"""The checker that tests of projects put in the place of the real one."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from openviper.db import Model, fields
from openviper.db.exceptions import ModelPermissionError, ModelReferenceError
from openviper.db.permissions import bypass_permissions, check_permission, slot
from openviper.db.registry import registry
from openviper.testing import PermissionWatch, watch_permissions


@pytest.fixture
def book() -> Iterator[type[Model]]:
    """A model that is forgotten afterwards."""
    with registry.isolated():
        registry.clear()

        class Book(Model):
            title = fields.CharField(default="")

        yield Book


async def test_questions_are_collected(book: type[Model]) -> None:
    """The block has them in their order, and the slot is afterwards as it was."""
    with watch_permissions() as watch:
        await check_permission(book, "read")
        with bypass_permissions():
            await check_permission(book, "update")
        await check_permission(book, "delete")
    assert watch.asked == ["testing.Book.read", "testing.Book.delete"]
    assert slot.checker is None


async def test_what_is_named_is_refused(book: type[Model]) -> None:
    """One action or all of a model; refusals are among the questions, and blocks stand in each other."""
    async with watch_permissions("testing.Book") as outer:
        with pytest.raises(ModelPermissionError):
            await check_permission(book, "read")
        with watch_permissions("testing.Book.delete") as inner:
            await check_permission(book, "read")
            with pytest.raises(ModelPermissionError, match="delete Book"):
                await check_permission(book, "delete")
        with pytest.raises(ModelPermissionError):
            await check_permission(book, "create")
    assert outer.asked == ["testing.Book.read", "testing.Book.create"]
    assert inner.asked == ["testing.Book.read", "testing.Book.delete"]
    assert isinstance(outer, PermissionWatch)


@pytest.mark.parametrize("text", ["Book", "testing.Book.remove", "testing..read", "", "testing.Book.read.now"])
def test_what_refuses_nothing_is_refused_itself(text: str, book: type[Model]) -> None:
    """A test that means to refuse something must not pass because of a slip."""
    with pytest.raises(ValueError, match="names nothing to refuse"):
        watch_permissions(text)


def test_unknown_models_are_errors(book: type[Model]) -> None:
    """A model that is misspelt is named."""
    with pytest.raises(ModelReferenceError, match="Bok"):
        watch_permissions("testing.Bok.read")


def test_database_is_loaded_by_the_first_block() -> None:
    """Pytest imports these tools in every run; the rooms of the database stay out of those that have none."""
    code = (
        "import sys, openviper.testing as tools\n"
        "watch = tools.watch_permissions()\n"
        "print('openviper.db' in sys.modules)\n"
        "with watch:\n"
        "    print('openviper.db.permissions' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]
