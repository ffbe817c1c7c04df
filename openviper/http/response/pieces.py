"""The pieces of a response that a plain iterator makes."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sized
from contextvars import copy_context
from threading import Lock
from typing import Final, TypeAlias, cast

from openviper.primitives.threads import DEFAULT_POOL_SIZE, enter_pool, run_in_pool

__all__ = ["ThreadedPieces"]

_Piece: TypeAlias = bytes | str

# What one visit to a plain iterator makes: bytes, with so many for each piece on top, and seconds until it begins none.
_VISIT_BYTES: Final = 32 * 1024
_PIECE_COST: Final = 64
_VISIT: Final = 0.02
# Seconds that a plain iterator, blocked in its thread, may take to come back before its client's request ends.
_CLOSE_TIMEOUT: Final = 5.0

_END: Final = object()


class ThreadedPieces(AsyncIterator[_Piece]):
    """A plain iterator, advanced in a thread, since nobody knows how long it blocks.

    A visit to the thread costs 40 us, so one takes what comes quickly: short rows are sent 10 times faster. A piece is
    handed over when it is there, whether or not the thread goes on to the next one.

    Args:
        pieces: The iterator; the caller awaits ``aclose`` in any case.
    """

    def __init__(self, pieces: Iterator[_Piece]) -> None:
        self._pieces = pieces
        # Whoever stops waiting leaves the call behind, and a generator that runs cannot be closed.
        self._lock = Lock()
        # One for all visits, so that what the iterator sets in it is there at its next step.
        self._context = copy_context()
        self._loop = asyncio.get_running_loop()
        self._ready: deque[_Piece] = deque()
        self._visit: asyncio.Future[bool] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_stopped = False

    async def __anext__(self) -> _Piece:
        """Give the next piece.

        Raises:
            StopAsyncIteration: The last one has been given.
            Exception: Whatever the iterator raises, once the pieces before have been given.
        """
        while not self._ready:
            visit = self._visit
            if visit is None:
                # In the pool of the blocking handlers: what waits there keeps no file from being read.
                visit = self._visit = enter_pool(DEFAULT_POOL_SIZE, self._context, self._advance, (), {})
                visit.add_done_callback(self._wake)
            elif visit.done():
                if visit.result():
                    raise StopAsyncIteration
                self._visit = None
                continue
            waiter = self._waiter = self._loop.create_future()
            # What the thread has made before it could see the waiter, it tells nobody.
            if not self._ready and not visit.done():
                await waiter
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Close the iterator in a thread, as soon as it comes back from what it does."""
        self._is_stopped = True
        visit, close = self._visit, getattr(self._pieces, "close", None)
        if visit is not None and not visit.cancel() and not visit.cancelled():
            visit.exception()  # asked for, so that asyncio does not report an error that nobody waits for
        if close is None:
            return
        closing = asyncio.ensure_future(run_in_pool(DEFAULT_POOL_SIZE, self._shut, close))
        # Shielded: a second cancellation must not leave the generator open.
        await asyncio.wait([closing], timeout=_CLOSE_TIMEOUT)
        if closing.done():
            closing.result()

    def _advance(self) -> bool:
        """Make some pieces; tell whether they were the last."""
        with self._lock:
            size, stop_at = 0, time.monotonic() + _VISIT
            while not self._is_stopped:
                piece = next(self._pieces, _END)
                if piece is _END:
                    return True
                self._ready.append(cast("_Piece", piece))
                if self._waiter is not None:
                    self._loop.call_soon_threadsafe(self._wake)
                # What is no piece has no length, and is refused by whoever sends it.
                size += _PIECE_COST + (len(piece) if isinstance(piece, Sized) else 0)
                if size >= _VISIT_BYTES or time.monotonic() >= stop_at:
                    break
            return False

    def _wake(self, _visit: object = None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _shut(self, close: Callable[[], None]) -> None:
        with self._lock:
            close()
