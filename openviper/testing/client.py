"""The asynchronous test client: an application called in this process, without a socket."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import ClassVar, Final, Self, TypedDict, Unpack
from urllib.parse import urlsplit

from openviper.http.headers import Headers
from openviper.testing.cookies import CookieJar
from openviper.testing.exceptions import TooManyRedirectsError
from openviper.testing.exchange import exchange
from openviper.testing.lifespan import LifespanRunner
from openviper.testing.request import OutgoingRequest, RequestOptions, build_request, build_scope, follow_redirect
from openviper.testing.response import TestResponse
from openviper.testing.stream import StreamedResponse
from openviper.types import ASGIApp

__all__ = ["ClientOptions", "TestClient"]

_MAX_REDIRECTS: Final = 20


class ClientOptions(TypedDict, total=False):
    """The keyword arguments of ``TestClient``, as the clients that are made from it pass them on."""

    headers: Mapping[str, str]
    timeout: float | None
    max_response_bytes: int
    clock: Callable[[], float]


class TestClient:
    """Calls an ASGI application as a server would, and answers with complete responses.

    ``async with TestClient(app) as client`` sends the application its startup and shutdown; a failure of
    either is raised in the test. A client used without the block sends no lifespan events. What an
    application raises reaches the test as it is; what breaks ASGI or HTTP raises ``ProtocolError``.
    Cookies are kept between requests.

    Args:
        app: Any ASGI 3 application.
        base_url: Scheme and host that paths are asked from; with ``https`` cookies marked secure are sent.
        headers: Header fields of every request.
        timeout: Seconds for each request and for startup and shutdown; None waits without an end.
        max_response_bytes: Largest response body that is collected, in bytes.
        clock: Unix time in seconds, which cookies expire by.
    """

    __test__: ClassVar[bool] = False  # pytest would collect it by its name

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = 60.0,
        max_response_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self.base_url = base_url
        self.headers = dict(headers or {})
        self.cookies = CookieJar(urlsplit(base_url).hostname or "", clock)
        self._timeout = timeout
        self._max_response_bytes = max_response_bytes
        self._lifespan: LifespanRunner | None = None

    async def __aenter__(self) -> Self:
        if self._lifespan is not None:
            raise RuntimeError("this client is in use already; a block inside its own block would start the app twice")
        self._lifespan = await LifespanRunner.start(self.app, self._timeout)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        lifespan, self._lifespan = self._lifespan, None
        if lifespan is not None:
            await lifespan.stop()

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a request and wait for the whole response.

        Args:
            method: HTTP method.
            url: A path such as ``/books?page=2``, sent as it is written, or a whole address.
            options: See ``RequestOptions``.

        Raises:
            ProtocolError: The application broke a rule of ASGI or HTTP, or gave no complete response.
            AppTimeoutError: It took too long and has been cancelled.
            ResponseTooLargeError: The response body is over the limit.
            TooManyRedirectsError: 20 redirects were followed and the answer was another one.
            TypeError: More than one kind of body was given.
            ValueError: The address or a header cannot be sent.
            BaseException: Whatever the application raises.
        """
        outgoing = build_request(method, url, self.base_url, self.headers, options)
        response = await self._send(outgoing)
        history: list[TestResponse] = []
        while options.get("follow_redirects", False) and response.is_redirect:
            history.append(response)
            if len(history) > _MAX_REDIRECTS:
                raise TooManyRedirectsError([past.url for past in history])
            outgoing = follow_redirect(outgoing, response.status_code, response.headers["location"])
            response = await self._send(outgoing, history)
        return response

    async def get(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a GET request; see ``request``."""
        return await self.request("GET", url, **options)

    async def head(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a HEAD request; see ``request``."""
        return await self.request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send an OPTIONS request; see ``request``."""
        return await self.request("OPTIONS", url, **options)

    async def post(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a POST request; see ``request``."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a PUT request; see ``request``."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a PATCH request; see ``request``."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a DELETE request; see ``request``."""
        return await self.request("DELETE", url, **options)

    @contextlib.asynccontextmanager
    async def stream(self, method: str, url: str, **options: Unpack[RequestOptions]) -> AsyncIterator[StreamedResponse]:
        """Send a request and read the response while it is made; redirects are not followed.

        ``async with client.stream("GET", "/feed") as response:`` goes on as soon as the head is there; then
        ``response.iter_bytes()`` gives the pieces. Leaving the block before the end is a disconnect, which the
        application has to notice.

        Args:
            method: HTTP method.
            url: As for ``request``.
            options: See ``RequestOptions``.

        Raises:
            ProtocolError: The application broke a rule of ASGI or HTTP, or gave no complete response.
            AppTimeoutError: The head, the next piece or, after the block, the end took too long.
            BaseException: Whatever the application raises.
        """
        outgoing = build_request(method, url, self.base_url, self.headers, options)
        state = {} if self._lifespan is None else self._lifespan.state
        response = StreamedResponse(
            self.app,
            build_scope(outgoing, self.cookies, state),
            outgoing.body,
            url=outgoing.url,
            seconds=self._timeout,
            max_bytes=self._max_response_bytes,
        )
        try:
            await response.wait_started()
            self.cookies.receive(response.headers.getlist("set-cookie"), outgoing.url)
            yield response
        except BaseException:
            await response.abandon()  # the error of the test is the one to be seen
            raise
        await response.leave()

    async def _send(self, outgoing: OutgoingRequest, history: list[TestResponse] | None = None) -> TestResponse:
        state = {} if self._lifespan is None else self._lifespan.state
        answer = await exchange(
            self.app,
            build_scope(outgoing, self.cookies, state),
            outgoing.body,
            seconds=self._timeout,
            max_bytes=self._max_response_bytes,
        )
        response = TestResponse(
            method=outgoing.method,
            url=outgoing.url,
            status_code=answer.status_code,
            headers=Headers(answer.headers),
            content=answer.content,
            history=list(history or ()),
        )
        self.cookies.receive(response.headers.getlist("set-cookie"), outgoing.url)
        return response
