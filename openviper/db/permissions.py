"""Who may touch the rows of a model: a slot for whoever decides, open while nobody does.

This room knows neither users nor roles. What keeps them puts a checker into the slot, and every statement of a model
asks it before anything is sent; without one a query pays for a look at the slot. Code that acts for nobody in
particular passes the question over with ``bypass_permissions()``; ``ignore_permissions=True`` of a method does the same
for that call, and both set ``ignore_permissions_ctx``, which is all that is ever looked at.

Nothing is remembered here: each statement asks anew. A checker that remembers answers does so for one
``slot.version``, which ``permissions_changed()`` counts up.
"""

import inspect
import logging
from collections.abc import Iterable
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Literal, Protocol, Self, TypeAlias

from openviper.core.context import ignore_permissions_ctx
from openviper.db.exceptions import ModelPermissionError
from openviper.db.registry import AnyModel
from openviper.exceptions import OpenViperError
from openviper.primitives.blocks import Block

__all__ = [
    "Action",
    "PermissionChecker",
    "bypass_permissions",
    "check_permission",
    "permissions_changed",
    "set_checker",
    "slot",
]

logger = logging.getLogger("openviper.db.permissions")

# The blocks around the running code, each with what held before it. Tasks may share a block, and each leaves its own.
_entered: Final[ContextVar[tuple[tuple["bypass_permissions", bool], ...]]] = ContextVar("entered_bypasses", default=())

#: What is done with the rows of a model.
Action: TypeAlias = Literal["create", "read", "update", "delete"]


class PermissionChecker(Protocol):
    """What decides whether the user of the running task may do something with a model."""

    async def check(self, model: AnyModel, action: Action) -> bool | None:
        """Say whether it may be done; queries of the checker itself are not checked.

        It is asked once for each model that a statement touches, in the task that sends the statement and, inside a
        transaction, on its connection. A proxy is asked for as itself.

        Args:
            model: Whose rows.
            action: What is done with them.

        Returns:
            None or True if it may; False refuses, as any other answer does.

        Raises:
            PermissionError: It may not be done; any other error stops the statement as well, and stays what it is.
        """


class _Slot:
    """Where the checker is; an object, so that whoever imported it sees one that is set later."""

    __slots__ = ("checker", "version")

    def __init__(self) -> None:
        self.checker: PermissionChecker | None = None
        #: Counts what may have changed an answer in this process; see ``permissions_changed()``.
        self.version = 0


#: The slot of this process. Whoever sends statements looks at ``slot.checker`` before it awaits ``check_permission()``.
slot: Final = _Slot()


def set_checker(checker: PermissionChecker | None) -> PermissionChecker | None:
    """Put a checker into the slot; returns the one that was there.

    Args:
        checker: Who is asked from now on; None lets everything pass.

    Raises:
        TypeError: It could not be asked.
    """
    if checker is not None:
        _check_checker(checker)
    before, slot.checker = slot.checker, checker
    permissions_changed()
    return before


def permissions_changed() -> None:
    """Say that answers may be others from now on: after a change of roles, of users, of what is protected.

    A checker that remembers answers compares ``slot.version`` with that from before it looked them up. Whoever changes
    them in a transaction calls this from ``on_commit()``, before which others cannot see the change.
    """
    slot.version += 1


async def check_permission(model: AnyModel, action: Action, reads: Iterable[AnyModel] = ()) -> None:
    """Ask the checker, unless there is none or a ``bypass_permissions()`` stands around the running code.

    What happens to the rows that link others for a many-to-many field, in a model that was made for it, is an update
    of the model that has the field.

    Args:
        model: Whose rows.
        action: What is to be done with them.
        reads: Models whose rows are read on the way.

    Raises:
        ModelPermissionError: It may not be done (a PermissionDenied, so a 403, and a PermissionError).
    """
    checker = slot.checker
    if checker is None or ignore_permissions_ctx.get():
        return
    maker: AnyModel | None = model._meta.auto_created
    if maker is not None:
        model, action = maker, "read" if action == "read" else "update"
    # The checker reads roles and users, and its own queries must not ask it again.
    token = ignore_permissions_ctx.set(True)
    try:
        await _ask(checker, model, action)
        for other in reads:
            await _ask(checker, other, "read")
    finally:
        try:  # noqa: SIM105 - suppress() would be paid for by every question
            ignore_permissions_ctx.reset(token)
        except ValueError:  # the task was thrown away, and what closes it runs in another context
            pass


def _check_checker(checker: object) -> None:
    """Refuse what could not be asked, before every statement fails for it."""
    if isinstance(checker, type):
        raise TypeError(f"set_checker() takes an object, not a class; write set_checker({checker.__name__}())")
    check = getattr(checker, "check", None)
    if not callable(check) or not inspect.iscoroutinefunction(inspect.unwrap(check)):
        given = "it has none" if check is None else f"its own is {check!r}"
        raise TypeError(
            f"{checker!r} is no checker: it needs a method 'async def check(self, model, action)', and {given}"
        )
    try:
        inspect.signature(check).bind("model", "action")
    except TypeError as error:
        raise TypeError(
            f"check() of {checker!r} is called with (model, action): {error}; "
            "write async def check(self, model, action)"
        ) from error


async def _ask(checker: PermissionChecker, model: AnyModel, action: Action) -> None:
    try:
        answer = await checker.check(model, action)
    except PermissionError as error:
        # Those of the framework are what they should be already, and one with a number is of a file, not of a model.
        if isinstance(error, OpenViperError) or error.errno is not None:
            raise
        raise ModelPermissionError(model._meta.label, action) from error
    # What was meant as a no must not let anything pass, whatever form it has.
    if answer is not None and answer is not True:
        raise ModelPermissionError(model._meta.label, action)


class bypass_permissions(Block["bypass_permissions"]):  # noqa: N801 - it is used like a function, as contextlib has it
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
