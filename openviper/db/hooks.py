"""The hooks of a model: methods that an operation awaits on its way, and the names of all events."""

import inspect
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from openviper.db.exceptions import ModelDefinitionError

__all__ = ["BULK_EVENTS", "EVENTS", "HOOKS", "VETOES", "Hooks", "misnamed_hooks", "overridden_hooks"]

#: The events of one instance, each with a method of this name; in the order in which operations come to them.
HOOKS: Final = (
    "before_validate",
    "validate",
    "before_insert",
    "before_save",
    "after_insert",
    "on_update",
    "on_change",
    "on_delete",
    "after_delete",
)
#: The events of many instances at once.
BULK_EVENTS: Final = ("pre_bulk_create", "post_bulk_create", "pre_bulk_update", "post_bulk_update")
#: All events.
EVENTS: Final = (*HOOKS, *BULK_EVENTS)
#: Those before the statement: what is raised there keeps it from being sent.
VETOES: Final = frozenset(
    {"before_validate", "validate", "before_insert", "before_save", "on_delete", "pre_bulk_create", "pre_bulk_update"}
)

#: Names that other frameworks have, and what runs in their place.
_FOREIGN: Final = {
    "before_create": "before_insert",
    "before_update": "before_save",
    "before_delete": "on_delete",
    "after_validate": "validate",
    "after_save": "after_insert and on_update",
    "after_create": "after_insert",
    "after_update": "on_update",
    "after_change": "on_change",
    "on_validate": "validate",
    "on_save": "before_save, or after_insert and on_update",
    "on_insert": "after_insert",
    "on_create": "after_insert",
    "pre_validate": "before_validate",
    "pre_save": "before_save",
    "pre_insert": "before_insert",
    "pre_create": "before_insert",
    "pre_update": "before_save",
    "pre_delete": "on_delete",
    "post_save": "after_insert and on_update",
    "post_insert": "after_insert",
    "post_create": "after_insert",
    "post_update": "on_update",
    "post_delete": "after_delete",
}
_PREFIXES: Final = ("before_", "after_", "on_", "pre_", "post_")
#: How alike a name and a hook are from which on it is taken for a slip: on_charge is a word of its own.
_SLIP: Final = 0.9


class Hooks:
    """What every model has and most leave alone: methods that do nothing, and are not called unless overridden.

    A plain method in place of an async one will do; it runs on the event loop, so it must not block.
    """

    __slots__ = ()

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        for name in HOOKS:
            holder = next(base for base in cls.__mro__ if name in vars(base))
            if holder is not Hooks:
                _check_hook(vars(holder)[name], f"{holder.__qualname__}.{name}")

    async def before_validate(self) -> None:
        """Run before an instance is validated; what is raised keeps it from being stored."""

    async def validate(self) -> None:
        """Check an instance whose fields are clean; what is raised keeps it from being stored."""

    async def before_insert(self) -> None:
        """Run before an instance becomes a new row; what is raised keeps it from being stored."""

    async def before_save(self) -> None:
        """Run as the last step before an instance is written; what is raised keeps it from being stored.

        Fields that it changes are cleaned once more.
        """

    async def after_insert(self) -> None:
        """Run when an instance has become a row; what is raised is logged, and the row stays."""

    async def on_update(self) -> None:
        """Run when fields of an instance were written to its row; what is raised is logged, and the row stays."""

    async def on_change(self, previous_state: Mapping[str, object]) -> None:
        """Run when a row has been made, or fields of it have got other values; what is raised is logged.

        Args:
            previous_state: What the fields that were changed held in the row before, by name, or ``events.UNKNOWN``
                where nobody has read it; empty for a new row.
        """

    async def on_delete(self) -> None:
        """Run before the row of an instance is deleted; what is raised keeps it."""

    async def after_delete(self) -> None:
        """Run when the row of an instance is deleted; what is raised is logged, and the row is gone."""


def overridden_hooks(model: type) -> frozenset[str]:
    """Name the hooks that a model, or a class above it, has in place of those that do nothing.

    Args:
        model: The class.
    """
    return frozenset(name for name in HOOKS if getattr(model, name) is not vars(Hooks)[name])


def misnamed_hooks(model: type) -> Iterator[tuple[str, str]]:
    """Give the methods of a model that look like hooks and never run, by path, each with what was meant.

    Args:
        model: The class; those above it count as well.
    """
    for base in model.__mro__:
        for name, value in vars(base).items():
            if name.startswith(_PREFIXES) and name not in HOOKS and inspect.isfunction(value):
                meant = _meant_by(name)
                if meant is not None:
                    yield f"{base.__module__}.{base.__qualname__}.{name}", meant


def _meant_by(name: str) -> str | None:
    if name in BULK_EVENTS:
        return f"a handler, @model_event.{name}(...)"
    if name in _FOREIGN:
        return _FOREIGN[name]
    close = get_close_matches(name, HOOKS, n=1, cutoff=_SLIP)
    turned = [one for one in HOOKS if sorted(one) == sorted(name)]
    return next(iter(close or turned), None)


def _check_hook(hook: object, path: str) -> None:
    """Refuse what could not be awaited, or would be called without its instance."""
    if not inspect.isfunction(hook):
        raise ModelDefinitionError(f"{path} is {type(hook).__name__}, and hooks are methods; write async def")
    wanted = (None, None) if path.endswith(".on_change") else (None,)
    try:
        inspect.signature(hook).bind(*wanted)
    except TypeError as error:
        given = ", previous_state" if len(wanted) > 1 else ""
        raise ModelDefinitionError(f"{path} is a hook, and called with (self{given}): {error}") from error
    if inspect.isgeneratorfunction(hook) or inspect.isasyncgenfunction(hook):
        raise ModelDefinitionError(f"{path} has a yield, so nobody would run it; write an async def without")
