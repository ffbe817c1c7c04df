"""The bodies of errors."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.exceptions import (
    Conflict,
    HTTPException,
    NotFound,
    TooManyRequests,
    Unauthorized,
    ValidationError,
)
from openviper.http.response import Response
from openviper.middleware.answers import ErrorAnswers, is_page_wanted
from openviper.primitives.json import decode
from openviper.types import Message, Scope

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PROBLEM = b"application/problem+json"


def _scope(accept: bytes | None = None, *, path: str = "/books/7", method: str = "GET") -> Scope:
    headers = [] if accept is None else [(b"accept", accept)]
    return {"type": "http", "method": method, "path": path, "query_string": b"token=1", "headers": headers}


def _explain(error: HTTPException, accept: bytes | None = None, *, is_problem: bool = False) -> Response:
    return ErrorAnswers(is_problem=is_problem).explain(_scope(accept), error)


def _type(response: Response) -> str:
    return response.headers["content-type"].partition(";")[0]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        (b"*/*", "application/json"),
        (b"text/plain", "application/json"),
        (b"application/json", "application/json"),
        (b"application/json, text/html", "application/json"),
        (b"text/html;q=0.4, application/json;q=0.5", "application/json"),
        (b"text/html;q=0, */*", "application/json"),
        (b"text/html", "text/html"),
        (BROWSER, "text/html"),
        (PROBLEM, "application/problem+json"),
        (b"application/json, application/problem+json", "application/problem+json"),
        (b"application/problem+json;q=0.5, application/json", "application/json"),
        (b"application/problem+json;q=0, */*", "application/json"),
        (b"text/html, application/problem+json", "application/problem+json"),
    ],
)
def test_form_is_the_one_that_the_client_likes_best(accept: bytes | None, media_type: str) -> None:
    """A page for browsers, a problem document for who names it, JSON for everybody else; caches are told."""
    explained = _explain(NotFound(), accept)
    failed = ErrorAnswers(is_problem=False).fail(_scope(accept), request_id="7f")
    assert [_type(explained), _type(failed)] == [media_type, media_type]
    assert [explained.headers["vary"], failed.headers["vary"]] == ["Accept", "Accept"]
    assert is_page_wanted(_scope(accept)) is (media_type == "text/html")


@pytest.mark.parametrize("accept", [None, b"*/*", b"application/json", PROBLEM])
def test_problem_documents_can_be_the_rule(accept: bytes | None) -> None:
    """Every client that is no browser gets them then."""
    assert _type(_explain(NotFound(), accept, is_problem=True)) == "application/problem+json"
    assert _type(_explain(NotFound(), BROWSER, is_problem=True)) == "text/html"


def test_problem_has_the_members_of_the_standard() -> None:
    """RFC 9457: type, title, status, detail and instance, which leaves the query out; and the code of the error."""
    response = _explain(NotFound("There is no book 7."), PROBLEM)
    assert decode(response.body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no book 7.",
        "instance": "/books/7",
        "code": "not-found",
    }


def test_problem_lists_all_faults_of_a_request() -> None:
    """What is wrong with the values stands in ``errors``."""
    faults = [{"field": "pages", "message": "too many"}]
    problem = decode(_explain(ValidationError(faults), PROBLEM).body)
    assert isinstance(problem, dict)
    assert (problem["status"], problem["errors"], problem["code"]) == (422, faults, "validation-failed")
    assert problem["detail"] == "The values of the request are not acceptable; see errors."


def test_members_of_a_detail_are_those_of_the_problem() -> None:
    """A type of one's own and further members can be given; what the answer itself says cannot be contradicted."""
    detail = {"type": "https://shop.example/sold-out", "title": "Sold out", "left": 0, "status": 200, "instance": "x"}
    problem = decode(_explain(Conflict(detail), PROBLEM).body)
    assert problem == {
        "type": "https://shop.example/sold-out",
        "title": "Sold out",
        "status": 409,
        "detail": "Conflict",
        "instance": "/books/7",
        "code": "conflict",
        "left": 0,
    }


def test_address_of_a_problem_is_a_reference() -> None:
    """Characters that a URI cannot hold are encoded."""
    response = ErrorAnswers(is_problem=True).explain(_scope(path='/caf\u00e9 "\udcff"'), NotFound())
    problem = decode(response.body)
    assert isinstance(problem, dict)
    assert problem["instance"] == "/caf%C3%A9%20%22%3F%22"


@pytest.mark.parametrize("accept", [None, BROWSER, PROBLEM])
def test_unforeseen_error_shows_its_id_only(accept: bytes | None) -> None:
    """With it a report of a visitor is found in the log."""
    response = ErrorAnswers(is_problem=False).fail(_scope(accept), request_id="7f3a")
    assert response.status_code == 500
    assert b"Internal Server Error" in response.body
    assert b"7f3a" in response.body


@pytest.mark.parametrize("accept", [None, BROWSER, PROBLEM])
async def test_head_is_answered_without_a_body(accept: bytes | None) -> None:
    """The head is that of the same answer to GET."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    scope = _scope(accept, method="HEAD")
    response = ErrorAnswers(is_problem=False).explain(scope, NotFound())
    await response(scope, receive, send)
    assert (b"content-length", b"%d" % len(response.body)) in sent[0]["headers"]
    assert [message.get("body", b"") for message in sent[1:]] == [b""]


@pytest.mark.parametrize("accept", [None, BROWSER, PROBLEM])
def test_headers_of_an_error_are_sent_but_for_those_of_a_body(accept: bytes | None) -> None:
    """Type and length are those of the body that is made, or the connection would break."""
    of_a_body = {
        "Content-Length": "1",
        "Content-Type": "text/x",
        "Content-Encoding": "br",
        "Transfer-Encoding": "chunked",
    }
    headers = _explain(HTTPException(503, headers={"Retry-After": "5", **of_a_body}), accept).headers
    assert headers["retry-after"] == "5"
    assert headers["content-type"] == _explain(NotFound(), accept).headers["content-type"]
    assert not {"content-length", "content-encoding", "transfer-encoding"} & set(headers)
    assert _explain(Unauthorized(), accept).headers["www-authenticate"] == "Bearer"
    assert _explain(TooManyRequests(9), accept).headers["retry-after"] == "9"


def test_header_that_cannot_be_sent_is_refused() -> None:
    """A line break would begin another header."""
    with pytest.raises(ValueError, match="line break"):
        _explain(HTTPException(400, headers={"X-Why": "a\r\nset-cookie: b"}))


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        (Odd(), "odd"),
        ("half \udcff", "half \\udcff"),
        ({"at": Odd(), "id": UUID(int=1), 5: [Decimal("1.5"), {1}]}, None),
        ([10**30, 2**63, 10**5000, float("inf"), None, True, b"\xff"], None),
    ],
)
def test_detail_that_json_does_not_carry_becomes_text(detail: object, told: str | None) -> None:
    """The client is answered with status and all that can be told, and not with another error."""
    response = _explain(HTTPException(400, detail))
    found = decode(response.body)
    assert response.status_code == 400
    assert isinstance(found, dict)
    if told is not None:
        assert found["detail"] == told


def test_values_beside_a_foreign_one_stay_as_they_are() -> None:
    """Only what JSON does not carry changes."""
    found = decode(_explain(HTTPException(400, {"at": Odd(), "n": [1, 2.5, None, "x"], 5: "y"})).body)
    assert found == {"detail": {"at": "odd", "n": [1, 2.5, None, "x"], "5": "y"}}


def test_detail_that_holds_itself_is_told_to_a_depth() -> None:
    """Nothing that a handler puts into a detail hangs the answer."""
    endless: list[object] = [Odd()]
    endless.append(endless)
    assert _explain(HTTPException(400, {"a": endless})).status_code == 400


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(Odd),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(_VALUES, st.sampled_from([None, BROWSER, PROBLEM]))
def test_every_detail_is_answered(detail: object, accept: bytes | None) -> None:
    """Whatever a detail holds, there is an answer with its status."""
    response = _explain(HTTPException(418, detail), accept)
    assert response.status_code == 418
    if accept is not BROWSER:
        assert isinstance(decode(response.body), Mapping)
