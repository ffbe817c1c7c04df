"""Who may touch the rows of a model: a slot for whoever decides, open while nobody does.

This room knows neither users nor roles. What keeps them puts a checker into the slot, and every statement of a model
asks it; without one a query pays for a look at the slot. Code that acts for nobody in particular passes the question
over with ``bypass_permissions()``.
"""

import logging
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Literal, Protocol, Self, TypeAlias

from openviper.core.context import ignore_permissions_ctx
from openviper.db.registry import AnyModel

__all__ = ["Action", "PermissionChecker", "bypass_permissions", "check_permission", "set_checker", "slot"]

logger = logging.getLogger("openviper.db.permissions")

# The blocks around the running code, each with what held before it. Tasks may share a block, and each leaves its own.
_entered: Final[ContextVar[tuple[tuple["bypass_permissions", bool], ...]]] = ContextVar("entered_bypasses", default=())

#: What is done with the rows of a model.
Action: TypeAlias = Literal["create", "read", "update", "delete"]


class PermissionChecker(Protocol):
    """What decides whether the user of the running task may do something with a model."""

    async def check(self, model: AnyModel, action: Action) -> None:
        """Return if it may be done; queries of the checker itself are not checked.

        Args:
            model: Whose rows.
            action: What is done with them.

        Raises:
            PermissionError: It may not be done; any other error stops the query as well.
        """


class _Slot:
    """Where the checker is; an object, so that whoever imported it sees one that is set later."""

    __slots__ = ("checker",)

    def __init__(self) -> None:
        self.checker: PermissionChecker | None = None


#: The slot of this process. Whoever sends statements looks at ``slot.checker`` before it awaits ``check_permission()``.
slot: Final = _Slot()


def set_checker(checker: PermissionChecker | None) -> PermissionChecker | None:
    """Put a checker into the slot; returns the one that was there.

    Args:
        checker: Who is asked from now on; None lets everything pass.
    """
    before, slot.checker = slot.checker, checker
    return before


async def check_permission(model: AnyModel, action: Action) -> None:
    """Ask the checker, unless there is none or a ``bypass_permissions()`` stands around the running code.

    Args:
        model: Whose rows.
        action: What is to be done with them.

    Raises:
        PermissionError: It may not be done.
    """
    checker = slot.checker
    if checker is None or ignore_permissions_ctx.get():
        return
    # The checker reads roles and users, and its own queries must not ask it again.
    with bypass_permissions():
        await checker.check(model, action)


class bypass_permissions:  # noqa: N801 - it is used like a function, as contextlib has it
    """Pass permission checks over in a block: ``with`` or ``async with``, around as many awaits as one likes.

    Tasks that are started inside keep passing them over, also after the block; tasks beside it are not touched.
    Blocks may stand inside each other, and one object may serve several times, in several tasks at once too.

    Args:
        reason: Why, for the log; None logs nothing.
    """

    __slots__ = ("_reason",)

    def __init__(self, reason: str | None = None) -> None:
        self._reason = reason

    def __enter__(self) -> Self:
        if self._reason is not None:
            logger.debug("permissions are passed over: %s", self._reason)
        _entered.set((*_entered.get(), (self, ignore_permissions_ctx.get())))
        ignore_permissions_ctx.set(True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Not by a token, which only the context that made it accepts: a fixture may end in another one.
        blocks = list(_entered.get())
        place = next((place for place in reversed(range(len(blocks))) if blocks[place][0] is self), None)
        if place is None:
            return
        _, before = blocks.pop(place)
        if place == len(blocks):
            ignore_permissions_ctx.set(before)
        else:  # it is left before one inside it, which then gives back what held before both
            blocks[place] = (blocks[place][0], before)
        _entered.set(tuple(blocks))

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)
