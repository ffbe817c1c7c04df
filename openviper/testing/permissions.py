"""What code asks permission for, and what it does without: a checker for the tests of projects."""

from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from openviper.primitives.blocks import Block
from openviper.primitives.imports import LateModule

if TYPE_CHECKING:
    from openviper.db import permissions
    from openviper.db import registry as models
    from openviper.db.permissions import Action, PermissionChecker
    from openviper.db.registry import AnyModel
else:
    # pytest imports this package in every run, also in those of projects without a database.
    permissions = LateModule("openviper.db.permissions")
    models = LateModule("openviper.db.registry")

__all__ = ["PermissionWatch", "watch_permissions"]

_ACTIONS: Final = ("create", "read", "update", "delete")
_SEPARATOR: Final = "."


def watch_permissions(*refused: str) -> "PermissionWatch":
    """Collect what a block asks permission for, and refuse some of it; the project's own checker is not asked.

    Args:
        refused: What is refused: ``"shop.Book.delete"`` for one action, ``"shop.Book"`` for all of a model.

    Raises:
        ValueError: A text is of another form.
        ModelReferenceError: There is no such model.
    """
    return PermissionWatch(*refused)


class PermissionWatch(Block["PermissionWatch"]):
    """A block, ``with`` or ``async with``, that has a checker of its own; see ``watch_permissions()``.

    Args:
        refused: See ``watch_permissions()``.
    """

    def __init__(self, *refused: str) -> None:
        #: What was asked, in order, as ``"shop.Book.read"``; refusals are among it.
        self.asked: list[str] = []
        self._refused = frozenset(question for one in refused for question in _questions_of(one))
        self._before: PermissionChecker | None = None

    async def check(self, model: "AnyModel", action: "Action") -> bool:
        """Note a question, and answer it; called by the ORM."""
        question = f"{model._meta.label}{_SEPARATOR}{action}"
        self.asked.append(question)
        return question not in self._refused

    def __enter__(self) -> Self:
        self._before = permissions.set_checker(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        permissions.set_checker(self._before)


def _questions_of(text: str) -> list[str]:
    parts = text.split(_SEPARATOR)
    label = _SEPARATOR.join(parts[:2])
    if len(parts) not in (2, 3) or not all(parts) or (len(parts) > 2 and parts[2] not in _ACTIONS):
        raise ValueError(f"{text!r} names nothing to refuse; write 'app.Model', or 'app.Model.' and one of {_ACTIONS}")
    models.registry.get(label)  # or the error of a model that is misspelt
    return [f"{label}{_SEPARATOR}{action}" for action in parts[2:] or _ACTIONS]
