"""What may be a hook of a model."""

from typing import Any

import pytest

from openviper.db import fields
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.hooks import overridden_hooks
from openviper.db.models import Model
from openviper.db.registry import registry


@pytest.mark.parametrize("hook", [3, staticmethod(len), property(len)], ids=["number", "static", "property"])
def test_what_is_no_method_is_no_hook(hook: object) -> None:
    """A name of a hook that stands for anything else is refused when the model is made (C-117a)."""
    with registry.isolated(), pytest.raises(ModelDefinitionError, match="before_save"):
        type("Wrong", (Model,), {"__module__": __name__, "before_save": hook})


def test_generator_is_no_hook() -> None:
    """Nobody would run it, and its author would not know (C-117a)."""
    with registry.isolated(), pytest.raises(ModelDefinitionError, match="yield"):

        class Wrong(Model):
            async def on_delete(self) -> Any:
                yield 1


def test_hook_of_a_name_is_no_field() -> None:
    """A field would hide the hook, so its name is refused."""
    with registry.isolated(), pytest.raises(ModelDefinitionError, match="validate"):

        class Wrong(Model):
            validate = fields.BooleanField()  # type: ignore[assignment]  # what is refused


def test_overridden_hooks_are_known() -> None:
    """Those of the class and of the classes above it."""
    with registry.isolated():

        class Plain(Model):
            pass

        class Noted:
            async def on_delete(self) -> None:
                pass

        class Loud(Noted, Model):
            async def validate(self) -> None:
                pass

    assert overridden_hooks(Plain) == frozenset()
    assert overridden_hooks(Loud) == {"on_delete", "validate"}


def test_method_that_takes_something_else_is_no_hook() -> None:
    """It could not be called when an instance is saved, so it is refused when the model is made (C-117a)."""
    with registry.isolated(), pytest.raises(ModelDefinitionError, match=r"validate.*\(self\)"):

        class Wrong(Model):
            async def validate(self, value: object) -> None:  # type: ignore[override]  # what is refused
                pass
