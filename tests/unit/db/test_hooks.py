"""What may be a hook of a model."""

from typing import Any

import pytest

from openviper.db import fields
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.hooks import misnamed_hooks, overridden_hooks
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


def test_methods_that_look_like_hooks_are_named() -> None:
    """Slips and names of other frameworks are told with what was meant; words of one's own are not (C-117k)."""

    class Audited:
        def after_save(self) -> None:
            """Belong to no model by itself."""

    with registry.isolated():

        class Note(Audited, Model):
            on_hand = fields.IntegerField(default=0)

            async def before_delete(self) -> None:
                """Never run."""

            async def before_insrt(self) -> None:
                """Never run."""

            async def on_upadte(self) -> None:
                """Never run."""

            async def pre_bulk_create(self) -> None:
                """Never run."""

            async def before_save(self) -> None:
                """Run."""

            async def on_charge(self) -> None:
                """Be called by somebody."""

            def after_hours(self) -> None:
                """Be called by somebody."""

    found = {path.rpartition(".")[2]: meant for path, meant in misnamed_hooks(Note)}
    assert found == {
        "before_delete": "on_delete",
        "before_insrt": "before_insert",
        "on_upadte": "on_update",
        "pre_bulk_create": "a handler, @model_event.pre_bulk_create(...)",
        "after_save": "after_insert and on_update",
    }


def test_hooks_are_not_taken_for_slips() -> None:
    """No hook is close to another one in the eyes of the check (C-117k)."""
    assert list(misnamed_hooks(Model)) == []
