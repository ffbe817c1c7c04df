"""What runs after a transaction: all of it, in order, whatever fails in between."""

import logging
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from openviper.db.transactions.aftermath import Aftermath, Step

__all__ = ["Handler", "failed_handlers", "run_handler", "run_handlers"]

#: Called without arguments; what it returns is awaited if that is possible.
Handler: TypeAlias = Callable[[], object]

_aftermath: Final = Aftermath(logging.getLogger("openviper.db"))


def failed_handlers() -> int:
    """Return how many handlers after transactions have failed in this process; each is in the log.

    Those that a cancellation ended, or kept from running, are among them.
    """
    return _aftermath.failures


async def run_handlers(handlers: Sequence[Handler], kind: str, *, is_cancelled: bool) -> None:
    """Run handlers in the order given.

    Args:
        handlers: What is run.
        kind: How they joined, for the log.
        is_cancelled: Whether the caller has been cancelled already, and goes on to raise that.

    Raises:
        CancelledError: The task was cancelled meanwhile.
    """
    if handlers:
        steps = [Step(f"a handler of {kind}()", handler, handler) for handler in handlers]
        await _aftermath.run(steps, is_cancelled=is_cancelled)


async def run_handler(run: Handler, kind: str, handler: Handler) -> None:
    """Run one handler; its failure is logged and counted.

    Args:
        run: What is called.
        kind: How it joined, for the log.
        handler: What is named in the log.
    """
    await _aftermath.attempt(Step(f"a handler of {kind}()", handler, run))
