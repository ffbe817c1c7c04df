"""From a scope to the handler of its route."""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openviper.app import OpenViper
from openviper.conf import settings as project_settings
from openviper.exceptions import Conflict, Unauthorized
from openviper.http.request import Request
from openviper.http.response import Response, StreamingResponse
from openviper.routing.router import Router
from openviper.testing import SyncTestClient, TestClient
from openviper.types import Message, Receive, Scope, Send


@pytest.fixture
def app(configure: Callable[..., None]) -> OpenViper:
    """An application with a few routes and nothing around them."""
    configure()
    router = Router()

    @router.get("/books/{book_id:int}")
    async def detail(book_id: int, request: Request) -> dict[str, object]:
        return {"id": book_id, "params": request.path_params}

    @router.post("/books/{book_id:int}")
    async def change(book_id: int) -> None: ...

    @router.get("/fail")
    async def fail() -> None:
        raise RuntimeError("secret words")

    @router.get("/conflict")
    async def conflict() -> None:
        raise Conflict("taken")

    return OpenViper(routes=[("/", router)])


async def test_route_is_found_and_answers(app: OpenViper) -> None:
    """The handler gets its arguments, and plain data goes back as JSON (C-235)."""
    async with TestClient(app) as client:
        response = await client.get("/books/7")
    assert (response.status_code, response.json()) == (200, {"id": 7, "params": {"book_id": 7}})


async def test_head_and_options_are_answered_by_themselves(app: OpenViper) -> None:
    """HEAD gives the fields of GET without content; OPTIONS the methods of the path."""
    async with TestClient(app) as client:
        head = await client.head("/books/7")
        options = await client.options("/books/7")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "31")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


async def test_wrong_method_and_wrong_path_are_told_apart(app: OpenViper) -> None:
    """405 lists what the path answers, 404 is for paths that no route has."""
    async with TestClient(app) as client:
        wrong_method = await client.delete("/books/7")
        wrong_path = await client.get("/books/seven")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert (wrong_path.status_code, wrong_path.json()) == (404, {"detail": "Not found."})


async def test_exceptions_of_handlers_become_answers(app: OpenViper, caplog: pytest.LogCaptureFixture) -> None:
    """An HTTP error keeps its words; any other is logged and keeps its words to itself."""
    async with TestClient(app) as client:
        conflict = await client.get("/conflict")
        failure = await client.get("/fail")
    assert (conflict.status_code, conflict.json()) == (409, {"detail": "taken"})
    assert (failure.status_code, failure.json()["detail"]) == (500, "Internal Server Error")
    assert "secret words" in caplog.text


async def test_route_added_while_running_is_served(app: OpenViper) -> None:
    """The table is made anew after a change."""
    async with TestClient(app) as client:
        assert (await client.get("/late")).status_code == 404
        app.get("/late")(lambda: "here")
        assert (await client.get("/late")).text == "here"


async def test_mounted_application_answers_below_its_path(app: OpenViper) -> None:
    """It sees the whole path and a grown root_path; routes win over it, and its errors become 500."""

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith("/raise"):
            raise RuntimeError("mounted failed")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{scope['root_path']}|{scope['path']}".encode()})

    app.mount("/books", mounted)
    async with TestClient(app) as client:
        assert (await client.get("/books/x/y")).text == "/books|/books/x/y"
        assert (await client.get("/books/7")).json() == {"id": 7, "params": {"book_id": 7}}
        assert (await client.get("/books/raise")).status_code == 500


async def test_mounted_error_after_the_start_is_not_answered_twice(app: OpenViper) -> None:
    """Once an answer has begun, the error goes on to the server, which closes the connection."""

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half-way")

    app.mount("/half", half)
    with pytest.raises(RuntimeError, match="half-way"):
        await TestClient(app).get("/half")


async def test_application_mounted_elsewhere_finds_its_routes(app: OpenViper) -> None:
    """ASGI leaves root_path in front of the path; a root_path that is not there is no part of it."""
    for scope_path, root_path, status in (("/site/fail", "/site", 500), ("/sitex", "/site", 404), ("/fail", "", 500)):
        sent: list[Message] = []
        await _call(app, scope_path, root_path, sent)
        assert sent[0]["status"] == status
    sent = []
    await _call(app, "/site", "/site", sent)
    assert sent[0]["status"] == 404


async def _call(app: OpenViper, path: str, root_path: str, sent: list[Message]) -> None:
    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": path, "root_path": root_path, "query_string": b"", "headers": []}
    await app(scope, receive, send)


async def test_websocket_that_nobody_answers_is_closed(app: OpenViper) -> None:
    """The close code says that there is nothing at the address."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await app({"type": "websocket", "path": "/ws", "headers": []}, receive, send)
    assert (sent[0]["type"], sent[0]["code"]) == ("websocket.close", 4404)


async def test_websocket_below_a_mount_reaches_it(app: OpenViper) -> None:
    """A mounted application serves its own websockets."""
    seen: list[str] = []

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"] + scope["root_path"])

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None: ...

    app.mount("/live", mounted)
    await app({"type": "websocket", "path": "/live/1", "headers": []}, receive, send)
    assert "websocket/live" in seen


@pytest.mark.parametrize(("debug", "status"), [(True, 200), (False, 404)])
async def test_landing_page_is_shown_in_debug_only(debug: bool, status: int, configure: Callable[..., None]) -> None:
    """A project without a page at its root greets its author, and nobody else."""
    configure(DEBUG=debug, PROJECT_NAME="Shop")
    async with TestClient(OpenViper()) as client:
        response = await client.get("/")
        assert response.status_code == status
        assert ("Shop is running" in response.text) is debug
        assert (await client.post("/")).status_code == 404


@pytest.mark.parametrize("debug", [True, False])
async def test_last_slash_leads_to_the_address_that_there_is(debug: bool, configure: Callable[..., None]) -> None:
    """With or without it, the client is sent on, in debug as in production; method, body and query stay."""
    configure(DEBUG=debug)
    app = OpenViper(routes=[])
    app.get("/with/")(lambda: "with")
    app.post("/without/{name}")(lambda name: name)
    app.get("/files/{rest:path}")(lambda rest: rest)
    async with TestClient(app) as client:
        answer = await client.get("/with?a=1&b=%20")
        assert (answer.status_code, answer.headers["location"]) == (307, "/with/?a=1&b=%20")
        answer = await client.post("/without/%C3%BC%3F/")
        assert (answer.status_code, answer.headers["location"]) == (307, "/without/%C3%BC%3F")
        for path in ("/with/x", "/nothing", "/nothing/", "//with", "//evil.example/", "/without/x?a=1"):
            assert (await client.get(path)).status_code in (404, 405)
        assert (await client.post("/with")).status_code == 404


@pytest.mark.parametrize(
    ("query", "sent_on"),
    [(b"a=\\b", "a=%5Cb"), (b"\x01\xff", "%01%FF"), (b"a=//x/..#[", "a=//x/..%23%5B"), (b"%zz", "%zz")],
)
async def test_query_that_no_address_can_carry_is_quoted(
    query: bytes, sent_on: str, configure: Callable[..., None]
) -> None:
    """Servers pass on whatever a client wrote; it is quoted on the way to the address with the slash."""
    configure()
    app = OpenViper(routes=[])
    app.get("/with/")(lambda: "with")

    async def with_query(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "query_string": query} if scope["type"] == "http" else scope, receive, send)

    async with TestClient(with_query) as client:
        answer = await client.get("/with")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/with/?{sent_on}")


async def test_redirect_of_a_mounted_application_stays_below_its_mount(configure: Callable[..., None]) -> None:
    """The location has the mount in front, as the client sees it."""
    configure()
    inner, outer = OpenViper(routes=[]), OpenViper(routes=[])
    inner.get("/page/")(lambda: "page")
    outer.mount("/in", inner)
    async with TestClient(outer) as client:
        assert (await client.get("/in/page")).headers["location"] == "/in/page/"


async def test_request_writes_links_of_its_application(configure: Callable[..., None]) -> None:
    """A view needs no more than its request; the mount stands in front."""
    configure()
    inner, outer = OpenViper(routes=[]), OpenViper(routes=[])

    @inner.get("/books/{book_id:int}", name="book")
    async def book(request: Request, book_id: int) -> str:
        return request.url_for("book", book_id=book_id + 1)

    outer.mount("/in", inner)
    async with TestClient(outer) as client:
        assert (await client.get("/in/books/1")).text == "/in/books/2"


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/a%2Fb", "/books%2f7", "/a%00", "/%2e%2e/etc", "/books/%2E", "/old/%2e%2e/x"])
async def test_path_that_climbs_or_hides_a_slash_is_400(path: str, debug: bool, configure: Callable[..., None]) -> None:
    """Routes, mounts and what is not there answer alike, in debug and in production."""
    configure(DEBUG=debug)
    app = OpenViper(routes=[])
    app.get("/a/b")(_answer)
    app.get("/books/{name}")(_answer)
    app.mount("/old", _mounted)

    async with TestClient(app) as client:
        response = await client.get(path)

    assert response.status_code == 400


async def _answer(request: Request) -> str:
    return "reached"


async def _mounted(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        raise NotImplementedError
    raise AssertionError("reached")


async def test_middleware_of_routes_stands_around_their_handlers(configure: Callable[..., None]) -> None:
    """It sees the request before the arguments are read, and the response afterwards."""
    configure()
    statuses: list[int] = []

    async def watch(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.header(b"x-key") is None:
            raise Unauthorized
        response = await call_next(request)
        statuses.append(response.status_code)
        return response

    router = Router(middlewares=[watch])

    @router.get("/{number:int}")
    async def double(number: int, step: int) -> list[int]:
        return [2 * number, step]

    async with TestClient(OpenViper(routes=[("/", router)])) as client:
        refused = await client.get("/4?step=x")
        allowed = await client.get("/4?step=1", headers={"x-key": "1"})

    assert (refused.status_code, allowed.json(), statuses) == (401, [8, 1], [200])


_URL_CHARACTERS = st.text(alphabet="abc019/.%2Ff%5C%00_-~{}:;=&+ü\\ ", max_size=40)


@given(_URL_CHARACTERS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_paths_never_break_an_application(path: str) -> None:
    """Whatever a path holds, the answer is a success, a redirect or the client's fault."""
    project_settings.reset()
    project_settings.configure(DEBUG=False, MIDDLEWARE=())
    app = OpenViper(routes=[])
    for pattern in ("/{name}", "/f/{rest:path}", "/b/{key:int}/c", "/n/{x:float}", "/u/{u:uuid}"):
        app.get(pattern)(_answer)

    with SyncTestClient(app) as client:
        status = client.get("/" + quote(path, safe="/.%~-_:;=&+")).status_code

    assert 200 <= status < 500


async def test_error_in_the_middle_of_an_answer_has_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """The connection is closed, and the log says which request it was, once."""
    app = OpenViper(routes=[], debug=False)

    async def pieces() -> AsyncIterator[str]:
        yield "a"
        raise LookupError("in the middle")

    @app.get("/torn")
    async def torn() -> StreamingResponse:
        return StreamingResponse(pieces())

    outer = OpenViper(routes=[], debug=False)
    outer.mount("/inner", app)
    async with TestClient(outer) as client:
        with pytest.raises(LookupError):
            await client.get("/inner/torn")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "openviper.request"]
    assert line.startswith("GET /inner/torn raised an error (request ")
