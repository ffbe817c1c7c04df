"""Running what waits for an event: before the statement anything may refuse it, after it nothing can undo it."""

import inspect
import logging
from collections.abc import Awaitable, Iterable, Iterator
from functools import partial
from typing import Any, Final

from openviper.db.events.watchers import Watchers
from openviper.db.transactions import current_scope
from openviper.db.transactions.aftermath import Aftermath, Step

__all__ = ["ask", "failed_handlers", "news", "tell"]

_aftermath: Final = Aftermath(logging.getLogger("openviper.db.events"))


def failed_handlers() -> int:
    """Return how many hooks and handlers have failed after a statement in this process; each is in the log.

    Those that a cancellation ended, or kept from running, are among them.
    """
    return _aftermath.failures


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


async def tell(steps: Iterable[Step], *, is_cancelled: bool = False) -> None:
    """Run what waits for events after a statement, whatever fails, which is logged and counted.

    Args:
        steps: What ``news()`` gives, of all events of the statement.
        is_cancelled: Whether the caller has been cancelled already, and goes on to raise that.

    Raises:
        CancelledError: The task was cancelled meanwhile.
    """
    await _aftermath.run(steps, is_cancelled=is_cancelled)


def news(watchers: Watchers, event: str, subject: Any, alias: str, **extra: object) -> Iterator[Step]:
    """Give what waits for an event after the statement; what waits for a commit joins the transaction instead.

    Args:
        watchers: Of the model.
        event: Name of the event.
        subject: The instance, or several of them.
        alias: The database, whose transaction handlers may wait for.
        extra: What handlers are given by name, and hooks in order.
    """
    if event in watchers.hooks:
        yield Step(f"the hook {event}", watchers.label, partial(getattr(subject, event), *extra.values()))
    for handler in watchers.handlers.get(event, ()):
        run = partial(handler.function, subject, event=event, **extra)
        step = Step(f"a handler of {event}", handler.path, run)
        scope = current_scope(alias) if handler.on_commit else None
        if scope is None:
            yield step
        else:
            scope.on_commit(_Later(step))


class _Later:
    """A handler that waits for the commit; a name for it in the log of transactions."""

    __slots__ = ("_step",)

    def __init__(self, step: Step) -> None:
        self._step = step

    def __call__(self) -> Awaitable[None]:
        return _aftermath.attempt(self._step)

    def __repr__(self) -> str:
        return f"{self._step.kind}, {self._step.name}"
