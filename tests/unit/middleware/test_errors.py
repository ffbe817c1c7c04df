"""From an exception to a response."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from openviper.exceptions import (
    Conflict,
    HTTPException,
    ImproperlyConfigured,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    Unauthorized,
    ValidationError,
)
from openviper.http.exceptions import ClientDisconnectedError
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.middleware.errors import ErrorResponder, ServerErrorMiddleware, log_error
from openviper.primitives.json import decode
from openviper.routing.router import Router
from openviper.types import Message, Receive, Scope, Send

HTML = [(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")]


def _scope(headers: list[tuple[bytes, bytes]] | None = None) -> Scope:
    return {"type": "http", "method": "GET", "path": "/x", "headers": headers or []}


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _respond(
    error: Exception,
    *,
    headers: list[tuple[bytes, bytes]] | None = None,
    debug: bool = False,
    handlers: Mapping[type[Exception], Any] | None = None,
) -> Response:
    return await ErrorResponder(handlers or {}, debug=debug).respond(_scope(headers), _receive, error)


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (NotFound(), 404, "Not found."),
        (NotFound("no book"), 404, "no book"),
        (HTTPException(418, {"why": "tea"}), 418, {"why": "tea"}),
        (ValidationError([{"field": "a"}]), 422, [{"field": "a"}]),
    ],
)
async def test_http_error_is_told_as_json(error: Exception, status: int, detail: object) -> None:
    """Status and detail go to the client as they were raised."""
    response = await _respond(error)
    assert (response.status_code, decode(response.body)) == (status, {"detail": detail})


async def test_headers_of_the_error_are_sent() -> None:
    """A challenge belongs to a 401."""
    assert (await _respond(Unauthorized())).headers["www-authenticate"] == "Bearer"


async def test_browser_gets_a_page_and_nothing_in_it_is_markup() -> None:
    """A navigation is answered with HTML in which the detail is text; a client that takes JSON gets JSON."""
    page = await _respond(NotFound("<script>"), headers=HTML)
    assert page.headers["content-type"].startswith("text/html")
    assert b"&lt;script&gt;" in page.body
    assert b"<script>" not in page.body
    both = await _respond(NotFound(), headers=[(b"accept", b"application/json, text/html")])
    assert both.headers["content-type"] == "application/json"


@pytest.mark.parametrize("headers", [HTML, []])
async def test_unexpected_error_is_logged_and_told_in_debug_only(
    headers: list[tuple[bytes, bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    """The traceback is in the log; the client sees it only in debug."""
    closed = await _respond(RuntimeError("password=1"), headers=headers)
    opened = await _respond(RuntimeError("password=1"), headers=headers, debug=True)
    assert (closed.status_code, opened.status_code) == (500, 500)
    assert b"password" not in closed.body
    assert b"RuntimeError: password=1" in opened.body
    assert caplog.text.count("RuntimeError: password=1") == 2
    assert "GET /x raised an error" in caplog.text


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("headers", [HTML, []])
async def test_unexpected_error_is_one_line_that_its_answer_names(
    headers: list[tuple[bytes, bytes]], debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The id of the request stands in the log, as a field of the record too, and in a header of the answer."""
    response = await _respond(RuntimeError("torn"), headers=headers, debug=debug)
    (record,) = caplog.records
    request_id = response.headers["x-request-id"]
    assert len(request_id) == 32
    assert f"GET /x raised an error (request {request_id})" in record.getMessage()
    assert vars(record)["request_id"] == request_id
    assert debug or request_id.encode() in response.body


async def test_path_in_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """A line break in it does not begin a line that nobody has written."""
    scope = {**_scope(), "path": "/a\nINFO all is well"}
    await ErrorResponder({}, debug=False).respond(scope, _receive, RuntimeError())
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "GET /a%0AINFO" in record.getMessage()


async def test_id_that_the_request_has_is_the_one_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """An error does not give a request a second id."""
    scope = {**_scope(), "request_id": "from-the-proxy"}
    response = await ErrorResponder({}, debug=False).respond(scope, _receive, RuntimeError())
    assert response.headers["x-request-id"] == "from-the-proxy"
    assert "(request from-the-proxy)" in caplog.text


async def test_handler_of_a_project_may_tell_the_id() -> None:
    """What answers every unforeseen error finds it in the scope."""

    def sorry(request: Request, error: Exception) -> dict[str, object]:
        return {"id": request.scope["request_id"]}

    found = decode((await _respond(RuntimeError(), handlers={Exception: sorry})).body)
    assert isinstance(found, dict)
    assert len(found["id"]) == 32


@pytest.mark.parametrize("headers", [{"X-Why": "a\r\nb"}, {"X Why": "a"}, {"X-Why": 5}, {"X-Why": "\u20ac"}])
async def test_header_that_cannot_be_sent_is_a_fault_of_its_own(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets 500 and the log says why, where a server would have dropped the connection."""
    try:
        raise HTTPException(401, headers=headers)
    except HTTPException as error:
        response = await _respond(error)
    assert response.status_code == 500
    assert "X" not in response.headers.get("x-why", "")
    assert len(caplog.records) == 1
    assert "HTTPException: 401" in caplog.text


async def test_problem_documents_can_be_the_rule() -> None:
    """Then a client that asks for nothing gets one, whatever the error."""
    responder = ErrorResponder({}, debug=False, problem_json=True)
    answers = [await responder.respond(_scope(), _receive, error) for error in (NotFound(), RuntimeError())]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert [answer.status_code for answer in answers] == [404, 500]


async def test_client_that_is_no_browser_gets_the_traceback_as_text(caplog: pytest.LogCaptureFixture) -> None:
    """In debug it is what a terminal can show, and it ends with the place of a framework error's description."""
    caplog.set_level("CRITICAL", logger="openviper.request")  # half a character cannot go into a report
    plain = await _respond(RuntimeError("half \udcff"), debug=True)
    framework = await _respond(ImproperlyConfigured("PAYMENT is not set"), debug=True)
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.body == b"RuntimeError: half \\udcff\n"
    assert framework.body.endswith(
        b"ImproperlyConfigured: PAYMENT is not set\nsee: reference/errors.html#improperly-configured\n"
    )


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("secret"), 500), (NotFound("no book"), 404)])
async def test_program_gets_short_json_in_production(error: Exception, status: int) -> None:
    """An API client reads one detail, without what happened inside."""
    response = await _respond(error, headers=[(b"accept", b"application/json")])
    assert response.status_code == status
    assert response.body.startswith(b'{"detail":')
    assert b"secret" not in response.body


async def test_browser_gets_a_short_page_in_production() -> None:
    """Status and one sentence, under a policy of its own."""
    response = await _respond(RuntimeError("secret"), headers=HTML)
    assert b"<h1>500</h1>\n<p>Internal Server Error</p>" in response.body
    assert b"secret" not in response.body
    assert response.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("error", "shown"), [(NotFound(), True), (MethodNotAllowed(["GET"]), True), (Conflict(), False)]
)
async def test_debug_lists_routes_where_an_address_leads_nowhere(error: HTTPException, shown: bool) -> None:
    """A browser that got 404 or 405 is helped by the routes; other answers, and other clients, are as always."""
    responder = ErrorResponder({}, debug=True, router=Router())
    page = await responder.respond(_scope(HTML), _receive, error)
    data = await responder.respond(_scope(), _receive, error)
    assert (b"no routes yet" in page.body) is shown
    assert data.headers["content-type"] == "application/json"


def test_no_part_of_the_debug_page_is_loaded_before_an_error() -> None:
    """A server that makes no mistakes does not pay for the pages that show them."""
    code = (
        "import sys; from openviper import OpenViper; OpenViper(routes=[], debug=True);"
        "late = ('openviper.middleware.debug', 'openviper.middleware.pages', 'openviper.middleware.answers');"
        "print([name for name in sys.modules if name.startswith(late)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [(RuntimeError("torn"), 500, b"RuntimeError: torn\n"), (NotFound(), 404, b"Not found.")],
)
async def test_page_that_cannot_be_made_leaves_a_plain_answer(
    error: Exception, status: int, told: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A scope that is not what it must be breaks the page; the client is answered, and the log says why."""
    responder = ErrorResponder({}, debug=True, router=Router())
    response = await responder.respond({**_scope(HTML), "client": 5}, _receive, error)
    assert response.status_code == status
    assert told in response.body
    assert "cannot be made" in caplog.text


async def test_page_is_made_off_the_loop() -> None:
    """Variables may take long to be written; the loop goes on meanwhile."""
    threads = []

    class Watching:
        def __repr__(self) -> str:
            threads.append(threading.current_thread())
            return "<watching>"

    watching = Watching()
    try:
        raise RuntimeError("x")
    except RuntimeError as error:
        page = await _respond(error, headers=HTML, debug=True)
    assert (watching, b"&lt;watching&gt;" in page.body) == (watching, True)
    assert threads
    assert threading.main_thread() not in threads


async def test_handler_of_the_nearest_class_answers() -> None:
    """Of several that fit, the one nearest to the exception; sync and async alike, results coerced."""

    async def lookup(request: Request, error: LookupError) -> dict[str, str]:
        return {"path": request.path, "kind": type(error).__name__}

    def key(request: Request, error: KeyError) -> tuple[str, int]:
        return "no such key", 410

    handlers = {LookupError: lookup, KeyError: key, Exception: lookup}
    assert decode((await _respond(IndexError(), handlers=handlers)).body) == {"path": "/x", "kind": "IndexError"}
    assert (await _respond(KeyError(), handlers=handlers)).status_code == 410
    assert (await _respond(NotFound(), handlers={HTTPException: key})).status_code == 410
    assert (await _respond(NotFound(), handlers={KeyError: key})).status_code == 404


async def test_handler_that_fails_is_itself_an_unexpected_error(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets 500, and the log has both errors."""

    def broken(request: Request, error: Exception) -> None:
        raise ValueError("second") from error

    response = await _respond(RuntimeError("first"), handlers={RuntimeError: broken})
    assert response.status_code == 500
    assert "second" in caplog.text
    assert "first" in caplog.text


async def test_handler_that_raises_what_it_was_given_leaves_the_answer_to_the_framework(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """So a project answers some clients by itself, and the others get what they would have got without it."""

    async def answer_some(request: Request, error: HTTPException) -> object:
        if "text/html" in request.headers.get("accept", ""):
            return "our page", 404
        raise error

    handlers: dict[type[Exception], Any] = {HTTPException: answer_some}

    page = await _respond(NotFound("no book"), headers=HTML, handlers=handlers)
    plain = await _respond(NotFound("no book"), handlers=handlers)

    assert page.body == b"our page"
    assert (plain.status_code, decode(plain.body)) == (404, {"detail": "no book"})
    assert not caplog.records


async def test_client_that_left_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is left to answer, and nothing is logged as wrong."""
    caplog.set_level("WARNING")
    assert (await _respond(ClientDisconnectedError(3))).status_code == 499
    assert caplog.text == ""


async def test_stack_that_raises_is_answered() -> None:
    """An exception of a middleware gives 500, not a dropped connection (C-119a)."""

    async def raises(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("middleware")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    stack = ServerErrorMiddleware(raises, responder=ErrorResponder({}, debug=False))
    await stack(_scope(), _receive, send)
    assert sent[0]["status"] == 500
    with pytest.raises(RuntimeError, match="middleware"):
        await stack({"type": "websocket"}, _receive, send)


async def test_error_after_the_start_goes_on_to_the_server() -> None:
    """A second start would break the protocol; the server closes the connection instead."""

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half-way")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(RuntimeError, match="half-way"):
        await ServerErrorMiddleware(half, responder=ErrorResponder({}, debug=False))(_scope(), _receive, send)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound(), 404), (Unauthorized(), 401), (ValidationError([]), 422), (PermissionDenied(), 403)],
)
@pytest.mark.parametrize("kind", [Exception, ValueError, OSError])
async def test_handler_for_a_wide_class_leaves_http_answers_alone(
    kind: type[Exception], error: Exception, status: int
) -> None:
    """A 404 is no fault, and the framework's 422 is not the ValueError that a project has in mind."""

    def oops(request: Request, error: Exception) -> tuple[str, int]:
        return "oops", 500

    assert (await _respond(error, handlers={kind: oops})).status_code == status
    assert (await _respond(ClientDisconnectedError(1), handlers={kind: oops})).status_code == 499
    assert (await _respond(error, handlers={HTTPException: oops, kind: oops})).status_code == 500


async def test_answer_for_everything_else_is_logged_with_the_error(caplog: pytest.LogCaptureFixture) -> None:
    """A handler for Exception decides what the client sees, not whether the fault is found out."""

    def sorry(request: Request, error: Exception) -> tuple[str, int]:
        return "sorry", 500

    assert (await _respond(RuntimeError("unforeseen"), handlers={Exception: sorry})).body == b"sorry"
    assert "RuntimeError: unforeseen" in caplog.text


async def test_handler_may_read_the_body_within_the_limit_of_the_application() -> None:
    """The body that the route's handler has read is there, and another one is bounded."""

    async def echo(request: Request, error: Exception) -> bytes:
        return await request.body()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"0123456789", "more_body": False}

    scope = _scope()
    await Request(scope, receive).body()
    responder = ErrorResponder({KeyError: echo}, debug=False, max_body_bytes=5)
    assert (await responder.respond(scope, receive, KeyError())).body == b"0123456789"
    assert (await responder.respond(_scope(), receive, KeyError())).status_code == 500


async def test_function_for_all_errors_logs_only_those_that_nobody_foresaw(caplog: pytest.LogCaptureFixture) -> None:
    """What counts is the class that it answers for, not which function that is."""

    async def answer(request: Request, error: Exception) -> Response:
        return Response(status_code=400)

    handlers = {Exception: answer, LookupError: answer, NotFound: answer}
    for planned in (LookupError(), NotFound()):
        assert "x-request-id" not in (await _respond(planned, handlers=handlers)).headers
    assert caplog.records == []
    await _respond(ValueError(), handlers=handlers)
    assert len(caplog.records) == 1


async def test_answer_for_everything_else_names_the_request(caplog: pytest.LogCaptureFixture) -> None:
    """The header leads to the line in the log; a response that is given every time is not changed."""
    always = Response("sorry", 500)
    own = Response("sorry", 500, {"x-request-id": "own"})

    async def answer(request: Request, error: Exception) -> Response:
        return own if isinstance(error, LookupError) else always

    first = await _respond(ValueError(), handlers={Exception: answer})
    assert f"(request {first.headers['x-request-id']})" in caplog.text
    assert (first.body, always.raw_headers) == (b"sorry", Response("sorry", 500).raw_headers)
    assert (await _respond(LookupError(), handlers={Exception: answer})) is own


async def test_error_that_its_handler_raises_again_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """One error is one line; the next request that meets the same object has a line of its own."""
    always = ValueError("the same object for every request")

    async def answer(request: Request, error: Exception) -> Response:
        raise error

    for _ in range(2):
        assert (await _respond(always, handlers={Exception: answer}, headers=[])).status_code == 500
    assert len(caplog.records) == 2


async def test_error_that_ends_an_answer_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The line names the request, as that of any other error; applications around it add none."""

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("in the middle")

    async def mounting(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(dict(scope), receive, send)

    async def send(message: Message) -> None: ...

    responder = ErrorResponder({}, debug=False)
    inner = ServerErrorMiddleware(failing, responder=responder)
    scope: Scope = {**_scope([(b"host", b"a")]), "request_id": "7"}
    with pytest.raises(ValueError, match="in the middle"):
        await ServerErrorMiddleware(mounting, responder=responder)(scope, _receive, send)
    assert [record.getMessage() for record in caplog.records] == ["GET /x raised an error (request 7)"]
    assert "in the middle" in caplog.text


async def test_client_that_leaves_in_the_middle_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """It happens every day; the line says no more than that."""
    with caplog.at_level("INFO", logger="openviper.request"):
        log_error(_scope(), ClientDisconnectedError(1))
    assert [record.levelname for record in caplog.records] == ["INFO"]
