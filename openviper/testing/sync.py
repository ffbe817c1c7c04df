"""The test client for tests that are plain functions."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from threading import Lock
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar, Unpack

from openviper.http.headers import Headers
from openviper.testing.client import ClientOptions, TestClient
from openviper.testing.cookies import CookieJar
from openviper.testing.request import RequestOptions
from openviper.testing.response import TestResponse
from openviper.testing.stream import StreamedResponse
from openviper.types import ASGIApp

__all__ = ["SyncStreamedResponse", "SyncTestClient"]

T = TypeVar("T")


class SyncTestClient:
    """``TestClient`` for plain functions: ``with SyncTestClient(app) as client: client.get("/")``.

    The application lives on one event loop from the start of the block to its end; the loop runs while the
    client waits, and stands still in between. Of several threads one is served after the other.

    Args:
        app: Any ASGI 3 application.
        base_url: Scheme and host that paths are asked from; with ``https`` cookies marked secure are sent.
        options: The other arguments of ``TestClient``.
    """

    __test__: ClassVar[bool] = False  # pytest would collect it by its name

    def __init__(self, app: ASGIApp, base_url: str = "http://testserver", **options: Unpack[ClientOptions]) -> None:
        self._client = TestClient(app, base_url, **options)
        self._runner: asyncio.Runner | None = None
        self._turn = Lock()

    @property
    def app(self) -> ASGIApp:
        """The application."""
        return self._client.app

    @property
    def base_url(self) -> str:
        """Scheme and host that paths are asked from."""
        return self._client.base_url

    @property
    def headers(self) -> dict[str, str]:
        """Header fields of every request."""
        return self._client.headers

    @property
    def cookies(self) -> CookieJar:
        """The cookies kept between requests."""
        return self._client.cookies

    def __enter__(self) -> Self:
        if self._runner is not None:
            raise RuntimeError("this client is in use already; a block inside its own block would start the app twice")
        # A factory of its own keeps asyncio from replacing the current event loop of the thread.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        with ExitStack() as undo:
            undo.callback(self._close)
            self._run(self._client.__aenter__)
            undo.pop_all()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._run(lambda: self._client.__aexit__(exc_type, exc, traceback))
        finally:
            self._close()

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a request and wait for the whole response; see ``TestClient.request``.

        Raises:
            RuntimeError: The client is used outside its block, or where an event loop is running.
        """
        return self._run(lambda: self._client.request(method, url, **options))

    def get(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a GET request; see ``request``."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a HEAD request; see ``request``."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send an OPTIONS request; see ``request``."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a POST request; see ``request``."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a PUT request; see ``request``."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a PATCH request; see ``request``."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a DELETE request; see ``request``."""
        return self.request("DELETE", url, **options)

    @contextmanager
    def stream(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Iterator["SyncStreamedResponse"]:
        """Send a request and read the response while it is made; see ``TestClient.stream``.

        The application goes on only while a piece is waited for, and when the block is left.
        """
        streaming = self._client.stream(method, url, **options)

        async def enter() -> StreamedResponse:
            return await streaming.__aenter__()

        async def leave(error: BaseException | None) -> None:
            await streaming.__aexit__(None if error is None else type(error), error, None)

        response = self._run(enter)
        try:
            yield SyncStreamedResponse(response, self._run)
        except BaseException as error:
            failed = error  # the name of the clause ends with it
            self._run(lambda: leave(failed))
            raise
        self._run(lambda: leave(None))

    def _run(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._runner is None:
            raise RuntimeError("SyncTestClient works inside its block only: with SyncTestClient(app) as client: ...")
        if _is_loop_running():
            raise RuntimeError("an event loop is running here; use TestClient and await its requests")
        with self._turn:
            # The context of the caller: blocks around the call, such as a budget of queries, hold for it too.
            return self._runner.run(call(), context=copy_context())

    def _close(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            runner.close()


class SyncStreamedResponse:
    """``StreamedResponse`` for plain functions; made by ``SyncTestClient.stream``.

    Args:
        response: The response.
        run: Lets the loop run until a call has its result.
    """

    __test__: ClassVar[bool] = False

    def __init__(
        self, response: StreamedResponse, run: Callable[[Callable[[], Coroutine[Any, Any, bytes | None]]], bytes | None]
    ) -> None:
        self._response = response
        self._run = run

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    @property
    def headers(self) -> Headers:
        """The header fields, names in any case."""
        return self._response.headers

    def iter_bytes(self) -> Iterator[bytes]:
        """Give the pieces of the body as the application sends them; see ``StreamedResponse.iter_bytes``."""
        pieces = self._response.iter_bytes()

        async def advance() -> bytes | None:
            return await anext(pieces, None)

        while (piece := self._run(advance)) is not None:
            yield piece

    def read(self) -> bytes:
        """Give what is left of the body."""
        return b"".join(self.iter_bytes())


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
