"""What runs after a transaction: all of it, in order, whatever fails in between."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

from openviper.apps.cleanup import unwind

__all__ = ["Handler", "failed_handlers", "run_handler", "run_handlers"]

logger = logging.getLogger("openviper.db")

#: Called without arguments; what it returns is awaited if that is possible.
Handler: TypeAlias = Callable[[], object]


class _Failures:
    """How many handlers have failed in this process."""

    count = 0


def failed_handlers() -> int:
    """Return how many handlers after transactions have failed in this process; each is in the log."""
    return _Failures.count


async def run_handlers(handlers: Iterable[Handler], kind: str, *, shielded: bool) -> None:
    """Run handlers in the order given.

    Args:
        handlers: What is run.
        kind: How they joined, for the log.
        shielded: Whether the caller has been cancelled already.
    """
    steps = [(kind, functools.partial(run_handler, handler, kind, handler)) for handler in handlers]
    if steps:
        # It runs the last one first, and all of them whatever happens to the caller meanwhile.
        await unwind(reversed(steps), shielded=shielded)


async def run_handler(run: Handler, kind: str, handler: Handler) -> None:
    """Run one handler; its failure is logged and counted.

    Args:
        run: What is called.
        kind: How it joined, for the log.
        handler: What is named in the log.
    """
    try:
        result = run()
        if inspect.isawaitable(result):
            await result
    except Exception:  # what is committed stays so, and the other handlers have their own work
        _Failures.count += 1
        logger.exception("a handler of %s() failed: %r", kind, handler)
