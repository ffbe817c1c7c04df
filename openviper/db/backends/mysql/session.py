"""What a session of MariaDB or MySQL is asked, and how an answer that nobody waits for is read to its end.

Time-outs are settings of the session, so that the server ends a statement by itself; a guard of ours stands a little
above, for a server that does not answer at all. Whoever is cancelled goes at once: the answer is read to its end by a
task of this session, which has the server stop the statement if it takes longer, and the next statement waits for
that. So the session stays whole, and so does a transaction around an inner block that was given up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Final

from openviper.db.backends.base import Args, BackendOptions, Row
from openviper.db.backends.mysql.driver import (
    Driver,
    RawConnection,
    RawResult,
    abort,
    broken,
    finish,
    read_rows,
    reset,
    result_of,
)
from openviper.db.backends.mysql.errors import DUPLICATE, UNDOING, number_of, translated
from openviper.db.backends.mysql.exchange import Exchange, Guard
from openviper.db.backends.mysql.literals import written
from openviper.db.backends.mysql.texts import COLUMNS, PLAIN, storing
from openviper.db.backends.pool import PooledConnection
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseOperationNotSupportedError,
    IntegrityError,
    ORMException,
    TransactionError,
)

__all__ = ["MySQLSession", "RowStream"]

#: Seconds that the client waits longer than the server is told to.
_GRACE_SECONDS: Final = 5.0
#: Seconds that an answer nobody waits for may take before its statement is stopped.
_PATIENCE_SECONDS: Final = 0.01


class MySQLSession(PooledConnection):
    """One session.

    Args:
        raw: asyncmy's connection.
        options: What the settings say about the database.
        driver: asyncmy.
        start: Tells a new session what it has to know.
        kill: Has the server stop what a session does, by the number of the session.
    """

    __slots__ = (
        "_driver",
        "_guard",
        "_in_block",
        "_is_undone",
        "_kill",
        "_loop",
        "_options",
        "_raw",
        "_start",
        "_stream",
        "_tail",
    )

    writes = True

    def __init__(
        self,
        raw: RawConnection,
        options: BackendOptions,
        driver: Driver,
        *,
        start: str,
        kill: Callable[[int], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._raw = raw
        self._options = options
        self._driver = driver
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._kill = kill
        timeout = options.statement_timeout
        self._guard = Guard(None if timeout is None else timeout + _GRACE_SECONDS, lambda: abort(raw))
        self._in_block = False
        # The server has ended the transaction by itself, so that what follows would be stored alone.
        self._is_undone = False
        self._tail: asyncio.Task[None] | None = None
        self._stream: RowStream | None = None

    @property
    def is_open(self) -> bool:
        """Whether the session is there, as far as is known without asking the server."""
        return not broken(self._raw)

    @property
    def is_clean(self) -> bool:
        """Whether no answer is under way that nobody waits for, and no transaction is open."""
        return self._tail is None and not self._in_block and not self._raw.get_transaction_status()

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        await self._settle()
        await self._run("", self._raw.ping(reconnect=False))

    async def clean(self) -> None:
        """Wait for a cancelled statement to be over, end an open transaction, and undo what the session was told."""
        await self._settle()
        self._is_undone = self._in_block = False
        self._stream = None
        await self._run("", reset(self._raw))
        await self._query(self._start)

    async def close(self) -> None:
        """End the session; a second call does nothing."""
        if self._tail is not None:
            self.terminate()
        self._guard.stop()
        await self._raw.ensure_closed()

    def terminate(self) -> None:
        """Drop the session at once."""
        self._guard.stop()
        try:
            if self._tail is not None:
                self._tail.cancel()
            abort(self._raw)
        except RuntimeError:
            # The socket wants a last turn of the loop, and one that is closed has none; it ends with the object.
            if not self._loop.is_closed():
                raise

    async def _query(self, sql: str, args: Args = (), *, is_stream: bool = False) -> RawResult:
        return await self._send(sql, written(sql, args, self._raw.escape), is_stream=is_stream)

    async def _send(
        self, sql: str, text: bytes, *, is_stream: bool = False, answers: list[RawResult] | None = None
    ) -> RawResult:
        # The statements of models are known to store nothing by themselves.
        if self._in_block and not sql.startswith(PLAIN):
            self._refuse_storing(sql)
        self._check()
        if self._tail is not None:
            await self._settle()
        if self._stream is not None:
            await self._absorb(self._stream)
        raw = self._raw
        await self._run(sql, raw.query(text, is_stream))
        first = self._result()
        more = first
        # Several statements in one text have an answer each, and the session is free after the last.
        while more.has_next:
            await self._run(sql, raw.next_result())
            more = self._result()
            if answers is not None:
                answers.append(more)
        return first

    def _result(self) -> RawResult:
        result = result_of(self._raw)
        if result is None:
            raise ConnectionLostError(f"the connection to database {self._options.alias!r} broke", was_sent=True)
        return result

    async def _run(self, sql: str, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something with the session, whole or not at all."""
        exchange = Exchange(work)
        self._guard.start()
        try:
            return await exchange.run()
        except asyncio.CancelledError:
            self._leave(exchange)
            raise
        except GeneratorExit:
            # The task was thrown away in the middle of an answer, and nothing can be awaited any more.
            self.terminate()
            raise
        except (self._driver.errors.MySQLError, OSError) as error:
            raise await self._translate(error, sql) from error
        finally:
            self._guard.rest()

    def _leave(self, exchange: Exchange) -> None:
        """Let the answer be read by a task of its own."""
        self._tail = self._loop.create_task(self._end(exchange), context=Context())

    async def _settle(self) -> None:
        """Wait until no answer is under way that nobody waits for."""
        if (tail := self._tail) is not None:
            await asyncio.wait([tail])
            self._tail = None

    async def _end(self, exchange: Exchange) -> None:
        """Read an answer to its end, and have the server stop a statement that takes longer."""
        raw = self._raw
        answer = asyncio.create_task(self._read_rest(exchange))
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await asyncio.wait([answer], timeout=_PATIENCE_SECONDS)
                if not answer.done():
                    await self._kill(raw.thread_id())
                    await asyncio.wait([answer])
                    with suppress(self._driver.errors.MySQLError):
                        # A stop that came too late would meet the next statement.
                        await raw.query(b"DO 0")
        except (ORMException, OSError, self._driver.errors.MySQLError):
            pass  # the server cannot be reached, or does not listen
        finally:
            if not answer.done() or answer.cancelled() or answer.exception() is not None:
                answer.cancel()
                abort(raw)

    async def _read_rest(self, exchange: Exchange) -> None:
        raw = self._raw
        try:
            await exchange.run()
            await finish(raw)
            while (more := result_of(raw)) is not None and more.has_next:
                await raw.next_result()
        except self._driver.errors.MySQLError as error:
            self._note(error)

    async def _absorb(self, stream: "RowStream") -> None:
        """Read what is left of a stream, since the session has one answer at a time."""
        self._stream = None
        stream.rest += await self._run("", read_rows(stream.result, None))

    def _note(self, error: BaseException) -> None:
        if number_of(error) in UNDOING:
            self._is_undone = self._in_block

    async def _translate(self, error: BaseException, sql: str) -> ORMException:
        self._note(error)
        told = translated(error, self._options, self._driver, sql=sql, is_open=self.is_open)
        if number_of(error) in DUPLICATE and isinstance(told, IntegrityError) and told.table and told.constraint:
            # The message has the name of the key alone.
            text = written(COLUMNS, (told.table, told.constraint), self._raw.escape)
            with suppress(ORMException):
                await self._run("", self._raw.query(text))
                found = result_of(self._raw)
                told.columns = tuple(row[0] for row in (found.rows if found else None) or ())
        return told

    def _check(self) -> None:
        if self._is_undone:
            raise TransactionError(
                f"the server has undone the whole transaction on database {self._options.alias!r}, not only its last "
                "statement: it does so with one of those that stand in each other's way"
            )

    def _refuse_storing(self, sql: str) -> None:
        if word := storing(sql):
            raise DatabaseOperationNotSupportedError(
                f"{word} inside a transaction would store all that was done before it, as the "
                f"engine of database {self._options.alias!r} cannot undo it; send it outside of atomic()"
            )


class RowStream:
    """Rows that are on their way, and those that had to be read before their time.

    Args:
        result: The answer that they are part of.
    """

    __slots__ = ("rest", "result")

    def __init__(self, result: RawResult) -> None:
        self.result = result
        self.rest: list[Row] = []

    def take(self, size: int) -> list[Row]:
        """Give rows that were read before, at most so many."""
        rows, self.rest = self.rest[:size], self.rest[size:]
        return rows
