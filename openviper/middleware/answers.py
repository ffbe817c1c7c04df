"""The bodies of errors: JSON, a problem document (RFC 9457) or a short page, whichever the client would like.

Loaded with the first error. Errors are answered whatever they hold, so nothing in here may fail over the detail of one.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from openviper.exceptions import HTTPException, ValidationError
from openviper.http.accept import AcceptedTypes
from openviper.http.response import Response
from openviper.primitives.json import encode
from openviper.types import Scope

__all__ = ["ErrorAnswers", "explain_alone", "is_page_wanted"]

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_HTML: Final = "text/html"
# A cache must not give the page of one client to another one that reads JSON.
_VARY: Final = (b"vary", b"Accept")
# What describes the body, which is made here: a wrong length breaks the connection, a wrong type shows markup as text.
_OF_THE_BODY: Final = frozenset({"content-encoding", "content-length", "content-type", "transfer-encoding"})
# Members of a problem document that say what the answer itself says.
_FIXED: Final = frozenset({"status", "instance"})
_DEEPEST: Final = 32


def is_page_wanted(scope: Scope) -> bool:
    """Tell whether a client likes HTML better than JSON, as browsers do; of two alike JSON is meant."""
    return _is_page_wanted(AcceptedTypes.of(scope["headers"]))


def explain_alone(scope: Scope, error: HTTPException) -> Response:
    """Answer for a middleware that stands around an application of another framework, where nobody else would."""
    return ErrorAnswers(is_problem=False).explain(scope, error)


class ErrorAnswers:
    """Builds the answers that say what went wrong.

    Args:
        is_problem: Whether JSON is a problem document for every client; otherwise for those whose ``Accept``
            names ``application/problem+json``.
    """

    def __init__(self, *, is_problem: bool) -> None:
        self._is_problem = is_problem

    def explain(self, scope: Scope, error: HTTPException) -> Response:
        """Answer with status, detail and headers of an error, but for those that describe a body.

        Raises:
            ValueError: A header of the error cannot be sent, or its status is none.
            AttributeError: A header of the error is no text.
        """
        headers = {name: value for name, value in error.headers.items() if name.lower() not in _OF_THE_BODY}
        accepted = AcceptedTypes.of(scope["headers"])
        if _is_page_wanted(accepted):
            text = error.detail if isinstance(error.detail, str) else str(error.args[0])
            return _page(error.status_code, text, headers)
        if self._is_problem_wanted(accepted):
            return _json(_problem(scope, error), error.status_code, headers, _PROBLEM)
        return _json({"detail": error.detail}, error.status_code, headers, _JSON)

    def fail(self, scope: Scope, *, request_id: str) -> Response:
        """Answer 500 for an error that nobody foresaw: its id and nothing else about it.

        Args:
            scope: The request.
            request_id: What the log names the request by, for a visitor who reports the error.
        """
        phrase = "Internal Server Error"
        accepted = AcceptedTypes.of(scope["headers"])
        if _is_page_wanted(accepted):
            return _page(500, phrase, {}, reference=request_id)
        if self._is_problem_wanted(accepted):
            members = {"type": "about:blank", "title": phrase, "status": 500, "instance": _instance(scope)}
            return _json({**members, "request_id": request_id}, 500, {}, _PROBLEM)
        return _json({"detail": phrase, "request_id": request_id}, 500, {}, _JSON)

    def _is_problem_wanted(self, accepted: AcceptedTypes) -> bool:
        if self._is_problem:
            return True
        return accepted.has_name(_PROBLEM) and accepted.weight(_PROBLEM) >= accepted.weight(_JSON)


def _is_page_wanted(accepted: AcceptedTypes) -> bool:
    return accepted.weight(_HTML) > max(accepted.weight(_JSON), accepted.weight(_PROBLEM))


def _problem(scope: Scope, error: HTTPException) -> dict[str, object]:
    """Give the members of a problem document; those of a detail that is a mapping extend and replace them."""
    members: dict[str, object] = {
        # RFC 9457, 4.2.1: the meaning is that of the status, and the title is its phrase.
        "type": "about:blank",
        "title": error.phrase,
        "status": error.status_code,
        "detail": error.phrase,
        "instance": _instance(scope),
        "code": error.code,
    }
    detail = error.detail
    if isinstance(detail, Mapping):
        members.update((str(name), value) for name, value in detail.items() if name not in _FIXED)
    elif isinstance(error, ValidationError) or isinstance(detail, list | tuple):
        members.update(detail="The values of the request are not acceptable; see errors.", errors=detail)
    else:
        members["detail"] = _text(detail)
    return members


def _instance(scope: Scope) -> str:
    # Without the query, which may hold what belongs into no report.
    return quote(str(scope.get("path", "")), safe="/:@!$&'()*+,;=~-._", errors="replace")


def _json(content: dict[str, object], status: int, headers: Mapping[str, str], media_type: str) -> Response:
    try:
        body = encode(content)
    except (TypeError, ValueError):
        # What was sent may be told again, halves of characters and huge numbers included, and an error that cannot
        # be told would hide what it was about.
        body = encode(_tellable(content, depth=0))
    response = Response(body, status, headers, media_type)
    response.raw_headers.append(_VARY)
    return response


def _page(status: int, text: str, headers: Mapping[str, str], *, reference: str | None = None) -> Response:
    # The table of entities and the digests behind a page are of no use to a server that talks to programs.
    from openviper.middleware.pages import short_page

    page = short_page(status, text, headers, reference=reference)
    page.raw_headers.append(_VARY)
    return page


def _tellable(value: object, *, depth: int) -> object:
    """Give a value that JSON carries in place of one that it does not: what is foreign becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {_text(name): _tellable(inner, depth=depth + 1) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_tellable(inner, depth=depth + 1) for inner in value]
    try:
        encode(value)
    except (TypeError, ValueError):
        return _text(value)
    return value


def _text(value: object) -> str:
    try:
        text = str(value)
    except ValueError:  # a number with more digits than Python writes out
        text = f"<{type(value).__name__}>"
    return text.encode("utf-8", "backslashreplace").decode()
