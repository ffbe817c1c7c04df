"""Undoing what was started: in reverse, every part of it, whatever goes wrong meanwhile.

Cleanups run one after the other in the task of the caller, because many resources must be left by the task that
entered them (task groups, cancel scopes). If that task is cancelled on the way, the rest moves to a task of its
own, which the caller waits for however often it is cancelled; each cleanup then has a limit in seconds, so that
the cancellation arrives in the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from openviper.apps.exceptions import describe_error
from openviper.apps.interruption import contained

__all__ = ["SHIELDED_TIMEOUT", "Cleanup", "Failure", "note_failures", "unwind"]

#: Seconds that one cleanup may take once its caller has been cancelled.
SHIELDED_TIMEOUT: Final = 30.0

#: What is undone, as an error names it, and what undoes it: called without arguments, and awaited.
Cleanup: TypeAlias = tuple[str, Callable[[], Awaitable[object]]]

#: The name of a cleanup, and what it raised.
Failure: TypeAlias = tuple[str, Exception]


async def unwind(
    cleanups: Iterable[Cleanup], *, shielded: bool = False, limit: float = SHIELDED_TIMEOUT
) -> list[Failure]:
    """Run every cleanup, the last one first; one that fails does not keep the others from running.

    Args:
        cleanups: In the order in which the things were started.
        shielded: True when the caller has been cancelled already.
        limit: Seconds that one cleanup may take after a cancellation; before, it has no limit here.

    Returns:
        What failed, in the order in which it ran.

    Raises:
        BaseException: A cancellation, or another interruption from inside a cleanup. All others have run by then,
            and the failures are notes of it.
    """
    pending = list(cleanups)
    failures: list[Failure] = []
    if shielded:
        await _run_shielded(pending, failures, limit=limit)
        return failures
    try:
        await _run_each(pending, failures, limit=None)
    except GeneratorExit:
        raise  # the coroutine is being thrown away; nothing can be awaited any more
    except BaseException as interruption:
        await _run_shielded(pending, failures, limit=limit)
        note_failures(interruption, failures)
        raise
    return failures


def note_failures(error: BaseException, failures: Iterable[Failure]) -> None:
    """Attach failed cleanups to the error that led to them, one note each."""
    for name, failure in failures:
        error.add_note(f"while undoing {name}: {describe_error(failure)}")


async def _run_each(pending: list[Cleanup], failures: list[Failure], *, limit: float | None) -> None:
    while pending:
        name, run = pending.pop()
        try:
            with contained():
                async with asyncio.timeout(limit):
                    await run()
        except asyncio.CancelledError as error:
            failure = RuntimeError("it was cancelled before it had finished")
            failure.__cause__ = error
            failures.append((name, failure))
            raise
        except Exception as error:  # noqa: BLE001 - a border: the hooks of the other apps must run all the same
            failures.append((name, error))


async def _run_shielded(pending: list[Cleanup], failures: list[Failure], *, limit: float) -> None:
    task = asyncio.create_task(_run_each(pending, failures, limit=limit))
    while not task.done():
        try:
            await asyncio.wait([task])  # unlike a plain await, this does not pass a cancellation on
        except asyncio.CancelledError:
            continue  # not lost: the caller raises the interruption that brought it here
    task.result()
