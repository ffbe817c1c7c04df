"""``atomic()``: a block, and a decorator."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec, TypeVar, overload

from openviper.db.transactions.late import work

if TYPE_CHECKING:
    from openviper.db.transactions.scope import Scope


__all__ = ["Atomic", "atomic", "transaction"]

P = ParamSpec("P")
T = TypeVar("T")


class Atomic:
    """What ``atomic()`` returns: a block, a decorator, and both as often as wanted.

    Args:
        using: Alias of the database; None means ``default``.
        isolation: How far it is kept apart from other transactions; None means the engine's own default.
        durable: Whether it must be the outermost block.
        read_only: Whether writes are refused inside.
    """

    def __init__(
        self,
        using: str | None = None,
        isolation: str | None = None,
        durable: bool = False,
        read_only: bool = False,
    ) -> None:
        self._using = using
        self._isolation = None if isolation is None else work.Isolation(isolation.lower())
        self._durable = durable
        self._read_only = read_only

    def __call__(self, function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[object, object, T]]:
        """Make each call of a coroutine function a block."""
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"atomic() decorates coroutine functions (async def), and {function!r} is none")

        @functools.wraps(function)
        async def run_inside(*args: P.args, **kwargs: P.kwargs) -> T:
            async with self:
                return await function(*args, **kwargs)

        return run_inside

    async def __aenter__(self) -> "Scope":
        """Begin the transaction, or set a mark inside the one that runs.

        Raises:
            TransactionError: The block cannot begin here: it is durable and not the outermost, asks for what only the
                outermost can have, or the transaction has failed or is over.
        """
        return await work.begin(
            self._using, isolation=self._isolation, durable=self._durable, read_only=self._read_only
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the block: keep its work if it ended well, undo it otherwise."""
        await work.end(self._using, error)


@overload
def atomic(using: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[object, object, T]]: ...


@overload
def atomic(
    using: str | None = None, isolation: str | None = None, durable: bool = False, read_only: bool = False
) -> Atomic: ...


def atomic(
    using: str | Callable[P, Awaitable[T]] | None = None,
    isolation: str | None = None,
    durable: bool = False,
    read_only: bool = False,
) -> Atomic | Callable[P, Coroutine[object, object, T]]:
    """Make a block, or a decorator, whose work is kept as a whole or not at all.

    Inside another block it is a part that can fail alone: what it did is undone, and the block around goes on if it
    handles the error. All queries of one block run on one connection, also those of tasks that it starts, one after the
    other; outside, each query is true at once and tasks run side by side.

    Args:
        using: Alias of the database; None means ``default``. Or the coroutine function that is decorated.
        isolation: ``read committed``, ``repeatable read`` or ``serializable``; None means the engine's own default.
        durable: True refuses to be an inner block, whose work the outer one could still undo.
        read_only: True refuses writes; on SQLite such blocks run beside a writer.

    Raises:
        ValueError: There is no such isolation.
    """
    if callable(using):
        return Atomic()(using)
    return Atomic(using, isolation, durable, read_only)


def transaction(using: str | None = None, read_only: bool = False) -> Atomic:
    """Make a block as ``atomic()`` does; the shorter way to one that only reads."""
    return Atomic(using, read_only=read_only)
