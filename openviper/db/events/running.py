"""Running what waits for an event: before the statement anything may refuse it, after it nothing can undo it."""

import asyncio
import inspect
import logging
from collections.abc import Iterator
from functools import partial
from typing import Any, TypeAlias

from openviper.db.events.handler import Function
from openviper.db.events.watchers import Watchers
from openviper.db.transactions import current_scope

__all__ = ["ask", "failed_handlers", "tell"]

logger = logging.getLogger("openviper.db.events")

#: What runs, and what it is called in the log.
_Step: TypeAlias = tuple[str, Function]


class _Failures:
    """How many hooks and handlers have failed after a statement in this process."""

    count = 0


def failed_handlers() -> int:
    """Return how many hooks and handlers have failed after a statement in this process; each is in the log."""
    return _Failures.count


async def ask(watchers: Watchers, event: str, subject: Any, **extra: object) -> None:
    """Run what waits for an event before the statement: the model's own hook, then the handlers.

    Args:
        watchers: Of the model.
        event: Name of the event.
        subject: The instance, or several of them.
        extra: What handlers are given by name.

    Raises:
        BaseException: What the first of them raises that refuses; the others are not run.
    """
    if event not in watchers.events:
        return
    if event in watchers.hooks:
        result = getattr(subject, event)()
        if inspect.isawaitable(result):
            await result
    for handler in watchers.handlers.get(event, ()):
        result = handler.function(subject, event=event, **extra)
        if inspect.isawaitable(result):
            await result


async def tell(watchers: Watchers, event: str, subject: Any, alias: str, **extra: object) -> None:
    """Run what waits for an event after the statement; all of it, whatever fails, which is logged and counted.

    Args:
        watchers: Of the model.
        event: Name of the event.
        subject: The instance, or several of them.
        alias: The database, whose transaction handlers may wait for.
        extra: What handlers are given by name, and hooks in order.

    Raises:
        CancelledError: The task was cancelled meanwhile; all that was to run has been run.
    """
    interruption: asyncio.CancelledError | None = None
    for name, run in _steps(watchers, event, subject, alias, extra):
        try:
            await _attempt(name, event, run)
        except asyncio.CancelledError as error:
            # It has been told; the others have work of their own, and the cancellation goes on after them.
            interruption = error
            logger.warning("%s of %s was cancelled along with the task that wrote", name, event)
    if interruption is not None:
        raise interruption


def _steps(watchers: Watchers, event: str, subject: Any, alias: str, extra: dict[str, object]) -> Iterator[_Step]:
    if event in watchers.hooks:
        yield f"the hook of {watchers.label}", partial(getattr(subject, event), *extra.values())
    for handler in watchers.handlers.get(event, ()):
        name, run = f"handler {handler.path}", partial(handler.function, subject, event=event, **extra)
        scope = current_scope(alias) if handler.on_commit else None
        if scope is None:
            yield name, run
        else:
            scope.on_commit(partial(_attempt, name, event, run))


async def _attempt(name: str, event: str, run: Function) -> None:
    """Run a hook or a handler after the statement; its failure is logged and counted."""
    try:
        result = run()
        if inspect.isawaitable(result):
            await result
    except (Exception, asyncio.CancelledError) as error:  # what is stored stays so, and the others have their own work
        # One that awaited something that was cancelled has failed, as nobody has cancelled the caller.
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
            raise
        _Failures.count += 1
        logger.exception("%s of %s failed; what was written stays", name, event)
