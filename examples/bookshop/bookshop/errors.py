"""What is answered when something cannot be: a page of the shop for people, the framework's answer for programs."""

from collections.abc import Mapping
from http import HTTPStatus

from openviper import HTTPException, Request, Response, ValidationError, render

_TITLES = {
    400: "That did not arrive in one piece",
    403: "Not from there",
    404: "Not on our shelves",
    413: "Too much to carry",
    422: "Something in there is not right",
}


class InvalidFields(ValidationError):
    """Values of which only the shop can tell that they cannot be used; ``faults`` says by field what is wrong."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(
            [
                {"field": name, "in": "body", "type": "invalid", "message": fault, "path": [name]}
                for name, fault in faults.items()
            ]
        )
        self.faults = dict(faults)


async def answer_error(request: Request, error: HTTPException) -> Response:
    """Answer any error with a status of its own.

    Raises:
        HTTPException: The error itself, which the framework then answers: JSON, or a problem document (RFC 9457)
            for clients that ask for one.
    """
    if not wants_page(request):
        raise error
    context = {
        "status": error.status_code,
        "title": _TITLES.get(error.status_code) or HTTPStatus(error.status_code).phrase,
        "reasons": _reasons(error.detail),
    }
    return await render(request, "error.html", context, error.status_code, error.headers)


def wants_page(request: Request) -> bool:
    """Tell a person's browser from a program."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _reasons(detail: object) -> list[str]:
    if not isinstance(detail, list):
        return [str(detail)]
    return [f"{fault['field']}: {fault['message']}" if isinstance(fault, dict) else str(fault) for fault in detail]
