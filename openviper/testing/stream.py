"""A response that a test reads while the application makes it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import ClassVar, Final

from openviper.http.headers import Headers
from openviper.testing.exceptions import AppTimeoutError
from openviper.testing.exchange import Conversation, cancel_and_wait
from openviper.types import ASGIApp, Message, Scope

__all__ = ["StreamedResponse"]

# What a test that leaves early gives the application to clean up in.
_SECONDS_TO_LEAVE: Final = 5.0


class StreamedResponse:
    """One response, read piece by piece; made by ``TestClient.stream``.

    The application is one piece ahead at most: it waits in ``send`` until the piece has been taken, as with a client
    whose connection is slow.

    Args:
        app: The application.
        scope: A scope of type ``http``.
        body: The request body.
        url: The whole address that is asked.
        seconds: Time for the head, for each piece and for the end; None waits without an end.
        max_bytes: Largest response body.
    """

    __test__: ClassVar[bool] = False

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        body: bytes | AsyncIterable[bytes],
        *,
        url: str,
        seconds: float | None,
        max_bytes: int,
    ) -> None:
        self.url = url
        self._seconds = seconds
        self._conversation = _Live(scope, body, max_bytes)
        self._task = asyncio.create_task(self._run(app, scope), name=f"app for {self._conversation.title}")

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self._conversation.answer.status_code

    @property
    def headers(self) -> Headers:
        """The header fields, names in any case."""
        return Headers(self._conversation.answer.headers)

    async def wait_started(self) -> None:
        """Wait for the head.

        Raises:
            AppTimeoutError: It took too long.
            ProtocolError: The application broke a rule, or gave no response.
            BaseException: Whatever the application raises.
        """
        await self._wait_for(asyncio.create_task(self._conversation.started.wait()))
        if not self.status_code:
            self._check_end()

    async def iter_bytes(self) -> AsyncGenerator[bytes, None]:
        """Give the pieces of the body as the application sends them.

        Raises:
            AppTimeoutError: The next piece took too long.
            ProtocolError: The application broke a rule, or ended without a complete response.
            BaseException: Whatever the application raises.
        """
        pieces = self._conversation.pieces
        while True:
            getting = asyncio.create_task(pieces.get())
            if not await self._wait_for(getting):
                break
            yield getting.result()
        self._check_end()

    async def iter_lines(self) -> AsyncGenerator[str, None]:
        """Give the lines of the body as they become complete, without their ends; UTF-8. See ``iter_bytes``."""
        rest = b""
        async for piece in self.iter_bytes():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r").decode()
        if rest:
            yield rest.decode()

    async def read(self) -> bytes:
        """Give what is left of the body; see ``iter_bytes``."""
        return b"".join([piece async for piece in self.iter_bytes()])

    async def leave(self) -> None:
        """Go away, and wait until the application has ended; an application that has ended is left as it is.

        Raises:
            AppTimeoutError: It goes on without a client, and has been cancelled.
            BaseException: Whatever the application raises.
        """
        self._conversation.disconnect()
        ended, _ = await asyncio.wait([self._task], timeout=_SECONDS_TO_LEAVE)
        await self.abandon()
        if self._conversation.fault is not None:
            raise self._conversation.fault
        if not ended:
            raise AppTimeoutError(f"{self._conversation.title}, whose client has left,", _SECONDS_TO_LEAVE)
        self._task.result()

    async def abandon(self) -> None:
        """End the application, whatever it is doing.

        Raises:
            ProtocolError: It goes on in spite of being cancelled.
        """
        self._conversation.disconnect()
        await cancel_and_wait(self._task)
        await self._conversation.close()

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        await app(scope, self._conversation.receive, self._conversation.send)

    async def _wait_for(self, news: "asyncio.Task[bytes] | asyncio.Task[bool]") -> bool:
        """Wait for something of the application; False when it ended without."""
        try:
            ended, _ = await asyncio.wait(
                [news, self._task], timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if self._seconds is not None and not ended:
                raise AppTimeoutError(self._conversation.title, self._seconds)
            # A queue that is not empty hands over at once, so nothing is lost with an application that has ended.
            return news.done()
        finally:
            news.cancel()

    def _check_end(self) -> None:
        if self._conversation.fault is not None:
            raise self._conversation.fault
        self._task.result()
        self._conversation.check_end()

    def __repr__(self) -> str:
        return f"<StreamedResponse {self.status_code} of {self._conversation.title}>"


class _Live(Conversation):
    """A conversation whose response is taken while it goes on."""

    def __init__(self, scope: Scope, body: bytes | AsyncIterable[bytes], max_bytes: int) -> None:
        super().__init__(scope, body, max_bytes)
        self.started = asyncio.Event()
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._has_left = False

    async def send(self, message: Message) -> None:
        if self._has_left:
            return  # as uvicorn does it
        self.take(message)
        self.started.set()
        taken, self.answer.chunks = self.answer.chunks, []
        for piece in taken:
            if piece:
                await self.pieces.put(piece)
        self.settle()  # earlier, and whoever listens for the client would stop the last piece on its way

    def disconnect(self) -> None:
        super().disconnect()
        self._has_left = True
        # Whoever waits to hand over a piece goes on.
        while not self.pieces.empty():
            self.pieces.get_nowait()
